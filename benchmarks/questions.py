"""Plain questions with the file that answers them: in which place does each ranking put it?

    python benchmarks/questions.py --set django --root <an unpacked django sdist>

The questions were written before any rank was seen. Three rankings run over the same files: ours;
plain BM25 over the same chunks (identifiers split, no fields, no stems, a file counts as its best
chunk); and what ripgrep users do, files by how many of the question's words they hold, then how
often. A place counts files; `-` means not among the first fifty. `--ask` asks them too, beside
facts to count and five questions that no such repository can answer. The sets are in `questions/`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_crystal.localisation.baselines import KeywordCount, Ranking, ours, plain_bm25
from rlm_engine.equipment import Equipment
from rlm_engine.extractive import ExtractiveReader, ExtractiveRoot
from rlm_engine.loop import ask
from rlm_sandbox.context import SharedContext

PLACES = 50
SETS = Path(__file__).parent / "questions"
# Asked of every repository of code and text; none of them holds an answer.
UNANSWERABLE = (
    "how is the Kubernetes operator deployed",
    "where are credit card refunds processed",
    "how is the neural network trained",
    "where are image thumbnails resized",
    "how does the replica set elect a leader",
)


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """The questions of one repository: each with the files that answer it, and facts to count.

    `facts` are questions with the number that `grep` or `ls` gave, as it must stand in the answer;
    `unanswerable` are asked beside those of `UNANSWERABLE`.
    """

    name: str
    repository: str
    tuned_on: bool
    questions: tuple[tuple[str, tuple[str, ...]], ...]
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    unanswerable: tuple[str, ...]

    @classmethod
    def read(cls, name: str) -> QuestionSet:
        data = json.loads((SETS / f"{name}.json").read_text(encoding="utf-8"))
        return cls(
            name,
            data["repository"],
            data["tuned_on"],
            tuple((row["question"], tuple(row["paths"])) for row in data["questions"]),
            tuple((row["question"], tuple(row["says"])) for row in data["facts"]),
            (*UNANSWERABLE, *data.get("unanswerable", ())),
        )


def main() -> None:
    options = _options()
    asked = QuestionSet.read(options.set)
    started = time.process_time()
    crystal = build([options.root])
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = time.process_time() - started + children.ru_utime + children.ru_stime
    _say(
        f"{asked.name} ({asked.repository}; {'tuned on' if asked.tuned_on else 'held out'}): "
        f"{len(crystal.files):,} files, {crystal.chunk_count:,} chunks, "
        f"{crystal.cluster_count} clusters; built in {cpu_s:.1f} s of CPU"
    )
    rankings: dict[str, Ranking] = {"ours": ours, "bm25": plain_bm25, "ripgrep": KeywordCount()}
    questions = asked.questions
    places = {
        name: [_place(rank(crystal, question), right) for question, right in questions]
        for name, rank in rankings.items()
    }
    _table(questions, places)
    if options.ask:
        asyncio.run(_answers(crystal, asked))
    _say(f"\nours: median {_query_ms(crystal, questions):.0f} ms of CPU a question, ten hits")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument(
        "--set", choices=sorted(file.stem for file in SETS.glob("*.json")), default="django"
    )
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--ask", action="store_true", help="judge the extractive answers too")
    return parser.parse_args()


async def _answers(crystal: Crystal, asked: QuestionSet) -> None:
    """Asks everything without a model and says what the answers are worth."""
    texts = ((entry.path, crystal.text(entry.path)) for entry in crystal.files)
    context = SharedContext.from_documents(texts)
    root, sub = ExtractiveRoot(), ExtractiveReader()
    equipment = Equipment(context=context)
    try:
        first = anywhere = refused = verified = cited = 0
        for question, right in asked.questions:
            answer = await ask(question, crystal=crystal, root=root, sub=sub, equipment=equipment)
            paths = [citation.path for citation in answer.citations]
            refused += _is_refusal(answer.answer)
            first += bool(paths) and paths[0] in right
            anywhere += any(path in right for path in paths)
            cited += len(paths)
            verified += sum(citation.verified for citation in answer.citations)
        _say(
            f"\nanswers: of {len(asked.questions)}, the first place cited is right in {first}, "
            f"any in {anywhere}; refused {refused}; {verified} of {cited} citations verified"
        )
        for question, says in asked.facts:
            answer = await ask(question, crystal=crystal, root=root, sub=sub, equipment=equipment)
            told = "right" if all(part in answer.answer for part in says) else "WRONG"
            _say(f"fact {told}: {question}: {', '.join(says)}")
        kept = 0
        for question in asked.unanswerable:
            answer = await ask(question, crystal=crystal, root=root, sub=sub, equipment=equipment)
            kept += _is_refusal(answer.answer)
        _say(f"unanswerable: {kept} of {len(asked.unanswerable)} refused")
    finally:
        context.close()


def _is_refusal(text: str) -> bool:
    return "cannot answer" in text or "ответить не могу" in text


def _place(ranked: Sequence[str], right: Sequence[str]) -> int | None:
    places = [at for at, path in enumerate(ranked[:PLACES], 1) if path in right]
    return min(places, default=None)


def _table(
    questions: Sequence[tuple[str, tuple[str, ...]]], places: dict[str, list[int | None]]
) -> None:
    _say("\n| question | " + " | ".join(places) + " |")
    _say("|---|" + "---|" * len(places))
    for at, (question, _) in enumerate(questions):
        shown = " | ".join(str(column[at] or "-") for column in places.values())
        _say(f"| {question} | {shown} |")
    for label, most in (("first", 1), ("in the first five", 5), ("in the first ten", 10)):
        counts = (sum(p is not None and p <= most for p in column) for column in places.values())
        _say(f"| **{label}, of {len(questions)}** | " + " | ".join(map(str, counts)) + " |")
    ranks = (statistics.fmean(1 / p if p else 0.0 for p in column) for column in places.values())
    _say("| **MRR** | " + " | ".join(f"{rank:.2f}" for rank in ranks) + " |")


def _query_ms(crystal: Crystal, questions: Sequence[tuple[str, tuple[str, ...]]]) -> float:
    times: list[float] = []
    for question, _ in questions:
        started = time.process_time()
        crystal.search(question)
        times.append((time.process_time() - started) * 1000)
    return statistics.median(times)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
