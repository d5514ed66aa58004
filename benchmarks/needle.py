"""A needle in a million lines and in ten million tokens: is it found, at what cost, in what room?

    python benchmarks/needle.py --lines 1000000
    python benchmarks/needle.py --tokens 10000000

The corpus is made here: files of prose and of code in many folders, from a fixed seed, with needles
planted far apart: a sentence, the value of a constant, a key of a configuration, the text of an
error, two sentences that have to be put together, among others much like them; and questions whose
needle was never planted, which must be refused. Two roots ask for them: the extractive one, and a
model on loopback that writes the code a good model would. A needle is found if the answer holds
its words and a checked citation of its file.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_engine.equipment import Equipment
from rlm_engine.extractive import ExtractiveReader, ExtractiveRoot
from rlm_engine.limits import RunLimits
from rlm_engine.loop import ask
from rlm_engine.model import Completion, Message
from rlm_sandbox.context import SharedContext

_VOCABULARY = """
harbour lantern office vault courier token ledger window grace second sentence value bridge river
keeper signal station record paper garden winter market engine wheel copper silver measure letter
number table column folder request answer queue worker limit budget counter reader writer parser
handler session cache index query result error message opens sends refuses holds keeps returns
checks sorts reads writes builds moves turns waits closes
"""
_WORDS = tuple(_VOCABULARY.split())
_LINES_A_FILE = 400


@dataclass(frozen=True, slots=True)
class Needle:
    """A question, the texts to plant by their place in the corpus (0 to 1), what an answer holds,
    and the code that a model would write to find it; nothing is planted for one to be refused."""

    question: str
    planted: tuple[tuple[float, str, str], ...]
    holds: tuple[str, ...]
    patterns: tuple[str, ...]


NEEDLES = (
    Needle(
        "What did the harbourmaster paint on the lighthouse door?",
        ((0.31, "txt", "The harbourmaster painted a violet heron on the lighthouse door."),),
        ("violet heron",),
        (r"harbourmaster.*lighthouse",),
    ),
    Needle(
        "What is the default value of QUORUM_GRACE_SECONDS?",
        ((0.77, "py", "QUORUM_GRACE_SECONDS = 4211"),),
        ("4211",),
        (r"QUORUM_GRACE_SECONDS\s*=",),
    ),
    Needle(
        "Where is the ledger retention window set?",
        ((0.52, "yaml", "ledger_retention_window: 37d"),),
        ("37d",),
        (r"ledger_retention_window",),
    ),
    Needle(
        'Why do I get "turnstile refused badge 99 of the aviary"?',
        ((0.93, "py", 'raise PermissionError(f"turnstile refused badge {badge} of the aviary")'),),
        ("turnstile refused badge",),
        (r"turnstile refused badge",),
    ),
    Needle(
        "What is the code of the vault that the Saffron office uses?",
        (
            (0.12, "txt", "The Saffron office uses the vault called Heliotrope."),
            (0.88, "txt", "The code of the vault called Heliotrope is 7319."),
            (0.45, "txt", "The Ochre office uses the vault called Peridot."),
            (0.64, "txt", "The code of the vault called Peridot is 2046."),
        ),
        ("Heliotrope", "7319"),
        (r"Saffron office uses the vault called (\w+)", r"code of the vault called {} is"),
    ),
    Needle("What is the passphrase of the obsidian gondola?", (), (), (r"obsidian gondola",)),
    Needle(
        "Where is the TELEPHONE_EXCHANGE_QUOTA configured?",
        (),
        (),
        (r"TELEPHONE_EXCHANGE_QUOTA",),
    ),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print the answers too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "haystack"
        lines, characters = plant(root, options.lines or 10**9, options.tokens or 10**9)
        _say(f"{lines:,} lines, {characters // 4:,} tokens, {characters / 1e6:.0f} MB")
        started = time.process_time()
        crystal = build([root])
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = time.process_time() - started + children.ru_utime + children.ru_stime
        _say(f"{len(crystal.files):,} files indexed in {cpu_s:.0f} s of CPU; {_rss()}")
        asyncio.run(_asked(crystal, show=options.show))


def plant(root: Path, lines_wanted: int, tokens_wanted: int) -> tuple[int, int]:
    """Writes the haystack with its needles; returns its lines and characters."""
    chance = random.Random(1789)
    size = min(lines_wanted // _LINES_A_FILE, tokens_wanted * 4 // (_LINES_A_FILE * 42))
    at: dict[int, list[tuple[str, str]]] = {}
    for needle in NEEDLES:
        for place, kind, text in needle.planted:
            at.setdefault(int(place * size), []).append((kind, text))
    lines = characters = 0
    for number in range(size):
        kind = ("txt", "py", "txt", "py", "yaml")[number % 5]
        rows = list(_rows(kind, chance, number))
        for wanted, text in at.get(number, ()):
            target, body = kind, rows
            if wanted != kind:
                target, body = wanted, list(_rows(wanted, chance, number))
            body.insert(chance.randrange(len(body) // 2, len(body)), text)
            path = root / f"part{number % 97:02d}" / f"extra{number:05d}.{target}"
            if target == kind:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(body) + "\n", encoding="utf-8")
            lines, characters = lines + len(body), characters + sum(map(len, body)) + len(body)
        path = root / f"part{number % 97:02d}" / f"file{number:05d}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        lines, characters = lines + len(rows), characters + sum(map(len, rows)) + len(rows)
    return lines, characters


def _rows(kind: str, chance: random.Random, number: int) -> Iterator[str]:
    for row in range(_LINES_A_FILE):
        words = chance.choices(_WORDS, k=7)
        if kind == "txt":
            yield f"The {' '.join(words)}."
        elif kind == "yaml":
            yield f"{words[0]}_{words[1]}_{number}_{row}: {words[2]} {words[3]}"
        elif row % 8 == 0:
            yield f"def {words[0]}_{words[1]}_{number}_{row}({words[2]}, limit=3):"
        else:
            yield f"    {words[0]} = {words[1]}({words[2]}, {words[3]!r})  # {words[4]}"


@dataclass(slots=True)
class Scripted:
    """A model in this process that writes the code a good model would for one needle."""

    needle: Needle
    name: str = "scripted"
    turns: int = field(default=0)

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:  # noqa: ARG002
        self.turns += 1
        size = sum(len(message.content) for message in messages) // 4
        text = _SCRIPT.replace("PATTERNS", repr(self.needle.patterns))
        return Completion(text, size, len(text) // 4, (size * 1.25 + len(text) / 4 * 10) / 1e6)

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * 1.25 + tokens_out * 10) / 1e6


_SCRIPT = """\
```repl
import re
told, found = [], ""
for pattern in PATTERNS:
    hits = context.search(pattern.replace("{}", found))
    if not hits:
        break
    hit = hits[0]
    text = context[hit.path].line(hit.line).strip()
    groups = re.search(pattern.replace("{}", found), text)
    found = groups.group(1) if groups and groups.groups() else found
    told.append(f"{hit.path}:{hit.line}: `{text}`")
print(told)
FINAL("\\n".join(told) if len(told) == len(PATTERNS) else "I cannot answer: no file holds it.")
```"""


async def _asked(crystal: Crystal, *, show: bool) -> None:
    texts = ((entry.path, crystal.text(entry.path)) for entry in crystal.files)
    limits = RunLimits(max_seconds=600.0)
    with SharedContext.from_documents(texts) as context:
        equipment = Equipment(context=context)
        for needle in NEEDLES:
            for root in (ExtractiveRoot(), Scripted(needle)):
                started = time.process_time()
                answer = await ask(
                    needle.question,
                    crystal=crystal,
                    root=root,
                    sub=ExtractiveReader(),
                    limits=limits,
                    equipment=equipment,
                )
                cpu_s = time.process_time() - started
                children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
                refused = "cannot answer" in answer.answer or "cannot count" in answer.answer
                held = all(part in answer.answer for part in needle.holds)
                good = held and any(citation.verified for citation in answer.citations)
                verdict = "refused" if refused else "found" if needle.holds and good else "MISSED"
                expected = "found" if needle.holds else "refused"
                _say(
                    f"{'ok ' if verdict == expected else 'BAD'} {verdict:8}{root.name:11}"
                    f"{answer.seconds:6.1f} s wall, {cpu_s:5.1f} s CPU of ours, "
                    f"${answer.cost_usd:.4f}, "
                    f"{answer.iterations} turns, sandbox ≤ {children:.0f} MB, "
                    f"{_rss()}: {needle.question}"
                )
                if show or verdict != expected:
                    _say("      " + answer.answer[:900].replace("\n", "\n      "))


def _rss() -> str:
    return f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
