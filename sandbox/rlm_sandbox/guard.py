"""The AST guard: tells a model early, and kindly, what will not work here, and what will.

It is the first and friendly layer. It is never trusted: every known filter of this kind has been
walked around, and the jail holds without it. It runs in the child, because parsing hostile
source can exhaust a process.
"""

import ast
import re
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rlm_sandbox import strict_guard
from rlm_sandbox.code_rules import STANDARD, CodeRules
from rlm_sandbox.guard_rules import (
    ALLOWED_DUNDERS,
    ALLOWED_MODULES,
    BLOCKED_CALLS,
    BLOCKED_MODULES,
    CLOSED_MEMBERS,
    FRAME_ATTRIBUTES,
)
from rlm_sandbox.violation import Violation

_DUNDER: Final = re.compile(r"__\w+__")
_FIELD_PARTS: Final = re.compile(r"[.\[\]]+")
_LOOKUPS: Final = frozenset({
    "getattr", "setattr", "delattr", "hasattr", "attrgetter", "methodcaller", "vars", "get_field",
})  # fmt: skip
_MODULES: Final = sys.stdlib_module_names | BLOCKED_MODULES.keys()
_RUNS_TEXT: Final = frozenset({"eval", "exec", "compile", "__import__"})
_UNDERSCORES: Final = (
    "names with double underscores are closed; use the public method or operator instead"
)
_PLAIN_VALUES: Final = "format plain values: f'{value}'"


def check(tree: ast.AST, rules: CodeRules = STANDARD) -> list[Violation]:
    """Everything in the code that the rules block, in order of line."""
    checker = _Checker(rules, _modules_by_name(tree, rules))
    found = [violation for node in ast.walk(tree) for violation in checker.check(node)]
    if rules.profile == "strict":
        found += strict_guard.check(tree)
    return sorted(found, key=lambda violation: violation.line)


def import_message(name: str, rules: CodeRules = STANDARD) -> tuple[str, str]:
    """What to say of an import that is not allowed, and the hint."""
    top = name.partition(".")[0]
    if top in BLOCKED_MODULES:
        return f"import of '{name}' is blocked (rule: modules)", BLOCKED_MODULES[top]
    listed = ", ".join(sorted(rules.importable))
    return f"there is no module '{name}' here (rule: modules)", f"these can be imported: {listed}"


@dataclass(frozen=True, slots=True)
class _Checker:
    rules: CodeRules
    modules: dict[str, str]
    """Name in the code to the module it stands for."""

    def check(self, node: ast.AST) -> Iterator[Violation]:
        match node:
            case ast.Import():
                for alias in node.names:
                    yield from self._module(alias.name, node.lineno)
            case ast.ImportFrom():
                yield from self._import_from(node)
            case ast.Attribute():
                yield from _name(node.attr, node.lineno, "attributes")
                yield from self._member(node)
            case ast.Name():
                yield from _name(node.id, node.lineno, "names")
            case ast.Call():
                yield from _call(node)
                for argument in node.args:
                    yield from _handed_on(argument)
            case ast.Assign() | ast.AnnAssign() | ast.NamedExpr():
                yield from _handed_on(node.value)
            case ast.MatchClass():
                for attribute in node.kwd_attrs:
                    yield from _name(attribute, node.lineno, "match patterns")
            case ast.Constant() | ast.BinOp() if _hides_attribute(_text(node)):
                message = "a format string reaches into private attributes (rule: format strings)"
                yield Violation("format strings", node.lineno, message, _PLAIN_VALUES)
            case _:
                pass

    def _module(self, name: str, line: int) -> Iterator[Violation]:
        if name not in self.rules.importable:
            yield Violation("modules", line, *import_message(name, self.rules))

    def _import_from(self, node: ast.ImportFrom) -> Iterator[Violation]:
        module = node.module or ""
        if node.level:
            message = "relative imports have no package here (rule: modules)"
            yield Violation("modules", node.lineno, message, "import the module by its full name")
            return
        if not all(f"{module}.{alias.name}" in self.rules.importable for alias in node.names):
            yield from self._module(module, node.lineno)
        for alias in node.names:
            yield from self._member_named(module, alias.name, node.lineno)

    def _member(self, node: ast.Attribute) -> Iterator[Violation]:
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self.modules:
            inner = node.value
            module = inner.attr if isinstance(inner, ast.Attribute) else self.modules[root.id]
            yield from self._member_named(module, node.attr, node.lineno)

    def _member_named(self, module: str, name: str, line: int) -> Iterator[Violation]:
        closed = CLOSED_MEMBERS.get(f"{module}.{name}")
        if closed is not None:
            rule, hint = closed
            yield Violation(rule, line, f"'{module}.{name}' is closed (rule: {rule})", hint)
        elif _is_private(name) or self._is_closed_module(module, name):
            yield Violation("modules", line, *import_message(name, self.rules))

    def _is_closed_module(self, module: str, name: str) -> bool:
        # Many members are called like a module: datetime.time, copy.copy. Those are in the list.
        known = ALLOWED_MODULES | self.rules.importable
        return name in _MODULES and name not in known and f"{module}.{name}" not in known


