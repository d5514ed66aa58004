from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.vocabulary import Vocabulary
from rlm_crystal.words import Words

WORDS = st.text(alphabet="abé", max_size=4)
POOLS = st.lists(st.dictionaries(WORDS, st.booleans(), max_size=30), max_size=3)


@given(POOLS, WORDS, st.integers(1, 5))
def test_pools_know_together_what_one_pool_of_their_living_words_knows(
    pools: list[dict[str, bool]], asked: str, limit: int
) -> None:
    made = [Words.of(pool) for pool in pools]
    several = Vocabulary(made, lambda number, at: pools[number][made[number][at]])
    one = Vocabulary([Words.of(word for pool in pools for word, lives in pool.items() if lives)])
    assert (asked in several) == (asked in one)
    assert several.starting(asked) == one.starting(asked)
    assert several.ending(asked, limit=limit) == one.ending(asked, limit=limit)
    living = {word for pool in pools for word, lives in pool.items() if lives}
    ending = several.ending(asked, limit=1_000)
    assert set(ending) == {w for w in living if w.endswith(asked) and w != asked}
