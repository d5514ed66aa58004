"""The places an answer cites, as they are in a newer state of the corpus.

A question may take minutes, and files change meanwhile. What the answer says was true of the state
it was asked of; its `path:line` references should lead to the same lines all the same.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from rlm_crystal.errors import CrystalError
from rlm_crystal.lines import split_lines

from rlm_engine.answer import Answer
from rlm_engine.citations import Citation
from rlm_engine.quotation import references_in

if TYPE_CHECKING:  # numpy comes with it
    from rlm_crystal.crystal import Crystal
    from rlm_crystal.types import Definition


def brought_up(answer: Answer, asked_of: "Crystal", now: "Crystal") -> Answer:
    """The answer with its references on the lines where the cited text stands now.

    What is no longer there is cited as it was, not verified, and a note says so.
    """
    moved: dict[Citation, Citation] = {}
    lost: list[Citation] = []
    for citation in answer.citations:
        if not _changed(citation.path, asked_of, now):
            continue
        place = found_again(citation, asked_of, now)
        if place is None:
            lost.append(citation)
        elif place != citation:
            moved[citation] = place
    if not moved and not lost:
        return answer
    return replace(
        answer,
        answer=_rewritten(answer.answer, moved),
        citations=tuple(
            replace(one, verified=False) if one in lost else moved.get(one, one)
            for one in answer.citations
        ),
        notes=(*answer.notes, *_notes(moved, lost)),
    )


def found_again(citation: Citation, asked_of: "Crystal", now: "Crystal") -> Citation | None:
    """Where the cited lines stand now: in the definition they stood in, else in the same file, or
    in the only other file that defines it; None where they stand nowhere or in several places."""
    wanted = _lines(asked_of, citation.path)[citation.start_line - 1 : citation.end_line]
    if not any(line.strip() for line in wanted):
        return None
    around = _definition_around(asked_of, citation)
    spans = [(citation.path, 1, None)]
    if around is not None:
        same = [item for item in now.symbol(around.symbol) if item.symbol == around.symbol]
        here = [item for item in same if item.path == citation.path]
        found = here or (same if len(same) == 1 else [])
        spans = [*((item.path, item.start_line, item.end_line) for item in found), *spans]
    for path, first, last in spans:
        lines = _lines(now, path)[first - 1 : last]
        starts = [at for at in range(len(lines)) if lines[at : at + len(wanted)] == wanted]
        if len(starts) == 1:
            start = first + starts[0]
            return replace(citation, path=path, start_line=start, end_line=start + len(wanted) - 1)
    return None


def _changed(path: str, asked_of: "Crystal", now: "Crystal") -> bool:
    before, after = asked_of.entry(path), now.entry(path)
    if before is None:
        return False
    return after is None or before.content_hash != after.content_hash


def _definition_around(crystal: "Crystal", citation: Citation) -> "Definition | None":
    """The innermost definition that holds the cited lines."""
    try:
        outline = crystal.outline(citation.path)
    except CrystalError:
        return None
    around = [
        item
        for item in outline
        if item.start_line <= citation.start_line and citation.end_line <= item.end_line
    ]
    return min(around, key=lambda item: item.end_line - item.start_line, default=None)


def _lines(crystal: "Crystal", path: str) -> list[str]:
    try:
        return [line.rstrip() for line in split_lines(crystal.text(path))]
    except CrystalError:
        return []


def _rewritten(text: str, moved: dict[Citation, Citation]) -> str:
    """The text with each reference to a place that moved leading to where it is now."""
    pieces: list[str] = []
    end = 0
    for reference in references_in(text):
        old = (reference.start_line, reference.end_line)
        for before, after in moved.items():
            same_file = before.path == reference.path or before.path.endswith(f"/{reference.path}")
            if same_file and old == (before.start_line, before.end_line):
                written = text[reference.begin : reference.end]
                pieces += [text[end : reference.begin], _respelled(written, before, after)]
                end = reference.end
                break
    return "".join([*pieces, text[end:]])


def _respelled(written: str, before: Citation, after: Citation) -> str:
    """A reference as the answer writes it (`a.py:3-5`, `a.py#L3`), with the new path and lines."""
    front, mark, numbers = written.rpartition("#" if "#L" in written else ":")
    numbers = numbers.replace(str(before.start_line), str(after.start_line), 1)
    if before.end_line != before.start_line:
        head, _, tail = numbers.rpartition(str(before.end_line))
        numbers = f"{head}{after.end_line}{tail}"
    if after.path != before.path:
        front = front.replace(before.path, after.path)
    return front + mark + numbers


def _notes(moved: dict[Citation, Citation], lost: list[Citation]) -> list[str]:
    notes: list[str] = []
    if moved:
        paths = ", ".join(sorted({before.path for before in moved}))
        notes.append(f"Changed while this was answered, lines corrected: {paths}.")
    if lost:
        places = ", ".join(f"{one.path}:{one.start_line}" for one in lost)
        notes.append(f"Changed while this was answered, no longer there as cited: {places}.")
    return notes
