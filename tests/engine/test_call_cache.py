from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from rlm_engine.call_cache import AGE_MAX_S, CHARS_MAX, ENTRIES_MAX, CallCache
from rlm_engine.model import Completion


class Clock:
    def __init__(self) -> None:
        self.s = 1_000_000.0

    def __call__(self) -> float:
        return self.s


def said(text: str, tokens_out: int = 3) -> Completion:
    return Completion(text, 10, tokens_out, 0.5)


def test_a_reply_is_kept_for_a_week():
    clock = Clock()
    cache = CallCache(now=clock)
    cache.put("a", said("A"))
    clock.s += AGE_MAX_S
    assert cache.get("a") == said("A")
    clock.s += 1
    assert cache.get("a") is None
    assert cache.get("b") is None


def test_the_least_recently_used_go_first():
    cache = CallCache()
    for n in range(ENTRIES_MAX):
        cache.put(f"k{n}", said("x"))
    cache.get("k0")
    cache.put("new", said("x"))
    assert cache.get("k0") is not None
    assert cache.get("k1") is None
    cache.put("long", said("y" * CHARS_MAX))
    assert (cache.get("new"), cache.get("long")) == (None, said("y" * CHARS_MAX))


def test_what_a_model_said_elsewhere_is_kept_and_not_given():
    here = CallCache(place="here")
    here.put("a", said("A"))
    there = CallCache.from_bytes(here.to_bytes(), place="there")
    assert there.get("a") is None
    assert CallCache.from_bytes(there.to_bytes(), place="here").get("a") == said("A")


@given(st.dictionaries(st.text(), st.text(), max_size=20))
def test_what_was_paid_for_comes_back_from_its_bytes(replies: dict[str, str]):
    cache = CallCache()
    for key, text in replies.items():
        cache.put(key, said(text))
    cache.put("free", said("of no cost", tokens_out=0))
    back = CallCache.from_bytes(cache.to_bytes())
    assert {key: back.get(key) for key in replies} == {
        key: said(text) for key, text in replies.items()
    }
    assert back.get("free") is None
    assert not back.changed


def test_a_reply_that_was_cut_is_still_so_when_it_comes_back():
    cache = CallCache()
    cache.put("a", replace(said("half"), cut=True))
    back = CallCache.from_bytes(cache.to_bytes())
    assert back.get("a") == cache.get("a")


def test_another_format_is_an_empty_cache():
    assert (
        CallCache.from_bytes(b'{"format": 0, "replies": [["a", "A", 1, 1, 0, true, 0]]}').get("a")
        is None
    )
