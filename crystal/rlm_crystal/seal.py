"""Sealed pages: zstd, then AES-256-GCM, behind a header that tells its damages apart.

docs/sealed-format.md is the specification. What sealing does not hide: that a page exists, its
compressed length, when it was written, and whether two pages were sealed with the same key. It
does not notice that a whole store was put back to an older state.

Every page gets its own random 96-bit nonce. NIST SP 800-38D allows 2**32 such pages per key; each
purpose has its own key, so a page a second would take 136 years.
"""

import hashlib
import os
import struct
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from rlm_crystal.errors import CryptoUnavailable, PageDamaged, WrongKey
from rlm_crystal.header import (
    FORMAT_VERSION,
    HEADER_BYTES,
    KEY_CHECK_BYTES,
    NONCE_BYTES,
    PAGE_BYTES_MAX,
    TAG_BYTES,
    Header,
    check_length,
    read_header,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
OVERHEAD_BYTES: Final = HEADER_BYTES + TAG_BYTES

_ZSTD_LEVEL: Final = 1
# Below this zstd's own header eats what it saves.
_COMPRESS_FROM_BYTES: Final = 128


@dataclass(frozen=True, slots=True)
class _GcmVector:
    key: bytes
    nonce: bytes
    plaintext: bytes
    associated: bytes
    ciphertext: bytes


# McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test case 16.
_GCM_VECTOR: Final = _GcmVector(
    key=bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2),
    nonce=bytes.fromhex("cafebabefacedbaddecaf888"),
    plaintext=bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    ),
    associated=bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
    ciphertext=bytes.fromhex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    ),
)
# RFC 5869, appendix A.1.
_HKDF_KEY: Final = b"\x0b" * 22
_HKDF_SALT: Final = bytes(range(13))
_HKDF_INFO: Final = bytes(range(0xF0, 0xFA))
_HKDF_OUTPUT: Final = bytes.fromhex(
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
)


@dataclass(frozen=True, slots=True)
class PageContext:
    """Where a page stands. A page opens only in the context it was sealed in.

    `format` is the version of what the page holds, `generation` the one it was written in.
    """

    corpus_id: str
    page: str
    generation: int
    format: int = FORMAT_VERSION


class Sealer:
    """Seals and opens pages with one key. Safe to use from several threads."""

    __slots__ = ("_cipher", "_key_check", "_name_key")

    def __init__(self, page_key: bytes) -> None:
        if len(page_key) != KEY_BYTES:
            raise ValueError(f"a page key has {KEY_BYTES} bytes, not {len(page_key)}")
        self._cipher = _cipher(page_key)
        self._key_check = derive(page_key, "key-check", size=KEY_CHECK_BYTES)
        self._name_key = derive(page_key, "name")

    def seal(self, page: bytes, *, context: PageContext) -> bytes:
        """The sealed page, `OVERHEAD_BYTES` longer than what zstd makes of it or less.

        ValueError for more than `PAGE_BYTES_MAX` bytes.
        """
        if len(page) > PAGE_BYTES_MAX:
            raise ValueError(f"{len(page)} bytes are too many for one page ({PAGE_BYTES_MAX})")
        body = _smaller(page)
        return self._sealed(body, len(page), compressed=body is not page, context=context)

    def open(self, sealed: bytes, *, context: PageContext) -> bytes:
        """The page. WrongKey, PageTruncated, PageDamaged or FormatUnknown say what is wrong."""
        header, body = self._body(sealed, context)
        return _decompress(body, header.raw_bytes) if header.compressed else body

    def resealed(self, sealed: bytes, *, context: PageContext, by: "Sealer") -> bytes:
        """The same page in the same context, sealed with the key of `by`; errors as of `open`."""
        header, body = self._body(sealed, context)
        return by._sealed(body, header.raw_bytes, compressed=header.compressed, context=context)

    def handle(self, *labels: str) -> str:
        """32 hex digits that stand for the labels and tell nothing of them without the key."""
        digest = hashlib.blake2b(key=self._name_key, digest_size=16)
        for label in labels:
            digest.update(_prefixed(label))
        return digest.hexdigest()

    @property
    def key_check(self) -> str:
        """16 hex digits that tell this key from others and help nobody to find it."""
        return self._key_check.hex()

    def _sealed(
        self, body: bytes, raw_bytes: int, *, compressed: bool, context: PageContext
    ) -> bytes:
        header = Header(
            compressed=compressed,
            key_check=self._key_check,
            raw_bytes=raw_bytes,
            body_bytes=len(body) + TAG_BYTES,
            nonce=os.urandom(NONCE_BYTES),
        )
        packed = header.pack()
        return packed + self._cipher.encrypt(header.nonce, body, _associated(packed, context))

    def _body(self, sealed: bytes, context: PageContext) -> tuple[Header, bytes]:
        from cryptography.exceptions import InvalidTag

        header = read_header(sealed)
        if header.key_check != self._key_check:
            raise WrongKey(
                f"this page was sealed with key {header.key_check.hex()}, not with the key in use "
                f"({self._key_check.hex()}); give the key it was written with"
            )
        check_length(sealed, header)
        try:
            body = self._cipher.decrypt(
                header.nonce,
                memoryview(sealed)[HEADER_BYTES:],
                _associated(sealed[:HEADER_BYTES], context),
            )
        except InvalidTag:
            raise PageDamaged(
                "a byte of this page was changed, or it stands where another page belongs; "
                "index again to write it anew"
            ) from None
        return header, body


