"""Code as models write it works: every snippet, on every backend, with the guard on."""

import ast
from collections.abc import Sequence

import anyio
import pytest
from backends import EVERY
from rlm_sandbox.backend import BackendName
from rlm_sandbox.code_rules import CodeRules
from rlm_sandbox.context import SharedContext
from rlm_sandbox.guard import check
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.types import Execution
from snippets import ALL, THEMES
from snippets.snippet import DOCUMENTS, FUNCTIONS, Snippet

NOT_STRICT = {
    # modules that only the standard profile has
    "CSV by its header", "a literal of Python that a model wrote", "a syntax tree of source",
    "groupby after sorting", "inheritance and abstract methods", "money without floats",
    "text of HTML", "a dict with a rule for what is missing, and a context manager",
    # a format kept in a variable
    "formats of a template kept in a variable",
}  # fmt: skip


@pytest.mark.asyncio
@pytest.mark.parametrize("backend", EVERY)
@pytest.mark.parametrize("theme", THEMES)
async def test_each_snippet_gives_what_it_should(theme: str, backend: BackendName):
    assert await wrong_ones(THEMES[theme], backend, CodeRules()) == []


@pytest.mark.asyncio
@pytest.mark.parametrize("backend", EVERY)
async def test_what_the_strict_rules_let_pass_gives_the_same_under_them(backend: BackendName):
    passing = [snippet for snippet in ALL if snippet.name not in NOT_STRICT]

    assert len(passing) == len(ALL) - len(NOT_STRICT)
    assert await wrong_ones(passing, backend, CodeRules("strict")) == []


def test_there_are_sixty_snippets_and_each_has_an_end():
    assert len({snippet.name for snippet in ALL}) == len(ALL) >= 60
    assert all((snippet.final is None) == bool(snippet.printed) for snippet in ALL)


def test_the_strict_rules_refuse_the_snippets_named_here_and_no_others():
    strict = CodeRules("strict")
    refused = {
        snippet.name
        for snippet in ALL
        if any(check(ast.parse(cell), strict) for cell in snippet.cells)
    }

    assert refused == NOT_STRICT


async def wrong_ones(
    snippets: Sequence[Snippet], backend: BackendName, rules: CodeRules
) -> list[str]:
    wrong: list[str] = []
    with SharedContext.from_documents(DOCUMENTS) as context:
        sandbox = await Sandbox.start(
            context=context, functions=FUNCTIONS, rules=rules, backend=backend
        )
    async with sandbox:
        for snippet in snippets:
            with anyio.fail_after(30):
                executions = [await sandbox.execute(cell) for cell in snippet.cells]
            if not as_it_should(snippet, executions[-1]):
                wrong.append(f"{snippet.name}: {given(executions[-1])}")
    return wrong


def as_it_should(snippet: Snippet, execution: Execution) -> bool:
    if execution.error is not None:
        return False
    if snippet.printed:
        return execution.output == snippet.printed
    return execution.final is not None and execution.final.value == snippet.final


def given(execution: Execution) -> str:
    return f"{execution.error or execution.final or execution.output!r}"
