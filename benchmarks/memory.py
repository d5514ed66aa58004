"""How well a memory recalls: what was said in a dialogue, found again by a question about it.

    python benchmarks/memory.py [--ide | --locomo locomo10.json] [--minilm] [--json]

Every turn is an episode, every question asks for the turns that are its evidence. Ours by words
alone, with the table of words that is shipped, and with `--minilm` with MiniLM; beside it in the
same run plain BM25 (k1 1.2, b 0.75; every word, stemmed), MiniLM's cosine, both fused by rank, and
the min-max sum of both. Printed are recall@5, @10, @20 and nDCG@10, by category, and the CPU of
adding and of asking; that of asking with MiniLM is without what the model takes.

Without a file it makes dialogues of its own, the same at every run: of people at work and at home,
or with `--ide` of a person and an agent at work in an editor, asked in the words that were said
(`worded`) and in others (`paraphrased`). No weight was fitted on these.
`--locomo` takes a file in the form of LoCoMo, whose licence forbids to ship it (snap-research/
locomo, data/locomo10.json): the weights of ours were fitted on its first three conversations, so
the other seven are told apart. Questions without evidence (category 5) are left out.
"""

import argparse
import json
import random
import re
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rlm_crystal.embed import Embedder, embedder_named, static_embedder
from rlm_crystal.keys import Keyring
from rlm_crystal.terms import stem, terms
from rlm_memory.memory import Memory
from rlm_memory.types import Episode

KEYRING = Keyring("env", bytes(range(32)))
FITTED = 3
CUTS = (5, 10, 20)
Scores = npt.NDArray[np.float64]
Ranker = Callable[[str], list[int]]


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    evidence: frozenset[int]
    category: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The turns in order and the questions; `fitted` where weights were fitted on it."""

    name: str
    turns: tuple[Episode, ...]
    questions: tuple[Question, ...]
    fitted: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What one ranking made of one question."""

    ranking: str
    category: str
    fitted: bool
    recall: tuple[float, ...]
    ndcg: float
    cpu_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description="Recall of a memory, measured.")
    parser.add_argument("--locomo", type=Path, help="a file in the form of LoCoMo")
    parser.add_argument("--ide", action="store_true", help="made up work in an editor instead")
    parser.add_argument("--minilm", action="store_true", help="also MiniLM (rlm-mcp[neural])")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    made = ide_sessions if options.ide else made_up
    dialogues = of_locomo(options.locomo) if options.locomo else made()
    asked, added_ms = measured(dialogues, minilm=options.minilm)
    told = {
        "turns": sum(len(each.turns) for each in dialogues),
        "questions": sum(len(each.questions) for each in dialogues),
        "add_cpu_ms": round(added_ms, 3),
        "rows": [row for group in groups(asked) for row in rows(*group)],
    }
    print(json.dumps(told) if options.json else in_words(told))


def of_locomo(path: Path) -> list[Dialogue]:
    """The dialogues of a file in LoCoMo's form; turns of a session a second apart."""
    found: list[Dialogue] = []
    for number, sample in enumerate(json.loads(path.read_text(encoding="utf-8"))):
        talk = sample["conversation"]
        turns: list[Episode] = []
        places: dict[str, int] = {}
        sessions = [name for name in talk if re.fullmatch(r"session_\d+", name)]
        for name in sorted(sessions, key=lambda each: int(each.split("_")[1])):
            said = talk[f"{name}_date_time"] + " +0000"
            began = datetime.strptime(said, "%I:%M %p on %d %B, %Y %z")
            for at, turn in enumerate(talk[name]):
                places[turn["dia_id"]] = len(turns)
                turns.append(
                    Episode(
                        f"{turn['text']} {turn.get('blip_caption', '')}".strip() or "-",
                        time_s=began.timestamp() + at,
                        speaker=turn["speaker"],
                        session=name,
                    )
                )
        questions = tuple(
            Question(
                each["question"],
                frozenset(places[turn] for turn in evidence(each) if turn in places),
                str(each["category"]),
            )
            for each in sample["qa"]
            if each["category"] != 5 and each.get("evidence")
        )
        found.append(Dialogue(sample["sample_id"], tuple(turns), questions, number < FITTED))
    return found


def evidence(question: dict[str, Any]) -> list[str]:
    return [turn for each in question["evidence"] for turn in re.findall(r"D\d+:\d+", each)]


