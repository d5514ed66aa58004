"""The guard: what it blocks, what it says instead, and what ordinary code it lets pass."""

import ast
import importlib
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_sandbox.code_rules import CodeRules
from rlm_sandbox.errors import ModuleRefused
from rlm_sandbox.guard import check
from rlm_sandbox.guard_rules import (
    ADDABLE_MODULES,
    ALLOWED_MODULES,
    BLOCKED_CALLS,
    BLOCKED_MODULES,
    CLOSED_MEMBERS,
    STRICT_MODULES,
)
from rlm_sandbox.sandbox import Sandbox

STRICT = CodeRules("strict")


def rules(code: str, under: CodeRules = CodeRules()) -> list[str]:  # noqa: B008
    return [violation.rule for violation in check(ast.parse(code), under)]


@pytest.mark.parametrize("module", sorted(BLOCKED_MODULES))
def test_each_blocked_module_is_refused_with_another_way(module: str):
    (plain,) = check(ast.parse(f"import {module}"))
    (member,) = check(ast.parse(f"from {module}.x import y"))

    assert plain.message == f"import of '{module}' is blocked (rule: modules)"
    assert plain.hint == member.hint == BLOCKED_MODULES[module]


def test_the_block_list_is_that_of_the_seed():
    assert len(BLOCKED_MODULES) == 38
    assert not ALLOWED_MODULES & set(BLOCKED_MODULES)


def test_a_file_question_is_answered_with_the_context():
    (violation,) = check(ast.parse("x = 1\nimport os"))

    assert violation.line == 2
    assert "context['path'].text" in violation.hint


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("eval('1')", "calls"),
        ("exec('1')", "calls"),
        ("compile('1', '', 'eval')", "calls"),
        ("input()", "calls"),
        ("__import__('os')", "calls"),
        ("().__class__", "attributes"),
        ("f.__globals__['x']", "attributes"),
        ("g.gi_frame", "attributes"),
        ("getattr(x, '__class__')", "attributes"),
        ("operator.attrgetter('a.__class__')", "attributes"),
        ("re.enum.sys", "modules"),
        ("random._os", "modules"),
        ("from random import _os", "modules"),
        ("from re import sys", "modules"),
        ("from . import x", "modules"),
        ("import numpy", "modules"),
        ("__builtins__", "names"),
        ("'{0.__class__}'.format(x)", "format strings"),
        ("'{x[0].__init__.__globals__}'.format(x=x)", "format strings"),
        ("match x:\n  case object(__class__=c): pass", "match patterns"),
        ("'{0.__cl' + 'ass__}'", "format strings"),
        ("'{0.gi_frame.f_globals}'", "format strings"),
        ("'{0:{1.__class__}}'", "format strings"),
        ("'{x[a-b].__class__}'", "format strings"),
        ("getattr(x, '__cl' + 'ass__')", "attributes"),
        ("getattr(g, 'gi_frame')", "attributes"),
        ("import string\nstring.Formatter().get_field('0.__class__', (x,), {})", "format strings"),
        ("import re as r\nr.enum.sys", "modules"),
        ("import io as i\ni.open('/etc/passwd')", "files"),
        ("from io import open", "files"),
        ("import csv\ncsv.io.open('/etc/passwd')", "files"),
        ("from json import codecs", "modules"),
        ("import json\njson.codecs.open('x')", "modules"),
        ("import html.parser\nhtml.parser._markupbase", "modules"),
        ("f = __import__\nf('os')", "calls"),
        ("list(map(eval, lines))", "calls"),
        ("from typing import get_type_hints", "calls"),
    ],
)
def test_known_ways_around_are_refused(code: str, rule: str):
    assert rule in rules(code)


@pytest.mark.parametrize(
    "code",
    [
        "import re, json\nfrom collections import Counter, defaultdict\nimport collections.abc",
        "class A:\n    def __init__(self): super().__init__()\n    def __repr__(self): return 'A'",
        "if __name__ == '__main__':\n    print(type(x).__name__, x.__doc__)",
        "open('notes.txt', 'w').write('x')",
        "getattr(x, 'name', None)\nhasattr(x, '__len__')",
        "p = Point(1)._replace(x=2)",
        "'{:>10} {name!r} {0[key]}'.format(1, name=2)",
        "re.compile(r'\\{__(\\w+)__\\}')",
        "prompt = 'Explain what __class__ and os.environ do: { ... }'",
        "context['a.py'].text[:100]",
        "from __future__ import annotations\nx: int = 1",
        "for token in tokens:\n    print(token.code, token.platform)",
        "def f(time): return time.resource",
        'template = \'{"a": {"__class__": 1}} {\'',
        "class D(dict):\n    def __missing__(self, key): return key",
        "from collections import abc",
        "from datetime import time, datetime\nfrom copy import copy\ndatetime.time",
        "import json\njson.decoder.JSONDecodeError\njson.encoder",
        "import html.parser\nhtml.parser.HTMLParser\nhtml.entities",
        "def f(input, compile): return compile",
    ],
)
def test_ordinary_code_passes(code: str):
    assert rules(code) == []


def test_every_public_member_of_an_allowed_module_passes_but_modules_and_closed_ones():
    refused = {
        f"{module}.{member}"
        for module in ALLOWED_MODULES
        for member, value in vars(importlib.import_module(module)).items()
        if not member.startswith("_") and not isinstance(value, ModuleType)
        if rules(f"import {module}\n{module}.{member}") or rules(f"from {module} import {member}")
    }

    assert refused <= set(CLOSED_MEMBERS)


