"""The commands: their documented JSON, their exit codes, and what they say of bad input."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import RLM_MCP, plain_environment, rlm_mcp, run_here

KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
OTHER_KEY = "enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmEwOTg3NjU="


def test_index_tells_what_was_indexed(repository: Path, home: Path) -> None:
    ran = run_here("index", "--root", repository, "--json", home=home)
    assert ran.code == 0, ran.err
    assert set(ran.json) == {
        "root", "files", "chunks", "clusters", "skipped", "tokens", "bytes_source",
        "bytes_sealed", "seconds", "generation",
    }  # fmt: skip
    assert ran.json["root"] == str(repository)
    assert ran.json["files"] == 4
    assert ran.json["bytes_sealed"] > 0


def test_a_dry_run_says_what_would_be_indexed_and_what_not_and_why(
    repository: Path, home: Path
) -> None:
    (repository / ".gitignore").write_text("build/\n")
    (repository / "build").mkdir()
    (repository / "build" / "out.py").write_text("x = 1\n")
    (repository / "logo.png").write_bytes(b"\x89PNG")
    (repository / "blob.py").write_bytes(b"\0" * 300)
    ran = run_here("index", "--dry-run", "--root", repository, "--json", home=home)
    assert ran.code == 0, ran.err
    assert ran.json["indexed"] == [
        ".gitignore", "README.md", "shop/__init__.py", "shop/cart.py", "shop/checkout.py",
    ]  # fmt: skip
    assert ran.json["left_out"] == [
        {"path": "blob.py", "reason": "binary"},
        {"path": "build/", "reason": "ignored by .gitignore"},
        {"path": "logo.png", "reason": "binary (.png)"},
    ]
    assert not home.exists()
    told = run_here("index", "--dry-run", "--verbose", "--root", repository, home=home).out
    assert "2 binary: blob.py, logo.png" in told
    assert "  shop/cart.py" in told.splitlines()


def test_search_finds_the_place_without_an_index_before(repository: Path, home: Path) -> None:
    ran = run_here("search", "sum the prices", "--root", repository, "--json", home=home)
    assert ran.code == 0, ran.err
    assert list(ran.json) == [
        "query", "results", "revision", "milliseconds", "partial", "coverage",
    ]  # fmt: skip
    assert (ran.json["partial"], ran.json["coverage"]) == (False, None)
    assert list(ran.json["results"][0]) == [
        "path", "start_line", "end_line", "symbol", "kind", "score", "snippet",
    ]  # fmt: skip
    assert "shop/cart.py" in [result["path"] for result in ran.json["results"][:2]]
    assert ran.json["revision"]["caught_up"]
    assert len(ran.json["revision"]["head"]) == 40


def test_text_of_the_corpus_does_not_steer_a_terminal(repository: Path, home: Path) -> None:
    (repository / "trap.py").write_text('def paint_red():\n    return "\x1b[2J\u202e"\n')
    ran = run_here("search", "--root", repository, "paint_red", home=home)
    assert ran.code == 0, ran.err
    assert r'return "\x1b[2J\u202e"' in ran.out
    assert not set("\x1b\u202e") & set(ran.out)


@pytest.mark.usefixtures("indexed")
def test_search_counts_every_line_with_a_match(repository: Path, home: Path) -> None:
    ran = run_here(
        "search",
        "--mode",
        "regex",
        r"lang:python ^def \w+",
        "--root",
        repository,
        "--json",
        home=home,
    )
    assert ran.code == 0, ran.err
    counts = ["total", "files", "complete", "note"]
    assert [name for name in ran.json if name in counts] == counts
    assert ran.json["complete"]
    assert ran.json["total"] == len(ran.json["results"]) > 0
    assert all(result["snippet"].startswith("def ") for result in ran.json["results"])
    wrong = run_here("search", "--mode", "regex", "(", "--root", repository, home=home)
    assert (wrong.code, wrong.out) == (1, "")
    assert "unclosed group" in wrong.err


def test_the_root_is_the_git_root_above_the_working_directory(
    repository: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "shop")
    ran = run_here("index", "--json", home=home)
    assert ran.json["root"] == str(repository)


def test_ask_answers_with_checked_citations(repository: Path, home: Path) -> None:
    ran = run_here(
        "ask", "how is the total price computed", "--root", repository, "--json", home=home
    )
    assert ran.code == 0, ran.err
    assert list(ran.json) == [
        "question", "answer", "citations", "provider", "iterations", "subcalls", "tokens_in",
        "tokens_out", "cost_usd", "seconds", "limit_hit", "trace_id", "depth", "models",
        "route", "tokens_by",
    ]  # fmt: skip
    assert ran.json["provider"] == "extractive"
    assert {"shop/cart.py"} <= {c["path"] for c in ran.json["citations"] if c["verified"]}


@pytest.mark.usefixtures("indexed")
def test_ask_says_what_it_took_in_one_line(repository: Path, home: Path) -> None:
    ran = run_here("ask", "what does pay return", "--root", repository, home=home)
    assert ran.code == 0, ran.err
    assert "Citations:\n  shop/checkout.py:" in ran.out
    assert ran.out.splitlines()[-1].startswith("$0.0000, ")


def test_status_tells_what_there_is_and_builds_nothing(repository: Path, home: Path) -> None:
    before = run_here("status", "--root", repository, "--json", home=home)
    run_here("index", "--root", repository, home=home)
    after = run_here("status", "--root", repository, "--json", home=home)
    assert set(before.json) == {
        "state", "roots", "generation", "files", "chunks", "provider", "key_source", "sandbox",
    }  # fmt: skip
    assert (before.json["state"], before.json["files"]) == ("empty", 0)
    assert (after.json["state"], after.json["files"]) == ("secure", 4)
    assert after.json["key_source"] == "file"


def test_doctor_finds_every_part_in_order(repository: Path, home: Path) -> None:
    ran = run_here("doctor", "--json", home=home)
    assert ran.code == 0, ran.out
    parts = [finding["part"] for finding in ran.json["findings"]]
    assert {"python", "crypto", "key", "sandbox", "embedder", "grammar"} <= set(parts)


def test_doctor_tells_the_fix_for_a_model_without_its_package(home: Path) -> None:
    code = (
        "import sys; sys.modules['litellm'] = None\n"
        "from rlm_server.cli import run; sys.exit(run(['doctor']))"
    )
    ran = in_python(code, home=home, RLM_MODEL="openai/x", OPENAI_API_KEY="k")
    assert ran.returncode == 1
    assert "pip install 'rlm-mcp[litellm]'" in ran.stdout


def test_doctor_tells_what_a_model_lacks(home: Path) -> None:
    keyless = run_here("doctor", home=home, RLM_MODEL="ollama/a", RLM_SUB_MODEL="mistral/b")
    told = "FAIL  model: mistral/b needs a key: set MISTRAL_API_KEY"
    assert (keyless.code, told in keyless.out) == (1, True)
    local = run_here("doctor", home=home, RLM_MODEL="llamacpp/a", RLM_SUB_MODEL="ollama/b")
    assert (local.code, "ok    model: llamacpp/a; ollama/b reads for it" in local.out) == (0, True)


def test_doctor_tells_of_every_backend_and_the_fix_for_the_one_that_was_chosen(home: Path) -> None:
    code = (
        "import sys; sys.modules['wasmtime'] = None\n"
        "from rlm_server.cli import run; sys.exit(run(['doctor']))"
    )
    ran = in_python(code, home=home, RLM_SANDBOX="wasm")
    (line,) = (line for line in ran.stdout.splitlines() if "sandbox:" in line)
    assert line.startswith("warn")
    assert "wasm is missing: wasmtime" in line
    assert "kernel" in line
    assert "pip install 'rlm-mcp[wasm]'" in ran.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["search"],
        ["search", "x", "--limit", "99"],
        ["search", " "],
        ["search", "x" * 20_001],
        ["ask", ""],
        ["fly"],
        ["index", "--colour"],
    ],
)
def test_a_misuse_exits_with_two(home: Path, arguments: list[str]) -> None:
    assert run_here(*arguments, home=home).code == 2


def test_a_missing_root_is_named(home: Path) -> None:
    ran = run_here("index", "--root", "no-such-folder", home=home)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "rlm-mcp: no-such-folder does not exist; give a folder that does\n"


def test_a_script_is_told_of_a_failure_in_json_too(home: Path) -> None:
    ran = run_here("index", "--root", "no-such-folder", "--json", home=home)
    message = "no-such-folder does not exist; give a folder that does"
    assert (ran.code, ran.json) == (1, {"error": {"kind": "RootMissing", "message": message}})


def test_status_says_why_it_halted(repository: Path, home: Path) -> None:
    ran = run_here("status", "--root", repository, home=home, RLM_KEY="garbage")
    assert ran.out.startswith("State: halt (RLM_KEY must hold 32 random bytes")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_result_that_cannot_be_written_is_a_failure_in_words(home: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [RLM_MCP, "doctor"],
            env={**plain_environment(os.environ), "RLM_HOME": str(home)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr == "rlm-mcp: the result cannot be written: No space left on device\n"


@pytest.mark.usefixtures("indexed")
def test_a_home_that_cannot_be_written_still_answers(repository: Path, home: Path) -> None:
    run_here("ask", "what does pay return", "--root", repository, home=home)
    for kind in ("traces", "memory"):
        (folder,) = home.glob(f"data/*/corpora/*/{kind}")
        shutil.rmtree(folder)
        folder.touch()  # a file where a folder must be
    ran = run_here("ask", "what does pay return", "--root", repository, home=home)
    assert ran.code == 0, ran.err
    assert "This run could not be recorded" in ran.out


def test_the_home_folder_is_refused_as_a_root(home: Path, tmp_path: Path) -> None:
    ran = run_here("index", "--root", tmp_path, home=home, HOME=str(tmp_path))
    assert ran.code == 1
    assert "is the home folder" in ran.err


def test_another_key_is_refused_and_the_crystal_stays(repository: Path, home: Path) -> None:
    run_here("index", "--root", repository, home=home, RLM_KEY=KEY)
    wrong = run_here("search", "cart", "--root", repository, home=home, RLM_KEY=OTHER_KEY)
    right = run_here("search", "cart", "--root", repository, "--json", home=home, RLM_KEY=KEY)
    assert wrong.code == 1
    assert "sealed under key" in wrong.err
    assert right.json["results"]


@pytest.mark.usefixtures("indexed")
def test_a_truncated_crystal_is_told_and_indexing_again_heals_it(
    repository: Path, home: Path
) -> None:
    for page in home.rglob("*.page"):
        os.truncate(page, page.stat().st_size - 7)
    broken = run_here("search", "cart", "--root", repository, home=home)
    healed = run_here("index", "--root", repository, home=home)
    found = run_here("search", "cart", "--root", repository, "--json", home=home)
    assert broken.code == 1
    assert "index" in broken.err
    assert healed.code == 0, healed.err
    assert found.json["results"]


@pytest.mark.usefixtures("indexed")
def test_a_changed_byte_in_a_page_is_healed_by_indexing_again(repository: Path, home: Path) -> None:
    for page in home.rglob("*.page"):
        sealed = bytearray(page.read_bytes())
        sealed[len(sealed) // 2] ^= 1
        page.write_bytes(sealed)
    assert run_here("search", "cart", "--root", repository, home=home).code == 1
    assert run_here("index", "--root", repository, home=home).code == 0
    assert run_here("search", "cart", "--root", repository, home=home).code == 0


def test_without_cryptography_nothing_is_written(repository: Path, home: Path) -> None:
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        f"from rlm_server.cli import run; sys.exit(run(['index', '--root', {str(repository)!r}]))"
    )
    ran = in_python(code, home=home)
    assert ran.returncode == 1
    assert "pip install 'cryptography" in ran.stderr
    assert not [path for path in home.rglob("*") if path.is_file()]


@pytest.mark.usefixtures("indexed")
def test_a_file_deleted_after_indexing_is_no_result(repository: Path, home: Path) -> None:
    (repository / "shop" / "checkout.py").unlink()
    ran = run_here("search", "purse money", "--root", repository, "--json", home=home)
    assert ran.code == 0, ran.err
    assert "shop/checkout.py" not in [result["path"] for result in ran.json["results"]]
    assert ran.json["revision"]["caught_up"]


def test_files_that_cannot_be_indexed_do_not_stop_the_rest(repository: Path, home: Path) -> None:
    (repository / "logo.dat").write_bytes(bytes(range(256)) * 40)
    (repository / "long.txt").write_bytes(b"a" * 10_000)
    os.truncate(repository / "long.txt", 100_000_000)
    unreadable = repository / "shop" / "closed.py"
    unreadable.write_text("x = 1\n")
    unreadable.chmod(0)
    ran = run_here("index", "--root", repository, "--json", home=home)
    unreadable.chmod(0o600)
    assert ran.code == 0, ran.err
    assert ran.json["files"] >= 4
    assert ran.json["skipped"] >= 2


def test_a_workspace_full_of_traps_runs_none_of_its_code(repository: Path, home: Path) -> None:
    trap = f"open({str(home.parent / 'sprung')!r}, 'w')\n"
    for name in ("types", "json", "typing", "server", "rlm_server", "sitecustomize", "anyio"):
        (repository / f"{name}.py").write_text(trap)
    (repository / ".env").write_text("RLM_MODEL=openai/evil\nRLM_KEY=nonsense\n")
    ran = rlm_mcp("ask", "what is a cart", "--json", home=home, cwd=repository)
    assert ran.code == 0, ran.err
    assert ran.json["provider"] == "extractive"
    assert not (home.parent / "sprung").exists()


def in_python(code: str, *, home: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run code that breaks something and then calls the command line."""
    return subprocess.run(
        [sys.executable, "-I", "-c", code],
        env={**plain_environment(os.environ), "RLM_HOME": str(home), **environ},
        capture_output=True,
        text=True,
        cwd=home.parent,
    )


def test_search_now_answers_without_indexing_and_from_the_index_once_there_is_one(
    repository: Path, home: Path
) -> None:
    asked = ("search", "--now", "--json", "--root", repository, "sum of all prices")
    before = run_here(*asked, home=home)
    unindexed = run_here("status", "--json", "--root", repository, home=home)
    run_here("index", "--root", repository, home=home)
    after = run_here(*asked, home=home)
    assert before.json["results"][0]["path"] == "shop/cart.py"
    assert before.json["partial"]
    assert before.json["coverage"]["files_read"] == before.json["coverage"]["files_total"] == 4
    assert unindexed.json["state"] == "empty"
    assert (after.json["partial"], after.json["coverage"]) == (False, None)


def test_what_needs_an_index_is_refused_now_and_does_not_wait(repository: Path, home: Path) -> None:
    asked = ("search", "--now", "--json", "--root", repository, "symbol:total_price")
    ran = run_here(*asked, home=home)
    assert ran.code == 1
    assert ran.json["error"]["kind"] == "NoCrystal"
    assert "rlm-mcp index" in ran.json["error"]["message"]
