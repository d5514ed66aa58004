"""The AST guard: tells a model early, and kindly, what will not work here, and what will.

It is the first and friendly layer. It is never trusted: every known filter of this kind has been
walked around, and the jail holds without it. It runs in the child, because parsing hostile
source can exhaust a process.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rlm_sandbox.guard_rules import (
    ALLOWED_DUNDERS,
    ALLOWED_MODULES,
    BLOCKED_CALLS,
    BLOCKED_MODULES,
    FRAME_ATTRIBUTES,
)

_DUNDER: Final = re.compile(r"__\w+__")
_FORMAT_FIELD: Final = re.compile(r"\{\w*(?:[.\[][\w\]]*)*[.\[]__\w")
_LOOKUPS: Final = frozenset({
    "getattr", "setattr", "delattr", "hasattr", "attrgetter", "methodcaller", "vars",
})  # fmt: skip
_UNDERSCORES: Final = (
    "names with double underscores are closed; use the public method or operator instead"
)


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing the guard blocks: the rule, where, and what to do instead."""

    rule: str
    line: int
    message: str
    hint: str


def check(tree: ast.AST) -> list[Violation]:
    """Everything in the code that the rules block, in order of line."""
    found = [violation for node in ast.walk(tree) for violation in _check_node(node)]
    return sorted(found, key=lambda violation: violation.line)


def module_allowed(name: str) -> bool:
    """Whether cells may import this module."""
    return name in ALLOWED_MODULES


def import_message(name: str) -> tuple[str, str]:
    """What to say of an import that is not allowed, and the hint."""
    top = name.partition(".")[0]
    if top in BLOCKED_MODULES:
        return f"import of '{name}' is blocked (rule: modules)", BLOCKED_MODULES[top]
    listed = ", ".join(sorted(ALLOWED_MODULES))
    return f"there is no module '{name}' here (rule: modules)", f"these can be imported: {listed}"


def _check_node(node: ast.AST) -> Iterator[Violation]:
    match node:
        case ast.Import():
            for alias in node.names:
                yield from _check_module(alias.name, node.lineno)
        case ast.ImportFrom():
            yield from _check_import_from(node)
        case ast.Attribute():
            yield from _check_name(node.attr, node.lineno, "attributes")
            yield from _check_module_attribute(node)
        case ast.Name():
            yield from _check_name(node.id, node.lineno, "names")
        case ast.Call():
            yield from _check_call(node)
        case ast.MatchClass():
            for attribute in node.kwd_attrs:
                yield from _check_name(attribute, node.lineno, "match patterns")
        case ast.Constant(value=str() as text) if _hides_attribute(text):
            yield Violation(
                "format strings",
                node.lineno,
                "a format string reaches into private attributes (rule: format strings)",
                "format plain values: f'{value}'",
            )
        case _:
            pass


def _check_module(name: str, line: int) -> Iterator[Violation]:
    if not module_allowed(name):
        message, hint = import_message(name)
        yield Violation("modules", line, message, hint)


def _check_import_from(node: ast.ImportFrom) -> Iterator[Violation]:
    module = node.module or ""
    if node.level:
        message = "relative imports have no package here (rule: modules)"
        yield Violation("modules", node.lineno, message, "import the module by its full name")
        return
    yield from _check_module(module, node.lineno)
    for alias in node.names:
        if alias.name in BLOCKED_MODULES or alias.name.startswith("_"):
            message, hint = import_message(alias.name)
            yield Violation("modules", node.lineno, message, hint)


def _check_name(name: str, line: int, rule: str) -> Iterator[Violation]:
    if name in FRAME_ATTRIBUTES and rule != "names":
        message = f"'.{name}' leads into the interpreter (rule: {rule})"
        yield Violation(rule, line, message, _UNDERSCORES)
    elif _is_closed(name) and name not in BLOCKED_CALLS:
        yield Violation(rule, line, f"'{name}' is closed (rule: {rule})", _UNDERSCORES)


def _check_module_attribute(node: ast.Attribute) -> Iterator[Violation]:
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
    inside = isinstance(root, ast.Name) and root.id in ALLOWED_MODULES
    if inside and (node.attr in BLOCKED_MODULES or _is_private(node.attr)):
        message, hint = import_message(node.attr)
        yield Violation("modules", node.lineno, message, hint)


def _check_call(node: ast.Call) -> Iterator[Violation]:
    function = node.func
    name = function.id if isinstance(function, ast.Name) else ""
    if name in BLOCKED_CALLS:
        message = f"{name}() is blocked (rule: calls)"
        yield Violation("calls", node.lineno, message, BLOCKED_CALLS[name])
    called = function.attr if isinstance(function, ast.Attribute) else name
    if called in _LOOKUPS:
        for argument in node.args:
            text = argument.value if isinstance(argument, ast.Constant) else None
            if isinstance(text, str) and any(map(_is_closed, text.split("."))):
                message = f"{called}() of '{text}' is closed (rule: attributes)"
                yield Violation("attributes", node.lineno, message, _UNDERSCORES)


def _is_closed(name: str) -> bool:
    return bool(_DUNDER.fullmatch(name)) and name not in ALLOWED_DUNDERS


def _is_private(name: str) -> bool:
    return name.startswith("_") and name not in ALLOWED_DUNDERS and name not in {"_replace"}


def _hides_attribute(text: str) -> bool:
    return len(text) < 10_000 and bool(_FORMAT_FIELD.search(text))
