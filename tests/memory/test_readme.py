from pathlib import Path

import pytest


def test_the_example_in_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    readme = Path(__file__).parents[2] / "memory" / "README.md"
    _, example, *_ = readme.read_text(encoding="utf-8").split("```")
    exec(compile(example.removeprefix("python\n"), "README.md", "exec"), {})
