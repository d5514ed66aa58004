"""A small repository and a home of its own for each test."""

from pathlib import Path

import pytest
from command_line import RLM_MCP
from mcp import StdioServerParameters
from small_repository import make_repository
from workspace import seal


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def indexed(repository: Path, home: Path) -> None:
    """The repository is indexed before it is served: in this process that costs little."""
    seal(home, repository)


@pytest.fixture
def server(repository: Path, home: Path) -> StdioServerParameters:
    """How a client starts the real server on the repository."""
    return StdioServerParameters(
        command=str(RLM_MCP),
        args=["serve", "--root", str(repository)],
        env={"RLM_HOME": str(home)},
        cwd=repository,
    )
