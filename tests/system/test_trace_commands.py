"""`rlm-mcp trace` on real runs: by the extractive root, and by a model behind litellm."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import RLM_MCP, Ran, plain_environment, run_here
from rlm_engine.trace import Trace, Tracing
from rlm_sandbox.availability import available
from rlm_sandbox.redact import Redaction
from rlm_server.settings import Recording
from rlm_server.traces.keeping import RunRecord
from rlm_server.traces.opening import Traces
from scripted_server import Reply, by_model, in_turn, scripted_server
from small_repository import make_repository

needs_sandbox = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")

QUESTION = "how is the total price computed"
ATTACK = "<script>document.title='owned'</script><style>*{display:none}</style>\x1b[2J\u202e"
KEY = "sk-planted-0123456789abcdef"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """A repository, a home, and the id of a run by the extractive root."""
    folder = tmp_path_factory.mktemp("asked")
    repository, home = make_repository(folder), folder / "home"
    ran = run_here("ask", QUESTION, "--root", repository, "--json", home=home)
    return repository, home, ran.json["trace_id"]


def trace(*arguments: str | Path, repository: Path, home: Path) -> Ran:
    return run_here("trace", *arguments, "--root", repository, home=home)


@needs_sandbox
def test_an_extractive_run_is_listed_and_shown(asked: tuple[Path, Path, str]) -> None:
    repository, home, trace_id = asked
    listed = trace("list", "--json", repository=repository, home=home).json
    (row,) = listed["traces"]
    assert list(row) == [
        "trace_id", "started", "question", "provider", "iterations", "subcalls", "cost_usd",
        "seconds", "limit_hit", "error",
    ]  # fmt: skip
    assert (row["trace_id"], row["question"], row["provider"]) == (
        trace_id, QUESTION, "extractive",
    )  # fmt: skip
    assert (listed["total"], listed["unreadable"]) == (1, [])
    shown = trace("show", "last", repository=repository, home=home)
    assert shown.code == 0, shown.err
    assert trace("show", trace_id[:5].upper(), repository=repository, home=home).out == shown.out
    assert shown.out.startswith(f"Trace {trace_id}, 20")
    assert "├─ turn 1 at " in shown.out
    assert "\x1b" not in shown.out
    assert max(map(len, shown.out.splitlines())) <= 100
    record = trace("show", trace_id, "--json", repository=repository, home=home).json
    assert (record["format"], record["trace_id"], record["outcome"]["question"]) == (
        2, trace_id, QUESTION,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_terminal_is_shown_colours_and_nothing_else_that_steers_it(
    asked: tuple[Path, Path, str], tmp_path: Path
) -> None:
    assert "\x1b[1m" in _shown_on_a_terminal(*asked[:2])
    repository, home = make_repository(tmp_path), tmp_path / "home"
    vault = Traces.of((repository,), {"RLM_HOME": str(home)}, allow_wide=False).vault
    record = Trace(ATTACK, Redaction(), Tracing()).record({}, trace_id="aa11", started="2026-01-01")
    vault.put("trace-aa11", record)
    attacked = _shown_on_a_terminal(repository, home)
    assert "\\x1b[2J" in attacked
    assert "\x1b[2J" not in attacked


def _shown_on_a_terminal(repository: Path, home: Path) -> str:
    """What `trace show last` writes to a pseudo-terminal."""
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        with os.fdopen(theirs, "wb") as shown:
            subprocess.run(
                [RLM_MCP, "trace", "show", "last", "--root", repository],
                env={**plain_environment(os.environ), "RLM_HOME": str(home)},
                stdin=subprocess.DEVNULL, stdout=shown, check=True,
            )  # fmt: skip
        return terminal.read(65_536).decode()


def test_records_are_forgotten_by_name_by_age_and_all_and_never_by_mistake(tmp_path: Path) -> None:
    repository, home = make_repository(tmp_path), tmp_path / "home"
    traces = Traces.of((repository,), {"RLM_HOME": str(home)}, allow_wide=False)
    for trace_id in ("aa11", "aa22", "bb33", "cc44", "dd55"):
        record = Trace("why", Redaction(), Tracing()).record({})
        traces.vault.put(f"trace-{trace_id}", record)
    traces.vault.put("replies", b"{}")
    (folder,) = home.glob("data/*/corpora/*/traces")
    os.utime(folder / "trace-bb33.sealed", (1_000, 1_000))
    os.utime(folder / "replies.sealed", (1_000, 1_000))

    def forget(*arguments: str) -> Ran:
        return trace("forget", *arguments, "--json", repository=repository, home=home)

    assert (forget().code, forget("aa11", "--all").code) == (2, 2)
    several = forget("cc44", "aa")
    assert (several.code, "2 traces begin with" in several.err) == (1, True)
    assert len(traces.ids()) == 5
    assert forget("cc").json == {"deleted": 1, "left": 4}
    assert forget("--older-than", "1000").json == {"deleted": 1, "left": 3}
    assert traces.ids() == ("aa11", "aa22", "dd55")
    assert forget("--all").json == {"deleted": 3, "left": 0}
    assert traces.vault.names() == ("replies",)


def test_a_new_record_ends_those_past_their_days(tmp_path: Path) -> None:
    repository, home = make_repository(tmp_path), tmp_path / "home"
    vault = Traces.of((repository,), {"RLM_HOME": str(home)}, allow_wide=False).vault
    vault.put("trace-aa11", b"old")
    vault.put("trace-aa22", b"old")
    (folder,) = home.glob("data/*/corpora/*/traces")
    for name, days in (("aa11", 8), ("aa22", 6)):
        moment_s = time.time() - days * 86_400
        os.utime(folder / f"trace-{name}.sealed", (moment_s, moment_s))
    record = RunRecord(lambda: vault, Recording(days=7))
    record.keep("trace-bb33", Trace("why", Redaction(), Tracing()).record({}))
    assert (vault.names(), record.problems) == (("trace-aa22", "trace-bb33"), [])


@needs_sandbox
def test_what_recorded_questions_took_is_added_up(asked: tuple[Path, Path, str]) -> None:
    repository, home, trace_id = asked
    outcome = trace("show", trace_id, "--json", repository=repository, home=home).json["outcome"]
    told = run_here("stats", "--root", repository, "--json", home=home).json
    assert {name: told[name] for name in ("questions", "turns", "subcalls", "models")} == {
        "questions": 1, "turns": outcome["iterations"], "subcalls": outcome["subcalls"],
        "models": outcome["models"],
    }  # fmt: skip
    assert told["models"]["extractive"]["calls"] >= outcome["iterations"] > 0
    assert told["endings"] == {"answered": 1}
    text = run_here("stats", "--root", repository, "--days", "1", home=home).out
    assert text.startswith("1 question since 20")
    assert "  extractive: " in text
    none = run_here("stats", "--root", repository, "--days", "0", "--json", home=home).json
    assert (none["questions"], none["models"]) == (0, {})


@needs_sandbox
def test_a_page_is_written_only_where_it_is_asked_for_and_said_to_be_in_clear(
    asked: tuple[Path, Path, str], tmp_path: Path
) -> None:
    repository, home, trace_id = asked
    page = tmp_path / "run.html"
    before = set(home.parent.rglob("*"))
    printed = trace("html", trace_id, repository=repository, home=home)
    assert set(home.parent.rglob("*")) == before
    assert printed.out.startswith("<!DOCTYPE html>")
    assert "in clear" in printed.err
    told = trace("html", trace_id, "--to", page, repository=repository, home=home)
    assert f"{page} holds" in told.out
    assert "in clear" in told.out
    assert page.read_text() == printed.out.removesuffix("\n")
    assert page.stat().st_mode & 0o077 == 0
    again = trace("html", trace_id, "--to", page, repository=repository, home=home)
    assert (again.code, "exists" in again.err) == (2, True)
    (sealed,) = home.glob("data/*/corpora/*/traces")
    among = trace("html", trace_id, "--to", sealed / "x", repository=repository, home=home)
    assert (among.code, "sealed data" in among.err) == (2, True)


def test_a_trace_that_is_not_there_is_a_failure_in_words(repository: Path, home: Path) -> None:
    none = trace("show", "last", repository=repository, home=home)
    assert (none.code, none.err) == (
        1, "rlm-mcp: No run is recorded for these roots; rlm-mcp ask makes the first.\n",
    )  # fmt: skip
    assert trace("list", repository=repository, home=home).code == 0
    vault = Traces.of([repository], {"RLM_HOME": str(home)}, allow_wide=False).vault
    for name, started in (("aa1", "2026-01-02"), ("aa2", "2026-01-03"), ("ab3", "2026-01-01")):
        written = Trace(QUESTION, Redaction(), Tracing()).record({}, trace_id=name, started=started)
        vault.put(f"trace-{name}", written)
    wrong = trace("show", "zz", "--json", repository=repository, home=home)
    assert (wrong.code, wrong.json["error"]["kind"]) == (1, "NoTrace")
    several = trace("show", "aa", repository=repository, home=home)
    assert (several.code, several.err) == (
        1, "rlm-mcp: 2 traces begin with 'aa' (aa1, aa2); give more of one.\n",
    )  # fmt: skip
    assert trace("show", "", repository=repository, home=home).code == 1
    assert trace("show", "last", repository=repository, home=home).out.startswith("Trace aa2, ")
    listed = trace("list", "--limit", "2", repository=repository, home=home)
    assert [line[:3] for line in listed.out.splitlines()] == ["aa2", "aa1", "… a"]
    for record in home.rglob("trace-aa2.sealed"):
        record.write_bytes(record.read_bytes()[:-3])
    listed = trace("list", "--json", repository=repository, home=home)
    assert (listed.code, listed.json["unreadable"]) == (1, ["aa2"])
    assert trace("show", "aa2", repository=repository, home=home).code == 1


@pytest.mark.usefixtures("indexed")
@needs_sandbox
def test_a_run_by_a_model_that_writes_hostile_text_is_shown_harmlessly(
    repository: Path, home: Path, tmp_path: Path
) -> None:
    (repository / "shop" / "evil.py").write_text(f"EVIL = {ATTACK!r}\n")
    code = "print(context['shop/evil.py'].text); print(llm_query('say', 'x'))\n"
    root = in_turn(
        f"{ATTACK}\n```repl\n{code}raise ValueError({ATTACK!r})\n```",
        f"```repl\nFINAL({ATTACK!r})\n```",
    )
    with scripted_server(by_model(root=root, sub=in_turn(Reply(ATTACK)))) as server:
        ran = run_here(
            "ask", f"why {ATTACK}?", "--trace", "--root", repository, home=home,
            RLM_ROUTE="loop", RLM_TRACE_PROMPTS="full", RLM_MODEL="root", RLM_SUB_MODEL="sub",
            RLM_MODEL_URL=server.url, RLM_MODEL_KEY=KEY,
            RLM_PRICES='{"openai/root": [1, 1], "openai/sub": [1, 1]}',
        )  # fmt: skip
    assert ran.code == 0, ran.err
    assert [line[12:18] for line in ran.err.splitlines()] == [
        "run ov", "turn 1", "  sub-", "  2 li", "turn 2", "  1 li", "ended",
    ]  # fmt: skip
    assert "\x1b" not in ran.err
    models = run_here("stats", "--json", "--root", repository, home=home).json["models"]
    assert [(name, one["calls"], one["tokens_in"]) for name, one in models.items()] == [
        ("openai/root", 2, 200), ("openai/sub", 1, 100),
    ]  # fmt: skip
    shown = trace("show", "last", "--full", repository=repository, home=home).out
    assert "turn 2 at " in shown
    assert "1 sub-call to openai/sub: 100 → 20 tokens, $0.0001" in shown
    assert "TURNS. Reply with ```repl blocks." in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    page = tmp_path / "run.html"
    assert trace("html", "last", "--to", page, repository=repository, home=home).code == 0
    source = page.read_text()
    assert KEY not in source
    assert "<script" not in source
    assert source.count("<style") == 1