PEOPLE = ("Ines", "Tomasz", "Farah", "Gideon", "Yuki", "Marlon")
# What is told, and how it is asked for in other words; the answer is in {}.
TOLD = (
    ("I moved the payment retries into the {} module.", "Where did {who} put the retries?",
     ("ledger", "courier", "invoice")),
    ("We bought a {} for the balcony, it is finally in bloom.", "What plant did {who} buy?",
     ("lemon tree", "jasmine", "fig tree")),
    ("My sister is getting married in {}.", "Where is the wedding of {who}'s sister?",
     ("Porto", "Kraków", "Izmir")),
    ("The nightly build broke because the {} certificate had run out.",
     "Which certificate made the nightly build of {who} break?", ("proxy", "registry", "mirror")),
    ("I ran {} kilometres along the river before breakfast.", "How far did {who} run?",
     ("eleven", "seven", "fourteen")),
    ("Our dog is called {}, he ate the whole cake.", "What is the name of {who}'s dog?",
     ("Biscuit", "Rollo", "Pepper")),
    ("I have taken up {} lessons with an old neighbour.", "Which lessons does {who} take?",
     ("cello", "pottery", "fencing")),
    ("The customer wants the export as {} from now on.", "Which export format was {who} told of?",
     ("Parquet", "CSV", "JSON lines")),
)  # fmt: skip
FILLER = (
    "How was your week?", "Busy, as always.", "Tell me more about it!", "That sounds great.",
    "I did not expect that at all.", "We should meet again soon.", "What happened then?",
    "Nothing much new here, just work and rain.", "Ha, that is so like you.", "See you next time!",
    "I have to look into the build again.", "The river was beautiful this morning.",
    "Did the lessons go well?", "My sister says hello.", "The customer called again.",
)  # fmt: skip


# What is said in an editor while one works, and what is asked of it weeks later. Where both share
# no telling word the question is `paraphrased`; else it is `worded`.
SAID = (
    ("The flaky test in {} was a race between the cache warm-up and the first request.",
     "Which file had the flaky test?", "Why did CI go red now and then in {}?",
     ("test_warmup.py", "test_gateway.py", "test_ledger.py")),
    ("Decision: we keep {} for the job queue, Redis lost messages when it restarted.",
     "What was decided for the job queue?", "Which broker do our background workers rely on?",
     ("PostgreSQL", "RabbitMQ", "NATS")),
    ("Always run {} before pushing, the formatter on the server is stricter.",
     "What has to be run before pushing?", "How do I keep my commit from being rejected for style?",
     ("make lint", "just check", "tox -e style")),
    ("The staging deploy needs the flag {}, otherwise it writes to production.",
     "Which flag does the staging deploy need?",
     "How do we avoid harming live data on a rehearsal?",
     ("--dry-tenant", "--sandbox", "--shadow")),
    ("I moved the retry loop out of {} because it swallowed the timeout.",
     "Where was the retry loop moved out of?", "Which module hid that requests took too long?",
     ("client.py", "transport.py", "uploader.py")),
    ("Our API returns {} when the quota is used up, not 403.",
     "What does the API return when the quota is used up?",
     "Which status tells callers they have hit the rate limit?",
     ("429", "402", "509")),
    ("Migrations 41 and 42 have to be applied by hand on {}.",
     "On which host are migrations 41 and 42 applied by hand?",
     "Where do schema changes need a person?",
     ("db-legacy", "db-berlin", "db-archive")),
    ("The memory leak came from {} keeping every parsed tree alive.",
     "Where did the memory leak come from?", "What made the process grow until it was killed?",
     ("the symbol cache", "the watcher", "the diff view")),
    ("Please never use {} in this repository, the team prefers explicit loops.",
     "What must never be used in this repository?", "Which style do colleagues here dislike?",
     ("nested comprehensions", "lambda chains", "star imports")),
    ("The certificate of the internal registry is renewed by {} every quarter.",
     "Who renews the certificate of the registry?", "Whom do I ask if TLS to our packages fails?",
     ("Priya", "the platform team", "Olek")),
    ("Profiling showed that {} takes 70 percent of start-up.",
     "What takes most of the start-up according to the profile?", "Why does launching feel slow?",
     ("importing pandas", "reading the locale files", "the plugin scan")),
    ("The parser chokes on {}, I left a failing case in the fuzz corpus.",
     "What does the parser choke on?", "Which input breaks our grammar?",
     ("nested f-strings", "tabs after a colon", "a byte order mark")),
)  # fmt: skip
WORK_TALK = (
    "Run the tests again, please.", "All green now.", "Open the file and show me the function.",
    "Here is the diff; three files changed.", "Can you explain what this class does?",
    "It wraps the connection and adds tracing.", "Let me look at the log first.",
    "The build takes four minutes today.", "Rename it, the old name is misleading.",
    "Done, and I updated the call sites.", "Should we deploy this on Friday?",
    "Better on Monday, after the review.", "The linter complains about an unused import.",
    "Fixed. Anything else?", "Write a test for the empty case too.", "Added, it passes.",
    "What is left on the list?", "Only the documentation and the changelog.",
    "The server restarted twice last night.", "I will check the queue and the cache.",
)  # fmt: skip


