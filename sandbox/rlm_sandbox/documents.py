"""The corpus as code in the REPL sees it: a lazy sequence over the shared memory.

A document's text is decoded when it is asked for and not kept, so looking through 500 MB costs
the memory of the largest document only.
"""

import difflib
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import is_
from typing import Final, NamedTuple, Protocol, overload

from rlm_sandbox.context import HEADER, MAGIC, ROW_WORDS

_LINE_CHARS_MAX: Final = 500


class Memory(Protocol):
    """Where the corpus lies: mapped, or fetched when it is asked for."""

    def __getitem__(self, part: slice, /) -> bytes | memoryview:
        """The bytes from `part.start` to `part.stop`."""
        ...


class Match(NamedTuple):
    """One line that matched: `path`, `line` from 1, `text` of that line (cut at 500)."""

    path: str
    line: int
    text: str


class Document:
    """One file: `path`, `text`, `lines`, `line(n)` from 1, `len(doc)` in characters."""

    __slots__ = ("_context", "_index", "path")

    def __init__(self, context: "Context", index: int, path: str) -> None:
        self._context = context
        self._index = index
        self.path = path

    @property
    def text(self) -> str:
        """The whole text, decoded anew at each access."""
        return self._context.text_of(self._index)

    @property
    def lines(self) -> list[str]:
        """The lines without their ends; `lines[0]` is line 1."""
        return self.text.splitlines()

    def line(self, number: int) -> str:
        """Line `number`, counted from 1."""
        lines = self.lines
        if not 1 <= number <= len(lines):
            raise IndexError(f"{self.path} has lines 1 to {len(lines)}, not {number}")
        return lines[number - 1]

    def search(self, pattern: str | re.Pattern[str], flags: int = 0) -> list[Match]:
        """The lines of this document where a regular expression matches; `^` is a line's."""
        return list(_matches(self.path, self.text, _compiled(pattern, flags)))

    def __len__(self) -> int:
        return self._context.chars_of(self._index)

    def __contains__(self, part: object) -> bool:
        return isinstance(part, str) and part in self.text

    def __getitem__(self, key: slice | int) -> str:
        return self.text[key]

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        # A cell may have put anything into the fields, and this is shown after it has ended.
        fields = (self.path, self._index, self._context)
        if not all(map(is_, map(type, fields), (str, int, Context))):
            return "<Document>"
        return f"<Document {self.path!r}, {len(self)} characters>"


