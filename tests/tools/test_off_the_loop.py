"""What a tool asks of the crystal it asks in another thread, so that no call holds up the rest."""

import threading
from pathlib import Path
from typing import Any

import pytest
from rlm_crystal.build import build
from rlm_tools.explain import ExplainArguments, explain
from rlm_tools.host import Revision, View
from rlm_tools.review import ReviewArguments, review
from rlm_tools.search import SearchArguments, search
from rlm_tools.test import WriteTestArguments, write_test

CALLS = [
    (explain, ExplainArguments(path="shop.py", symbol="total")),
    (review, ReviewArguments(path="shop.py")),
    (search, SearchArguments(query="total")),
    (write_test, WriteTestArguments(path="shop.py", symbol="total")),
]


class Watched:
    """A crystal that notes which threads ask it something."""

    def __init__(self, root: Path) -> None:
        self._crystal = build([root], workers=0)
        self.threads: set[int] = set()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._crystal, name)
        if not callable(found):
            self.threads.add(threading.get_ident())
            return found

        def asked(*arguments: Any, **named: Any) -> Any:
            self.threads.add(threading.get_ident())
            return found(*arguments, **named)

        return asked


class Host:
    def __init__(self, root: Path) -> None:
        self.roots = (root,)
        self.crystal = Watched(root)

    async def view(self, progress):
        return View(self.crystal, Revision("", 0, True))

    async def confirm(self, view, paths, progress):
        return view

    async def glance(self, query, progress, *, limit, path_glob, language):
        return None

    async def model(self):
        return None


@pytest.mark.parametrize(
    ("tool", "arguments"), CALLS, ids=lambda part: getattr(part, "__name__", "")
)
@pytest.mark.asyncio
async def test_a_tool_leaves_the_event_loop_free(tool, arguments, plant, silence) -> None:
    host = Host(plant({"shop.py": "def total(cart):\n    return sum(cart)\n"}))
    await tool(host, arguments, silence)
    assert host.crystal.threads
    assert threading.get_ident() not in host.crystal.threads
