"""Building HTML so that no text can become markup: every text is escaped where it enters."""

import html
from typing import Final

from rlm_server.visible import visible

_VOID: Final = frozenset({"meta"})


class Markup:
    """A piece of HTML that is known to be whole; made by `element` and nothing else of the page."""

    __slots__ = ("source",)

    def __init__(self, source: str) -> None:
        self.source = source


def element(name: str, /, *inside: Markup | str, **attributes: str | int | bool) -> Markup:
    """An element. A text inside and a value of an attribute is escaped; True is an attribute alone.

    `class_` is class, and `aria_label` aria-label.
    """
    opening = name + "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{opening}>")
    return Markup(f"<{opening}>{joined(*inside).source}</{name}>")


def joined(*pieces: Markup | str) -> Markup:
    """Pieces one after the other."""
    return Markup("".join(one.source if isinstance(one, Markup) else _text(one) for one in pieces))


def number(value: float) -> str:
    """A figure in as many digits as are worth reading."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _text(text: str) -> str:
    return html.escape(visible(text))


def _attribute(key: str, value: str | int | bool) -> str:
    name = key.rstrip("_").replace("_", "-")
    if isinstance(value, bool):
        return f" {name}" if value else ""
    return f' {name}="{_text(str(value))}"'
