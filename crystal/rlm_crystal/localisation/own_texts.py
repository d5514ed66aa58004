"""Texts that a person brings along, each with the commit whose files are the right answer."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rlm_crystal.errors import NoHistory

FILE_BYTES_MAX = 64 * 1024 * 1024
ID_DIGITS_MIN = 7


@dataclass(frozen=True, slots=True)
class OwnText:
    """An issue's text, say, and the commit that settled it; at least seven digits of its id."""

    text: str
    commit: str


def read_texts(path: Path) -> tuple[OwnText, ...]:
    """The texts of a JSON lines file, each line `{"text": …, "commit": …}`.

    NoHistory tells the line that is not so.
    """
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise NoHistory(f"{path} is over {FILE_BYTES_MAX // 2**20} MB; split it")
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise NoHistory(f"cannot read the texts in {path}: {error}") from None
    texts = tuple(_text(path, number, line) for number, line in enumerate(lines, 1) if line.strip())
    if not texts:
        raise NoHistory(f'{path} holds no text; give lines of {{"text": "…", "commit": "…"}}')
    return texts


def _text(path: Path, number: int, line: str) -> OwnText:
    try:
        value: object = json.loads(line)
    except ValueError:
        value = None
    text, commit = _field(value, "text"), _field(value, "commit")
    if not text.strip() or len(commit) < ID_DIGITS_MIN:
        raise NoHistory(
            f'line {number} of {path} is not {{"text": "…", "commit": "…"}}, where commit is a git '
            f"commit id of {ID_DIGITS_MIN} digits or more"
        )
    return OwnText(text, commit.lower())


def _field(value: object, name: str) -> str:
    found = cast("dict[str, object]", value).get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
