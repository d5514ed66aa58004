"""A small repository and a home of its own."""

from pathlib import Path

import pytest
from small_repository import make_repository
from workspace import seal


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"RLM_HOME": str(tmp_path / "home")}


@pytest.fixture
def indexed(repository: Path, environ: dict[str, str]) -> None:
    """The repository is indexed before it is served: in this process that costs little."""
    seal(Path(environ["RLM_HOME"]), repository)
