"""Lines as this product counts them: a line ends at LF and nowhere else.

`str.splitlines` also breaks at form feeds, NEL and U+2028, which editors, git and tree-sitter do
not; citations would drift. A CR before the LF stays part of its line.
"""

from io import StringIO


def split_lines(text: str) -> list[str]:
    """The lines of `text` with their endings, so that joining them gives `text` back."""
    return StringIO(text, newline="\n").readlines()


def line_count(text: str) -> int:
    """How many lines `text` has; a last line without an ending counts."""
    return text.count("\n") + (1 if text and not text.endswith("\n") else 0)
