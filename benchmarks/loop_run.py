"""One loop over one context against `slow_models.py`, by the python that has it.

Its figures go, as JSON, to the file that LOOP_FIGURES names.

    python benchmarks/loop_run.py ours|served|rlms|dspy --url URL --context FILE [--questions 3]

Each is used as its own introduction shows it, twice or more in one process: the first question pays
for what is imported late. Ours maps the file for every question, as a server does that keeps no
context; its crystal is of a small folder, since the index is measured elsewhere (`index.py`). Told
besides: what one trivial turn of the REPL alone takes (best of many), and how long the record is.
"""

import argparse
import asyncio
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

QUESTION = "What is in it?"
DOCUMENT_CHARS = 1 << 16
TURNS = 50
KEY = bytes(32)

Figures = dict[str, Any]


def ours(url: str, path: Path, questions: int) -> Figures:
    """`ask` over a sealed crystal; every run starts its own REPL."""
    return sealed_and_asked(url, path, questions, spares=False)


def served(url: str, path: Path, questions: int) -> Figures:
    """The same with a spare REPL at hand, as the server keeps one."""
    return sealed_and_asked(url, path, questions, spares=True)


def sealed_and_asked(url: str, path: Path, questions: int, *, spares: bool) -> Figures:
    """Both, over an index that another process made."""
    store = Path.cwd() / "index"
    subprocess.run([sys.executable, __file__, "index", "--context", store], check=True)
    return asyncio.run(_ours(url, path, questions, store, spares=spares))


def index(store: Path) -> None:
    """Seal a crystal of one small file, in a process of its own as an indexer is."""
    from rlm_crystal.build import build
    from rlm_crystal.codec import PagesInTurn
    from rlm_crystal.seal import Sealer
    from rlm_crystal.store import PageStore

    folder = store.parent / "small"
    folder.mkdir()
    (folder / "app.py").write_text("def handler():\n    return 1\n")
    pages = PagesInTurn(build([folder], workers=0))
    PageStore(store, Sealer(KEY), "benchmark").write_generation(pages)


async def _ours(url: str, path: Path, questions: int, store: Path, *, spares: bool) -> Figures:
    from rlm_crystal.codec import from_pages
    from rlm_crystal.seal import Sealer
    from rlm_crystal.store import PageStore
    from rlm_engine.equipment import Equipment
    from rlm_engine.loop import ask
    from rlm_engine.models.litellm_model import close_clients, models_from_environ
    from rlm_engine.trace import Tracing
    from rlm_sandbox.context import SharedContext
    from rlm_sandbox.sandbox import Sandbox
    from rlm_sandbox.spare import Spares

    crystal = from_pages(PageStore(store, Sealer(KEY), "benchmark").read)
    root, sub = models_from_environ(
        {"RLM_MODEL": "root", "RLM_SUB_MODEL": "sub", "RLM_MODEL_URL": url}
    )
    ahead = Spares() if spares else None
    watch = Watch()
    answers: list[str] = []
    record_bytes: list[int] = []
    for n in range(questions):
        with watch, SharedContext.from_documents(documents(path)) as context:
            answer = await ask(
                f"{QUESTION} ({n})",
                crystal=crystal,
                root=root,
                sub=sub,
                equipment=Equipment(context=context, spares=ahead),
                tracing=Tracing(keep=lambda _, record: record_bytes.append(len(record))),
            )
        answers.append(answer.answer)
    await close_clients()
    if ahead is not None:
        await ahead.close()
    with SharedContext.from_documents(documents(path)) as context:
        async with await Sandbox.start(context=context) as sandbox:
            turns: list[float] = []
            for _ in range(TURNS):
                begin_s = time.perf_counter()
                await sandbox.execute("x = 1\nprint(x)")
                turns.append(time.perf_counter() - begin_s)
    return told(watch, answers, turns) | {"record_bytes": max(record_bytes)}


