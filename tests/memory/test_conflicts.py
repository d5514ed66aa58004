from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from rlm_crystal.keys import Keyring
from rlm_memory.conflicts import Verdict
from rlm_memory.contrast import contrast, distance, odds, verdict
from rlm_memory.memory import Memory
from rlm_memory.types import Episode, Recall, Trust, Wanted, Zone

KEYRING = Keyring("env", bytes(range(32)))


@pytest.fixture
def memory(tmp_path: Path):
    memory = Memory.open(tmp_path, KEYRING, scope="corpus", clock=lambda: 100.0)
    yield memory
    memory.close()


def port(
    value: str,
    time_s: float,
    *,
    trust: Trust = "agent",
    agent: str = "",
    zone: Zone = "internal",
    valid_from_s: float | None = None,
    valid_to_s: float | None = None,
) -> Episode:
    return Episode(
        f"The port of the API is {value}.",
        time_s=time_s,
        subject="API",
        attribute="port",
        value=value,
        trust=trust,
        agent=agent,
        zone=zone,
        valid_from_s=valid_from_s,
        valid_to_s=valid_to_s,
    )


def texts(recall: Recall) -> list[str]:
    return [each.episode.text for each in recall.found]


def test_a_new_value_takes_the_place_of_the_old_one_which_is_kept(memory: Memory) -> None:
    old = memory.add(port("80", 1.0))
    new = memory.add(port("90", 5.0))
    (conflict,) = new.conflicts
    assert (conflict.new, conflict.old, conflict.relation) == (new.id, old.id, "supersede")
    assert (conflict.settled, conflict.likely) == (True, 1.0)
    assert texts(memory.recall("port of the API")) == ["The port of the API is 90."]
    kept = memory.get(old.id)
    assert kept is not None
    assert (kept.superseded_by, kept.superseded_s, kept.episode.valid_to_s) == (new.id, 5.0, 5.0)


def test_what_was_believed_at_a_time_is_told(memory: Memory) -> None:
    for value, time_s in (("80", 1.0), ("90", 5.0), ("95", 9.0)):
        memory.add(port(value, time_s))
    believed = {
        time_s: texts(memory.recall("port", wanted=Wanted(as_of_s=time_s)))
        for time_s in (0.0, 1.0, 4.0, 5.0, 8.0, 50.0)
    }
    told = {value: [f"The port of the API is {value}."] for value in ("80", "90", "95")}
    assert believed == {
        0.0: [],
        1.0: told["80"],
        4.0: told["80"],
        5.0: told["90"],
        8.0: told["90"],
        50.0: told["95"],
    }


def test_what_is_told_late_does_not_take_the_place_of_what_is_newer(memory: Memory) -> None:
    new = memory.add(port("90", 5.0))
    old = memory.add(port("80", 1.0))
    assert old.conflicts[0].settled
    assert texts(memory.recall("port")) == ["The port of the API is 90."]
    late = memory.get(old.id)
    assert late is not None and late.superseded_by == new.id


def test_the_same_value_in_other_words_is_merged_and_nothing_is_lost(memory: Memory) -> None:
    first = memory.add(port("80", 1.0))
    again = Episode(
        "API: 80",
        time_s=3.0,
        subject="api",
        attribute="Port",
        value="80",
        source="wiki",
        trust="agent",
    )
    second = memory.add(again)
    assert [(each.relation, each.settled) for each in second.conflicts] == [("merge", True)]
    kept, behind = memory.get(first.id), memory.get(second.id)
    assert kept is not None and behind is not None
    assert (kept.uses, kept.sources, behind.superseded_by) == (2, ("user", "wiki"), first.id)
    assert texts(memory.recall("port API")) == ["The port of the API is 80."]


def test_values_that_hold_at_different_times_both_stay(memory: Memory) -> None:
    memory.add(port("80", 1.0, valid_from_s=0.0, valid_to_s=10.0))
    assert memory.add(port("90", 2.0, valid_from_s=10.0)).conflicts == ()
    assert memory.recall("port", wanted=Wanted(valid_at_s=10.0)).found[0].episode.value == "90"
    assert len(memory.recall("port").found) == 2


def test_another_attribute_is_no_conflict_however_alike_the_texts(memory: Memory) -> None:
    memory.add(port("80", 1.0))
    other = Episode(
        "The port of the API is 90.", time_s=2.0, subject="API", attribute="admin port", value="90"
    )
    assert memory.add(other).conflicts == ()


@pytest.mark.parametrize(
    ("old", "new", "settles"),
    [
        (port("80", 1.0, trust="user"), port("90", 2.0, trust="agent"), False),
        (port("80", 1.0, trust="agent"), port("90", 2.0, trust="untrusted"), False),
        (port("80", 1.0, trust="untrusted"), port("90", 2.0, trust="untrusted"), False),
        (port("80", 1.0, agent="a"), port("90", 2.0, agent="b"), False),
        (port("80", 1.0, agent="a"), port("90", 2.0, agent="a"), True),
        (port("80", 1.0, agent="a"), port("90", 2.0, agent="b", trust="user"), True),
    ],
)
def test_only_what_is_trusted_as_much_takes_a_place_by_itself(
    old: Episode, new: Episode, settles: bool, memory: Memory
) -> None:
    memory.add(old)
    added = memory.add(new)
    assert [each.settled for each in added.conflicts] == [settles]
    assert bool(memory.conflicts()) is not settles


