"""What the strict profile refuses besides the standard one.

Nothing here leads out by itself. It is refused because ordinary analysis does without it, because
filters were walked around with it, or because it hides from a reader of the code what is called:
names computed at run time, classes that change how attributes and calls work, formats that are
not literal, handlers that swallow the time limit, and other things put behind the given names.
"""

import ast
from collections.abc import Iterator
from typing import Final

from rlm_sandbox.violation import Violation

_BY_NAME: Final = frozenset({"getattr", "setattr", "delattr", "hasattr"})
_NAMESPACES: Final = frozenset({"vars", "globals", "locals", "dir"})
_NAMED_TUPLE: Final = frozenset({"_replace", "_asdict", "_fields", "_make", "_field_defaults"})
_GIVEN: Final = frozenset({
    "FINAL", "FINAL_VAR", "SHOW_VARS", "SUBMIT", "HostCallError", "Path", "context", "files",
    "open",
})  # fmt: skip
_HOOKS: Final = frozenset({
    "__class_getitem__", "__del__", "__delattr__", "__delete__", "__get__", "__getattr__",
    "__getattribute__", "__getstate__", "__init_subclass__", "__instancecheck__",
    "__mro_entries__", "__new__", "__prepare__", "__reduce__", "__reduce_ex__", "__set__",
    "__set_name__", "__setattr__", "__setstate__", "__subclasscheck__",
})  # fmt: skip


def check(tree: ast.AST) -> Iterator[Violation]:
    """Everything in the code that only the strict profile blocks."""
    return (violation for node in ast.walk(tree) for violation in _check_node(node))


def _check_node(node: ast.AST) -> Iterator[Violation]:
    match node:
        case ast.Call():
            yield from _call(node)
        case ast.Attribute(attr=name) if _is_private(name) and not _is_own(node.value):
            hint = "use the public method; only self and cls have private names"
            yield _violation("attributes", node.lineno, f"'.{name}' is private", hint)
        case ast.ClassDef():
            yield from _class(node)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            if name in _HOOKS:
                hint = "write a plain method, or a function"
                yield _violation("classes", node.lineno, f"'{name}' changes how classes work", hint)
            yield from _given(name, node.lineno)
        case ast.ExceptHandler():
            yield from _handler(node)
        case ast.ImportFrom(names=[ast.alias(name="*")]):
            hint = "name what you import"
            yield _violation("modules", node.lineno, "'import *' hides what is used", hint)
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield from _given(name, node.lineno)
        case _:
            pass


def _call(node: ast.Call) -> Iterator[Violation]:
    match node.func:
        case ast.Name(id=name) if name in _BY_NAME and not _is_literal(node.args[1:2]):
            message = f"{name}() of a computed name"
            yield _violation("calls", node.lineno, message, f"write the name: {name}(x, 'name')")
        case ast.Name(id=name) if name in _NAMESPACES:
            hint = "SHOW_VARS() lists your variables; keep values in a dict"
            yield _violation("calls", node.lineno, f"{name}() opens a namespace", hint)
        case ast.Name(id="type") if len(node.args) > 1:
            hint = "write the class with a class statement"
            yield _violation("classes", node.lineno, "type() with three arguments", hint)
        case ast.Attribute(attr="format" | "format_map" as name, value=text):
            if not _is_literal([text]):
                hint = "write the text where it is formatted, or an f-string"
                yield _violation("format strings", node.lineno, f".{name}() of a variable", hint)
        case _:
            pass


def _class(node: ast.ClassDef) -> Iterator[Violation]:
    if node.keywords:
        message = "arguments of a class, such as metaclass="
        yield _violation("classes", node.lineno, message, "write a plain class or a dataclass")
    if any(isinstance(base, ast.Name) and base.id == "type" for base in node.bases):
        message = "a class of classes"
        yield _violation("classes", node.lineno, message, "write a plain class or a dataclass")
    yield from _given(node.name, node.lineno)


def _handler(node: ast.ExceptHandler) -> Iterator[Violation]:
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    for kind in kinds:
        if kind is None or (isinstance(kind, ast.Name) and kind.id == "BaseException"):
            message = "a handler that would also swallow the time limit"
            yield _violation("handlers", node.lineno, message, "write `except Exception:`")


def _given(name: str, line: int) -> Iterator[Violation]:
    if name in _GIVEN:
        hint = f"call {name}(...)" if name.isupper() else "choose another name for your own"
        yield _violation("names", line, f"'{name}' is given and stays what it is", hint)


def _violation(rule: str, line: int, message: str, hint: str) -> Violation:
    return Violation(rule, line, f"{message} (rule: {rule}, strict)", hint)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name not in _NAMED_TUPLE


def _is_own(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in ("self", "cls")


def _is_literal(nodes: list[ast.expr]) -> bool:
    return all(isinstance(node, ast.Constant | ast.JoinedStr) for node in nodes)
