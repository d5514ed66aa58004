"""Whether the lines that a remembered answer rests on are still what they were."""

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Final

from rlm_crystal.errors import CrystalError

from rlm_memory.types import Citation

_NAMED: Final = re.compile(
    r"(?<![\w/.:-])(?P<path>(?:[\w.-]+/)*[\w-]+\.\w{1,10}):(?P<start>\d{1,7})(?:-(?P<end>\d{1,7}))?\b"
)
_NAMED_MAX: Final = 20
_LINES_MAX: Final = 10_000_000

ReadLines = Callable[[str, int, int], str]
"""Gives lines of a file of the corpus, both ends included; CrystalError without such a file."""


def lines_digest(path: str, start_line: int, end_line: int, read: ReadLines) -> str:
    """What those lines say now, whatever their ends; nothing where they are not there."""
    try:
        text = read(path, start_line, end_line)
    except CrystalError:
        return ""
    plain = "\n".join(line.rstrip() for line in text.splitlines())
    return hashlib.blake2b(plain.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def citations_in(text: str, read: ReadLines) -> tuple[Citation, ...]:
    """The lines that a text names as `path:line` or `path:first-last` and that are there."""
    found: list[Citation] = []
    for named in list(_NAMED.finditer(text))[:_NAMED_MAX]:
        path, start = named["path"], int(named["start"])
        end = int(named["end"] or start)
        digest = lines_digest(path, start, end, read) if 0 < start <= end < _LINES_MAX else ""
        if digest:
            found.append(Citation(path, start, end, verified=True, digest=digest))
    return tuple(dict.fromkeys(found))


def is_stale(citations: Iterable[Citation], read: ReadLines) -> bool:
    """Whether any lines that were looked at then say something else now, or are gone."""
    return any(
        cited.digest != lines_digest(cited.path, cited.start_line, cited.end_line, read)
        for cited in citations
        if cited.digest
    )
