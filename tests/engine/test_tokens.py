import base64
import json
import os
import random
import shutil
import string
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rlm_engine.tokenizers_at_hand import hub_counter, openai_counter, tiktoken_folders
from rlm_engine.tokens import ESTIMATE, counter_for, estimated_tokens

WORDS = random.Random(7)
AT_HAND = "rlm_engine.tokenizers_at_hand"


def any_of(letters: str) -> str:
    return "".join(WORDS.choice(letters) for _ in range(4_000))


DEAR = {
    "base64": base64.b64encode(WORDS.randbytes(3_000)).decode(),
    "hex": WORDS.randbytes(3_000).hex(),
    "numbers": "\n".join(map(str, range(2_000))),
    "json": json.dumps([{"a": n, "b": [n, None]} for n in range(400)], separators=(",", ":")),
    "capitals": any_of(string.ascii_uppercase),
    "letters": any_of(string.ascii_letters),
    "ascii": any_of(string.printable[:95]),
    "cyrillic": any_of("абвгдежзийклмнопрстуфхцчшщъыьэюя "),
    "chinese": any_of("这是一个关于语料库的问题答案附有经过验证引用"),
    "code": Path(__file__).read_text("utf-8"),
}


@pytest.mark.parametrize("model", ["gpt-4", "gpt-5"])
@pytest.mark.parametrize("text", DEAR.values(), ids=DEAR)
def test_the_estimate_is_not_below_what_tokenizers_count(text: str, model: str):
    assert estimated_tokens(text) >= counter_for(model).count(text)


def test_the_estimate_of_code_is_less_than_three_times_too_high():
    assert estimated_tokens(DEAR["code"]) < 3 * counter_for("gpt-5").count(DEAR["code"])


@given(st.text(max_size=200), st.text(max_size=200))
@example("\ud800", "")
def test_more_text_is_never_fewer_tokens(one: str, other: str):
    assert 0 <= estimated_tokens(one) <= estimated_tokens(one + other)
    both = counter_for("gpt-5").count(one + other)
    assert both <= len((one + other).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("openai/gpt-5-mini", "tokenizer o200k_base"),
        ("azure/gpt-4o", "tokenizer o200k_base"),
        ("gpt-4.1", "tokenizer o200k_base"),
        ("o3", "tokenizer o200k_base"),
        ("gpt-4-turbo-2024-04-09", "tokenizer cl100k_base"),
        ("openai/gpt-3.5-turbo", "tokenizer cl100k_base"),
        ("groq/openai/gpt-oss-120b", "estimate"),
        ("anthropic/claude-sonnet-4-5", "estimate"),
        ("openai/root", "estimate"),
        ("extractive", "estimate"),
    ],
)
def test_a_model_is_counted_by_its_own_tokenizer_where_that_is_at_hand(model: str, name: str):
    counter = counter_for(model)
    assert (counter.name, counter.exact) == (name, name != "estimate")


def test_a_tokenizer_file_that_is_not_what_its_publisher_says_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for good in next(tiktoken_folders()).glob("fb37*"):
        (tmp_path / good.name).write_bytes(good.read_bytes().replace(b"a", b"b", 1))
    monkeypatch.setattr(AT_HAND + ".tiktoken_folders", lambda: iter([tmp_path]))
    assert openai_counter("o200k_base") is None
    assert len(list(tmp_path.iterdir())) == 1


def test_no_tokenizer_is_fetched(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(AT_HAND + ".tiktoken_folders", lambda: iter(()))
    assert openai_counter("o200k_base") is None


def test_the_place_of_tiktokens_files_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch):
    for before in ("/somewhere", None):
        if before is None:
            monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
        else:
            monkeypatch.setenv("TIKTOKEN_CACHE_DIR", before)
        assert openai_counter("cl100k_base") is not None
        assert os.environ.get("TIKTOKEN_CACHE_DIR") == before


def test_a_tokenizer_in_the_cache_of_the_hub_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    snapshot = tmp_path / "models--my-org--Chat-7B" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    shipped = next(tiktoken_folders()) / "anthropic_tokenizer.json"
    shutil.copy(shipped, snapshot / "tokenizer.json")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    counter = counter_for("hosted_vllm/my-org/Chat-7B")
    assert (counter.name, counter.exact) == ("tokenizer of my-org/Chat-7B", True)
    assert counter.count("def total(): return 1") < 10
    assert hub_counter("../Chat-7B") is None
    (snapshot / "tokenizer.json").write_text("{}")
    assert hub_counter("my-org/Chat-7B") is None


def test_messages_count_what_stands_around_them():
    assert ESTIMATE.of_messages(["", "ab"]) == 8 + 8 + 2
