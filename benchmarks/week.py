"""A week of work, remembered turn by turn, and what each level of the memory holds afterwards.

    python benchmarks/week.py            what is asked and found, then every level, to be read
    python benchmarks/week.py --check    figures only: categories against subjects, batches

The sessions are in `week.txt`, written for this: updates, a contradiction between people and
agents, a password, an order injected by a web page. No model is involved.
"""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import comb
from pathlib import Path
from typing import Any

from rlm_crystal.keys import Keyring
from rlm_memory.memory import Memory
from rlm_memory.types import Episode, Memo, Trust, Wanted

WEEK = Path(__file__).with_name("week.txt")
KEYRING = Keyring("env", bytes(range(32)))
TRUST: dict[str, Trust] = {"dev": "user", "agent": "agent", "web": "untrusted"}
QUESTIONS = (
    ("why did the customer import stop", ""),
    ("which port does staging use", ""),
    ("which port does staging use", "2026-03-04"),
    ("when does the nightly backup run", ""),
    ("when does the nightly backup run", "2026-03-03"),
    ("how long does a restore take", ""),
    ("how long does a login session last", ""),
    ("how fast is the product search", ""),
    ("what did we decide about login on 4 March", ""),
    ("where do I upload the CSV file for checking", ""),
    ("deploy host", ""),
    ("backup password", ""),
    ("who eats no peanuts", ""),
    ("how long are invoices kept", ""),
)


def said() -> list[tuple[str, Episode]]:
    """Every turn with the subject of its session."""
    found: list[tuple[str, Episode]] = []
    for block in WEEK.read_text(encoding="utf-8").split("\n# "):
        head, *lines = block.removeprefix("# ").strip().splitlines()
        day, hour, subject = head.split()
        begun_s = datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=UTC).timestamp()
        for turn, line in enumerate(lines):
            speaker, _, text = line.partition(": ")
            episode = Episode(
                text,
                time_s=begun_s + 60.0 * turn,
                speaker=speaker,
                session=f"{day} {hour}",
                agent="" if speaker == "dev" else "assistant",
                source="https://pages.example" if speaker == "web" else "",
                trust=TRUST[speaker],
            )
            found.append((subject, episode))
    return found


def lived(folder: Path, turns: Sequence[Episode], *, batches: int = 1) -> Memory:
    """A memory in which the turns were stated in order, consolidated so many times on the way."""
    memory = Memory.open(folder, KEYRING, scope="week", clock=lambda: turns[-1].time_s + 3_600)
    size = -(-len(turns) // batches)
    for batch in _cut(turns, size):
        for turn in batch:
            memory.add(turn)
        memory.consolidate()
    return memory


def _cut(turns: Sequence[Episode], size: int) -> Iterator[Sequence[Episode]]:
    for at in range(0, len(turns), size):
        yield turns[at : at + size]


def derived(memory: Memory) -> list[tuple[str, str, str]]:
    """Level, digest and text of all that was derived, in order."""
    return sorted(
        (memo.level, memo.digest, memo.episode.text)
        for memo in memory.memos().values()
        if memo.level != "episode"
    )


def grouped(memory: Memory, subjects: dict[str, str]) -> tuple[float, float, int]:
    """Adjusted Rand index of categories against subjects over traces, the share of traces that
    have no category though their subject comes again, and how many traces there are."""
    memos = memory.memos()
    traces = {i: memo for i, memo in memos.items() if memo.level == "trace"}
    truth = {i: subjects[_session(memo, memos)] for i, memo in traces.items()}
    again = Counter(truth.values())
    category = {
        edge.target: row_id
        for row_id, memo in memos.items()
        if memo.level == "category"
        for edge in memo.edges
    }
    counted = [i for i in traces if again[truth[i]] > 1]
    noise = sum(i not in category for i in counted) / max(1, len(counted))
    pairs = [(truth[i], category.get(i, i)) for i in traces]
    return rand_index(pairs), noise, len(traces)


def _session(trace: Memo, memos: dict[str, Memo]) -> str:
    return memos[trace.edges[0].target].episode.session


def rand_index(pairs: Sequence[tuple[str, str]]) -> float:
    """The Rand index of two labellings, adjusted for chance (Hubert and Arabie, 1985)."""
    both = sum(comb(count, 2) for count in Counter(pairs).values())
    one = sum(comb(count, 2) for count in Counter(a for a, _ in pairs).values())
    other = sum(comb(count, 2) for count in Counter(b for _, b in pairs).values())
    expected = one * other / comb(len(pairs), 2)
    most = (one + other) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def figures(folder: Path) -> dict[str, Any]:
    """What is checked: grouping, and that batches do not matter."""
    turns = said()
    subjects = {episode.session: subject for subject, episode in turns}
    memories = {
        batches: lived(folder / str(batches), [episode for _, episode in turns], batches=batches)
        for batches in (1, 4, 18)
    }
    index, noise, traces = grouped(memories[1], subjects)
    same = len({json.dumps(derived(memory)) for memory in memories.values()}) == 1
    tally = memories[1].tally()
    return {
        "turns": len(turns),
        "traces": traces,
        "rand_index": round(index, 3),
        "noise": round(noise, 3),
        "same_in_other_batches": same,
        "superseded": tally.superseded,
        "conflicts": tally.conflicts,
        "quarantined": tally.quarantined,
    }


def told(memory: Memory) -> Iterator[str]:
    """All of it, to be read."""
    memos = memory.memos()
    yield "## Asked"
    for query, day in QUESTIONS:
        as_of_s = None
        if day:
            as_of_s = datetime.fromisoformat(f"{day}T23:59:59+00:00").timestamp()
        recall = memory.recall(query, limit=2, wanted=Wanted(as_of_s=as_of_s))
        yield f"{query}{f' (as of {day})' if day else ''}"
        for each in recall.found:
            yield f"    {each.score:.2f} {each.episode.speaker}: {each.episode.text}"
        if not recall.found:
            yield f"    nothing: {recall.reason}"
    for level in ("domain", "category", "trace"):
        yield f"## {level}"
        found = [memo for memo in memos.values() if memo.level == level]
        for memo in sorted(found, key=lambda each: (each.episode.time_s, each.episode.text)):
            yield memo.episode.text
            yield ""
    yield "## superseded"
    for memo in memos.values():
        if memo.superseded_by:
            yield f"{memo.episode.text}  ->  {memos[memo.superseded_by].episode.text}"
    yield "## left to a person"
    for new, old in memory.conflicts():
        yield f"{memos[new].episode.text}  against  {memos[old].episode.text}"
    yield "## in quarantine, or vouched for by nobody"
    for memo in memos.values():
        if memo.quarantine or memo.episode.trust == "untrusted":
            yield f"{memo.quarantine or 'untrusted'}: {memo.episode.text}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="figures only, as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not options.check:
            print("\n".join(told(lived(Path(folder) / "read", [each for _, each in said()]))))
        print(json.dumps(figures(Path(folder))))


if __name__ == "__main__":
    main()