@pytest.mark.parametrize("name", sorted(BLOCKED_CALLS))
def test_each_blocked_call_is_refused_with_another_way(name: str):
    (violation,) = check(ast.parse(f"{name}(x)"))

    assert violation.message == f"{name}() is blocked (rule: calls)"
    assert violation.hint == BLOCKED_CALLS[name]


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("import io", "modules"),
        ("from re import *", "modules"),
        ("getattr(x, name)", "calls"),
        ("vars(x)", "calls"),
        ("globals()['x']", "calls"),
        ("x._hidden", "attributes"),
        ("type('T', (), {})", "classes"),
        ("class A(metaclass=M): pass", "classes"),
        ("class A(type): pass", "classes"),
        ("class A:\n    def __getattribute__(self, name): return 1", "classes"),
        ("template.format(x=1)", "format strings"),
        ("template.format_map(x)", "format strings"),
        ("try: f()\nexcept: pass", "handlers"),
        ("try: f()\nexcept (ValueError, BaseException): pass", "handlers"),
        ("FINAL = 'done'", "names"),
        ("def open(name): pass", "names"),
        ("[0 for context in x]", "names"),
    ],
)
def test_strict_rules_refuse_what_the_standard_ones_let_pass(code: str, rule: str):
    assert rules(code) == []
    (violation,) = check(ast.parse(code), STRICT)
    assert violation.rule == rule
    assert violation.hint


@pytest.mark.parametrize(
    "code",
    [
        *(f"import {module}" for module in sorted(STRICT_MODULES)),
        "getattr(x, 'name', None)",
        "class A:\n    def __init__(self): self._x = 1\n    def get(self): return self._x",
        "p._replace(x=2)\np._asdict()",
        "'{:>10}'.format(1)\nf'{x:>3}'.format()",
        "try: f()\nexcept (ValueError, KeyError): pass",
        "FINAL('done')",
        "from datetime import time\nimport datetime\ndatetime.time(1)",
    ],
)
def test_ordinary_code_passes_the_strict_rules_too(code: str):
    assert rules(code, STRICT) == []


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        *((module, "always blocked") for module in sorted(BLOCKED_MODULES)),
        ("os.path", "always blocked"),
        ("sqlite3", "reaches the system"),
        ("numpy", "not known to be safe"),
    ],
)
def test_what_leads_out_cannot_be_added_to_the_importable_modules(module: str, reason: str):
    with pytest.raises(ModuleRefused, match=reason):
        CodeRules(modules=("tomllib", module))


@pytest.mark.asyncio
async def test_added_modules_are_there_after_the_seal_and_no_others():
    code = (
        "import tomllib, shlex, xml.etree.ElementTree as tree\n"
        "from email import message_from_string\n"
        "print(tomllib.loads('a = 1'), shlex.split('a \"b c\"'), tree.fromstring('<a/>').tag)"
    )
    added = CodeRules("strict", tuple(sorted(ADDABLE_MODULES)))
    async with await Sandbox.start(rules=added) as sandbox:
        allowed = await sandbox.execute(code)
        imported = await sandbox.execute("\n".join(f"import {m}" for m in sorted(ADDABLE_MODULES)))
        refused = await sandbox.execute("import io")
    async with await Sandbox.start() as sandbox:
        without = await sandbox.execute(code)

    assert (allowed.error, allowed.output) == (None, "{'a': 1} ['a', 'b c'] a\n")
    assert imported.error is None
    for execution in (refused, without):
        assert execution.error is not None
        assert execution.error.message.startswith("there is no module")


@pytest.mark.asyncio
async def test_what_c_code_imports_when_called_is_there_and_cannot_be_imported_by_name():
    code = (
        "from datetime import datetime\n"
        "day = datetime.strptime('2026-03-07', '%Y-%m-%d')\n"
        "print(datetime(2026, 3, 1).strftime('%d.%m.'), day.day)"
    )
    async with await Sandbox.start(rules=STRICT) as sandbox:
        dates = await sandbox.execute(code)
        named = await sandbox.execute("import time")

    assert (dates.error, dates.output) == (None, "01.03. 7\n")
    assert named.error is not None
    assert named.error.kind == "guard"


@pytest.mark.asyncio
async def test_a_name_computed_at_run_time_is_refused_with_its_rule_and_another_way():
    async with await Sandbox.start() as sandbox:
        attribute = await sandbox.execute("name = '__cla' 'ss__'; ask = getattr\nask(1, name)")
        called = await sandbox.execute("run = [eval][0]\nrun('1')")

    for execution, rule, way in (
        (attribute, "attributes", "public method"),
        (called, "calls", "ast.literal_eval"),
    ):
        assert execution.error is not None
        assert f"(rule: {rule})" in execution.error.message
        assert way in execution.error.message


names = st.sampled_from(["x", "__class__", "os", "getattr", "eval", "re", "__init__", "format"])
expressions = st.recursive(
    names | st.just("'{0.__class__}'") | st.just("1"),
    lambda inner: (
        st.builds("{}.{}".format, inner, names)
        | st.builds("{}({})".format, inner, inner)
        | st.builds("{}[{}]".format, inner, inner)
    ),
    max_leaves=8,
)


@given(expressions)
def test_any_code_is_judged_without_failing(code: str):
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return
    for violation in (*check(tree), *check(tree, STRICT)):
        assert f"(rule: {violation.rule}" in violation.message
        assert violation.hint
