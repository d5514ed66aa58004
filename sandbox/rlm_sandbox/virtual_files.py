"""What `open()` reaches in the sandbox: files in memory with a quota, and the corpus read-only.

There are no folders and no way out: a name is a key. A name that is not a virtual file but is a
document of the corpus opens for reading.
"""

import io
from collections.abc import Callable, Iterable
from typing import Any, Final

from rlm_sandbox.virtual_path import VirtualPath, path_type

NAMES_MAX: Final = 10_000
NAME_CHARS_MAX: Final = 500

Lookup = Callable[[str], str | None]
"""The text of the document of that path, or None."""

Listing = Callable[[], Iterable[str]]
"""The paths of all documents."""


class VirtualFiles:
    """`names()`, `exists(name)`, `remove(name)`, `path(name)`, and `open` as the builtin.

    `path` is the class that cells know as `Path`.
    """

    def __init__(
        self, quota_bytes: int, document: Lookup, documents: Listing = tuple[str, ...]
    ) -> None:
        self._quota_bytes = quota_bytes
        self._document = document
        self._documents = documents
        self._files: dict[str, bytes] = {}
        self.path = path_type(self)

    def open(
        self,
        file: object,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: object = None,
    ) -> io.TextIOWrapper | io.BytesIO:
        """Open a virtual file, as the builtin does."""
        del buffering, closefd, opener  # a file in memory has none of these
        name = key(file)
        action, plus, binary = _parsed(mode)
        content = self._content(name, action)
        raw = _File(content, self, name if action != "r" or plus else None)
        if action == "a":
            raw.seek(0, io.SEEK_END)
        if binary:
            return raw
        return io.TextIOWrapper(
            raw, encoding=encoding or "utf-8", errors=errors, newline=newline, write_through=True
        )

    def names(self) -> list[str]:
        """The virtual files there are, without the corpus."""
        return sorted(self._files)

    def all_names(self) -> list[str]:
        """The names of every virtual file and every document."""
        return [*self.names(), *(n for n in self._documents() if n not in self._files)]

    def exists(self, name: str) -> bool:
        """Whether `name` opens for reading."""
        return key(name) in self._files or self._document(key(name)) is not None

    def remove(self, name: str) -> None:
        """Delete a virtual file."""
        if self._files.pop(key(name), None) is None:
            raise FileNotFoundError(f"no virtual file {name!r}")

    def items(self) -> Iterable[tuple[str, bytes]]:
        """Every virtual file with its content."""
        return self._files.items()

    def store(self, name: str, content: bytes) -> None:
        """Keep a file's content; raises OSError over the quota."""
        others = sum(len(c) for n, c in self._files.items() if n != name)
        if others + len(content) > self._quota_bytes:
            raise OSError(28, f"virtual files may hold {self._quota_bytes} bytes in all")
        if name not in self._files and len(self._files) >= NAMES_MAX:
            raise OSError(28, f"there may be {NAMES_MAX} virtual files")
        self._files[name] = content

    @property
    def room_bytes(self) -> int:
        """The most one file may hold."""
        return self._quota_bytes

    def _content(self, name: str, action: str) -> bytes:
        if action == "x" and name in self._files:
            raise FileExistsError(f"the virtual file {name!r} exists")
        if action in ("w", "x"):
            self.store(name, b"")
            return b""
        if name in self._files:
            return self._files[name]
        if action == "a":
            return b""
        text = self._document(name)
        if text is None:
            raise FileNotFoundError(
                f"no virtual file and no document {name!r}; "
                "context.paths lists the documents, open(name, 'w') makes a scratch file"
            )
        return text.encode("utf-8", "surrogatepass")


class _File(io.BytesIO):
    """A file being read or written; what was written is stored at flush and close."""

    def __init__(self, content: bytes, files: VirtualFiles, name: str | None) -> None:
        super().__init__(content)
        self._files = files
        self._name = name
        self._dirty = False

    def writable(self) -> bool:
        return self._name is not None

    def write(self, data: Any, /) -> int:
        if self._name is None:
            raise io.UnsupportedOperation("the file is open for reading only")
        if self.tell() + len(data) > self._files.room_bytes:
            raise OSError(28, f"virtual files may hold {self._files.room_bytes} bytes in all")
        self._dirty = True
        return super().write(data)

    def truncate(self, size: int | None = None, /) -> int:
        self._dirty = True
        return super().truncate(size)

    def close(self) -> None:
        if not self.closed and self._name is not None and self._dirty:
            self._dirty = False
            self._files.store(self._name, self.getvalue())
        super().close()


def key(file: object) -> str:
    """The name of a virtual file: no folders above, no descriptors."""
    if isinstance(file, VirtualPath):
        file = str(file)
    if not isinstance(file, str):
        raise TypeError(f"open() takes the name of a virtual file, not {type(file).__name__}")
    if len(file) > NAME_CHARS_MAX or "\0" in file:
        raise ValueError("the name of a virtual file is too long or holds a zero byte")
    parts = [part for part in file.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts:
        raise PermissionError(f"{file!r} leaves the virtual files; nothing lies outside of them")
    if not parts:
        raise IsADirectoryError(f"{file!r} is no file")
    return "/".join(parts)


def _parsed(mode: str) -> tuple[str, bool, bool]:
    actions = [letter for letter in mode if letter in "rwxa"]
    if len(actions) != 1 or set(mode) - set("rwxabt+"):
        raise ValueError(f"invalid mode {mode!r}")
    return actions[0], "+" in mode, "b" in mode
