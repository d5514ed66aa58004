"""What can be said of single lines: risky calls, slips, leftovers, conflict marks, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rlm_crystal.language import role
from rlm_sandbox.redact import redact

from rlm_tools.reviewing.change import Change
from rlm_tools.reviewing.finding import Finding
from rlm_tools.reviewing.rules import RULES


def line_findings(change: Change) -> Iterator[Finding]:
    """Findings on the lines under review."""
    is_test = role(change.path) == "test"
    code_lines = _code_lines(change)
    for number, line in change.added_lines:
        yield from _secrets(change.path, number, line)
        if conflict := _CONFLICT.match(line):
            if conflict.group().strip() != "=======" or _in_conflict(change, number):
                yield Finding(
                    change.path, number, "error", "conflict-marker", "a merge conflict is left in."
                )
            continue
        if _TODO.search(line):
            yield Finding(change.path, number, "note", "todo", "leaves work open: TODO or FIXME.")
        if number in code_lines:
            yield from _rules(change, number, _without_comment(line, change.language), is_test)
    yield from _private_keys(change)


def _rules(change: Change, number: int, line: str, is_test: bool) -> Iterator[Finding]:
    for rule in RULES:
        if rule.languages and change.language not in rule.languages:
            continue
        if is_test and not rule.in_tests:
            continue
        if rule.pattern.search(line):
            yield Finding(change.path, number, rule.severity, rule.name, rule.message)


def _secrets(path: str, number: int, line: str) -> Iterator[Finding]:
    if len(line) < 5000 and redact(line).count:
        yield Finding(
            path,
            number,
            "error",
            "secret",
            "looks like a key or password; take it out, and change it if it was ever pushed.",
        )


def _private_keys(change: Change) -> Iterator[Finding]:
    for number, line in change.added_lines:
        if _PRIVATE_KEY.search(line) and not redact(line).count:
            body = "\n".join(change.lines[number - 1 : number + 60])
            if redact(body).count:
                yield Finding(change.path, number, "error", "secret", "holds a private key.")


def _code_lines(change: Change) -> set[int]:
    """Lines that are code: not comments, not inside strings of several lines."""
    from rlm_crystal.code_lines import code_lines

    return code_lines(change.new or "", change.language)


def _without_comment(line: str, language: str) -> str:
    mark = "#" if language in {"python", "ruby", "bash", "yaml", "elixir"} else "//"
    at = line.find(f" {mark}")
    return line[:at] if at >= 0 and line[:at].count('"') % 2 == 0 else line


def _in_conflict(change: Change, number: int) -> bool:
    above = change.lines[max(0, number - 400) : number - 1]
    return any(line.startswith("<<<<<<< ") for line in above)


_CONFLICT = re.compile(r"<<<<<<< |>>>>>>> |=======$")
_TODO = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY")