class Context(Sequence[Document]):
    """All documents: `len()`, iteration, `context[i]`, `context["path"]`, `.paths`, `.search()`."""

    def __init__(self, memory: Memory) -> None:
        magic, count, index_at, names_at, total = HEADER.unpack(memory[: HEADER.size])
        if magic != MAGIC:
            raise ValueError("the shared memory holds no context")
        self._memory = memory
        self._rows = memoryview(memory[index_at : index_at + count * ROW_WORDS * 8]).cast("Q")
        names_size = sum(self._rows[-2:]) if count else 0
        self._names = memory[names_at : names_at + names_size]
        self._count = count
        self._by_path: dict[str, int] = {}
        self.total_chars: int = total

    @classmethod
    def empty(cls) -> "Context":
        """A context without documents."""
        return cls(HEADER.pack(MAGIC, 0, HEADER.size, HEADER.size, 0))

    @property
    def paths(self) -> list[str]:
        """Every path, in order."""
        return [self._path_of(index) for index in range(self._count)]

    def get(self, path: str) -> Document | None:
        """The document of that path, or None."""
        index = self._index_by_path().get(path)
        return None if index is None else Document(self, index, path)

    def text_slice(self, start: int, end: int) -> str:
        """Characters `start` to `end` of all texts laid end to end."""
        start, end = max(0, start), min(end, self.total_chars)
        pieces: list[str] = []
        index = self._index_at(start)
        while start < end and index < self._count:
            first = self._rows[index * ROW_WORDS + 2]
            piece = self.text_of(index)[start - first : end - first]
            pieces.append(piece)
            start += len(piece)
            index += 1
        return "".join(pieces)

    def search(
        self,
        pattern: str | re.Pattern[str],
        flags: int = 0,
        limit: int = 100,
        path: str = "",
    ) -> list[Match]:
        """Lines where a regular expression matches, in files whose path contains `path`.

        `^` and `$` match at each line; one match a line is told.
        """
        compiled = _compiled(pattern, flags)
        found: list[Match] = []
        for index in range(self._count):
            name = self._path_of(index)
            if path and path not in name:
                continue
            for match in _matches(name, self.text_of(index), compiled):
                found.append(match)
                if len(found) >= limit:
                    return found
        return found

    def grep(self, text: str, limit: int = 100, path: str = "") -> list[Match]:
        """Lines that contain a text as it is, upper and lower case alike."""
        return self.search(re.escape(text), re.IGNORECASE, limit, path)

    def text_of(self, index: int) -> str:
        """The text of document number `index`."""
        row = index * ROW_WORDS
        offset, size = self._rows[row], self._rows[row + 1]
        return str(self._memory[offset : offset + size], "utf-8", "surrogatepass")

    def chars_of(self, index: int) -> int:
        """The length of document number `index`, without decoding it."""
        return self._rows[index * ROW_WORDS + 3]

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Document]:
        return (self._document(index) for index in range(self._count))

    def __contains__(self, item: object) -> bool:
        path = item.path if isinstance(item, Document) else item
        return path in self._index_by_path()

    @overload
    def __getitem__(self, key: int | str) -> Document: ...
    @overload
    def __getitem__(self, key: slice) -> list[Document]: ...
    def __getitem__(self, key: int | str | slice) -> Document | list[Document]:
        if isinstance(key, slice):
            return [self._document(index) for index in range(*key.indices(self._count))]
        if isinstance(key, str):
            return self._document(self._find(key))
        index = key + self._count if key < 0 else key
        if not 0 <= index < self._count:
            raise IndexError(f"context has documents 0 to {self._count - 1}, not {key}")
        return self._document(index)

    def __repr__(self) -> str:
        return (
            f"<context: {self._count} documents, {self.total_chars} characters; "
            "context[i] or context['path'] is a document with .path .text .lines>"
        )

    def _document(self, index: int) -> Document:
        return Document(self, index, self._path_of(index))

    def _find(self, path: str) -> int:
        paths = self._index_by_path()
        if path in paths:
            return paths[path]
        tails = [name for name in paths if name.endswith("/" + path.lstrip("/"))]
        if len(tails) == 1:
            return paths[tails[0]]
        near = tails[:3] or difflib.get_close_matches(path, list(paths)[:20_000], n=3)
        raise KeyError(f"no document {path!r}" + (f"; near: {', '.join(near)}" if near else ""))

    def _index_by_path(self) -> dict[str, int]:
        if not self._by_path:
            self._by_path = {self._path_of(index): index for index in range(self._count)}
        return self._by_path

    def _index_at(self, character: int) -> int:
        starts = _Starts(self._rows, self._count)
        return max(0, bisect_right(starts, character) - 1)

    def _path_of(self, index: int) -> str:
        row = index * ROW_WORDS
        start = self._rows[row + 4]
        return str(self._names[start : start + self._rows[row + 5]], "utf-8", "surrogatepass")


class _Starts(Sequence[int]):
    """First characters of the documents, as bisect wants them."""

    def __init__(self, rows: "memoryview[int]", count: int) -> None:
        self._rows = rows
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._count))]
        return self._rows[index * ROW_WORDS + 2]


def _compiled(pattern: str | re.Pattern[str], flags: int) -> re.Pattern[str]:
    # Lines are what is reported, so ^ and $ mean those of a line.
    return re.compile(pattern, flags | re.MULTILINE) if isinstance(pattern, str) else pattern


def _matches(path: str, text: str, pattern: re.Pattern[str]) -> Iterator[Match]:
    line, counted, last_line = 1, 0, 0
    for match in pattern.finditer(text):
        start = match.start()
        line += text.count("\n", counted, start)
        counted = start
        if line == last_line:
            continue
        last_line = line
        begin = text.rfind("\n", 0, start) + 1
        end = text.find("\n", start)
        whole = text[begin : end if end >= 0 else len(text)]
        yield Match(path, line, whole[:_LINE_CHARS_MAX])
