"""`Path` as cells know it: the useful part of pathlib's, over the virtual files and the corpus.

pathlib itself reaches the disk and is blocked; this class reaches what `open()` reaches. It has
no folders of its own: one exists where a file lies below it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Protocol


class Files(Protocol):
    """What a path does its work with."""

    def open(self, file: object, mode: str = "r", *, encoding: str | None = None) -> Any:
        """Open a file by name."""
        ...

    def exists(self, name: str) -> bool:
        """Whether `name` opens for reading."""
        ...

    def remove(self, name: str) -> None:
        """Delete a file."""
        ...

    def all_names(self) -> Iterable[str]:
        """The names of every file and every document."""
        ...


class VirtualPath:
    """A name of a file, with pathlib's words for it. Made by `path_type`, which gives it files."""

    __slots__ = ("_name",)
    _files: Files

    def __init__(self, *parts: object) -> None:
        joined = ""
        for part in map(str, parts):
            joined = part if part.startswith("/") or not joined else f"{joined}/{part}"
        kept = [part for part in joined.split("/") if part not in ("", ".")]
        self._name = "/".join(kept)

    @property
    def name(self) -> str:
        """The last part."""
        return self._name.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The end of the name from its last dot, or nothing."""
        at = self.name.rfind(".")
        return self.name[at:] if 0 < at < len(self.name) - 1 else ""

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return self.name.removesuffix(self.suffix)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the path."""
        return tuple(self._name.split("/")) if self._name else ()

    @property
    def parent(self) -> "VirtualPath":
        """The folder it lies in."""
        return type(self)(self._name.rpartition("/")[0])

    def joinpath(self, *parts: object) -> "VirtualPath":
        """This path with more parts."""
        return type(self)(self._name, *(str(part).lstrip("/") for part in parts))

    def with_name(self, name: str) -> "VirtualPath":
        """The same with another last part."""
        return self.parent / name

    def with_suffix(self, suffix: str) -> "VirtualPath":
        """The same with another suffix."""
        return self.with_name(self.stem + suffix)

    def exists(self) -> bool:
        """Whether it is a file, or a folder with one in it."""
        return self.is_file() or self.is_dir()

    def is_file(self) -> bool:
        """Whether it opens for reading."""
        return bool(self._name) and self._files.exists(self._name)

    def is_dir(self) -> bool:
        """Whether a file lies below it."""
        return next(self._below(), None) is not None

    def open(self, mode: str = "r", *, encoding: str | None = None) -> Any:
        """What `open(path, mode)` gives."""
        return self._files.open(self._name, mode, encoding=encoding)

    def read_text(self, encoding: str | None = None) -> str:
        """The whole text."""
        with self.open(encoding=encoding) as file:
            return file.read()

    def read_bytes(self) -> bytes:
        """The whole content."""
        with self.open("rb") as file:
            return file.read()

    def write_text(self, text: str, encoding: str | None = None) -> int:
        """Replace the content with a text."""
        with self.open("w", encoding=encoding) as file:
            return file.write(text)

    def write_bytes(self, content: bytes) -> int:
        """Replace the content."""
        with self.open("wb") as file:
            return file.write(content)

    def unlink(self, missing_ok: bool = False) -> None:
        """Delete the virtual file."""
        if not (missing_ok and not self.is_file()):
            self._files.remove(self._name)

    def mkdir(self, parents: bool = False, exist_ok: bool = False) -> None:
        """Nothing: a folder is there as soon as a file is in it."""

    def iterdir(self) -> "Iterator[VirtualPath]":
        """What lies directly in this folder."""
        firsts = dict.fromkeys(name.partition("/")[0] for name in self._below())
        return (self / name for name in firsts)

    def glob(self, pattern: str) -> "Iterator[VirtualPath]":
        """The files below this folder that a pattern with `*`, `?` and `**` fits."""
        wanted = _glob(pattern)
        return (self / name for name in self._below() if wanted.fullmatch(name))

    def rglob(self, pattern: str) -> "Iterator[VirtualPath]":
        """The files at any depth below that a pattern fits."""
        return self.glob(f"**/{pattern}")

    def _below(self) -> Iterator[str]:
        folder = f"{self._name}/" if self._name else ""
        for name in self._files.all_names():
            if name.startswith(folder):
                yield name[len(folder) :]

    def __truediv__(self, part: object) -> "VirtualPath":
        return self.joinpath(part)

    def __fspath__(self) -> str:
        return self._name

    def __str__(self) -> str:
        return self._name or "."

    def __repr__(self) -> str:
        return f"Path({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VirtualPath) and other._name == self._name

    def __lt__(self, other: "VirtualPath") -> bool:
        return self.parts < other.parts

    def __hash__(self) -> int:
        return hash(self._name)


def path_type(files: Files) -> type[VirtualPath]:
    """The class `Path` whose paths reach these files."""
    return type("Path", (VirtualPath,), {"_files": files, "__slots__": ()})


def _glob(pattern: str) -> re.Pattern[str]:
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    spelled = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(spelled.get(piece) or re.escape(piece) for piece in pieces))
