from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_crystal.keys import Keyring
from rlm_memory.cues import Cues, asks, cues_of
from rlm_memory.dates import nearness, spans_of
from rlm_memory.grants import Grant
from rlm_memory.index import ZoneIndex
from rlm_memory.memory import Memory
from rlm_memory.recall import recalled
from rlm_memory.types import ZONES, Episode, Memo, Recall, Trust, Wanted
from rlm_memory.words import telling_stems

KEYRING = Keyring("env", bytes(range(32)))
DAY_S = 86_400.0


def at(year: int, month: int, day: int) -> float:
    return datetime(year, month, day, 12, tzinfo=UTC).timestamp()


NOW_S = at(2025, 6, 20)


@pytest.fixture
def memory(tmp_path: Path):
    memory = Memory.open(tmp_path, KEYRING, scope="corpus", clock=lambda: NOW_S)
    yield memory
    memory.close()


def texts(recall: Recall) -> list[str]:
    return [each.episode.text for each in recall.found]


def turns(*said: tuple[str, str], session: str = "s1", time_s: float = NOW_S) -> list[Episode]:
    return [
        Episode(text, time_s=time_s + number, speaker=speaker, session=session)
        for number, (speaker, text) in enumerate(said)
    ]


def test_an_answer_is_found_by_the_question_it_was_given_to(memory: Memory) -> None:
    memory.remember_all(
        turns(("Ann", "What did you plant on the balcony?"), ("Bo", "A lemon tree, at last."))
    )
    memory.remember_all(turns(("Ann", "The balcony of the office is closed."), session="s2"))
    assert texts(memory.recall("what did Bo plant on the balcony"))[0] == "A lemon tree, at last."


def test_who_is_named_is_who_speaks(memory: Memory) -> None:
    memory.remember_all(
        turns(("Ann", "Bo, I run by the river."), ("Bo", "I run in the hills."), session="s1")
    )
    assert texts(memory.recall("Where does Bo run?"))[0] == "I run in the hills."


def test_a_date_in_the_question_finds_what_was_said_then(memory: Memory) -> None:
    for month in range(1, 13):
        memory.remember(Episode(f"number {month} is done", time_s=at(2024, month, 10)))
    found = memory.recall("what was done in March 2024?", limit=1)
    assert texts(found) == ["number 3 is done"]


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("on 8 May 2023", at(2023, 5, 8), at(2023, 5, 9)),
        ("on May 8th, 2023", at(2023, 5, 8), at(2023, 5, 7)),
        ("2023-05-08", at(2023, 5, 8), at(2024, 5, 8)),
        ("in May", at(2021, 5, 30), at(2021, 6, 2)),
        ("Sept. 3", at(2020, 9, 3), at(2020, 9, 5)),
        ("in 2022", at(2022, 12, 30), at(2023, 2, 2)),
        ("yesterday", at(2025, 6, 19), at(2025, 6, 17)),
        ("two weeks ago", at(2025, 6, 6), at(2025, 6, 19)),
        ("29 February", at(2024, 2, 28), at(2024, 4, 1)),
    ],
)
def test_a_named_time_is_understood(text: str, inside: float, outside: float) -> None:
    near = nearness(spans_of(text, now_s=NOW_S), np.array([inside, outside]))
    assert near[0] == 1 > near[1]


@pytest.mark.parametrize("text", ["you may do it", "they march on", "31 April 2023", "2023-13-01x"])
def test_what_is_no_date_is_not_taken_for_one(text: str) -> None:
    assert all(span.end_s - span.start_s > 300 * DAY_S for span in spans_of(text, now_s=NOW_S))


@given(st.text(alphabet="0123456789- maychruygjn,.th", max_size=30), st.floats(-1e9, 5e9))
def test_any_text_has_dates_or_none(text: str, time_s: float) -> None:
    near = nearness(spans_of(text, now_s=NOW_S), np.array([time_s]))
    assert 0 <= near[0] <= 1


def test_forms_of_one_word_meet() -> None:
    assert telling_stems("She went and bought children's books") == telling_stems(
        "go buy child s book"
    )


def test_a_role_is_nobodys_name() -> None:
    cues = cues_of("how does the user log in?", names={}, now_s=0.0)
    assert (cues.speakers, cues.asks_when) == (frozenset(), False)
    assert asks('"really?" ') and not asks("no")