@pytest.mark.parametrize(
    ("verdict", "believed"),
    [("merge", ["80"]), ("supersede", ["90"]), ("keep", ["80", "90"]), ("reject", ["80"])],
)
def test_a_person_settles_what_was_left_open(
    verdict: Verdict, believed: list[str], memory: Memory
) -> None:
    old = memory.add(port("80", 1.0, trust="user"))
    new = memory.add(port("90", 2.0))
    assert memory.conflicts() == [(new.id, old.id)]
    assert len(memory.recall("port").found) == 2
    memory.resolve(new.id, old.id, verdict)
    assert memory.conflicts() == []
    assert sorted(each.episode.value for each in memory.recall("port").found) == believed
    assert memory.stats().episodes == 2


@pytest.mark.parametrize("earlier", ["untrusted", "agent"])
def test_what_is_trusted_more_is_not_kept_behind_what_was_said_first(
    earlier: Trust, memory: Memory
) -> None:
    memory.add(port("80", 1.0, trust=earlier, agent="bot"))
    second = memory.add(port("80", 2.0, trust="user"))
    (found,) = memory.recall("port of the API").found
    assert (found.id, found.episode.trust) == (second.id, "user")


def test_two_agents_that_say_the_same_hide_nothing_of_each_other(memory: Memory) -> None:
    one, other = (memory.add(port("80", 1.0, agent=agent)).id for agent in ("ann", "bob"))
    memory.add(port("90", 2.0, agent="ann"))
    believed = [row_id for row_id, memo in memory.memos().items() if not memo.superseded_by]
    assert other in believed and one not in believed


def test_of_many_updates_the_last_one_is_believed_whatever_nobody_vouches_for(
    memory: Memory,
) -> None:
    last = ""
    for number in range(12):
        last = memory.add(Episode(f"The server listens on port {8000 + number}.", time_s=number)).id
        told = f"The server listens on port {9000 + number}."
        memory.add(Episode(told, time_s=number, trust="untrusted", source="web"))
    assert [each.id for each in memory.recall("server port", limit=9).found] == [last]


def test_a_named_predecessor_is_superseded(memory: Memory) -> None:
    old = memory.remember(Episode("We meet in the blue room.", time_s=1.0))
    memory.add(Episode("All meetings are online.", time_s=2.0, supersedes=old))
    assert texts(memory.recall("where do we meet")) == ["All meetings are online."]


def test_a_value_in_another_unit_is_the_same_value(memory: Memory) -> None:
    def size(value: str, time_s: float) -> Episode:
        slots = {"subject": "cache", "attribute": "size", "value": value}
        return Episode(f"The cache has {value}.", time_s=time_s, **slots)

    memory.add(size("1 GB", 1.0))
    assert memory.add(size("1024 MB", 2.0)).conflicts[0].relation == "merge"
    assert memory.add(size("2 GB", 3.0)).conflicts[0].relation == "supersede"


@pytest.mark.parametrize(
    ("earlier", "later", "relation"),
    [
        ("Der Server läuft auf Port 8080.", "Der Server läuft jetzt auf Port 9090.", "supersede"),
        ("Сервер использует GCC 11.", "Сервер теперь использует GCC 13.", "supersede"),
        ("服务器的端口是 8080。", "服务器的端口改成了 9090。", "supersede"),
        ("Der Testserver steht in Bonn.", "Der Mailserver steht in Dublin.", "keep"),
        ("我妹妹喜欢画画。", "我弟弟喜欢踢足球。", "keep"),
        ("The delay is 1500 ms.", "The delay is 1.5 s.", "merge"),
        ("The call starts at 2 pm.", "The call starts at 14:00.", "merge"),
        ("Team A meets on Mondays.", "Team B meets on Mondays.", "keep"),
    ],
)
def test_statements_in_other_languages_and_units_are_told_apart(
    earlier: str, later: str, relation: str
) -> None:
    assert verdict(earlier, later)[0] == relation


@pytest.mark.parametrize(
    "later",
    [
        "I think the port of the API is 9090.",
        "According to Jo the port of the API is 9090.",
        "The port of the API was 9090.",
    ],
)
def test_what_is_not_said_for_sure_takes_no_place_by_itself(later: str, memory: Memory) -> None:
    memory.add(Episode("The port of the API is 8080.", time_s=1.0))
    assert not any(conflict.settled for conflict in memory.add(Episode(later, 2.0)).conflicts)


def test_plain_statements_are_settled_where_that_is_sure(memory: Memory) -> None:
    memory.add(Episode("The wedding is on 12 June.", time_s=1.0))
    memory.add(Episode("The cake is from the bakery in the main street.", time_s=2.0))
    memory.add(Episode("The wedding is on 19 June.", time_s=3.0))
    found = texts(memory.recall("when is the wedding"))
    assert (found[0], "The wedding is on 12 June." in found) == (
        "The wedding is on 19 June.",
        False,
    )
    assert memory.stats().episodes == 3


