"""Cutting text to a size so that a reader sees that, and how much, was cut."""


def clip(text: str, chars: int) -> str:
    """`text` in at most `chars` characters: its head and its tail with a mark between them."""
    if len(text) <= chars:
        return text
    mark = f"\n… [{len(text) - chars} characters cut] …\n"
    room = chars - len(mark)
    if room < 20:
        return text[:chars]
    head = room * 2 // 3
    return text[:head] + mark + text[len(text) - (room - head) :]
