"""Counts and superlatives, exact, each told so that it can be checked; and what is refused."""

# ruff: noqa: E501

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from planting import plant
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_engine.answer import Answer
from rlm_engine.equipment import Equipment
from rlm_engine.extractive import ExtractiveReader, ExtractiveRoot
from rlm_engine.extractive.listing import parse_listing
from rlm_engine.extractive.query import Having, Listing, Order
from rlm_engine.loop import ask
from rlm_sandbox.availability import available
from rlm_sandbox.context import SharedContext

FILES = {
    "pkg/big.py": '''\
"""Big."""
import json
import os
import warnings

LIMIT = os.environ.get("PKG_LIMIT")
urlpatterns = []


class Small:
    def one(self): ...


class Large(Small):
    """Has more."""

    # TODO: fewer
    def one(self, a, b=(1, 2), *, c="x, y", **rest): ...
    @staticmethod
    def two(): ...
    async def three(self):
        try:
            return LIMIT
        except ValueError:
            raise


def lonely(text="TODO, not a comment"):
    warnings.warn("old", DeprecationWarning)
    assert text
    return settings.DEBUG, getattr(settings, "CACHE_TTL", 3)
''',
    "pkg/empty.py": "",
    "pkg/other.py": "import json\n\n\ndef helper():\n    return json.dumps({})  # FIXME later\n",
    "web/app.js": 'const debug = require("debug"); // require("fs")\nfunction go(a, b) { debug(a); debug(b) }\n',
    "rust/lib.rs": "macro! {\n    pub async fn hidden(&self) {}\n}\npub fn seen() { unsafe { go() } }\n",
    "tests/test_big.py": "class TestBig:\n    def test_one(self): ...\n\n\nclass Helper: ...\n",
    "README.md": "# Pkg\n\nTODO: words.\n",
}  # fmt: skip

sandboxed = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")
Told = Callable[[str], Awaitable[Answer]]


@pytest.fixture(scope="module")
def crystal(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    return build([plant(tmp_path_factory.mktemp("pkg"), FILES)], workers=0)


@pytest_asyncio.fixture
async def told(crystal: Crystal) -> AsyncIterator[Told]:
    texts = ((entry.path, crystal.text(entry.path)) for entry in crystal.files)
    with SharedContext.from_documents(texts) as context:

        async def answer(question: str) -> Answer:
            root, sub = ExtractiveRoot(), ExtractiveReader()
            return await ask(
                question, crystal=crystal, root=root, sub=sub, equipment=Equipment(context=context)
            )

        yield answer


@sandboxed
@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("question", "begins", "named"),
    [
        ("which class has the most methods?", "3 methods, the most", ["`Large`, pkg/big.py:14"]),
        ("which functions have more than four parameters", "1 function with more", ["Large.one"]),
        ("how many Python files have no class", "2 Python files without classes", ["other.py:1"]),
        ("which files import both json and os", "1 file that imports `json`", ["pkg/big.py:2"]),
        ("how many TODO comments are there", "1 comment that contains `TODO`", ["big.py:17"]),
        ("how many TODOs and FIXMEs in pkg/", "3 lines that contain", ["pkg/other.py:5"]),
        ("what is the longest file in pkg", "31 lines, the most", ["pkg/big.py:1"]),
        ("how many lines of Python are in pkg/", "36 lines in 3 Python files", ["10 of them blank"]),
        ("which modules define urlpatterns", "1 file that defines `urlpatterns`", ["big.py:7"]),
        ("how many deprecation warnings does pkg/ raise", "1 deprecation warning", ["pkg/big.py:29"]),
        ("list all settings read in pkg/", "2 settings", ["DEBUG", "CACHE_TTL"]),
        ("how many test classes are there", "1 class that hold", ["`TestBig`"]),
        ("how many async functions are there", "2 async functions", ["hidden", "Large.three"]),
        ("how many unsafe blocks are in rust/", "1 `unsafe` block", ["rust/lib.rs:4"]),
        ("which files require the debug package", "1 file that imports `debug`", ["web/app.js:1"]),
        ("how many calls of debug are there", "2 calls of `debug`", ["web/app.js:2"]),
        ("how many classes outside tests lack a docstring", "1 class", ["`Small`"]),
        ("how many files are named README.md", "1 file", ["README.md:1"]),
        ("how long is the function lonely", "4 lines in 1 function named", ["big.py:28-31"]),
        ("how many times does the string `jso` occur", "3 occurrences of `jso`", ["json.dumps"]),
        ("how often is debug called", "2 calls of `debug`", ["web/app.js:2"]),
        ("how many callers does debug have", "1 function that calls `debug`", ["go"]),
        ("how many total lines of javascript are there", "2 lines in 1 JavaScript file", []),
        ("how many different settings are read", "2 settings", ["DEBUG", "CACHE_TTL"]),
        ("сколько классов в pkg/big.py", "Найдено 2", ["Large"]),
    ],
)  # fmt: skip
async def test_a_count_gives_the_number_first_and_cites_places(
    told: Told, question: str, begins: str, named: list[str]
) -> None:
    answer = await told(question)
    assert answer.answer.startswith(begins)
    assert [name for name in named if name not in answer.answer] == []
    assert [c for c in answer.citations if not c.verified] == []


@sandboxed
@pytest.mark.asyncio
@pytest.mark.parametrize(
    "question",
    [
        "how many functions are never called",
        "how many thread-safe classes are there",
        "which module is imported most often",
        "how many unused imports are there",
        "how many files are in the nowhere directory",
        "how many functions would fail under load",
        "how many top level functions are there",
        "how many functions are called in pkg/",
        "how many different classes are used",
        "how many exceptions are raised",
        "how many different lines mention TODO",
    ],
)
async def test_what_no_rule_decides_is_refused_and_not_counted(told: Told, question: str) -> None:
    answer = await told(question)
    assert answer.answer.startswith("I cannot count this exactly")


@pytest.mark.parametrize(
    ("text", "listing"),
    [
        ("the three longest functions in src",
         Listing("function", "functions", "all", "", "src", "", False,
                 order=Order(True, 3, "lines"))),
        ("classes with at least 2k lines and no docstring",
         Listing("class", "classes", "all", "", "", "", False, documented=False,
                 having=(Having("at least", 2000, "lines"),))),
        ("how many classes inherit from Field directly or indirectly outside tests",
         Listing("class", "classes", "subclass", "Field", "", "", True,
                 apart=("tests",), deep=True)),
    ],
)  # fmt: skip
def test_bounds_orders_and_places_left_out_are_read(text: str, listing: Listing) -> None:
    assert parse_listing(text) == listing
