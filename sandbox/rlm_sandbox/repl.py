"""The names a cell finds: context, host functions, FINAL, SHOW_VARS, virtual files."""

import difflib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NoReturn, cast

from rlm_sandbox.documents import Document
from rlm_sandbox.plain import NotPlain, exact_type, name_of_type, to_json

_PREVIEW_CHARS: Final = 80
ECHO_CHARS: Final = 2_000
_PREVIEW_ITEMS: Final = 4
_INT_BITS_MAX: Final = 256
VARIABLES_SHOWN_MAX: Final = 200

HostCall = Callable[[str, list[Any], dict[str, Any]], Any]


class HostCallError(Exception):
    """A host function failed; the message is the host's."""


class CellTimeout(BaseException):
    """The cell reached a time limit. No Exception, so that `except Exception` lets it pass."""


class FinalReached(BaseException):
    """FINAL was called: the cell ends here."""


class HostNamespace:
    """Host functions under one name, such as `crystal.search`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> NoReturn:
        known = [key for key in vars(self) if not key.startswith("_")]
        near = difflib.get_close_matches(name, known, n=3) or known
        raise AttributeError(f"{self._name} has no {name!r}; it has {', '.join(near)}")

    def __repr__(self) -> str:
        listed = ", ".join(key for key in vars(self) if not key.startswith("_"))
        return f"<{self._name}: {listed}>"


def host_names(functions: Iterable[str], call: HostCall) -> dict[str, Any]:
    """Callables by name; "crystal.search" becomes attribute `search` of `crystal`."""
    names: dict[str, Any] = {}
    for function in functions:
        space, _, last = function.rpartition(".")
        proxy = _proxy(function, call)
        if not space:
            names[last] = proxy
        else:
            setattr(names.setdefault(space, HostNamespace(space)), last, proxy)
    return names


class Finals:
    """FINAL, FINAL_VAR and SUBMIT, and what the first of them was given."""

    def __init__(self, variables: Callable[[], dict[str, Any]]) -> None:
        self._variables = variables
        self.reached: tuple[Any, str | None] | None = None

    def clear(self) -> None:
        """A new cell begins."""
        self.reached = None

    def final(self, value: Any = None) -> NoReturn:
        """End the cell with this answer: text, or data that JSON can hold."""
        self._reach(value, None)

    def final_var(self, name: Any) -> NoReturn:
        """End the cell with a variable as the answer; takes its name or the value itself."""
        variables = self._variables()
        if isinstance(name, str) and name in variables:
            self._reach(variables[name], str.__str__(name))
        if isinstance(name, str) and name.isidentifier():
            near = difflib.get_close_matches(name, list(variables), n=3)
            told = f"did you mean {', '.join(near)}?" if near else "SHOW_VARS() lists them"
            raise NameError(f"FINAL_VAR: there is no variable {name!r}; {told}", name=name)
        own = next((key for key, value in variables.items() if value is name), None)
        self._reach(name, own)

    def submit(self, *values: Any, **fields: Any) -> NoReturn:
        """End the cell as models trained on DSPy's RLM do: with fields, a value, or `answer`."""
        if values or fields:
            self._reach(_submitted(values, fields), None)
        self.final_var("answer")

    def _reach(self, value: Any, name: str | None) -> NoReturn:
        # The first one counts: a bare `except:` around FINAL must not replace the answer.
        if self.reached is None:
            self.reached = (final_value(value), name)
        raise FinalReached


def _submitted(values: tuple[Any, ...], fields: dict[str, Any]) -> Any:
    """The one value that was given, or all of them."""
    if not fields:
        return values[0] if len(values) == 1 else list(values)
    if not values and len(fields) == 1:
        return next(iter(fields.values()))
    return {**fields, "values": list(values)} if values else fields


def final_value(value: Any) -> Any:
    """What the host gets for a final value: JSON where it can be, else its text."""
    if isinstance(value, Document):
        return value.text
    try:
        return to_json(value)
    except NotPlain:
        return str(value)


def json_argument(value: Any) -> Any:
    """An argument of a host function as JSON; raises TypeError that says what to pass."""
    if isinstance(value, Document):
        raise TypeError("pass doc.text or doc.path, not the document itself")
    if isinstance(value, Iterator):
        value = list(cast("Iterator[Any]", value))
    try:
        return to_json(value)
    except NotPlain as reason:
        raise TypeError(
            f"host functions take text, numbers, lists and dicts, not {reason}"
        ) from None


def preview(value: Any) -> str:
    """A short description that runs no method of untrusted code."""
    kind = exact_type(value)
    if kind is str:
        return _cut(repr(value[:_PREVIEW_CHARS])) + (f" ({len(value)} characters)")
    if kind is int and value.bit_length() > _INT_BITS_MAX:
        return f"int of {value.bit_length()} bits"
    if kind in (int, float, bool, type(None), complex):
        return repr(value)
    if kind in (list, tuple, set, frozenset, dict):
        return _cut(f"{kind.__name__} of {len(value)}: {_first_items(value)}")
    if kind is Document:
        return _cut(repr(value))
    return _cut(name_of_type(value))


def echoed(value: Any) -> str:
    """What a cell shows of the value it ends with: all of it, or its beginning and its size.

    It is cut at a space, never inside a word: half of a secret would not be found for one.
    """
    kind = exact_type(value)
    if kind is str and len(value) > ECHO_CHARS:
        return f"{_beginning(repr(value[:ECHO_CHARS]))} … [text of {len(value)} characters]"
    text = repr(value)
    if len(text) <= ECHO_CHARS:
        return text
    held = f"{len(value)} items, " if kind in (list, tuple, set, frozenset, dict) else ""
    return f"{_beginning(text)} … [{name_of_type(value)} of {held}{len(text)} characters]"


def _beginning(text: str) -> str:
    head = text[:ECHO_CHARS]
    return head[: max(head.rfind(" "), head.rfind("\\n"), 0)]


def show(variables: dict[str, Any]) -> dict[str, str]:
    """Name and preview of each variable, the newest last, a bounded number."""
    kept = list(variables.items())[-VARIABLES_SHOWN_MAX:]
    return {name[:_PREVIEW_CHARS]: _shown(value) for name, value in kept}


def _shown(value: Any) -> str:
    try:
        return preview(value)
    except Exception:
        return name_of_type(value)


def _first_items(values: Any) -> str:
    shown: list[str] = []
    for value in values:
        if len(shown) == _PREVIEW_ITEMS:
            shown.append("...")
            break
        kind = exact_type(value)
        if kind is str:
            shown.append(repr(value[:20]))
        elif kind in (float, bool) or (kind is int and value.bit_length() <= _INT_BITS_MAX):
            shown.append(repr(value))
        else:
            shown.append(name_of_type(value))
    return ", ".join(shown)


def _cut(text: str) -> str:
    return text if len(text) <= _PREVIEW_CHARS else text[: _PREVIEW_CHARS - 3] + "..."


def _proxy(function: str, call: HostCall) -> Callable[..., Any]:
    def proxy(*args: Any, **kwargs: Any) -> Any:
        return call(
            function,
            [json_argument(argument) for argument in args],
            {name: json_argument(value) for name, value in kwargs.items()},
        )

    proxy.__name__ = function.rpartition(".")[2]
    proxy.__qualname__ = function
    return proxy
