"""Aggregate questions answered by the extractive root, beside answers found without us.

    python benchmarks/aggregates.py --root django=<an unpacked django sdist> --root gin=<a clone>

The questions and what finds their answers lie in `truths/`: `django` was tuned on, `held_out` was
asked once, and what failed was generalised afterwards. An answer is right if it gives the number
(and, of a list, only names that belong to it); one that says it cannot count is `refused`; any
other is WRONG, which is the only thing that must not be.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time
from pathlib import Path

from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_engine.equipment import Equipment
from rlm_engine.extractive import ExtractiveReader, ExtractiveRoot
from rlm_engine.loop import ask
from rlm_sandbox.context import SharedContext
from truths import django, held_out
from truths.truth import Case, Truth

_SETS = {"django": django.cases, "held_out": held_out.cases}
_REFUSED = re.compile(r"cannot (?:count|answer)|could not count")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--root", action="append", required=True, metavar="NAME=DIR")
    parser.add_argument("--set", choices=sorted(_SETS), action="append")
    parser.add_argument("--show", action="store_true", help="print the answers too")
    options = parser.parse_args()
    roots = {name: Path(folder) for name, _, folder in (r.partition("=") for r in options.root)}
    for name in options.set or sorted(_SETS):
        _score(name, roots, show=options.show)


def _score(name: str, roots: dict[str, Path], *, show: bool) -> None:
    totals = {"right": 0, "refused": 0, "WRONG": 0}
    for repository, root in roots.items():
        cases = [case for case in _SETS[name].all if case.repository == repository]
        if not cases:
            continue
        crystal = build([root])
        for verdict in asyncio.run(_asked(cases, crystal, root, show=show)):
            totals[verdict] += 1
    told = ", ".join(f"{count} {verdict}" for verdict, count in totals.items())
    _say(f"{name}: {told}")


async def _asked(cases: list[Case], crystal: Crystal, root: Path, *, show: bool) -> list[str]:
    texts = ((entry.path, crystal.text(entry.path)) for entry in crystal.files)
    verdicts: list[str] = []
    with SharedContext.from_documents(texts) as context:
        for case in cases:
            truth = case.find(root)
            started = time.process_time()
            answer = await ask(
                case.question,
                crystal=crystal,
                root=ExtractiveRoot(),
                sub=ExtractiveReader(),
                equipment=Equipment(context=context),
            )
            cpu_s = time.process_time() - started
            false = sum(not citation.verified for citation in answer.citations)
            verdict = judge(answer.answer, truth)
            verdicts.append(verdict)
            _say(
                f"{verdict:8}{case.repository:10} {truth.number:>6,}  {case.question}"
                f"  ({answer.seconds:.1f} s, {cpu_s:.1f} s of CPU beside the sandbox,"
                f" {len(answer.citations)} cited, {false} unverified)"
            )
            if show or verdict == "WRONG":
                _say("    " + answer.answer[:1500].replace("\n", "\n    "))
    return verdicts


def judge(answer: str, truth: Truth) -> str:
    """`right`, `refused` or `WRONG`: by the number, and by the names a list shows."""
    opening = answer.split("\n\n", 1)[0]
    if _REFUSED.search(opening):
        return "refused"
    bare = re.sub(r"`[^`]*`|[^\s]*:\d+(?:-\d+)?", " ", opening)
    told = re.search(r"(?<![\w.])\d[\d,]*(?!\w)", bare)
    number = int(told[0].replace(",", "")) if told else None
    if re.match(r"(?:None|No)\b", opening):
        number = 0
    if truth.number != number:
        return "WRONG"
    shown = sum(name in answer for name in truth.names)
    rows = len(re.findall(r"(?m)^- ", answer))
    return "right" if shown >= min(len(truth.names), rows) else "WRONG"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
