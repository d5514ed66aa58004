"""The answer of a run that a limit ended: marked, and made of what was found."""

from collections.abc import Sequence

from rlm_engine.clip import clip
from rlm_engine.errors import LimitWord

_REASONS: dict[LimitWord, str] = {
    "iterations": "all turns were used",
    "cost": "the cost limit was reached",
    "tokens": "the token limit was reached",
    "subcalls": "the limit on sub-calls was reached",
    "seconds": "the time limit was reached",
    "no_code": "the model stopped writing code",
    "endless_code": "three pieces of code in a row ran into their time limit",
    "provider": "the model stopped answering",
}
_OUTPUTS_SHOWN = 3
_VARIABLES_SHOWN = 12
_VARIABLE_CHARS = 400


def partial_answer(
    limit: LimitWord, *, found: Sequence[str], variables: Sequence[tuple[str, str]]
) -> str:
    """A text that says first that it is partial and why, then what the run had found."""
    head = f"Partial answer: {_REASONS[limit]} before the work was done."
    outputs = [output for output in found[-_OUTPUTS_SHOWN:] if output.strip()]
    values = [
        f"- {name} = {clip(preview, _VARIABLE_CHARS)}"
        for name, preview in variables[-_VARIABLES_SHOWN:]
    ]
    if not outputs and not values:
        return f"{head} Nothing had been found yet."
    parts = [head]
    if outputs:
        parts.append("Found so far:\n\n" + "\n\n".join(outputs))
    if values:
        parts.append("Values at hand:\n" + "\n".join(values))
    return "\n\n".join(parts)
