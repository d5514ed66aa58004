"""Cutting a text to a bound, and saying so."""


def clip(text: str, chars_max: int, how_to_get_it: str = "") -> str:
    """Return the text, or its beginning with a line that tells how much is missing."""
    if len(text) <= chars_max:
        return text
    advice = f"; {how_to_get_it}" if how_to_get_it else ""
    return f"{text[:chars_max]}\n[{len(text) - chars_max} more characters{advice}]"