def ide_sessions(seed: int = 11) -> list[Dialogue]:
    """Three projects, each with twelve sessions of a person and an agent: facts among routine."""
    chance = random.Random(seed)
    return [_ide_sessions(number, chance) for number in range(3)]


def _ide_sessions(number: int, chance: random.Random) -> Dialogue:
    day = datetime(2025, 2 + number, 1, 9, 0, tzinfo=UTC)
    turns: list[Episode] = []
    questions: list[Question] = []
    facts = list(SAID)
    chance.shuffle(facts)
    for session, (sentence, worded, paraphrased, answers) in enumerate(facts):
        day += timedelta(days=chance.randint(1, 6))
        slot = chance.randint(3, 26)
        for at in range(30):
            text = chance.choice(WORK_TALK)
            if at == slot:
                answer = chance.choice(answers)
                text, here = sentence.format(answer), frozenset({len(turns)})
                questions.append(Question(worded, here, "worded"))
                questions.append(Question(paraphrased.format(answer), here, "paraphrased"))
            time_s = (day + timedelta(seconds=40 * at)).timestamp()
            speaker = ("user", "assistant")[at % 2]
            turns.append(Episode(text, time_s=time_s, speaker=speaker, session=f"s{session}"))
    return Dialogue(f"project {number}", tuple(turns), tuple(questions))


def made_up(seed: int = 7) -> list[Dialogue]:
    """Six dialogues of two people over eight sessions each: facts among small talk."""
    chance = random.Random(seed)
    return [_made_up(number, chance) for number in range(6)]


def _made_up(number: int, chance: random.Random) -> Dialogue:
    pair = (PEOPLE[number], PEOPLE[(number + 1) % len(PEOPLE)])
    day = datetime(2025, 1 + number, 3, 18, 0, tzinfo=UTC)
    turns: list[Episode] = []
    questions: list[Question] = []
    facts = [(who, fact) for who in pair for fact in TOLD]
    chance.shuffle(facts)
    for session in range(8):
        day += timedelta(days=chance.randint(3, 12))
        told = facts[session * 2 : session * 2 + 2]
        slots = sorted(chance.sample(range(4, 20), len(told)))
        for at in range(22):
            who, text = pair[at % 2], chance.choice(FILLER)
            for (teller, (sentence, question, answers)), slot in zip(told, slots, strict=True):
                if at == slot:
                    who, text = teller, sentence.format(chance.choice(answers))
                    when = f"What did {teller} tell on {day.day} {day.strftime('%B %Y')}?"
                    here = frozenset({len(turns)})
                    questions.append(Question(question.format(who=teller), here, "fact"))
                    questions.append(Question(when, here, "date"))
            time_s = (day + timedelta(seconds=20 * at)).timestamp()
            turns.append(Episode(text, time_s=time_s, speaker=who, session=f"s{session}"))
    return Dialogue(f"made up {number}", tuple(turns), tuple(questions))


