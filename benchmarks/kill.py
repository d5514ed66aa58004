"""Real processes killed at random instants, and what is left opened after each.

    python benchmarks/kill.py [--runs 50] [--acts first,rebuild,refresh,ask,rotate] [--seed N]

A small corpus with words that occur nowhere else is indexed and remembered. Then an `rlm-mcp`
command is started on it and killed by SIGKILL at an instant drawn evenly over the time the command
takes, and every other time over the time in which it writes to its home. In turn the whole tree of
processes is killed, or the first one only, and then the rest has to be gone within two seconds.
After each kill, before all is put back for the next one:

- everything opens, under the key before or the one after: the crystal of before or of after whole,
  every episode, trace and setting that was there;
- none of the words stands in clear, or in base64, in any file or file name below the home and the
  temporary folder, nor in one that is new in /dev/shm;
- the next index works, and its crystal holds the files as they are: by the command every tenth
  time, else as it does it, in this process.

Exits 1 where any of it fails, and says at which instant of which command.
"""

import argparse
import base64
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
from rlm_crystal.build import build
from rlm_crystal.codec import from_pages, to_pages
from rlm_crystal.errors import CrystalError, NoCrystal
from rlm_crystal.estate import Corpus, Estate
from rlm_crystal.gate import Gate
from rlm_crystal.home import Home, corpus_id
from rlm_memory.errors import RecallError
from rlm_memory.memory import Memory
from rlm_memory.types import Episode

RLM_MCP = Path(sys.executable).with_name("rlm-mcp")
IN_TEXT, IN_PATH, IN_SYMBOL = "quizzaciouslyplain", "zephyrhaunt", "FlimmerkistenMotor"
WORDS = (IN_TEXT, IN_PATH, IN_SYMBOL)
COMMANDS = {
    "first": ("index",),
    "rebuild": ("index",),
    "refresh": ("search", f"{IN_TEXT} changed"),
    "ask": ("ask", f"where is {IN_TEXT} returned"),
    "rotate": ("key", "rotate"),
}
GONE_WITHIN_S = 2.0
SHARED = Path("/dev/shm")


@dataclass(slots=True)
class Findings:
    """What was seen of one act: how often crystal and key of before and of after were left, how
    often the command was over before it could be killed, and everything that should not be."""

    act: str
    seconds: float
    seconds_writing: float
    kills: int = 0
    before: int = 0
    after: int = 0
    over: int = 0
    wrong: list[str] = field(default_factory=list)

    def quicker(self, instant_s: float, *, writing: bool) -> None:
        """It was over before this instant: from now on kill it earlier."""
        self.over += 1
        if writing:
            self.seconds_writing = min(self.seconds_writing, instant_s)
        else:
            self.seconds = min(self.seconds, instant_s)


@dataclass(frozen=True, slots=True)
class Held:
    """What a home holds: the texts of its crystal (None without one), and the rest."""

    key: str
    texts: dict[str, str] | None
    episodes: frozenset[str]
    traces: frozenset[str]
    settings: bytes | None


