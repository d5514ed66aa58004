"""The guard under code that nobody wrote: it judges all of it, and no path it passes leads out.

Paths are drawn from the real attributes of the modules that cells may import, and run with the
restricted builtins. The guard is no barrier (a value may carry a module out of its sight, see the
last test); these are the spellings that it does promise to see.
"""

import ast
import importlib
import sys
from collections.abc import Callable
from types import CodeType, FrameType, ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_sandbox.code_rules import CodeRules
from rlm_sandbox.guard import check
from rlm_sandbox.guard_rules import ALLOWED_MODULES
from rlm_sandbox.safe_builtins import safe_builtins

WORDS = [
    "x", "y", "os", "re", "json", "random", "getattr", "eval", "exec", "format", "vars", "modules",
    "__class__", "__init__", "__globals__", "__builtins__", "gi_frame", "_os", "__x",
    "\uff4f\uff53", "__\uff44ict__",
]  # fmt: skip
names = st.sampled_from(WORDS)
texts = st.sampled_from([
    "'x'", "'{0.__class__}'", "'{0[__globals__]}'", "'__' + 'class__'", "b'x'", "f'{x!r:>{y}}'",
    "f'{x.__class__}'", "'{:{0.__class__}}'", "'{'", "'}{'", "'{0.a[b].__c__}' 'd'", "1", "...",
])  # fmt: skip
expressions = st.recursive(
    names | texts,
    lambda inner: st.one_of(
        st.builds("({}).{}".format, inner, names),
        st.builds("({})({}, {}={})".format, inner, inner, names, inner),
        st.builds("({})[{}:{}]".format, inner, inner, inner),
        st.builds("({} + {})".format, inner, inner),
        st.builds("(lambda {0}={1}: {1})".format, names, inner),
        st.builds("[{} for {} in {} if {}]".format, inner, names, inner, inner),
        st.builds("({} := {})".format, names, inner),
        st.builds("{{**{}, {}: {}}}".format, inner, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("getattr({}, {})".format, inner, texts),
    ),
    max_leaves=8,
)
STATEMENTS = (
    "{e}", "{n} = {e}", "({e}).{n} = {e}", "del ({e}).{n}", "import {n}.{n} as {n}",
    "from {n} import {n} as {n}", "from . import {n}", "from {n} import *", "global {n}",
    "@{n}\ndef {n}({n}={e}): {e}", "@{n}.{n}\nclass {n}({e}, metaclass={e}): {n} = {e}",
    "with {e} as {n}: {e}", "assert {e}, {e}", "async def f(): await {e}", "{n}: {e} = {e}",
    "match {e}:\n  case {n}({n}={n}): {e}\n  case {{'a': [{n}, *_]}}: {e}", "while {e}: break",
    "try: {e}\nexcept* {e} as {n}: {e}", "for ({e}).{n} in {e}: {e}", "({e}).{n} += {e}",
    "raise {e} from {e}", "def f(): return (yield {e})",
)  # fmt: skip


@st.composite
def programs(draw: st.DrawFn) -> str:
    lines: list[str] = []
    for statement in draw(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=4)):
        parts = statement.replace("{{", "\1").replace("}}", "\2")
        while "{e}" in parts or "{n}" in parts:
            parts = parts.replace("{e}", draw(expressions), 1).replace("{n}", draw(names), 1)
        lines.append(parts.replace("\1", "{").replace("\2", "}"))
    return "\n".join(lines)


@given(programs())
@settings(max_examples=80)
def test_any_program_that_parses_is_judged_with_reasons(code: str):
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return
    for rules in (CodeRules(), CodeRules("strict")):
        for violation in check(tree, rules):
            assert violation.rule
            assert violation.message
            assert violation.hint
            assert violation.line > 0


# All at once, for an import adds names to packages.
MODULES = {name: importlib.import_module(name) for name in ALLOWED_MODULES}
SPELLINGS: tuple[Callable[[str, list[str]], str], ...] = (
    lambda module, path: f"import {module}\nreached = {'.'.join([module, *path])}",
    lambda module, path: f"import {module} as other\nreached = {'.'.join(['other', *path])}",
    lambda module, path: (
        f"from {module} import {path[0]} as first\nreached = {'.'.join(['first', *path[1:]])}"
    ),
    lambda module, path: (
        f"import {module}\nfrom functools import reduce\n"
        f"reached = reduce(getattr, {path!r}, {module})"
    ),
)


@st.composite
def paths(draw: st.DrawFn) -> str:
    """Code that follows attributes which really are there, from a module that may be imported."""
    module = draw(st.sampled_from(sorted(MODULES)))
    value: Any = MODULES[module]
    path: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        members = _members(value)
        if not members:
            break
        path.append(draw(st.sampled_from(members)))
        value = getattr(value, path[-1])
    spell = draw(st.sampled_from(SPELLINGS))
    return spell(module, path)


def _members(value: Any) -> list[str]:
    """What is worth a step: modules lead further, and so may anything that is private."""
    found: list[str] = []
    for name in dir(value):
        try:
            member = getattr(value, name)
        except Exception:
            continue
        if isinstance(member, (ModuleType, type, dict)) or callable(member):
            found.append(name)
    return found


def _leads_out(value: Any) -> bool:
    if isinstance(value, ModuleType):
        return value.__name__.partition(".")[0] not in ALLOWED_MODULES
    if isinstance(value, (FrameType, CodeType)) or value is sys.modules:
        return True
    return any(value is outside for outside in OUTSIDE)


OUTSIDE = (
    open, exec, eval, compile, __import__, breakpoint, importlib.import_module, sys._getframe,
    *(value for value in vars(importlib.import_module("posix")).values() if callable(value)),
)  # fmt: skip


@given(paths())
@settings(max_examples=200)
def test_no_attribute_path_that_the_guard_passes_leads_out(code: str):
    assert not _reaches_out(code), code


@pytest.mark.parametrize("module", sorted(ALLOWED_MODULES))
def test_no_member_of_an_allowed_module_leads_out(module: str):
    for name in dir(MODULES[module]):
        for spell in SPELLINGS:
            code = spell(module, [name])
            assert not _reaches_out(code), code


def _reaches_out(code: str) -> bool:
    if check(ast.parse(code)):
        return False
    namespace: dict[str, Any] = {"__builtins__": safe_builtins(_no_file, dict)}
    try:
        exec(code, namespace)
    except (ImportError, AttributeError, SyntaxError):
        return False
    return _leads_out(namespace["reached"])


def _no_file(*_: object) -> None:
    raise FileNotFoundError


def test_a_module_carried_by_a_value_is_out_of_the_guards_sight():
    """Known: only the jail stops what follows."""
    assert _reaches_out("import random\ncarried = [random]\nreached = carried[0]._os")