def measured(dialogues: Sequence[Dialogue], *, minilm: bool) -> tuple[list[Asked], float]:
    """All questions by all rankings, and the milliseconds of CPU an episode took to be added."""
    asked: list[Asked] = []
    spent_s, turns = 0.0, 0
    for dialogue in dialogues:
        for name, ranker in baselines(dialogue, minilm=minilm):
            asked += ask_all(dialogue, name, ranker)
        for name, embedder in embedders(minilm=minilm):
            with tempfile.TemporaryDirectory() as folder:
                memory = Memory.open(Path(folder), KEYRING, scope="corpus", embedder=embedder)
                began_s = time.process_time()
                ids = memory.remember_all(dialogue.turns)
                memory.recall("nothing")  # the index is made at the first question
                if embedder is None:
                    spent_s, turns = spent_s + time.process_time() - began_s, turns + len(ids)
                elif name == "ours, MiniLM":  # so many texts are given vectors at each question
                    for _ in range(len(ids) // 256):
                        memory.recall("nothing")
                asked += ask_all(dialogue, name, ranked_by(memory, ids))
                memory.close()
    return asked, 1e3 * spent_s / turns


def embedders(*, minilm: bool) -> Iterator[tuple[str, Embedder | None]]:
    yield "ours, words", None
    yield "ours, table", static_embedder()
    if minilm:
        yield "ours, MiniLM", once_each(embedder_named("minilm"))


class OnceEach:
    """An embedder that is asked for each text once in a run: a model is slow."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, npt.NDArray[np.float32]] = {}
        self.identity = embedder.identity

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known |= dict(zip(new, self._embedder.embed(new), strict=True))
        return np.stack([self._known[text] for text in texts])


once_each = cache(OnceEach)


def baselines(dialogue: Dialogue, *, minilm: bool) -> Iterator[tuple[str, Ranker]]:
    texts = [turn.text for turn in dialogue.turns]
    bm25 = Bm25(texts)
    yield "BM25", lambda question: best(bm25.scores(question))
    if minilm:
        embedder = once_each(embedder_named("minilm"))
        vectors = embedder.embed(texts)

        def cosine(question: str) -> Scores:
            return (vectors @ embedder.embed([question])[0]).astype(np.float64)

        yield "MiniLM", lambda question: best(cosine(question))
        yield (
            "RRF of both",
            lambda question: best(
                1 / (60 + places(bm25.scores(question))) + 1 / (60 + places(cosine(question)))
            ),
        )
        yield (
            "sum of both",
            lambda question: best(scaled(bm25.scores(question)) + scaled(cosine(question))),
        )


def ranked_by(memory: Memory, ids: Sequence[str]) -> Ranker:
    """Ours: turns that say the same are one memory."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, row_id in enumerate(ids):
        numbers[row_id].append(number)

    def ours(question: str) -> list[int]:
        recall = memory.recall(question, limit=CUTS[-1])
        return [number for each in recall.found for number in numbers[each.id]]

    return ours


class Bm25:
    """As everybody has it: k1 1.2, b 0.75, Snowball stems, no stop words."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(map(stem, terms(text))) for text in texts]
        lengths = np.array([each.total() for each in counts], np.float64)
        self._damp = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
        self._lists: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, each in enumerate(counts):
            for word, count in each.items():
                self._lists[word].append((number, count))

    def scores(self, question: str) -> Scores:
        scores = np.zeros(len(self._damp))
        for word in set(map(stem, terms(question))):
            held = self._lists.get(word, [])
            idf = np.log1p((len(scores) - len(held) + 0.5) / (len(held) + 0.5))
            for number, count in held:
                scores[number] += idf * count * 2.2 / (count + self._damp[number])
        return scores


def best(scores: Scores) -> list[int]:
    return np.argsort(-scores, kind="stable")[: CUTS[-1]].tolist()


def places(scores: Scores) -> Scores:
    order = np.argsort(np.argsort(-scores, kind="stable"), kind="stable")
    return order.astype(np.float64) + 1.0


def scaled(scores: Scores) -> Scores:
    low, high = scores.min(), scores.max()
    return (scores - low) / (float(high - low) or 1.0)


def ask_all(dialogue: Dialogue, name: str, ranker: Ranker) -> Iterator[Asked]:
    for question in dialogue.questions:
        began_s = time.process_time()
        ranked = ranker(question.text)
        spent_s = time.process_time() - began_s
        hits = [number in question.evidence for number in ranked]
        sought = max(1, len(question.evidence))
        gain = sum(hit / np.log2(at + 2) for at, hit in enumerate(hits[:10]))
        ideal = sum(1 / np.log2(at + 2) for at in range(min(10, sought)))
        recall = tuple(sum(hits[:cut]) / sought for cut in CUTS)
        yield Asked(name, question.category, dialogue.fitted, recall, float(gain / ideal), spent_s)


def groups(asked: Sequence[Asked]) -> Iterator[tuple[str, list[Asked]]]:
    yield "all", list(asked)
    if any(each.fitted for each in asked):
        yield "unseen", [each for each in asked if not each.fitted]
    for category in sorted({each.category for each in asked}):
        yield f"category {category}", [each for each in asked if each.category == category]


def rows(group: str, asked: Sequence[Asked]) -> Iterator[dict[str, Any]]:
    for ranking in dict.fromkeys(each.ranking for each in asked):
        these = [each for each in asked if each.ranking == ranking]
        recall = np.mean([each.recall for each in these], axis=0)
        yield {
            "group": group,
            "ranking": ranking,
            "questions": len(these),
            **{f"recall@{cut}": round(float(recall[at]), 4) for at, cut in enumerate(CUTS)},
            "ndcg@10": round(float(np.mean([each.ndcg for each in these])), 4),
            "cpu_ms": round(1e3 * float(np.mean([each.cpu_s for each in these])), 3),
        }


def in_words(told: dict[str, Any]) -> str:
    lines = [
        f"{told['turns']} turns, {told['questions']} questions;"
        f" {told['add_cpu_ms']} ms of CPU to add a turn and index it",
        f"{'group':14}{'ranking':14}{'n':>6}{'R@5':>8}{'R@10':>8}{'R@20':>8}{'nDCG@10':>9}"
        f"{'CPU ms':>8}",
    ]
    lines += [
        f"{row['group']:14}{row['ranking']:14}{row['questions']:6}"
        + "".join(f"{row[f'recall@{cut}']:8.3f}" for cut in CUTS)
        + f"{row['ndcg@10']:9.3f}{row['cpu_ms']:8.2f}"
        for row in told["rows"]
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
