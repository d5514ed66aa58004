"""A corpus smaller than what is said about it: records are whole all the same."""

import pytest
from planting import plant
from rlm_crystal.build import build
from rlm_engine.extractive import ExtractiveReader, ExtractiveRoot
from rlm_engine.loop import ask
from rlm_sandbox.availability import available

pytestmark = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")

FILES = {"a.py": 'def greet(name):\n    """Say hello."""\n    return "hello " + name\n'}


@pytest.mark.asyncio
async def test_where_nothing_is_indexed_the_answer_says_what_was_left_out_and_why(tmp_path) -> None:
    (tmp_path / "paper.pdf").write_bytes(b"%PDF-1.7\n\0\0\0")
    crystal = build([tmp_path], workers=0)
    root, sub = ExtractiveRoot(), ExtractiveReader()
    answer = await ask("what is in the paper", crystal=crystal, root=root, sub=sub)
    assert "cannot answer this: not one file is indexed" in answer.answer
    assert "1 binary (paper.pdf)" in answer.answer


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("what is greet", "`greet` is a function"),
        ("where is hello said", "a.py:1-3"),
        ("how many functions are there", "1 function"),
        ("which file is the largest", "3 lines, the most: a.py:1"),
    ],
)
async def test_a_corpus_of_three_lines_is_answered_from(
    tmp_path, question: str, holds: str
) -> None:
    crystal = build([plant(tmp_path, FILES)], workers=0)
    root, sub = ExtractiveRoot(), ExtractiveReader()
    answer = await ask(question, crystal=crystal, root=root, sub=sub)
    assert holds in answer.answer
    assert answer.citations
    assert all(citation.verified for citation in answer.citations)
