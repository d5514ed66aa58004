"""The builtins that cells see: Python's own, without those that lead out."""

import builtins
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Final, NoReturn

from rlm_sandbox.code_rules import STANDARD, CodeRules
from rlm_sandbox.guard import import_message
from rlm_sandbox.guard_rules import ALLOWED_DUNDERS, BLOCKED_CALLS, CLOSED_MEMBERS, IMPORTED_BY_C
from rlm_sandbox.plain import exact_type

_LEFT_OUT: Final = frozenset({*BLOCKED_CALLS, "open", "copyright", "credits", "license"})


class ImportBlocked(ImportError):
    """An import that is not allowed, with what to do instead."""

    def __init__(self, name: str, rules: CodeRules = STANDARD) -> None:
        message, self.hint = import_message(name, rules)
        super().__init__(message)


def safe_builtins(
    open_virtual: Callable[..., Any],
    variables: Callable[[], dict[str, Any]],
    rules: CodeRules = STANDARD,
) -> dict[str, Any]:
    """The dictionary to run cells with; `globals()` there is a copy of the variables."""
    safe = {
        name: value
        for name, value in vars(builtins).items()
        if name not in _LEFT_OUT and (not name.startswith("_") or name == "__build_class__")
    }
    safe |= {name: _refusal(name, hint) for name, hint in BLOCKED_CALLS.items()}
    safe |= {
        "__import__": _importer(rules),
        "getattr": _checked(getattr, rules),
        "setattr": _checked(setattr, rules),
        "delattr": _checked(delattr, rules),
        "hasattr": _checked(hasattr, rules),
        "globals": variables,
        "open": open_virtual,
    }
    return safe


def _importer(rules: CodeRules) -> Callable[..., ModuleType]:
    def imported(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        del globals, locals
        if exact_type(fromlist) is list and name in IMPORTED_BY_C:
            return sys.modules[name]
        members = {f"{name}.{item}" for item in fromlist or ()}
        known = name in rules.importable or (members and members <= rules.importable)
        if level or not known:
            raise ImportBlocked(name, rules)
        module = importlib.import_module(name)
        for item in fromlist or ():
            value = getattr(module, item, None)
            if isinstance(value, ModuleType) and value.__name__ not in rules.importable:
                raise ImportBlocked(value.__name__, rules)
        return module if fromlist else sys.modules[name.partition(".")[0]]

    return imported


def _checked(function: Callable[..., Any], rules: CodeRules) -> Callable[..., Any]:
    def checked(value: object, name: object, *rest: object) -> Any:
        if isinstance(name, str) and name.startswith("__") and name not in ALLOWED_DUNDERS:
            raise AttributeError(
                f"'{name}' is closed (rule: attributes); use the public method or operator instead"
            )
        if not (isinstance(value, ModuleType) and isinstance(name, str)):
            return function(value, name, *rest)
        private = name.startswith("_") and name not in ALLOWED_DUNDERS
        if closed := CLOSED_MEMBERS.get(f"{value.__name__}.{name}"):
            raise AttributeError(f"'{name}' is closed (rule: {closed[0]}); {closed[1]}")
        if private:
            _refuse_member(name, rules)
        found = function(value, name, *rest)
        if isinstance(found, ModuleType):
            names = {found.__name__, found.__name__.partition(".")[0]}
            if names.isdisjoint(rules.importable):
                _refuse_member(name, rules)
        return found

    checked.__name__ = function.__name__
    return checked


def _refuse_member(name: str, rules: CodeRules) -> NoReturn:
    """A name of a module that is known only now is judged as the guard judges one written out."""
    message, hint = import_message(name, rules)
    raise AttributeError(f"{message}; {hint}")


def _refusal(name: str, hint: str) -> Callable[..., None]:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(f"{name}() is blocked (rule: calls); {hint}")

    refused.__name__ = name
    return refused
