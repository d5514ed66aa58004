"""The REPL helpers, run as the text the sandbox is handed."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_engine import prelude
from rlm_sandbox.availability import available
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.types import Limits


class ScriptedModel:
    """Answers by a function and remembers the batches it was asked."""

    def __init__(self, reply: Any = str.upper) -> None:
        self.reply = reply
        self.batches: list[list[str]] = []

    def query(self, prompt: str) -> Any:
        self.batches.append([prompt])
        return self.reply(prompt)

    def batched(self, prompts: Sequence[str]) -> list[Any]:
        self.batches.append(list(prompts))
        return [self.reply(prompt) for prompt in prompts]


def repl(model: ScriptedModel | None = None) -> dict[str, Any]:
    scripted = model or ScriptedModel()
    namespace: dict[str, Any] = {
        "__name__": "repl",
        "llm_query": scripted.query,
        "llm_query_batched": scripted.batched,
    }
    exec(compile(prelude.source(), "<prelude>", "exec"), namespace)
    return namespace


H = repl()


def test_every_promised_helper_is_there_and_documented() -> None:
    assert all(callable(H[name]) for name in prelude.NAMES)
    lines = prelude.documentation().splitlines()
    assert [line.split("(")[0] for line in lines] == list(prelude.NAMES)
    assert len(prelude.documentation()) < 1_200 * 3


@given(st.text(max_size=300), st.integers(1, 50), st.integers(0, 60))
def test_chunks_cover_the_text_in_order_and_keep_the_size(
    text: str, size: int, overlap: int
) -> None:
    chunks = H["chunk_text"](text, size, overlap)
    step = max(1, size - overlap)
    assert all(len(chunk) <= size for chunk in chunks)
    assert "".join(chunk[:step] for chunk in chunks[:-1]) + (chunks[-1] if chunks else "") == text


def test_chunks_keep_paragraphs_together() -> None:
    text = "one one\n\ntwo two\n\n" + "x" * 25
    assert H["chunk_text"](text, 20, preserve_paragraphs=True) == [
        "one one\n\ntwo two",
        "x" * 20,
        "x" * 5,
    ]


@given(st.text(max_size=400), st.integers(1, 20), st.integers(0, 30))
def test_token_chunks_lose_nothing(text: str, size: int, overlap: int) -> None:
    pieces = H["chunk_by_tokens"](text, size, overlap)
    position = 0
    for piece in pieces:
        # The latest place it can stand at without leaving a gap; alike pieces stand at several.
        start = text.rfind(piece, max(0, position - 4 * overlap), position + len(piece))
        assert start >= 0
        assert len(piece) <= 4 * size
        position = max(position, start + len(piece))
    assert position >= len(text) if pieces else text == ""


def test_token_chunks_without_overlap_join_to_the_text() -> None:
    text = "the quick brown fox jumps over the lazy dog " * 5
    pieces = H["chunk_by_tokens"](text, 5, 0)
    assert "".join(pieces) == text
    assert all(not piece.startswith("uick") for piece in pieces)


@given(st.text(max_size=80), st.integers(0, 40))
def test_a_truncated_text_is_never_too_long(text: str, length: int) -> None:
    assert len(H["smart_truncate"](text, length)) <= length


def test_truncation_cuts_at_a_word() -> None:
    assert H["smart_truncate"]("alpha beta gamma delta", 16) == "alpha beta..."


def test_regex_search_stops_at_its_limit_and_tells_positions() -> None:
    assert H["regex_search"](r"\d+", "1 22 333", max_matches=2) == ["1", "22"]
    assert H["regex_search"](r"^b$", "a\nb", return_positions=True) == [(2, 3, "b")]


def test_sections_run_from_heading_to_heading() -> None:
    text = "# A\nalpha\n## B\nbeta\n"
    assert H["find_sections"](text) == [
        {"title": "A", "start": 0, "end": 10, "content": "alpha"},
        {"title": "B", "start": 10, "end": 20, "content": "beta"},
    ]
    assert H["find_sections"]("no headings") == []


def test_keyword_stretches_that_touch_become_one() -> None:
    text = "x" * 50 + "Key" + "y" * 4 + "lock" + "z" * 50
    assert H["keyword_filter"](text, ["key", "lock"], 3) == ["xxxKeyyyyylockzzz"]
    assert H["keyword_filter"](text, []) == []


def test_results_are_aggregated_by_each_method() -> None:
    results = ["3 apples", "", None, 4]
    assert H["aggregate_results"](results) == "3 apples\n4"
    assert H["aggregate_results"](results, "sum") == 7
    assert H["aggregate_results"](results, "count") == 2
    assert H["aggregate_results"](results, "list", filter_empty=False) == results
    assert H["aggregate_results"](["a", "b"], "dict") == {0: "a", 1: "b"}
    assert H["aggregate_results"]([0, 1], "count") == 2
    with pytest.raises(ValueError, match="method must be"):
        H["aggregate_results"]([], "median")


def test_frequencies_come_most_frequent_first() -> None:
    assert list(H["count_frequencies"](["b", "a", "b"]).items()) == [("b", 2), ("a", 1)]


@pytest.mark.parametrize(
    ("strategy", "merged"),
    [("sum", {"a": 3, "b": 5}), ("last", {"a": 2, "b": 5}), ("first", {"a": 1, "b": 5}),
     ("list", {"a": [1, 2], "b": [5]})],
)  # fmt: skip
def test_dicts_merge_by_strategy(strategy: str, merged: dict[str, Any]) -> None:
    assert H["merge_dicts"]([{"a": 1}, {"a": 2, "b": 5}], strategy) == merged


def test_only_a_yes_verifies_an_answer() -> None:
    holds = repl(ScriptedModel(lambda _: "**Yes**, line 4 says so."))["verify_answer"]("4", "ok?")
    fails = repl(ScriptedModel(lambda _: "Yesterday was fine"))["verify_answer"]("4", "ok?")
    assert (holds[0], fails[0]) == (True, False)


def test_consensus_is_the_commonest_reply_and_failures_count_against_it() -> None:
    replies = iter(["Paris.", RuntimeError("timeout"), "paris", "Rome"])
    model = ScriptedModel(lambda _: next(replies))
    assert repl(model)["consensus_check"]("capital?", 4) == ("Paris.", 0.5)
    assert len(model.batches) == 1


def test_splitting_stops_when_the_condition_holds_or_nothing_splits() -> None:
    split = H["recursive_split"]

    def halves(text: str) -> list[str]:
        return [text[: len(text) // 2], text[len(text) // 2 :]]

    assert split("abcdefgh", lambda t: len(t) <= 2, halves) == ["ab", "cd", "ef", "gh"]
    assert split("abc", lambda t: False, lambda t: [t]) == ["abc"]
    assert len(split("a" * 8, lambda t: False, lambda t: [t[:4], t[4:]], max_depth=1)) == 2


def test_map_reduce_sends_the_sub_calls_of_all_items_as_one_batch() -> None:
    model = ScriptedModel()
    namespace = repl(model)
    exec(
        "out = map_reduce(['a', 'b', 'c'], lambda item: llm_query(item) + llm_query(item * 2),"
        " lambda parts: '|'.join(parts))",
        namespace,
    )
    assert namespace["out"] == "AAA|BBB|CCC"
    assert model.batches == [["a", "b", "c"], ["aa", "bb", "cc"]]
    assert namespace["llm_query"] == model.query


def test_map_reduce_without_sub_calls_or_items_needs_no_model() -> None:
    model = ScriptedModel()
    assert repl(model)["map_reduce"]([1, 2], lambda n: n * n, sum) == 5
    assert repl(model)["map_reduce"]([], lambda n: n) == []
    assert model.batches == []


FAILED = {"error": "model_refused", "message": "no"}


def fails_at_b(prompt: str) -> object:
    return FAILED if prompt == "b" else prompt


def test_a_failed_sub_call_is_raised_where_the_map_function_asked() -> None:
    namespace = repl(ScriptedModel(fails_at_b))
    exec(
        "def ask(item):\n"
        "    try:\n        return llm_query(item)\n"
        "    except CallFailed as error:\n        return f'{error.kind}: {error}'\n"
        "out = map_reduce(['a', 'b'], ask)",
        namespace,
    )
    assert namespace["out"] == ["a", "model_refused: no"]


def test_an_item_whose_call_failed_is_an_error_among_the_results() -> None:
    namespace = repl(ScriptedModel(fails_at_b))
    exec("out = map_reduce(['a', 'b', 'c'], lambda item: llm_query(item) + '!')", namespace)
    assert namespace["out"] == ["a!", FAILED, "c!"]


def test_reducing_leaves_failed_items_out_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    namespace = repl(ScriptedModel(fails_at_b))
    exec("out = map_reduce(['a', 'b', 'c'], lambda item: llm_query(item), '|'.join)", namespace)
    assert namespace["out"] == "a|c"
    assert capsys.readouterr().out == ("map_reduce: 1 of 3 items failed, the first with: no\n")
    with pytest.raises(Exception, match="1 of 1 items failed"):
        exec("map_reduce(['b'], lambda item: llm_query(item), '|'.join)", namespace)


@pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")
@pytest.mark.asyncio
async def test_the_helpers_run_inside_the_sandbox() -> None:
    batches: list[list[str]] = []

    async def batched(prompts: list[str]) -> list[str]:
        batches.append(prompts)
        return [prompt.upper() for prompt in prompts]

    async def single(prompt: str) -> str:
        return prompt.upper()

    sandbox = await Sandbox.start(
        limits=Limits(),
        context=None,
        functions={"llm_query": single, "llm_query_batched": batched},
        prelude=prelude.source(),
    )
    try:
        done = await sandbox.execute(
            "out = map_reduce(chunk_text('abcdef', 2, 0), lambda piece: llm_query(piece))\n"
            "FINAL(aggregate_results(out) + str(count_frequencies('aab')))"
        )
    finally:
        await sandbox.close()
    assert done.error is None
    assert done.final is not None
    assert done.final.value == "AB\nCD\nEF{'a': 2, 'b': 1}"
    assert batches == [["ab", "cd", "ef"]]
