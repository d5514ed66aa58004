"""The 52 bytes in front of every sealed page; docs/sealed-format.md draws them.

Its own CRC-32 comes first in every judgement: a header that fails it is damaged, whatever its
fields say, so a flipped byte is never taken for a wrong key, a cut file or a newer format. The
CRC stops accidents; attackers are stopped by the tag, which covers the whole header.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import Final

from rlm_crystal.errors import FormatUnknown, PageDamaged, PageTruncated

FORMAT_VERSION: Final = 1
HEADER_BYTES: Final = 52
TAG_BYTES: Final = 16
NONCE_BYTES: Final = 12
KEY_CHECK_BYTES: Final = 8
PAGE_BYTES_MAX: Final = 1 << 30

_MAGIC: Final = b"RLMPAGE\0"
_PROLOGUE: Final = struct.Struct(">8sHH")  # magic, version, header length: the same in any version
_FIELDS: Final = struct.Struct(">8sHHI8sQI12s")
_CRC: Final = struct.Struct(">I")
_FLAG_ZSTD: Final = 1


@dataclass(frozen=True, slots=True)
class Header:
    """What a page says of itself. `body_bytes` counts the ciphertext with its tag."""

    compressed: bool
    key_check: bytes
    raw_bytes: int
    body_bytes: int
    nonce: bytes

    def pack(self) -> bytes:
        fields = _FIELDS.pack(
            _MAGIC,
            FORMAT_VERSION,
            HEADER_BYTES,
            _FLAG_ZSTD if self.compressed else 0,
            self.key_check,
            self.raw_bytes,
            self.body_bytes,
            self.nonce,
        )
        return fields + _CRC.pack(zlib.crc32(fields))


def read_header(sealed: bytes) -> Header:
    """The header of a sealed page; PageTruncated, PageDamaged or FormatUnknown if there is none."""
    _check_prologue(sealed)
    if len(sealed) < HEADER_BYTES:
        raise PageTruncated(_cut(sealed))
    if not _checksum_holds(sealed, HEADER_BYTES):
        raise PageDamaged(_CHANGED)
    _, _, _, flags, key_check, raw_bytes, body_bytes, nonce = _FIELDS.unpack_from(sealed)
    return Header(flags == _FLAG_ZSTD, key_check, raw_bytes, body_bytes, nonce)


def check_length(sealed: bytes, header: Header) -> None:
    """PageTruncated or PageDamaged when the page is not as long as its header says."""
    whole = HEADER_BYTES + header.body_bytes
    if len(sealed) < whole:
        raise PageTruncated(
            f"this page has {len(sealed)} of its {whole} bytes; index again to write it anew"
        )
    if len(sealed) > whole or header.raw_bytes > PAGE_BYTES_MAX:
        raise PageDamaged("this page is longer than it says; index again to write it anew")


def _check_prologue(sealed: bytes) -> None:
    if not _MAGIC.startswith(sealed[: len(_MAGIC)]):
        raise PageDamaged("this is no sealed page, or its first bytes were changed; index again")
    if len(sealed) < _PROLOGUE.size:
        raise PageTruncated(_cut(sealed))
    _, version, header_bytes = _PROLOGUE.unpack_from(sealed)
    if version == FORMAT_VERSION and header_bytes == HEADER_BYTES:
        return
    if version == FORMAT_VERSION or not _checksum_holds(sealed, header_bytes):
        raise PageDamaged(_CHANGED)
    raise FormatUnknown(
        f"this page has format {version} and this version reads {FORMAT_VERSION}; "
        "update rlm-mcp, or index again with this one"
    )


def _checksum_holds(sealed: bytes, header_bytes: int) -> bool:
    end = header_bytes - _CRC.size
    if end < _PROLOGUE.size or len(sealed) < header_bytes:
        return False
    (checksum,) = _CRC.unpack_from(sealed, end)
    return checksum == zlib.crc32(sealed[:end])


def _cut(sealed: bytes) -> str:
    return f"this page was cut to {len(sealed)} bytes; index again to write it anew"


_CHANGED: Final = "the header of this page was changed; index again to write it anew"