@dataclass(frozen=True, slots=True)
class Place:
    """A corpus, its home and a folder for temporary files, all below one folder."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "corpus"

    @property
    def environ(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("RLM_")}
        return plain | {
            "RLM_HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "scratch"),
        }

    def start(self, *arguments: str) -> psutil.Popen:
        rooted = () if arguments[0] == "key" else ("--root", str(self.root))
        return psutil.Popen(
            [RLM_MCP, *arguments, *rooted],
            env=self.environ,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self, *arguments: str) -> int:
        return self.start(*arguments).wait(timeout=120)

    def set_back(self, kept: Path, act: str) -> None:
        """All as it was kept, with what the act is about to find."""
        for path in self.folder.iterdir():
            shutil.rmtree(path)
        shutil.copytree(kept, self.folder, dirs_exist_ok=True)
        if act == "first":
            for crystal in self.folder.glob("home/data/*/corpora/*/crystal"):
                shutil.rmtree(crystal)
        if act in ("rebuild", "refresh"):
            changed = self.root / IN_PATH / "changed.py"
            changed.write_text(f"def changed():\n    return {IN_TEXT!r}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill, and open what is left.")
    parser.add_argument("--runs", type=int, default=50, help="kills of each act (default 50)")
    parser.add_argument("--acts", default=",".join(COMMANDS), help="which, separated by commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for found in kill_all(
            Path(folder), options.acts.split(","), runs=options.runs, seed=options.seed
        ):
            print(json.dumps(asdict(found)) if options.json else in_words(found), flush=True)
            failed = failed or bool(found.wrong)
    sys.exit(failed)


def kill_all(folder: Path, acts: Sequence[str], *, runs: int, seed: int) -> Iterator[Findings]:
    """Kill each act `runs` times, all on one place that is set back before each."""
    place, kept = Place(folder / "place"), folder / "kept"
    prepare(place)
    shutil.copytree(place.folder, kept)
    chance = random.Random(seed)
    for act in acts:
        yield kill_act(place, kept, act, runs=runs, chance=chance)


def prepare(place: Place) -> None:
    """A corpus that is indexed, with a memory, a trace and settings."""
    code = place.root / IN_PATH
    code.mkdir(parents=True)
    (place.folder / "scratch").mkdir()
    (code / f"{IN_PATH}.py").write_text(
        f'class {IN_SYMBOL}:\n    """Is {IN_TEXT} to everyone."""\n\n'
        f"    def spin(self) -> str:\n        return {IN_TEXT!r}\n"
    )
    for number in range(20):
        (code / f"part{number}.py").write_text(
            f"from {IN_PATH} import {IN_SYMBOL}\n\n\n"
            f'def part_{number}():\n    """Part {number} is {IN_TEXT}."""\n'
            f"    return {IN_SYMBOL}().spin() * {number}\n"
        )
    index_here(place)
    estate = estate_of(place)
    ((corpus,), _) = estate.corpora()
    estate.settings().put("settings", b"{}")
    estate.traces(corpus).put("trace-0", f"how {IN_SYMBOL} was found".encode())
    memory = Memory.open(estate.memory_folder(corpus), estate.keyring, scope=corpus.id)
    question = f"What does {IN_SYMBOL} do in {IN_PATH}?"
    memory.remember(Episode.of_answer(question, f"It is {IN_TEXT}.", time_s=1.0))
    memory.close()


def kill_act(place: Place, kept: Path, act: str, *, runs: int, chance: random.Random) -> Findings:
    """Kill one act until it was killed `runs` times."""
    place.set_back(kept, act)
    before, began_s = held(place), time.monotonic()
    process = place.start(*COMMANDS[act])
    until_written(process, place)
    writing_s = time.monotonic()
    assert process.wait(timeout=120) == 0
    ended_s = time.monotonic()
    after = held(place)
    found = Findings(act, ended_s - began_s, ended_s - writing_s)
    while found.kills < runs:
        place.set_back(kept, act)
        shared = files_in(SHARED)
        from_write = found.kills % 2 == 0
        process = place.start(*COMMANDS[act])
        if from_write:
            until_written(process, place)
        most_s = found.seconds_writing if from_write else found.seconds
        instant_s = chance.uniform(0, most_s)
        wrong = kill_at(process, instant_s, tree=found.kills % 4 < 2)
        if wrong is None:
            found.quicker(instant_s, writing=from_write)
            continue
        wrong += left_wrong(place, found, before, after)
        wrong += in_clear([path for path in files_in(SHARED) if path not in shared])
        wrong += next_index(place, by_command=found.kills % 10 == 0)
        found.kills += 1
        since = "its first write" if from_write else "its start"
        found.wrong += [f"killed {instant_s:.3f} s after {since}: {each}" for each in wrong]
    return found


def left_wrong(place: Place, found: Findings, before: Held, after: Held) -> list[str]:
    """What is wrong with what was left; counts whether it is that of before."""
    wrong = in_clear([*files_in(place.folder / "home"), *files_in(place.folder / "scratch")])
    try:
        left = held(place)
    except (CrystalError, RecallError, OSError, ValueError) as error:
        return [*wrong, f"{type(error).__name__}: {error}"]
    as_before = (left.texts, left.key) == (before.texts, before.key)
    found.before += as_before
    found.after += not as_before
    return wrong + judged(left, before, after)


def until_written(process: psutil.Popen, place: Place) -> None:
    """Wait until the process writes to its home, or ends; taking a lock is no writing."""
    known = written(place)
    while process.poll() is None and written(place) == known:
        time.sleep(0.001)


def written(place: Place) -> set[tuple[Path, int]]:
    stats: set[tuple[Path, int]] = set()
    for path in files_in(place.folder / "home"):
        with suppress(FileNotFoundError):
            if path.is_file() and "lock" not in path.name:
                stats.add((path, path.stat().st_mtime_ns))
    return stats


def kill_at(process: psutil.Popen, instant_s: float, *, tree: bool) -> list[str] | None:
    """Kill it then, and wait until every process is gone; what outlived it.

    None where it was over before: the machine may be less busy than when it was measured.
    """
    with suppress(psutil.TimeoutExpired):
        process.wait(timeout=instant_s)
        return None
    family = process.children(recursive=True)
    for each in [process, *(family if tree else [])]:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    process.wait(timeout=GONE_WITHIN_S)
    _, alive = psutil.wait_procs(family, timeout=GONE_WITHIN_S)
    return [
        f"process {each.pid} outlives a kill of the first" for each in alive if not is_dead(each)
    ]


def is_dead(process: psutil.Process) -> bool:
    """Whether it only waits for the system to take note of its end."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def judged(left: Held, before: Held, after: Held) -> list[str]:
    """What was lost, or is neither as before nor as after."""
    wrong: list[str] = []
    if left.texts not in (before.texts, after.texts):
        wrong.append("the crystal is neither that of before nor that of after")
    if not before.episodes <= left.episodes <= before.episodes | after.episodes:
        wrong.append("the memory lost or made something")
    if not before.traces <= left.traces:
        wrong.append("a trace is lost")
    if left.settings != before.settings:
        wrong.append("the settings are lost")
    return wrong


