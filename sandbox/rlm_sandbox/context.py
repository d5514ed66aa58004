"""The corpus in shared memory: written once by the host, mapped by every child, copied by none.

Layout of the memfd, integers little-endian u64:
    magic | documents n | index offset | names offset | total characters
    texts in UTF-8, one after the other
    index: n rows of (text offset, text bytes, first character, characters, name offset, name bytes)
    names in UTF-8
Sealed against write, grow and shrink (F_SEAL_*, include/uapi/linux/fcntl.h) before any child
sees it. The memory belongs to the host's user and lives until the last mapping is gone. Systems
other than Linux have no memfd: there the same bytes lie in the host and are sent to each child.
Nowhere do they reach a disk.
"""

import io
import os
import struct
import sys
from array import array
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final, Self

from rlm_sandbox.errors import ContextClosed

MAGIC: Final = 0x314354584D4C52  # "RLMXTC1"
HEADER: Final = struct.Struct("<5Q")
ROW_WORDS: Final = 6

_PIECE_BYTES: Final = 1 << 20


class SharedContext:
    """Documents in one sealed memory; build once, hand to any number of sandboxes, then close."""

    def __init__(self, memory: "_Memfd | _Held", *, count: int, total_chars: int) -> None:
        self._memory: _Memfd | _Held | None = memory
        self.size_bytes = memory.size_bytes
        self.count = count
        self.total_chars = total_chars

    @classmethod
    def from_documents(cls, documents: Iterable[tuple[str, str]]) -> "SharedContext":
        """Write (path, text) pairs, taken one at a time."""
        memory = _Memfd() if sys.platform == "linux" else _Held()
        try:
            with memory.writer() as file:
                count, total_chars = _fill(file, documents)
            memory.seal()
        except BaseException:
            memory.close()
            raise
        return cls(memory, count=count, total_chars=total_chars)

    @property
    def fd(self) -> int:
        """The descriptor that a child inherits, on Linux; raises ContextClosed."""
        memory = self._open()
        if not isinstance(memory, _Memfd):
            raise ContextClosed("the context has a descriptor on Linux only")
        return memory.fd

    def share(self) -> "SharedContext":
        """Another hold on the same memory, to be closed on its own; raises ContextClosed."""
        return SharedContext(self._open().share(), count=self.count, total_chars=self.total_chars)

    def pieces(self) -> Iterator[bytes]:
        """All bytes in order, a MiB at a time; raises ContextClosed."""
        return self._open().pieces()

    def close(self) -> None:
        """Give this hold back; children that mapped the memory keep it. Safe to call twice."""
        if self._memory is not None:
            self._memory.close()
            self._memory = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> "_Memfd | _Held":
        if self._memory is None:
            raise ContextClosed("the shared context is closed; build a new one from_documents()")
        return self._memory


class _Memfd:
    """Memory that Linux shares by a descriptor and lets nobody change once it is sealed."""

    def __init__(self, fd: int = -1) -> None:
        flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
        self.fd = fd if fd >= 0 else os.memfd_create("rlm-context", flags)

    @property
    def size_bytes(self) -> int:
        return os.fstat(self.fd).st_size

    def writer(self) -> BinaryIO:
        return open(self.fd, "wb", buffering=_PIECE_BYTES, closefd=False)

    def seal(self) -> None:
        import fcntl

        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, seals)

    def share(self) -> "_Memfd":
        return _Memfd(os.dup(self.fd))

    def pieces(self) -> Iterator[bytes]:
        for start in range(0, self.size_bytes, _PIECE_BYTES):
            yield os.pread(self.fd, _PIECE_BYTES, start)

    def close(self) -> None:
        os.close(self.fd)


class _Held:
    """The same bytes in the host's own memory."""

    def __init__(self, content: bytes = b"") -> None:
        self._file = _Kept()
        self._content = content

    @property
    def size_bytes(self) -> int:
        return len(self._content)

    def writer(self) -> BinaryIO:
        return self._file

    def seal(self) -> None:
        self._content = self._file.content

    def share(self) -> "_Held":
        return _Held(self._content)

    def pieces(self) -> Iterator[bytes]:
        for start in range(0, len(self._content), _PIECE_BYTES):
            yield self._content[start : start + _PIECE_BYTES]

    def close(self) -> None:
        self._content = b""


class _Kept(io.BytesIO):
    """A file in memory whose content is there after it was closed."""

    content = b""

    def close(self) -> None:
        if not self.closed:
            self.content = self.getvalue()
        super().close()


def _fill(file: BinaryIO, documents: Iterable[tuple[str, str]]) -> tuple[int, int]:
    """Write all; returns how many documents and how many characters."""
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
    file.seek(0)
    file.write(HEADER.pack(MAGIC, len(names), index_at, names_at, characters))
    return len(names), characters


def _encode(text: str) -> bytes:
    # Corpus text may hold lone surrogates; they must come back as they went in.
    return text.encode("utf-8", "surrogatepass")