def rlms(url: str, path: Path, questions: int) -> Figures:
    """rlms as its README shows it."""
    rlm: Any = importlib.import_module("rlm")
    loop = rlm.RLM(
        backend="openai",
        backend_kwargs={"model_name": "root", "base_url": url, "api_key": "none"},
        other_backends=["openai"],
        other_backend_kwargs=[{"model_name": "sub", "base_url": url, "api_key": "none"}],
        verbose=True,
    )
    text = path.read_text()
    watch = Watch()
    answers: list[str] = []
    for _ in range(questions):
        with watch:
            answers.append(loop.completion(text, root_prompt=QUESTION).response)
    local: Any = importlib.import_module("rlm.environments.local_repl")
    repl = local.LocalREPL(context_payload=text)
    return told(watch, answers, timed(lambda: repl.execute_code("x = 1\nprint(x)")))


def dspy(url: str, path: Path, questions: int) -> Figures:
    """dspy.RLM as its documentation shows it."""
    package: Any = importlib.import_module("dspy")
    root = package.LM("openai/root", api_base=url, api_key="none", cache=False)
    sub = package.LM("openai/sub", api_base=url, api_key="none", cache=False)
    package.configure(lm=root)
    loop = package.RLM("context, query -> answer", sub_lm=sub, max_llm_calls=100)
    text = path.read_text()
    watch = Watch()
    answers: list[str] = []
    for _ in range(questions):
        with watch:
            answers.append(str(loop(context=text, query=QUESTION).answer))
    interpreter: Any = importlib.import_module("dspy.primitives.python_interpreter")
    with interpreter.PythonInterpreter() as repl:
        variables = {"context": text}
        repl.execute("1", variables=variables)
        run = lambda: repl.execute("x = 1\nprint(x)", variables=variables)  # noqa: E731
        return told(watch, answers, timed(run, turns=3))


def timed(run: Any, turns: int = TURNS) -> list[float]:
    """Seconds of each of so many turns."""
    took: list[float] = []
    for _ in range(turns):
        begin_s = time.perf_counter()
        run()
        took.append(time.perf_counter() - begin_s)
    return took


class Watch:
    """Wall and CPU seconds of each question, children that have ended included."""

    def __init__(self) -> None:
        # From here on the memory of the process is watched.
        figures_path().with_suffix(".asking").touch()
        self.walls_s: list[float] = []
        self.cpus_s: list[float] = []

    def __enter__(self) -> None:
        self._began = time.perf_counter(), cpu_s()

    def __exit__(self, *_: object) -> None:
        self.walls_s.append(time.perf_counter() - self._began[0])
        self.cpus_s.append(cpu_s() - self._began[1])


def figures_path() -> Path:
    """Where the figures go."""
    return Path(os.environ["LOOP_FIGURES"])


def cpu_s() -> float:
    """CPU seconds of this process and of the children it has waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def told(watch: Watch, answers: list[str], turns: list[float]) -> Figures:
    """The figures of one process."""
    return {
        "walls_s": watch.walls_s,
        "cpus_s": watch.cpus_s,
        "answers": answers,
        "turn_ms": min(turns) * 1000,
    }


def documents(path: Path) -> Iterator[tuple[str, str]]:
    """The file as documents of 64 KiB, one at a time."""
    with path.open() as file:
        number = 0
        while text := file.read(DOCUMENT_CHARS):
            yield f"part/{number:06}.txt", text
            number += 1


LOOPS = {"ours": ours, "served": served, "rlms": rlms, "dspy": dspy}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("loop", choices=(*LOOPS, "index"))
    parser.add_argument("--url", default="")
    parser.add_argument("--context", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=3)
    options = parser.parse_args()
    if options.loop == "index":
        sys.exit(index(options.context))
    figures = LOOPS[options.loop](options.url, options.context, options.questions)
    figures_path().write_text(json.dumps(figures))
