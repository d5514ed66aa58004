"""What a Python definition promises, read from its text: parameters, members, decorators."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass

_STARTERS = frozenset({"main", "run", "cli", "exit", "mainloop", "run_forever", "execute"})
_TRANSPARENT = frozenset({"staticmethod", "classmethod", "abstractmethod", "override", "final"})


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method; `parameters` are names in order, with their stars."""

    name: str
    parameters: tuple[str, ...]
    required: tuple[str, ...]
    is_async: bool
    decorators: tuple[str, ...]
    docstring: str
    returns: str

    @property
    def is_plain(self) -> bool:
        """Whether calling the name runs this very function: nothing wraps it."""
        return not set(self.decorators) - _TRANSPARENT


@dataclass(frozen=True, slots=True)
class Class:
    """A class and its public methods; `bases` are the last components of their names."""

    name: str
    bases: tuple[str, ...]
    methods: tuple[Function, ...]
    decorators: tuple[str, ...]
    has_metaclass: bool


@dataclass(frozen=True, slots=True)
class Module:
    """The definitions at the top of a file that every import of it makes, each name once.

    `runs_at_import` tells a script that starts its main function when it is imported.
    """

    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    runs_at_import: bool


def module_in(text: str) -> Module | None:
    """The definitions of a file; None where it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    last = {node.name: node for node in tree.body if isinstance(node, _NAMED)}
    rebound = _assigned(tree)
    kept = [node for name, node in last.items() if name not in rebound]
    return Module(
        tuple(_function(node) for node in kept if not isinstance(node, ast.ClassDef)),
        tuple(_class(node) for node in kept if isinstance(node, ast.ClassDef)),
        any(_starts_program(node) for node in tree.body),
    )


_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _starts_program(node: ast.stmt) -> bool:
    """Whether a bare statement calls `main()`, `sys.exit(main())`, `app.run()` or the like."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    return ast.unparse(node.value.func).rsplit(".", 1)[-1] in _STARTERS


def _assigned(tree: ast.Module) -> set[str]:
    """Names given another value at the top of the file, or defined again under a condition."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, _NAMED):
            continue
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store | ast.Del):
                names.add(inner.id)
            elif isinstance(inner, _NAMED):
                names.add(inner.name)
    return names


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Function:
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    without_default = positional[: len(positional) - len(arguments.defaults)]
    keyword_only = list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    names = [item.arg for item in positional]
    names += [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    names += [item.arg for item, _ in keyword_only]
    names += [f"**{arguments.kwarg.arg}"] if arguments.kwarg else []
    required = [item.arg for item in without_default]
    required += [item.arg for item, default in keyword_only if default is None]
    return Function(
        name=node.name,
        parameters=tuple(names),
        required=tuple(required),
        is_async=isinstance(node, ast.AsyncFunctionDef),
        decorators=tuple(_last_name(item) for item in node.decorator_list),
        docstring=ast.get_docstring(node) or "",
        returns=ast.unparse(node.returns) if node.returns else "",
    )


def _class(node: ast.ClassDef) -> Class:
    methods = {
        item.name: item
        for item in node.body
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    reassigned = {
        target.id
        for item in node.body
        if isinstance(item, ast.Assign | ast.AnnAssign | ast.Delete | ast.If | ast.Try)
        for target in ast.walk(item)
        if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store | ast.Del)
    }
    return Class(
        name=node.name,
        bases=tuple(_last_name(base) for base in node.bases),
        methods=tuple(_function(item) for name, item in methods.items() if name not in reassigned),
        decorators=tuple(_last_name(item) for item in node.decorator_list),
        has_metaclass=bool(node.keywords),
    )


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call | ast.Subscript):
        return _last_name(node.func if isinstance(node, ast.Call) else node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
