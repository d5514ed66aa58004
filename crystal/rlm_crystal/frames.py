"""Places in tracebacks, panics and compiler messages: which file, which function, which line.

Nearly every language writes `path:line`; Python writes `File "path", line 1, in function`. A
place is read wherever it stands in a line, and no language is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

FILES_MAX = 3

_PYTHON = re.compile(
    r'\bFile "(?P<path>[^"\n]{1,400})", line \d+(?:, in (?P<function>[\w.<>]{1,200}))?'
)
_PLACE = re.compile(
    r"(?P<path>(?<![\w./\\@~+-])(?:[A-Za-z]:)?[\w./\\@~+-]{1,400}\.[A-Za-z]\w{0,7}):(?P<line>\d+)"
    r"(?::\d+)?(?:(?::? in |:in )[`'\"]?(?P<function>[\w.#<>:]{1,200}))?"
)
_CALL = re.compile(r"\bat (?:async )?(?P<function>[\w.$<>#:]{1,200})[ (]")
_SEPARATOR = re.compile(r"[/\\]+")


@dataclass(frozen=True, slots=True)
class Frame:
    """One place: the components of its path, and its function or nothing.

    `last_is_innermost` where such frames are written outermost first, `shows_source` where the
    next line may be one of code.
    """

    path: tuple[str, ...]
    function: str = ""
    last_is_innermost: bool = False
    shows_source: bool = False


def frames_in(line: str) -> tuple[list[Frame], str]:
    """The places that a line names, in order, and what else it says."""
    python = _PYTHON.search(line)
    if python:
        path, function = components_of(python["path"]), python["function"] or ""
        frame = Frame(path, function, last_is_innermost=True, shows_source=True)
        return [frame], line[: python.start()] + line[python.end() :]
    frames: list[Frame] = []
    rest: list[str] = []
    read = 0
    for place in _PLACE.finditer(line):
        before = line[read : place.start()]
        call = _CALL.search(before)
        function = place["function"] or (call["function"] if call else "")
        # pytest writes `path:1: in function`, outermost first.
        outermost_first = bool(place["function"]) and ": in " in place[0]
        frames.append(
            Frame(
                components_of(place["path"]),
                function,
                last_is_innermost=outermost_first,
                shows_source=outermost_first,
            )
        )
        rest.append(before[: call.start()] if call else before)
        read = place.end()
    return frames, " ".join((*rest, line[read:])) if frames else line


def innermost_first(frames: Sequence[Frame]) -> list[int]:
    """The numbers of the frames in the order in which they tell most."""
    order: list[int] = []
    runs = groupby(range(len(frames)), key=lambda number: frames[number].last_is_innermost)
    for last_is_innermost, run in runs:
        order.extend(reversed(list(run)) if last_is_innermost else run)
    return order


def files_of(
    named: Sequence[tuple[str, ...]], paths: Iterable[str]
) -> Mapping[tuple[str, ...], tuple[str, ...]]:
    """For each place the corpus files it can mean: those that share most of its path's end.

    Two components at least must agree, since a name alone is as well that of a user's own file;
    a place that is told by its name alone means the one file of that name.
    """
    wanted: dict[str, set[tuple[str, ...]]] = {}
    for components in named:
        if components:
            wanted.setdefault(components[-1], set()).add(components)
    best: dict[tuple[str, ...], tuple[int, list[str]]] = {}
    for path in paths:
        for components in wanted.get(path.rpartition("/")[2], ()):
            own = path.split("/")
            shared = _shared_end(components, own)
            if shared < 2 and len(components) > 1:
                continue
            known = best.get(components, (0, []))
            if shared > known[0]:
                best[components] = (shared, [path])
            elif shared == known[0]:
                known[1].append(path)
    return {
        place: tuple(found)
        for place, (shared, found) in best.items()
        if len(found) <= (1 if shared == 1 else FILES_MAX)
    }


def components_of(path: str) -> tuple[str, ...]:
    """The names a path is made of, in either system's writing."""
    return tuple(part for part in _SEPARATOR.split(path) if part not in ("", ".", "..", "~"))


def _shared_end(left: Sequence[str], right: Sequence[str]) -> int:
    shared = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            break
        shared += 1
    return shared
