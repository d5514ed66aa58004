from collections.abc import Callable
from functools import partial
from pathlib import Path

import planting
import pytest
from rlm_crystal.build import build
from rlm_engine.model import Completion
from rlm_tools.host import Revision, View


class ScriptedModel:
    """Answers with the given texts in order, and keeps what it was asked."""

    name = "scripted"

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.asked: list[str] = []

    async def complete(self, messages, *, max_tokens):
        self.asked.append("\n".join(message.content for message in messages))
        return Completion(self.replies.pop(0), 1, 1, 0.0)

    def worst_case_usd(self, tokens_in, tokens_out):
        return 0.0


class SmallHost:
    """The part of the service that the code-aware tools use, over a real crystal."""

    def __init__(self, root: Path, model: ScriptedModel | None) -> None:
        self.roots = (root,)
        self.crystal = build([root], workers=0)
        self._model = model

    async def view(self, progress):
        return View(self.crystal, Revision("", 0, True))

    async def confirm(self, view, paths, progress):
        return view

    async def model(self):
        return self._model


@pytest.fixture
def plant(tmp_path) -> Callable[[dict[str, str]], Path]:
    return partial(planting.plant, tmp_path / "project")


@pytest.fixture
def host_of():
    def make(root: Path, *replies: str) -> SmallHost:
        return SmallHost(root, ScriptedModel(*replies) if replies else None)

    return make


@pytest.fixture
def silence():
    return lambda progress: None