def test_what_two_people_say_of_themselves_is_no_conflict(memory: Memory) -> None:
    memory.add(Episode("I live in Utrecht.", time_s=1.0, speaker="ann"))
    assert memory.add(Episode("I live in Ghent.", time_s=2.0, speaker="bo")).conflicts == ()
    assert len(memory.add(Episode("I live in Ghent.", time_s=3.0, speaker="ann")).conflicts) == 1


def test_zones_do_not_meet(memory: Memory) -> None:
    memory.add(Episode("The wedding is on 12 June.", time_s=1.0, zone="secret"))
    added = memory.add(Episode("The wedding is on 19 June.", time_s=2.0, zone="public"))
    assert added.conflicts == ()


@pytest.mark.parametrize(
    ("earlier", "later", "relation"),
    [
        ("The job runs every 10 minutes.", "The job runs every 10 min.", "merge"),
        ("The job runs every 10 minutes.", "The job runs every 20 minutes.", "supersede"),
        ("The mirror is enabled.", "The mirror is disabled.", "supersede"),
        ("Rosa eats fish.", "Rosa does not eat fish any more.", "supersede"),
        ("The proxy is Caddy.", "The mail server is Postfix.", "keep"),
    ],
)
def test_statements_are_told_apart(earlier: str, later: str, relation: str) -> None:
    assert odds(contrast(earlier, later)).best == relation


def test_distance_is_the_written_definition() -> None:
    assert distance(0.5, 0.5) == 0.75


@pytest.mark.parametrize(("verdict", "found"), [("reject", {"80"}), ("keep", {"80", "90"})])
def test_what_was_settled_by_itself_can_be_settled_otherwise(
    verdict: Verdict, found: set[str], memory: Memory
) -> None:
    old, new = memory.add(port("80", 1.0)), memory.add(port("90", 5.0))
    assert new.conflicts[0].settled
    memory.resolve(new.id, old.id, verdict)
    assert {each.episode.value for each in memory.recall("port of the API").found} == found


def test_nothing_is_settled_against_itself(memory: Memory) -> None:
    row_id = memory.add(port("80", 1.0)).id
    for told in get_args(Verdict):
        with pytest.raises(ValueError, match="itself"):
            memory.resolve(row_id, row_id, told)
    assert len(memory.recall("port of the API").found) == 1


def test_one_value_is_left_when_the_one_in_the_middle_is_forgotten(memory: Memory) -> None:
    first, middle, last = (memory.add(port(str(80 + n), 1.0 + n)).id for n in range(3))
    memory.forget(middle)
    assert [each.id for each in memory.recall("port of the API").found] == [last]
    kept = memory.get(first)
    assert kept is not None
    assert kept.superseded_by == last


def test_an_erased_zone_frees_what_it_had_taken_the_place_of(memory: Memory) -> None:
    old = memory.add(port("80", 1.0, zone="public")).id
    memory.add(replace(port("90", 2.0, zone="secret"), supersedes=old))
    assert memory.recall("port", wanted=Wanted(zones=("public",))).found == ()
    memory.erase("secret")
    assert [each.id for each in memory.recall("port of the API").found] == [old]


def test_periods_one_after_the_other_do_not_disagree_whichever_is_told_first(
    memory: Memory,
) -> None:
    memory.add(port("80", 1.0, valid_from_s=30.0, valid_to_s=40.0))
    for number, (value, from_s) in enumerate((("90", 50.0), ("95", 10.0))):
        told = port(value, 2.0 + number, valid_from_s=from_s, valid_to_s=from_s + 10.0)
        assert memory.add(told).conflicts == ()


def test_what_was_overtaken_and_is_said_again_is_a_statement_of_its_own(memory: Memory) -> None:
    otherwise = replace(port("80", 2.0), text="Port of the API is 80.")
    memory.add(port("80", 1.0))
    assert memory.add(otherwise).conflicts[0].relation == "merge"
    memory.add(port("90", 3.0))
    again = memory.add(replace(otherwise, time_s=4.0))
    assert [each.id for each in memory.recall("port of the API").found] == [again.id]
    assert again.conflicts[0].relation == "supersede"


def test_what_was_said_twice_is_known_from_the_first_time_on(memory: Memory) -> None:
    memory.add(port("80", 10.0))
    memory.add(port("80", 90.0))
    believed = [memory.recall("port", wanted=Wanted(as_of_s=at_s)).found for at_s in (5.0, 50.0)]
    assert [len(found) for found in believed] == [0, 1]


def test_an_older_word_that_comes_late_does_not_make_an_agent_outweigh_the_user(
    memory: Memory,
) -> None:
    later = memory.add(port("80", 10.0, agent="planner"))
    added = memory.add(port("90", 5.0, trust="user"))
    assert [each.settled for each in added.conflicts] == [False]
    assert memory.conflicts() == [(added.id, later.id)]
