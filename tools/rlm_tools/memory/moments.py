"""Dates in arguments."""

from rlm_tools.errors import BadArgument


def moment(name: str, text: str) -> float | None:
    """Return a date or time in ISO form as seconds since 1970, None for none; BadArgument.

    A date alone is its end: "as of 4 March" has what was said on that day.
    """
    from rlm_memory.types import moment_of

    if not text:
        return None
    try:
        return moment_of(text)
    except ValueError:
        raise BadArgument(
            f"{name}={text!r} is no ISO date or time; write 2026-03-01 or 2026-03-01T14:30:00Z."
        ) from None
