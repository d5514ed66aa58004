"""The map: a corpus written best first into any budget of tokens.

What goes in is decided step by step: each file can show its path, then names, words that tell it
apart, signatures with the lines they stand in, and each step is worth less than the one before.
The best step that fits is taken next, so many files are named before any is told in depth. What is
written is then ordered by folder and cluster.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Literal

from rlm_crystal.lazy import Lazy

CHARS_PER_TOKEN = 4
BUDGET_TOKENS = 4_000

_FOOTER_CHARS = 100
_HOW = "Paths continue the folder above them, or begin with / at the root; after | telling words.\n"
_STEPS_MAX = 60
_DECAY = 0.85
_WORDS_AT_ONCE = 3
_TITLE_STEP, _SUMMARY_STEP = 4, 14
_SUMMARY_CHARS = 200
_MISSES_MAX = 200

_Act = Literal["names", "words", "signatures"]
# After its path a file shows these in turn, over and over; most of the telling is in the names.
_TURNS: tuple[_Act, ...] = (
    "names", "names", "names", "names", "names", "names", "signatures", "words",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MapSymbol:
    """A definition: its bare name, and how it is introduced on a line of its own."""

    name: str
    line: int
    signature: str
    doc: str


@dataclass(frozen=True, slots=True)
class MapFile:
    """A file as far as it lies in one cluster (-1: in none); `weight` is above 0, at most 1.

    `symbols` are the best first. Of a file in several clusters only one part has its `words`.
    """

    path: str
    cluster: int
    weight: float
    symbols: Lazy[Sequence[MapSymbol]]
    words: Lazy[Sequence[str]]


@dataclass(frozen=True, slots=True)
class MapCluster:
    """What stands over the files of a cluster: `folder` is where most of it lies."""

    title: str
    summary: str
    folder: str


@dataclass(frozen=True, slots=True)
class MapView:
    """All that a map can show. `asked` is the question that the weights follow, or empty."""

    file_count: int
    chunk_count: int
    clusters: Sequence[MapCluster]
    files: Sequence[MapFile]
    asked: str = ""


def render_map(view: MapView, *, budget_tokens: int) -> str:
    """The map in at most `budget_tokens` tokens, a token taken as four characters."""
    budget = budget_tokens * CHARS_PER_TOKEN
    header = _header(view)
    if len(header) + _FOOTER_CHARS > budget:
        return header if len(header) <= budget else ""
    draft = _Draft(view, budget - len(header) - _FOOTER_CHARS)
    draft.fill()
    return header + "".join(draft.lines()) + draft.footer()


def _header(view: MapView) -> str:
    about = f", nearest to: {' '.join(view.asked.split())[:80]}" if view.asked else ""
    return (
        f"# Map of {view.file_count} files, {view.chunk_count} chunks in {len(view.clusters)} "
        f"clusters{about}\n{_HOW if view.files else ''}"
    )


@dataclass(slots=True)
class _Shown:
    """How much of a file is written."""

    names: int = 0
    words: int = 0
    signatures: int = 0


class _Draft:
    """A map as it fills up. Every cost is that of the characters in the finished text."""

    def __init__(self, view: MapView, chars: int) -> None:
        self._view = view
        self._left = chars
        self._shown: dict[int, _Shown] = {}
        self._folders: set[str] = set()
        self._met: set[int] = set()
        self._titled: dict[int, str] = {}

    def fill(self) -> None:
        """Takes the best step that fits, until nothing more does."""
        order = sorted(enumerate(self._view.files), key=lambda item: -item[1].weight)
        queue = [(-file.weight, rank, at, 0) for rank, (at, file) in enumerate(order)]
        queue += self._headings(order)
        heapify(queue)
        misses = 0
        while queue and misses < _MISSES_MAX:
            worth, rank, at, step = heappop(queue)
            cost = self._take(at, step)
            misses += cost is None
            if cost is not None and step < _STEPS_MAX and self._has_more(at):
                # A step that had nothing to show is free.
                heappush(queue, (worth * _DECAY if cost else worth, rank, at, step + 1))

    def _headings(
        self, order: Sequence[tuple[int, MapFile]]
    ) -> Iterator[tuple[float, int, int, int]]:
        """Titles and summaries of the clusters, as steps of subjects numbered below 0."""
        seen: set[int] = set()
        for rank, (_, file) in enumerate(order):
            if file.cluster >= 0 and file.cluster not in seen:
                seen.add(file.cluster)
                subject = -1 - file.cluster
                yield -file.weight * _DECAY**_TITLE_STEP, rank, subject, 0
                yield -file.weight * _DECAY**_SUMMARY_STEP, rank, subject, 1

    def _take(self, at: int, step: int) -> int | None:
        """Writes one step down; its cost, or None where it does not fit."""
        if at < 0:
            return self._take_heading(-1 - at, step)
        if step == 0:
            return self._take_path(at)
        return self._take_detail(at, _TURNS[(step - 1) % len(_TURNS)])

    def _take_path(self, at: int) -> int | None:
        file = self._view.files[at]
        folder = self._folder(file)
        new = 0 if folder in self._folders else len(_folder_line(folder))
        cost = new + len(f"- {_within(folder, file.path)}\n")
        if cost > self._left:
            return None
        self._folders.add(folder)
        self._met.add(file.cluster)
        self._shown[at] = _Shown()
        self._left -= cost
        return cost

    def _take_detail(self, at: int, act: _Act) -> int | None:
        shown = self._shown[at]
        before = len(self._file_text(at))
        step = _WORDS_AT_ONCE if act == "words" else 1
        held = getattr(shown, act)
        setattr(shown, act, held + step)
        cost = len(self._file_text(at)) - before
        if cost > self._left:
            setattr(shown, act, held)
            return None
        self._left -= cost
        return max(cost, 0)

    def _take_heading(self, cluster: int, step: int) -> int | None:
        made = self._view.clusters[cluster]
        if cluster not in (self._met if step == 0 else self._titled):
            return None
        text = _title_line(made, with_summary=step == 1)
        cost = len(text) - len(self._titled.get(cluster, ""))
        if cost > self._left:
            return None
        self._titled[cluster] = text
        self._left -= cost
        return cost

    def _has_more(self, at: int) -> bool:
        if at < 0:
            return False
        shown, file = self._shown[at], self._view.files[at]
        symbols = len(file.symbols.get())
        return (
            shown.names < symbols
            or shown.signatures < symbols
            or shown.words < len(file.words.get())
        )

    def lines(self) -> Iterator[str]:
        """The folders by their best file, in each the clusters, in each the files."""
        best: defaultdict[str, float] = defaultdict(float)
        parts: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for at in sorted(self._shown, key=lambda at: (-self._view.files[at].weight, at)):
            file = self._view.files[at]
            folder = self._folder(file)
            best[folder] = max(best[folder], file.weight)
            parts[folder, file.cluster if file.cluster in self._titled else -1].append(at)
        for folder in sorted(best, key=lambda folder: (-best[folder], folder)):
            yield _folder_line(folder)
            yield from self._files_of(folder, parts.get((folder, -1), ()))
            for place, cluster in parts:
                if place == folder and cluster >= 0:
                    yield self._titled[cluster]
                    yield from self._files_of(folder, parts[place, cluster])

    def _files_of(self, folder: str, files: Sequence[int]) -> Iterator[str]:
        bare = [at for at in files if self._shown[at] == _Shown()]
        yield from (self._file_text(at) for at in files if self._shown[at] != _Shown())
        if bare:
            paths = dict.fromkeys(_within(folder, self._view.files[at].path) for at in bare)
            yield f"- {', '.join(paths)}\n"

    def footer(self) -> str:
        """What the budget had no room for; empty where all is named."""
        named = len({self._view.files[at].path for at in self._shown})
        count = len({file.path for file in self._view.files})
        if named == count and len(self._titled) == len(self._view.clusters):
            return ""
        return (
            f"\nNamed: {named} of {count} files, {len(self._titled)} of "
            f"{len(self._view.clusters)} clusters. A larger budget shows more.\n"
        )

    def _folder(self, file: MapFile) -> str:
        if file.cluster < 0:
            return file.path.rpartition("/")[0]
        return self._view.clusters[file.cluster].folder

    def _file_text(self, at: int) -> str:
        file, shown = self._view.files[at], self._shown[at]
        path = _within(self._folder(file), file.path)
        symbols = file.symbols.get()
        names = [symbol.name for symbol in symbols[shown.signatures : shown.names]]
        seen = [symbol.name for symbol in symbols[: max(shown.signatures, shown.names)]]
        told = f"{path} {' '.join(seen)}".lower()
        words = [word for word in file.words.get()[: shown.words] if word not in told]
        line = f"- {path}"
        if names:
            line += f": {', '.join(dict.fromkeys(names))}"
        if words:
            line += f" | {' '.join(words)}"
        last = path.rpartition("/")[2]
        return f"{line}\n" + "".join(
            _signature_line(last, symbol) for symbol in symbols[: shown.signatures]
        )


def _within(folder: str, path: str) -> str:
    if not folder:
        return path
    return path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else f"/{path}"


def _folder_line(folder: str) -> str:
    return f"\n## {folder or '(root)'}\n"


def _title_line(cluster: MapCluster, *, with_summary: bool) -> str:
    summary = " ".join(cluster.summary.split()) if with_summary else ""
    if len(summary) > _SUMMARY_CHARS:
        summary = summary[: _SUMMARY_CHARS - 1].rsplit(" ", 1)[0] + "…"
    return f"### {cluster.title}{f' — {summary}' if summary else ''}\n"


def _signature_line(file_name: str, symbol: MapSymbol) -> str:
    said = f" — {symbol.doc}" if symbol.doc else ""
    return f"  {file_name}:{symbol.line} {symbol.signature}{said}\n"
