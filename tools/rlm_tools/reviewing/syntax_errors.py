"""Lines that no longer parse."""

from __future__ import annotations

import ast
import json
import re
import tomllib
import warnings
from collections.abc import Iterator

from rlm_tools.reviewing.change import Change
from rlm_tools.reviewing.finding import Finding

# Grammars that read what their compilers read; C's cannot expand macros, others lag behind.
_EXACT = frozenset({"javascript", "typescript", "tsx", "go", "rust", "java", "ruby", "php"})
_WITH_COMMENTS = re.compile(r"(?:^|/)(?:[tj]sconfig[^/]*|\.eslintrc|\.babelrc)|\.(?:jsonc|json5)$")


def syntax_findings(change: Change) -> Iterator[Finding]:
    """Where the file stopped to parse, or, new or reviewed as it stands, does not parse."""
    if change.new is None or change.is_fragment:
        return
    if change.language in {"json", "toml"}:
        yield from _data(change)
        return
    errors = change.parsed.syntax_errors
    if not errors or not _is_telling(change):
        return
    if change.language == "python":
        yield from _python(change, errors[0])
    else:
        yield _finding(change, errors[0], f"this line does not parse as {change.language}.")


def _is_telling(change: Change) -> bool:
    """Whether an error of the grammar is one of the text: it was not there before, or the grammar
    is exact."""
    if change.old is None or change.whole:
        return change.language in _EXACT or change.language == "python"
    return not change.parsed_before.syntax_errors


def _python(change: Change, line: int) -> Iterator[Finding]:
    """Python's own parser has the last word, and better words."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(change.new or "")
    except SyntaxError as error:
        yield _finding(change, error.lineno or line, f"does not parse: {error.msg}.")
    except (ValueError, RecursionError, MemoryError):
        yield _finding(change, line, "this line does not parse as python.")


def _data(change: Change) -> Iterator[Finding]:
    try:
        if change.language == "toml":
            tomllib.loads(change.new or "")
        elif not _WITH_COMMENTS.search(change.path) and not change.path.endswith(".ipynb"):
            json.loads(change.new or "")
    except json.JSONDecodeError as error:
        yield _finding(change, error.lineno, f"does not parse: {error.msg}.")
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        yield _finding(change, int(place.group(1)) if place else 1, f"does not parse: {error}.")
    except RecursionError:
        yield _finding(change, 1, "is nested too deeply to be read.")


def _finding(change: Change, line: int, message: str) -> Finding:
    return Finding(change.path, line, "error", "syntax", message)
