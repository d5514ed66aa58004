"""The completion of shells, asked as a shell asks it."""

import shutil
import subprocess
from pathlib import Path

import pytest
from command_line import run_here

pytest.importorskip("shtab", reason="shtab is not installed here")

_ASK = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
asked=$(complete -p rlm-mcp | sed 's/.*-F \\([^ ]*\\).*/\\1/')
$asked rlm-mcp "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
echo "${COMPREPLY[*]}"
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_commands_options_values_and_folders(tmp_path: Path, home: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    script = tmp_path / "script"
    script.write_text(run_here("completion", "bash", home=home).out)

    def asked(*words: str) -> list[str]:
        ran = subprocess.run(
            ["bash", "--norc", "-c", _ASK, "bash", script, "rlm-mcp", *words],
            capture_output=True, text=True, check=True, cwd=tmp_path,
        )  # fmt: skip
        return ran.stdout.split()

    assert asked("in") == ["index", "init"]
    assert asked("init", "c") == ["claude-code", "claude-desktop", "cursor", "codex"]
    assert asked("memory", "forget", "--z") == ["--zone"]
    assert asked("search", "x", "--mode", "") == ["words", "literal", "regex"]
    assert asked("index", "--root", "f") == ["folder"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_has_a_script_that_names_every_command(shell: str, home: Path) -> None:
    ran = run_here("completion", shell, home=home)
    assert ran.code == 0
    assert all(command in ran.out for command in ("serve", "doctor", "consolidate", "rotate"))
