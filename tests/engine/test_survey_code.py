"""The code of surveys as a whole: it is put together from pieces that must know one another."""

import ast
import builtins

import pytest
from rlm_engine.extractive.plans.survey import SCANS, survey_code

# What the REPL has, what every cell begins with, and the values that this one is given.
GIVEN = {"context", "crystal", "show", "query", "notes_wanted", "shown", "words_room"}


@pytest.mark.parametrize("scan", SCANS)
def test_a_survey_uses_no_name_that_it_does_not_bind(scan: str) -> None:
    tree = ast.parse(survey_code({"scan": scan, "having": [], "order": None}))
    bound = set(dir(builtins)) | GIVEN
    used: dict[str, int] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used[name] = node.lineno
            case ast.Name(id=name):
                bound.add(name)
            case ast.FunctionDef(name=str(name)) | ast.ExceptHandler(name=str(name)):
                bound.add(name)
            case ast.alias(name=name) | ast.arg(arg=name):
                bound.add(name)
            case _:
                pass
    assert sorted(used.keys() - bound) == []
