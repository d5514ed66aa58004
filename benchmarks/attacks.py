"""How many attack payloads reach their effect: backend, guard on and off, by category.

    python benchmarks/attacks.py [--backend NAME] [--names]

The payloads, what is planted for them and the detectors are those of tests/sandbox/attacks. Two
controls stand beside the sandbox: plain CPython, where nearly all must work, and plain CPython
behind the AST guard alone, which shows why the guard is not trusted.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "sandbox"))

from attacks.payloads import ALL
from attacks.planted import Planted, planted
from attacks.running import reached_in_plain_cpython, reached_in_sandbox
from rlm_sandbox.availability import available
from rlm_sandbox.backend import BACKENDS, BackendName

TOTALS = Counter(payload.category for payload in ALL)
CATEGORY_OF = {payload.name: payload.category for payload in ALL}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--backend", choices=BACKENDS, action="append")
    parser.add_argument("--names", action="store_true", help="also name what came through")
    options = parser.parse_args()
    _row("", list(TOTALS), "all")
    _row("payloads", list(TOTALS.values()), len(ALL))
    for name, reached in _rows(options.backend or list(BACKENDS)):
        counts = Counter(CATEGORY_OF[payload] for payload in reached)
        _row(name, [counts[category] for category in TOTALS], len(reached))
        if options.names and len(reached) < len(ALL) / 2:
            sys.stdout.write(f"{'':24} {', '.join(sorted(reached))}\n")


def _rows(backends: list[BackendName]) -> Iterator[tuple[str, set[str]]]:
    with tempfile.TemporaryDirectory() as folder, planted(Path(folder)) as things:
        yield "plain CPython", reached_in_plain_cpython(things, ALL)
        yield "guard alone", reached_in_plain_cpython(things, ALL, guard=True)
        for backend in backends:
            if not (state := available(backend)).ok:
                sys.stdout.write(f"{backend:24} not here: {', '.join(state.missing)}\n")
                continue
            for guard in (False, True):
                name = f"{backend}, guard {'on' if guard else 'off'}"
                yield name, asyncio.run(_in_sandbox(things, backend, guard=guard))


async def _in_sandbox(things: Planted, backend: BackendName, *, guard: bool) -> set[str]:
    reached: set[str] = set()
    for category in TOTALS:
        payloads = [payload for payload in ALL if payload.category == category]
        reached |= await reached_in_sandbox(things, payloads, guard=guard, backend=backend)
    return reached


def _row(name: str, cells: list[object], total: object) -> None:
    sys.stdout.write(f"{name:24}" + "".join(f"{cell!s:>18}" for cell in [*cells, total]) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
