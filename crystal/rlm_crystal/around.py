"""The text around a call."""

from __future__ import annotations

from itertools import compress
from typing import Final

from rlm_crystal.corpus_names import TYPES, FileFacts
from rlm_crystal.types import Definition, Reference

_HEAD_LINES: Final = 20
_NEAR_LINES: Final = 40


def scopes_of(within: str) -> list[str]:
    """A symbol and all that it stands in, the innermost first."""
    scopes: list[str] = []
    while within:
        scopes.append(within)
        within = within.rpartition(".")[0]
    return scopes


def text_before(facts: FileFacts, ref: Reference, variable: str) -> str:
    """Of the function around a call, from its head to the call, the first and the last lines that
    hold a variable, each with the one below it."""
    start = max(1, ref.line - 80)
    for scope in scopes_of(ref.within):
        found = facts.outline.get(scope)
        if found is not None and found.kind not in TYPES | {"module"}:
            start = found.start_line
    lines = facts.lines[start - 1 : ref.line]
    held = [variable in line for line in lines]
    either = [here or above for here, above in zip(held, [False, *held], strict=False)]
    kept = list(compress(lines, either))
    if len(kept) > _HEAD_LINES + _NEAR_LINES:
        kept = kept[:_HEAD_LINES] + kept[-_NEAR_LINES:]
    return "\n".join(kept)


def text_of(facts: FileFacts, around: Definition | None) -> str:
    """The lines of a definition, or of the whole file."""
    if around is None:
        return "\n".join(facts.lines)
    return "\n".join(facts.lines[around.start_line - 1 : around.end_line])