def derive(key: bytes, purpose: str, *, size: int = KEY_BYTES) -> bytes:
    """A key for one purpose, by HKDF-SHA-256 (RFC 5869) with an empty salt."""
    return _hkdf(key, salt=None, info=b"rlm-mcp/v1/" + purpose.encode(), size=size)


def crypto_check() -> None:
    """Known-answer tests of everything a page relies on; CryptoUnavailable if any fails."""
    try:
        failed = _failed_check()
    except (KeyboardInterrupt, SystemExit):
        raise
    except ImportError as error:
        raise CryptoUnavailable(
            f"the cipher cannot be loaded ({error}); nothing is read or written without it. "
            "Run: pip install 'cryptography>=45' 'zstandard>=0.23'"
        ) from error
    except BaseException as error:  # a broken native module panics past Exception
        raise CryptoUnavailable(
            f"the cipher failed its self-test ({type(error).__name__}: {error}). "
            "Run: pip install --force-reinstall cryptography zstandard"
        ) from error
    if failed:
        raise CryptoUnavailable(
            f"the cipher gave a wrong answer in its self-test ({failed}). "
            "Run: pip install --force-reinstall cryptography zstandard"
        )


def sealed_tag(sealed: bytes) -> str:
    """The authentication tag in hex: no other page that opens has the same one."""
    return sealed[-TAG_BYTES:].hex()


def _failed_check() -> str:
    """The name of the first known-answer test that fails, or an empty string."""
    from cryptography.exceptions import InvalidTag

    vector = _GCM_VECTOR
    cipher = _cipher(vector.key)
    sealed = cipher.encrypt(vector.nonce, vector.plaintext, vector.associated)
    if sealed != vector.ciphertext:
        return "AES-256-GCM"
    if _hkdf(_HKDF_KEY, salt=_HKDF_SALT, info=_HKDF_INFO, size=42) != _HKDF_OUTPUT:
        return "HKDF-SHA-256"
    try:
        cipher.decrypt(vector.nonce, sealed[:-1] + bytes([sealed[-1] ^ 1]), vector.associated)
    except InvalidTag:
        return "" if _page_survives() else "sealed page"
    return "AES-256-GCM accepts a forged tag"


def _page_survives() -> bool:
    context = PageContext("self-test", "page", 1)
    sealer = Sealer(bytes(KEY_BYTES))
    page = b"self-test " * 64
    return sealer.open(sealer.seal(page, context=context), context=context) == page


def _cipher(key: bytes) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _hkdf(key: bytes, *, salt: bytes | None, info: bytes, size: int) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=size, salt=salt, info=info).derive(key)


def _smaller(page: bytes) -> bytes:
    """The page compressed, or the page itself where that gains nothing."""
    if len(page) < _COMPRESS_FROM_BYTES:
        return page
    compressed = _zstd().compressor.compress(page)
    return compressed if len(compressed) < len(page) else page


class _Zstd(threading.local):
    """Both directions, made once a thread: to make them costs more than a small page does."""

    def __init__(self) -> None:
        import zstandard

        self.compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


@cache
def _zstd() -> _Zstd:
    return _Zstd()


def _decompress(body: bytes, raw_bytes: int) -> bytes:
    """The raw page; `raw_bytes` is authenticated, so no page grows beyond what it declared."""
    import zstandard

    try:
        if zstandard.frame_content_size(body) != raw_bytes:
            raise PageDamaged("the lengths inside this page contradict each other; index again")
        return _zstd().decompressor.decompress(body, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise PageDamaged(f"this page cannot be decompressed ({error}); index again") from error


def _associated(header: bytes, context: PageContext) -> bytes:
    return b"".join(
        (
            header,
            struct.pack(">HQ", context.format, context.generation),
            _prefixed(context.corpus_id),
            _prefixed(context.page),
        )
    )


def _prefixed(label: str) -> bytes:
    encoded = label.encode()
    return struct.pack(">I", len(encoded)) + encoded
