"""The `path:line` references of an answer, each opened and compared.

`verified` means: the file is in the crystal, the lines are in range, and the words that the
answer quotes right beside the reference stand in those lines. It does not mean that the claim
made of them is true.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlm_crystal.errors import CrystalError
from rlm_crystal.types import FileEntry

from rlm_engine.json_value import JsonObject
from rlm_engine.quotation import Reference, quotes_beside, references_in, stands_in

if TYPE_CHECKING:  # numpy comes with it
    from rlm_crystal.crystal import Crystal

CITATIONS_MAX = 100
_SPAN_LINES_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Citation:
    """One place an answer refers to; `path` is as the corpus spells it, where it is known."""

    path: str
    start_line: int
    end_line: int
    verified: bool

    def to_json(self) -> JsonObject:
        """The documented form inside `ask --json`."""
        return {
            "path": self.path,
            "start_line": self.start_line,
            "end_line": self.end_line,
            "verified": self.verified,
        }


def check_citations(answer: str, crystal: "Crystal") -> tuple[Citation, ...]:
    """Every distinct reference of `answer`, in order, at most a hundred.

    A place that is referred to twice is verified only if it holds up each time. A name followed
    by a number that is no file of the corpus (`localhost:8080`) is left out, unless it is written
    like one of its files.
    """
    names = _Names(crystal.files)
    references = [
        reference for reference in references_in(answer) if names.plausible(reference.path)
    ]
    checked: dict[tuple[str, int, int], bool] = {}
    for reference, quotes in zip(references, quotes_beside(answer, references), strict=True):
        entry = names.find(reference.path)
        path = entry.path if entry is not None else reference.path
        words = [quote for quote in quotes if names.find(quote) is None]
        good = entry is not None and _holds(crystal, entry, reference, words)
        key = (path, reference.start_line, reference.end_line)
        if key in checked or len(checked) < CITATIONS_MAX:
            checked[key] = checked.get(key, True) and good
    return tuple(Citation(*key, verified) for key, verified in checked.items())


class _Names:
    """The paths of a corpus, found whole or by an ending that only one of them has."""

    def __init__(self, files: Iterable[FileEntry]) -> None:
        self._by_path = {entry.path: entry for entry in files}
        self._extensions = {_extension(path) for path in self._by_path} - {""}
        self._by_name: dict[str, list[FileEntry]] = {}
        for path, entry in self._by_path.items():
            self._by_name.setdefault(_name(path), []).append(entry)

    def find(self, path: str) -> FileEntry | None:
        plain = path.replace("\\", "/").removeprefix("./")
        exact = self._by_path.get(plain)
        if exact is not None:
            return exact
        alike = [
            entry
            for entry in self._by_name.get(_name(plain), ())
            if entry.path.endswith("/" + plain) or plain.endswith("/" + entry.path)
        ]
        return alike[0] if len(alike) == 1 else None

    def plausible(self, path: str) -> bool:
        return self.find(path) is not None or _extension(path) in self._extensions


def _holds(
    crystal: "Crystal", entry: FileEntry, reference: Reference, quotes: Sequence[str]
) -> bool:
    start, end = reference.start_line, reference.end_line
    if not 1 <= start <= end <= entry.lines or end - start >= _SPAN_LINES_MAX:
        return False
    try:
        text = crystal.read(entry.path, start, end)
    except CrystalError:
        return False
    return all(stands_in(quote, text) for quote in quotes)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _extension(path: str) -> str:
    return _name(path).rpartition(".")[2] if "." in _name(path) else ""
