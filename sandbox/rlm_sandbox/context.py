"""The corpus in shared memory: written once by the host, mapped by every child, copied by none.

Layout of the memfd, integers little-endian u64:
    magic | documents n | index offset | names offset | total characters
    texts in UTF-8, one after the other
    index: n rows of (text offset, text bytes, first character, characters, name offset, name bytes)
    names in UTF-8
Sealed against write, grow and shrink (F_SEAL_*, include/uapi/linux/fcntl.h) before any child
sees it. The memory belongs to the host's user and lives until the last mapping is gone.
"""

import os
import struct
import sys
from array import array
from collections.abc import Iterable
from typing import Final, Self

from rlm_sandbox.errors import ContextClosed, SandboxUnavailable

MAGIC: Final = 0x314354584D4C52  # "RLMXTC1"
HEADER: Final = struct.Struct("<5Q")
ROW_WORDS: Final = 6

_WRITE_BYTES: Final = 1 << 20


class SharedContext:
    """Documents in a sealed memfd; build once, hand to any number of sandboxes, then close."""

    def __init__(self, fd: int, *, size_bytes: int, count: int, total_chars: int) -> None:
        self._fd = fd
        self.size_bytes = size_bytes
        self.count = count
        self.total_chars = total_chars

    @classmethod
    def from_documents(cls, documents: Iterable[tuple[str, str]]) -> "SharedContext":
        """Write (path, text) pairs, taken one at a time; raises SandboxUnavailable off Linux."""
        if sys.platform != "linux":
            raise SandboxUnavailable("shared memory", "memfd_create exists on Linux only")
        fd = os.memfd_create("rlm-context", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            return cls(fd, **_fill(fd, documents))
        except BaseException:
            os.close(fd)
            raise

    @property
    def fd(self) -> int:
        """The descriptor a child inherits; raises ContextClosed."""
        if self._fd < 0:
            raise ContextClosed("the shared context is closed; build a new one from_documents()")
        return self._fd

    def close(self) -> None:
        """Give the descriptor back; children that mapped the memory keep it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _fill(fd: int, documents: Iterable[tuple[str, str]]) -> dict[str, int]:
    import fcntl

    with open(fd, "wb", buffering=_WRITE_BYTES, closefd=False) as file:
        file.write(bytes(HEADER.size))
        names: list[bytes] = []
        rows = array("Q")
        characters = name_at = 0
        offset = HEADER.size
        for path, text in documents:
            raw, name = _encode(text), _encode(path)
            file.write(raw)
            rows.extend((offset, len(raw), characters, len(text), name_at, len(name)))
            names.append(name)
            offset += len(raw)
            characters += len(text)
            name_at += len(name)
        padding = -offset % 8
        index_at = offset + padding
        file.write(bytes(padding))
        if sys.byteorder != "little":
            rows.byteswap()
        file.write(rows.tobytes())
        names_at = index_at + len(rows) * 8
        file.write(b"".join(names))
    os.pwrite(fd, HEADER.pack(MAGIC, len(names), index_at, names_at, characters), 0)
    fcntl.fcntl(
        fd,
        fcntl.F_ADD_SEALS,
        fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL,
    )
    return {
        "size_bytes": names_at + name_at,
        "count": len(names),
        "total_chars": characters,
    }


def _encode(text: str) -> bytes:
    # Corpus text may hold lone surrogates; they must come back as they went in.
    return text.encode("utf-8", "surrogatepass")