def next_index(place: Place, *, by_command: bool) -> list[str]:
    """What is wrong with the index that is made after; no lock may hold it up."""
    try:
        if by_command:
            if code := place.run("index"):
                return [f"the next index exits {code}"]
        else:
            index_here(place)
    except (psutil.TimeoutExpired, CrystalError) as error:
        return [f"the next index fails: {error}"]
    on_disk = {
        path.relative_to(place.root).as_posix(): path.read_text()
        for path in files_in(place.root)
        if path.is_file()
    }
    return [] if held(place).texts == on_disk else ["the next index holds other files"]


def index_here(place: Place) -> None:
    estate = estate_of(place)
    store = estate.crystal(Corpus(corpus_id([place.root]), (place.root,)))
    with store.lock(5):
        crystal = build([place.root], workers=0)
        store.write_generation(to_pages(crystal), timeout_s=5)


def held(place: Place) -> Held:
    """All that the home holds, every page of it opened."""
    estate = estate_of(place)
    corpora, damaged = estate.corpora()
    if damaged or len(corpora) != 1:
        raise ValueError(f"{len(corpora)} corpora, damaged: {list(damaged)}")
    corpus = corpora[0]
    store, traces = estate.crystal(corpus), estate.traces(corpus)
    texts = None
    with suppress(NoCrystal):
        wrong = store.verify()
        if wrong:
            raise ValueError(f"pages: {wrong}")
        crystal = from_pages(store.hold().read)
        texts = {entry.path: crystal.text(entry.path) for entry in crystal.files}
    memory = Memory.open(estate.memory_folder(corpus), estate.keyring, scope=corpus.id)
    try:
        stats = memory.stats()
        if stats.damaged or stats.altered:
            raise ValueError("the memory is damaged")
        found = memory.recall(" ".join(WORDS), limit=50).found
        if len(found) != stats.episodes:
            raise ValueError("an episode is not found")
    finally:
        memory.close()
    for name in traces.names():
        traces.get(name)
    return Held(
        estate.keyring.check,
        texts,
        frozenset(each.episode.question for each in found),
        frozenset(traces.names()),
        estate.settings().get("settings"),
    )


def estate_of(place: Place) -> Estate:
    home = Home.from_environ(place.environ)
    return Estate(home, Gate.open(place.environ, home).keyring)


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*")) if folder.exists() else []


def in_clear(paths: Sequence[Path]) -> list[str]:
    """The files whose name or bytes show a word of the corpus, in clear or in base64."""
    shapes = [shape for word in WORDS for shape in (word.lower().encode(), *in_base64(word))]
    return [f"in clear: {path}" for path in paths if any(s in seen(path) for s in shapes)]


def seen(path: Path) -> bytes:
    try:
        content = path.read_bytes() if path.is_file() else b""
    except OSError:
        content = b""
    return path.name.lower().encode() + b"\n" + content.lower()


def in_base64(word: str) -> list[bytes]:
    """The middle of the word as base64 shows it, for each of the three alignments."""
    return [base64.b64encode(b"\0" * pad + word.encode())[4:-4].lower() for pad in range(3)]


def in_words(found: Findings) -> str:
    counted = (
        f"{found.act}: takes {found.seconds:.2f} s and writes for {found.seconds_writing:.2f};"
        f" {found.kills} killed, {found.over} over before; left as before {found.before},"
        f" as after {found.after}; wrong: {len(found.wrong)}"
    )
    return "\n  ".join([counted, *found.wrong])


if __name__ == "__main__":
    main()
