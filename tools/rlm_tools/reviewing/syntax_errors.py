"""Lines that no longer parse."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from rlm_tools.reviewing.change import Change
from rlm_tools.reviewing.finding import Finding


def syntax_findings(change: Change) -> Iterator[Finding]:
    """Parse errors of the file, where it parsed before or the file is reviewed as it stands."""
    if change.new is None or change.is_fragment:
        return
    errors = change.parsed.syntax_errors
    if not errors or (change.old is not None and not change.whole and _was_broken(change)):
        return
    if change.language == "python":
        yield from _python(change, errors[0])
        return
    yield Finding(
        change.path, errors[0], "error", "syntax", f"this line does not parse as {change.language}."
    )


def _python(change: Change, line: int) -> Iterator[Finding]:
    """Python's own parser has the last word, and better words."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(change.new or "")
    except SyntaxError as error:
        yield Finding(
            change.path, error.lineno or line, "error", "syntax", f"does not parse: {error.msg}."
        )
    except (ValueError, RecursionError, MemoryError):
        yield Finding(change.path, line, "error", "syntax", "this line does not parse as python.")


def _was_broken(change: Change) -> bool:
    return len(change.parsed_before.syntax_errors) >= len(change.parsed.syntax_errors)