def test_zones_that_were_not_asked_count_nowhere(memory: Memory) -> None:
    for zone in ZONES:
        memory.remember(Episode(f"the door code in {zone} is 42", time_s=1.0, zone=zone))
    alone = memory.recall("door code", wanted=Wanted(zones=("public",)))
    assert texts(alone) == ["the door code in public is 42"]
    before = (alone.found[0].score, alone.found[0].coverage)
    memory.remember(Episode("another door code", time_s=1.0, zone="secret"))
    again = memory.recall("door code", wanted=Wanted(zones=("public",)))
    assert (again.found[0].score, again.found[0].coverage) == before
    assert len(memory.recall("door code", limit=9).found) == 5


def test_filters_by_speaker_and_time_hold(memory: Memory) -> None:
    for day in range(5):
        speaker = "ann" if day % 2 else "bo"
        memory.remember(Episode(f"build {day} failed", time_s=day * DAY_S, speaker=speaker))
    wanted = Wanted(speaker="ann", since_s=DAY_S, until_s=2 * DAY_S)
    assert texts(memory.recall("build failed", wanted=wanted)) == ["build 1 failed"]


def test_validity_is_asked_for_by_the_time_in_the_world(memory: Memory) -> None:
    memory.remember(Episode("the port is 80", time_s=50.0, valid_from_s=10.0, valid_to_s=20.0))
    memory.remember(Episode("the port is 81", time_s=50.0, valid_from_s=20.0))
    assert texts(memory.recall("port", wanted=Wanted(valid_at_s=15.0))) == ["the port is 80"]
    assert texts(memory.recall("port", wanted=Wanted(valid_at_s=20.0))) == ["the port is 81"]


@pytest.mark.parametrize(("trust", "count"), [("untrusted", 3), ("agent", 2), ("user", 1)])
def test_what_nobody_vouches_for_is_left_out_unless_asked_for(
    trust: Trust, count: int, memory: Memory
) -> None:
    memory.remember(Episode("token lives a day", time_s=1.0, trust="user"))
    memory.remember(Episode("token lives an hour", time_s=1.0, trust="agent"))
    memory.remember(Episode("token lives for ever", time_s=1.0, trust="untrusted", source="web"))
    assert len(memory.recall("token", wanted=Wanted(trust_min=trust)).found) == count


def test_at_most_three_of_the_first_ten_are_of_one_untrusted_source(memory: Memory) -> None:
    for number in range(12):
        fact = f"token token lives {number} hours"
        memory.remember(Episode(fact, time_s=1.0, trust="untrusted", source="web"))
        memory.remember(Episode(f"and a token that ann told of, {number}", time_s=1.0))
    found = memory.recall("token", limit=12, wanted=Wanted(trust_min="untrusted")).found
    assert sum(each.episode.trust == "untrusted" for each in found[:10]) == 3


def test_an_empty_result_says_why(memory: Memory) -> None:
    assert memory.recall("port").reason == "nothing is remembered there yet"
    memory.remember(Episode("the port is 80", time_s=1.0, trust="untrusted"))
    assert memory.recall("port").reason.startswith("1 memories match, and the filters")
    assert memory.recall("zebra").reason == "no memory shares a telling word with the question"
    assert memory.recall("port", limit=0).reason == "nothing was asked for"


def test_a_budget_of_tokens_cuts_the_tail(memory: Memory) -> None:
    for number in range(6):
        memory.remember(Episode(f"port {number} " + "x" * 92, time_s=float(number)))
    assert len(memory.recall("port", limit=6, tokens_max=80).found) == 3


def test_a_sealed_memory_ranks_as_a_plain_index_and_an_agent_sees_the_same(memory: Memory) -> None:
    said = [(("Ann", "Bo")[n % 2], f"number {n} of the {n % 7} rivers") for n in range(40)]
    ids = memory.remember_all(turns(*said))
    memory.remember(Episode("rivers nobody may read of", time_s=NOW_S, zone="secret"))
    memory.grant(Grant("helper", "internal", frozenset({"read"})))
    memos = {row_id: memo for row_id, memo in memory.memos().items() if row_id in ids}
    plain = ZoneIndex()
    for row_id in ids:
        plain.add(row_id, memos[row_id])
    internal = Wanted(zones=("internal",))
    for question in ("which rivers", "what did Ann say of number 3?", "6 rivers"):
        sealed = memory.recall(question, limit=10, wanted=internal)
        assert len(sealed.found) == 10
        assert sealed == recalled(
            question, [plain], memos, internal, limit=10, tokens_max=None, now_s=NOW_S
        )
        assert sealed == memory.as_agent("helper").recall(question, limit=10)


