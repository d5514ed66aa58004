"""Dates in arguments."""

from rlm_tools.errors import BadArgument


def moment(name: str, text: str, *, begins: bool = False) -> float | None:
    """Return a date or time in ISO form as seconds since 1970, None for none; BadArgument.

    A date alone is its end, as "as of 4 March" has what was said on that day; with `begins` it is
    its first moment, as what holds "from 4 March" holds on that day.
    """
    from rlm_memory.types import moment_of

    if not text:
        return None
    try:
        return moment_of(f"{text}T00:00:00" if begins and len(text) <= len("2026-03-01") else text)
    except ValueError:
        raise BadArgument(
            f"{name}={text!r} is no ISO date or time; write 2026-03-01 or 2026-03-01T14:30:00Z."
        ) from None
