"""One table of servers in a TOML file, written and taken out with all else as it was."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

_HEADER: Final = re.compile(r"[ \t]*\[\[?[ \t]*(?P<name>[^\]]*?)[ \t]*\]\]?[ \t]*(?:#.*)?\r?\n?")


class NotToml(ValueError):
    """The text is none, or has another form than the change needs."""


def read(text: str) -> dict[str, Any]:
    """The value of the whole file."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number too long, or nested too deeply
        raise NotToml(str(error)) from None


def put(text: str, names: Sequence[str], table: Mapping[str, Any]) -> str:
    """The text with this table at its end, in place of the one of these names."""
    kept, gone = _parted(text, names)
    if any(line.lstrip().startswith("#") for line in gone):
        raise NotToml(f"the table {'.'.join(names)} holds remarks")
    return f"{''.join(kept).rstrip()}\n\n{block(names, table)}".lstrip()


def taken_out(text: str, names: Sequence[str]) -> str:
    """The text without the table of these names and those below it."""
    return "".join(_parted(text, names)[0])


def block(names: Sequence[str], table: Mapping[str, Any]) -> str:
    """The table as text; NotToml for what is no text, number, list of these, or table of texts."""
    lines = [f"[{'.'.join(names)}]"]
    lines += [f"{_key(key)} = {_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _parted(text: str, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The lines without the table and those of it; remarks behind it belong to what follows."""
    wanted, within = ".".join(names), False
    kept: list[str] = []
    gone: list[str] = []
    between: list[str] = []
    for line in text.splitlines(keepends=True):
        header = _HEADER.fullmatch(line)
        if header is not None:
            name = header["name"].replace('"', "")
            within = name == wanted or name.startswith(wanted + ".")
        if within and (not line.strip() or line.lstrip().startswith("#")):
            between.append(line)
            continue
        (gone if within else kept).extend([*between, line])
        between = []
    return [*kept, *between], gone


def _value(value: object) -> str:
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        inside = ", ".join(f"{_key(name)} = {_value(each)}" for name, each in fields.items())
        return f"{{ {inside} }}" if inside else "{}"
    try:
        # JSON writes texts, numbers and lists of them as TOML does.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    except TypeError:
        raise NotToml(f"a {type(value).__name__} cannot be written again") from None


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)