def _modules_by_name(tree: ast.AST, rules: CodeRules) -> dict[str, str]:
    """Names that mean a module: those imported here, and where nothing else is so called."""
    imported: dict[str, str] = {}
    others: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                imported |= {a.asname: a.name for a in node.names if a.asname}
                tops = [a.name.partition(".")[0] for a in node.names if not a.asname]
                imported |= dict(zip(tops, tops, strict=True))
            case ast.ImportFrom(module=str() as package, names=aliases):
                for alias in aliases:
                    inner = f"{package}.{alias.name}"
                    known = inner if inner in sys.modules else alias.name
                    if known in sys.modules:
                        imported[alias.asname or alias.name] = known
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                others.add(name)
            case _:
                pass
    earlier = {name: name for name in rules.importable - others}
    return earlier | imported


def _name(name: str, line: int, rule: str) -> Iterator[Violation]:
    if name in FRAME_ATTRIBUTES and rule != "names":
        message = f"'.{name}' leads into the interpreter (rule: {rule})"
        yield Violation(rule, line, message, _UNDERSCORES)
    elif _is_closed(name) and name not in BLOCKED_CALLS:
        yield Violation(rule, line, f"'{name}' is closed (rule: {rule})", _UNDERSCORES)


def _call(node: ast.Call) -> Iterator[Violation]:
    function = node.func
    name = function.id if isinstance(function, ast.Name) else ""
    if name in BLOCKED_CALLS:
        message = f"{name}() is blocked (rule: calls)"
        yield Violation("calls", node.lineno, message, BLOCKED_CALLS[name])
    called = function.attr if isinstance(function, ast.Attribute) else name
    if called in _LOOKUPS:
        for text in map(_text, node.args):
            if any(map(_leads_inside, text.split("."))):
                message = f"{called}() of '{text}' is closed (rule: attributes)"
                yield Violation("attributes", node.lineno, message, _UNDERSCORES)


def _handed_on(value: ast.expr | None) -> Iterator[Violation]:
    if isinstance(value, ast.Name) and value.id in _RUNS_TEXT:
        message = f"{value.id} is blocked under any name (rule: calls)"
        yield Violation("calls", value.lineno, message, BLOCKED_CALLS[value.id])


def _text(node: ast.AST) -> str:
    """The text that literals spell, joined by `+` or not; empty where it is not known."""
    pieces: list[str] = []
    rest = [node]
    while rest:
        match rest.pop():
            case ast.Constant(value=str() as text):
                pieces.append(text)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                rest += (left, right)
            case _:
                return ""
    return "".join(reversed(pieces))


def _is_closed(name: str) -> bool:
    return bool(_DUNDER.fullmatch(name)) and name not in ALLOWED_DUNDERS


def _leads_inside(name: str) -> bool:
    return _is_closed(name) or name in FRAME_ATTRIBUTES


def _is_private(name: str) -> bool:
    return name.startswith("_") and name not in ALLOWED_DUNDERS


def _hides_attribute(text: str) -> bool:
    if "{" not in text or "_" not in text:
        return False
    return any(map(_leads_inside, _field_names(text)))


def _field_names(text: str) -> Iterator[str]:
    """Attributes and keys that the text, as a format string, would look up; nested fields too."""
    left = [text]
    try:
        while left:
            for _, field, specification, _ in string.Formatter().parse(left.pop()):
                yield from _FIELD_PARTS.split(field or "")[1:]
                if specification and "{" in specification:
                    left.append(specification)
    except ValueError:
        return  # no format string: formatting it fails as well
