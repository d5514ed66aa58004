"""No reply is longer than a client can take, whatever the corpus; what was cut can be had."""

import planting
import pytest
from rlm_engine.answer import Answer
from rlm_engine.citations import Citation
from rlm_tools.explain import ExplainArguments, explain
from rlm_tools.fitting import CONCISE_TOKENS, TOKENS_MAX, size_tokens
from rlm_tools.query import QueryArguments, query
from rlm_tools.review import ReviewArguments, review
from rlm_tools.search import SearchArguments, search

WIDE = "value = [" + ", ".join(f"'{n:05}'" for n in range(25)) + "]\n"


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """Long lines, a class of many members with many callers, a secret on many lines."""
    members = "".join(f"    def member_{n}(self):\n        return {n}\n" for n in range(150))
    calls = "".join(f"def use_{n}(box: Box):\n    return box.member_{n}()\n" for n in range(150))
    risky = "".join(f"def run_{n}(text):\n    return eval(text)\n" for n in range(120))
    files = {
        "box.py": f"class Box:\n{members}\n\n{calls}",
        "risky.py": risky,
        **{f"wide_{n}.py": WIDE * 9 for n in range(60)},
    }
    return planting.plant(tmp_path_factory.mktemp("crowded") / "project", files)


@pytest.mark.parametrize(("response_format", "max_tokens"), [("concise", 600), ("detailed", 0)])
@pytest.mark.asyncio
async def test_replies_fit_and_pages_of_a_search_leave_nothing_out(
    crowded, host_of, silence, response_format, max_tokens
) -> None:
    host = host_of(crowded)
    allowed = max_tokens or (CONCISE_TOKENS if response_format == "concise" else TOKENS_MAX)
    how = {"response_format": response_format, "max_tokens": max_tokens}
    explained = await explain(host, ExplainArguments(path="box.py", symbol="Box", **how), silence)
    reviewed = await review(host, ReviewArguments(path="risky.py", **how), silence)
    pages, cursor = [], ""
    for _ in range(4):
        asked = SearchArguments(query="value", mode="literal", limit=50, cursor=cursor, **how)
        pages.append(await search(host, asked, silence))
        cursor = pages[-1].next_cursor
    for reply in (explained, reviewed, *pages):
        # One result or the head of an explanation may be more than a very small bound.
        assert size_tokens(reply) <= max(allowed, 1_500)
    shown = [(hit.path, hit.start_line) for page in pages for hit in page.results]
    whole = await search(host, SearchArguments(query="value", mode="literal", limit=50), silence)
    assert len(set(shown)) == len(shown)
    assert shown[:1] == [(hit.path, hit.start_line) for hit in whole.results[:1]]
    assert cursor
    assert ("max_tokens" in explained.cut) == bool(max_tokens)
    assert "max_tokens" in reviewed.text()


@pytest.mark.parametrize("citations", [0, 300])
@pytest.mark.parametrize("words", [10, 40_000])
@pytest.mark.asyncio
async def test_an_answer_fits_with_its_citations(words, citations, silence) -> None:
    answer = Answer(
        "what", "word " * words,
        tuple(Citation(f"src/path_{n}.py", n + 1, n + 9, True) for n in range(citations)),
        "scripted", 3, 2, 10, 10, 0.0, 1.0, None, "0123", 1, {},
    )  # fmt: skip
    reply = await query(Asked(answer), QueryArguments(question="what"), silence)
    assert size_tokens(reply) <= CONCISE_TOKENS
    assert len(reply.answer) >= min(len(answer.answer), 3_000)
    assert ("more characters" in reply.answer) == (words > 10)
    assert len(reply.citations) >= min(citations, 8)


class Asked:
    """A host that has answered already."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    async def ask(self, question, progress):
        return self.answer
