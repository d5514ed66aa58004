"""Whether the lines that a remembered answer rests on are still what they were."""

import hashlib
from collections.abc import Callable, Iterable

from rlm_crystal.errors import CrystalError

from rlm_memory.types import Citation

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


def is_stale(citations: Iterable[Citation], read: ReadLines) -> bool:
    """Whether any lines that were looked at then say something else now, or are gone."""
    return any(
        cited.digest != lines_digest(cited.path, cited.start_line, cited.end_line, read)
        for cited in citations
        if cited.digest
    )
