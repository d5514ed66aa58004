"""The values that travel through the crystal: sources, documents, chunks and hits.

All of them are immutable. Paths are POSIX and relative to the corpus; with several roots each
path begins with its root's name. Lines are numbered from 1 and spans include both ends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

Kind = Literal[
    "module", "class", "function", "method", "interface", "struct", "enum", "trait", "impl",
    "type", "constant", "section", "lines",
]  # fmt: skip

ReferenceKind = Literal["call", "import"]

HitKind = Kind | ReferenceKind | Literal["match"]
"""What a search found: a chunk or definition of that kind, a reference, a line that matches."""

Mode = Literal["words", "literal", "regex"]
"""How a query is meant: as words to rank by, as a text, as a regular expression."""

STATIC: Final = "static"
"""The name of the embedder that ships with the package."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file the walk chose, not yet read."""

    path: str
    absolute: Path
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder left out, and why in words a person reads.

    `size_bytes` and `mtime_ns` are those of a file that was read and then left out, else 0; with
    them a later walk knows that it need not be read again.
    """

    path: str
    reason: str
    size_bytes: int = 0
    mtime_ns: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text as it was read; `content_hash` is BLAKE2b-128 of the raw bytes, in hex."""

    path: str
    text: str
    language: str
    content_hash: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Definition:
    """A named thing in a file: `symbol` is qualified inside its file (`Flask.run`)."""

    path: str
    symbol: str
    kind: Kind
    start_line: int
    end_line: int
    signature: str
    doc: str


class Reference(NamedTuple):
    """A place that calls or imports `name`; `within` is the enclosing symbol, or empty.

    A named tuple, since there are hundreds of thousands and it is made three times as fast.
    """

    path: str
    line: int
    name: str
    kind: ReferenceKind
    within: str


Certainty = Literal["certain", "likely", "by name"]
"""How sure it is what a call means: the text says so, one thing speaks for it, only the name."""

CERTAINTIES: Final[tuple[Certainty, ...]] = get_args(Certainty)
"""The surest first."""


@dataclass(frozen=True, slots=True)
class Link:
    """A call and what it means: the definition at `target` ("path:line"), as sure as `certainty`
    says. `target` is empty where several are meant alike, or none of the corpus."""

    path: str
    line: int
    name: str
    kind: ReferenceKind
    within: str
    certainty: Certainty
    target: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a document that is ranked, embedded and clustered as one.

    `symbol`, `signature` and `doc` are those of the definition it belongs to, or empty.
    """

    path: str
    start_line: int
    end_line: int
    language: str
    kind: Kind
    symbol: str
    signature: str
    doc: str
    text: str


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What the chunker makes of one document."""

    document: Document
    chunks: tuple[Chunk, ...]
    definitions: tuple[Definition, ...]
    references: tuple[Reference, ...]
    syntax_errors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file as the crystal knows it."""

    path: str
    language: str
    lines: int
    size_bytes: int
    mtime_ns: int
    content_hash: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result.

    `score` is from 0 to 1, the best hit of a query having 1; it orders the hits of one query and
    means nothing across queries. `snippet` is the lines of the span that tell most, from line
    `snippet_line` on.
    """

    path: str
    start_line: int
    end_line: int
    symbol: str
    kind: HitKind
    score: float
    snippet: str
    snippet_line: int = 0
    certainty: Certainty | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The first hits of a query, best first.

    `total` and `files` count all there is, None where hits were ranked. What could not be looked
    at makes it not `complete`; `note` says that, or how near names are spelt.
    """

    hits: tuple[Hit, ...]
    total: int | None = None
    files: int | None = None
    complete: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is: `done` of `total` units of `stage`."""

    stage: str
    done: int
    total: int

    def in_words(self) -> str:
        """The stage, and how much of it is done where that is known."""
        if not self.total:
            return self.stage
        share = 100 * self.done // self.total
        return f"{self.stage}: {self.done} of {self.total} ({share}%)"


ProgressSink = Callable[[Progress], None]
