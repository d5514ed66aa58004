import json
from pathlib import Path

import pytest
from rlm_crystal.keys import Keyring
from rlm_memory.errors import ImportRefused
from rlm_memory.exchange import episodes_from, exported, is_export, memos_from
from rlm_memory.memory import Memory
from rlm_memory.types import Episode

KEYRING = Keyring("env", bytes(range(32)))


def opened(folder: Path) -> Memory:
    return Memory.open(folder, KEYRING, scope="corpus", clock=lambda: 9.0)


def said(path: Path) -> list[tuple[str, str, str]]:
    return [(each.speaker, each.trust, each.text) for each in episodes_from(path, now_s=7.0)]


def test_what_was_exported_comes_back_with_what_it_knew(tmp_path: Path) -> None:
    memory = opened(tmp_path / "one")
    memory.add(Episode("The wedding is on 12 June.", time_s=1.0))
    memory.add(Episode("The wedding is on 19 June.", time_s=2.0))
    memory.consolidate()
    file = tmp_path / "all.jsonl"
    file.write_text("\n".join(exported(memory.memos())))
    memory.close()
    assert is_export(file)
    other = opened(tmp_path / "two")
    assert (other.restore(memos_from(file)), other.restore(memos_from(file))) == (2, 0)
    by_text = {memo.episode.text: (row_id, memo) for row_id, memo in other.memos().items()}
    old, (new_id, _) = (
        by_text["The wedding is on 12 June."][1],
        by_text["The wedding is on 19 June."],
    )
    assert (old.superseded_by, old.episode.valid_to_s) == (new_id, 2.0)
    other.close()


ODD = "soft\xadhyphen \x7f \x1b[2J \x00 \x0b\x0c\x1c\x85 \u2028\u2029 \u202e \ud800 \r\n 日本 😀"


def test_a_text_of_any_characters_comes_back_equal(tmp_path: Path) -> None:
    memory, other = opened(tmp_path / "one"), opened(tmp_path / "two")
    memory.remember_all([Episode(ODD, time_s=1.0, source=ODD), Episode(f"{ODD}2", time_s=2.0)])
    file = tmp_path / "all.jsonl"
    file.write_bytes("\n".join(exported(memory.memos())).encode("ascii"))
    assert is_export(file)
    assert other.restore(memos_from(file)) == 2
    kept = [[memo.episode for memo in each.memos().values()] for each in (memory, other)]
    assert kept[0] == kept[1]
    memory.close()
    other.close()


def test_notes_are_cut_at_their_headings(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("intro\n# One\nfirst\n## Two\n```\n# no heading\n```\n# Three\n")
    assert [text for _, _, text in said(tmp_path)] == [
        "intro",
        "One\nfirst",
        "One > Two\n```\n# no heading\n```",
    ]


HI, YES = {"speaker": "user", "text": "hi"}, {"role": "assistant", "text": "yes"}


@pytest.mark.parametrize(
    "content",
    [
        [{"role": "user", "content": "hi"}, {"role": "assistant", "content": [{"text": "yes"}]}],
        {"title": "x", "messages": [HI, YES]},
        [{"name": "c", "chat_messages": [HI, YES]}],
    ],
)
def test_chats_are_read_however_they_are_nested(content: object, tmp_path: Path) -> None:
    file = tmp_path / "chat.json"
    file.write_text(json.dumps(content))
    assert said(file) == [("user", "user", "hi"), ("assistant", "agent", "yes")]


def test_times_of_a_chat_are_understood(tmp_path: Path) -> None:
    file = tmp_path / "chat.json"
    times: list[object] = [5, 1_700_000_000_000, "1970-01-01T00:01:00Z", "soon", None]
    file.write_text(json.dumps([{"text": f"m{n}", "time": time} for n, time in enumerate(times)]))
    found = [each.time_s for each in episodes_from(file, now_s=7.0)]
    assert found == [5.0, 1_700_000_000.0, 60.0, 7.0, 7.0]


def test_the_memory_of_the_reference_server_is_read(tmp_path: Path) -> None:
    file = tmp_path / "memory.jsonl"
    lines = [
        {"type": "entity", "name": "Ann", "observations": ["likes\u2028tea"]},
        {"type": "relation", "from": "Ann", "to": "Acme", "relationType": "works_at"},
    ]
    written = [json.dumps(line, ensure_ascii=False) for line in lines]
    file.write_text("\n".join(written), encoding="utf-8")
    assert [text for _, _, text in said(file)] == ["Ann: likes\u2028tea", "Ann works at Acme"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.json", "{"), ("a.json", "{}"), ("a.jsonl", "[1]"), ("a.jsonl", '{"x": 1}'), ("a.bin", "")],
)
def test_what_is_nothing_to_remember_is_refused(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ImportRefused):
        episodes_from(tmp_path / name, now_s=7.0)
    with pytest.raises(ImportRefused):
        episodes_from(tmp_path / "missing.json", now_s=7.0)
