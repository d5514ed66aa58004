"""Four writers on one memory, all killed at a random instant, and what is left.

    python benchmarks/memory_kill.py [--rounds 20] [--adds 1000] [--seed N]

Each round starts four processes that each add so many episodes to the same memory and print the
id of every one that was acknowledged, then kills them by SIGKILL at an instant drawn evenly over
the time until the quickest would be done. After each: every acknowledged episode is there, every
row opens, the head and the chain of writes add up, and another process can write at once.
Exits 1 where any of it fails.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rlm_crystal.keys import Keyring
from rlm_memory.memory import Memory
from rlm_memory.types import Episode

KEYRING = Keyring("env", bytes(range(32)))
WRITERS = 4
WRITER = """
import sys
from pathlib import Path
from rlm_crystal.keys import Keyring
from rlm_memory.memory import Memory
from rlm_memory.types import Episode

memory = Memory.open(Path(sys.argv[1]), Keyring("env", bytes(range(32))), scope="corpus")
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    episode = Episode(f"writer {sys.argv[2]} says fact number {number}", time_s=1.0)
    print(memory.remember(episode), flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill four writers, and see what is left.")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--adds", type=int, default=1000, help="by each writer (default 1000)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    wrong: list[str] = []
    acknowledged: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        most_s = 0.0
        for number in range(options.rounds):
            # The first round runs to its end and tells how long one takes.
            kill_after_s = chance.uniform(0.0, most_s) if number else None
            said, took_s = one_round(Path(folder), f"{number}", options.adds, kill_after_s)
            most_s = most_s or took_s
            acknowledged |= said
            told = left_wrong(Path(folder), acknowledged)
            wrong += [f"round {number}: {each}" for each in told]
            print(f"round {number}: {len(said)} acknowledged; {told or 'nothing lost'}", flush=True)
    print(f"{len(acknowledged)} acknowledged in {options.rounds} rounds, {len(wrong)} faults")
    sys.exit(bool(wrong))


def one_round(
    folder: Path, name: str, adds: int, kill_after_s: float | None
) -> tuple[set[str], float]:
    """Start the writers, kill them then (None: let them end).

    Returns the ids they printed, and the seconds from the first add to the end.
    """
    processes = [
        subprocess.Popen(
            [sys.executable, "-P", "-c", WRITER, str(folder), f"{name}-{writer}", str(adds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for writer in range(WRITERS)
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    began_s = time.monotonic()
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        for process in processes:
            process.kill()
    # A line that was cut by the kill is none.
    said = {
        line
        for process in processes
        for line in process.communicate()[0].split("\n")[:-1]
        if len(line) == 32
    }
    return said, time.monotonic() - began_s


def left_wrong(folder: Path, acknowledged: set[str]) -> list[str]:
    memory = Memory.open(folder, KEYRING, scope="corpus")
    try:
        wrong: list[str] = []
        stats = memory.stats()
        if stats.damaged or stats.altered:
            wrong.append(f"{len(stats.damaged)} damaged, altered: {stats.altered}")
        if (broken := memory.broken_write()) is not None:
            wrong.append(f"the chain is broken at {broken}")
        kept = {row for link in memory.writes() for row in link.entry.rows}
        if lost := acknowledged - kept:
            wrong.append(f"{len(lost)} acknowledged episodes are not in the chain")
        found = {recalled.id for recalled in memory.recall("fact", limit=10**6).found}
        if lost := acknowledged - found:
            wrong.append(f"{len(lost)} acknowledged episodes are lost")
        row_id = memory.remember(Episode("a later fact", time_s=2.0))
        memory.forget(row_id)
        return wrong
    finally:
        memory.close()


if __name__ == "__main__":
    main()