words = st.sampled_from(["reload", "token", "server", "csrf", "cache", "the", "?"])
moments = st.sampled_from([0.0, 10.0, 20.0, 4_000.0, 4_010.0])


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 4),
            st.lists(words, max_size=6),
            moments,
            st.sampled_from(["", "", "monday"]),
            st.sampled_from(["adds", "adds", "removes", "ends", "asks", "is kept"]),
        ),
        max_size=30,
    )
)
def test_an_index_that_lived_equals_one_built_anew(
    history: list[tuple[int, list[str], float, str, str]],
) -> None:
    lived, memos = ZoneIndex(), dict[str, Memo]()
    cues = cues_of("reload the csrf token server", names={}, now_s=0.0)
    for seq, (number, content, time_s, session, act) in enumerate(history):
        row_id = str(number)
        if row_id in memos and act == "ends":
            memos[row_id] = replace(memos[row_id], superseded_s=time_s)
            lived.amend(row_id, memos[row_id])
        elif row_id in memos:
            lived.remove(row_id)
            del memos[row_id]
        if act == "adds":
            episode = Episode(" ".join(content) or "-", time_s=time_s, session=session)
            memos[row_id] = Memo(episode, "episode", 1, 0.0, seq=seq)
            lived.add(row_id, memos[row_id])
        elif act == "asks":
            signals_of(lived, cues)
        elif act == "is kept":
            lived = ZoneIndex(lived.held())
    fresh = ZoneIndex()
    for row_id, memo in memos.items():
        fresh.add(row_id, memo)
    assert lived.sizes() == fresh.sizes()
    one, other = (signals_of(index, cues) for index in (lived, fresh))
    assert one.keys() == other.keys()
    for row_id, values in one.items():
        assert values == pytest.approx(other[row_id])


def signals_of(index: ZoneIndex, cues: Cues) -> dict[str, list[float]]:
    told = index.heard(list(cues.words))
    may = index.allowed(Wanted(trust_min="untrusted"))
    found = index.signals(cues, told, index.sizes(), told.spread, may)
    columns = (found.episode, found.window, found.before, found.trace, found.asks, found.covered)
    return {
        index.ids[slot]: [float(column[at]) for column in columns]
        for at, slot in enumerate(found.slots.tolist())
    }


def test_a_flood_of_the_same_opening_does_not_hide_what_else_fits(memory: Memory) -> None:
    flood = [Episode("good morning team", time_s=n, session=f"s{n}") for n in range(60)]
    plumber = Episode("good morning said the plumber", time_s=90.0, session="z")
    memory.remember_all([*flood, plumber])
    assert plumber.text in texts(memory.recall("good morning", limit=5))


def test_the_nearest_are_the_same_in_whatever_order_the_index_grew() -> None:
    told = {
        f"{n:02}": Memo(Episode("the proxy is down", time_s=1.0), "episode", 1, 0.0, seq=n)
        for n in range(40)
    }
    grown, rebuilt = ZoneIndex(), ZoneIndex()
    for index, order in ((grown, sorted(told)), (rebuilt, sorted(told, reverse=True))):
        for row_id in order:
            index.add(row_id, told[row_id])
    near = [index.nearest("proxy", limit=3, trust_min="agent") for index in (grown, rebuilt)]
    assert near == [["00", "01", "02"]] * 2


def test_scripts_without_spaces_are_found_by_a_part_of_what_was_said(memory: Memory) -> None:
    said = [
        "我对花生过敏。",
        "测试服务器的端口改成了 9090。",
        "リリース日は金曜日です。",
        "우리 서버의 포트는 8080이다.",
    ]
    for number, text in enumerate(said):
        memory.add(Episode(text, time_s=float(number)))
    asked = ["花生", "服务器的端口是多少?", "リリース日", "서버 포트"]
    assert [memory.recall(each, limit=1).found[0].episode.text for each in asked] == said
