"""The reader answers a prompt by quoting it, or says that it cannot."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_engine.extractive import ExtractiveReader
from rlm_engine.extractive.reader import NOTHING_FOUND, answer_from, split_prompt
from rlm_engine.model import Message
from rlm_engine.prompt import reader_messages

CODE = """\
10| import reload_lib
11| def watch(files):
12|     # Reload the server when a file changes.
13|     for name in files:
14|         print(name)
"""


def test_the_telling_lines_are_quoted_with_their_numbers() -> None:
    answer = answer_from(f"Question: when does the server reload\n\n{CODE}")
    assert "12|     # Reload the server when a file changes." in answer
    assert "14|" not in answer


def test_sentences_of_prose_are_quoted() -> None:
    prompt = "What is the capital?\n\nFrance is large. Its capital is Paris. It rains."
    assert answer_from(prompt) == "“Its capital is Paris.”"


def test_a_text_without_the_words_is_answered_with_what_is_missing() -> None:
    assert answer_from("Question: zebra stripes\n\nNothing here at all.") == (
        f"{NOTHING_FOUND} zebra, stripes."
    )


def test_the_question_may_stand_after_the_text() -> None:
    assert split_prompt("Some long text.\n\nMore of it.\n\nWhat is it about?") == (
        "What is it about?",
        "Some long text.\n\nMore of it.",
    )


@given(st.text(max_size=300))
def test_every_quoted_sentence_stands_in_the_prompt(text: str) -> None:
    for row in answer_from(f"Question: alpha beta\n\n{text}").split("\n"):
        if row.startswith("“"):
            assert row.strip("“”").strip() in text


@pytest.mark.asyncio
async def test_the_fence_around_the_text_is_never_quoted() -> None:
    messages = reader_messages("Question: the server data", CODE)
    (fence,) = set(re.findall(r"<data (\w+)>", messages[1].content))
    reply = await ExtractiveReader().complete([*messages], max_tokens=500)
    assert fence not in reply.text
    assert "12|" in reply.text
    assert reply.cost_usd == 0.0


@pytest.mark.asyncio
async def test_a_reply_keeps_to_its_token_limit() -> None:
    text = "\n".join(f"{n}| server number {n}" for n in range(50))
    messages = [Message("user", f"Question: server\n\n{text}")]
    assert len((await ExtractiveReader().complete(messages, max_tokens=5)).text) <= 20
