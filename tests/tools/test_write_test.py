import os
import subprocess
import sys

import pytest
from rlm_tools.errors import BadArgument
from rlm_tools.test import WriteTestArguments, write_test
from rlm_tools.testing.python_module import PythonModule, module_of

PROJECT = {
    "src/shop/__init__.py": "def cart():\n    return 'shadows the module of that name'\n",
    "src/shop/cart.py": '''\
import asyncio
import functools
from dataclasses import dataclass
from pathlib import Path


def total(net: float, /, rate: float = 1.2, *extras: int, rounded: bool, **rest) -> float:
    """The price.

    >>> total(1, rounded=True)
    """
    Path("written").write_text("a side effect")
    return net


def nothing():
    Path("written").write_text("a side effect")


@functools.lru_cache
def cached(a):
    return a


async def fetch(url):
    await asyncio.sleep(0)


@dataclass
class Line:
    price: float

    def gross(self, rate):
        return self.price * rate

    @property
    def net(self):
        return self.price

    @classmethod
    def free(cls):
        return cls(0)


def outer():
    def inner():
        return 1

    return inner


if True:

    def sometimes():
        return 1


gone = total
del gone
''',
    "scripts/do-it.py": "def act(a):\n    return a\n",
    "scripts/run.py": "def main():\n    raise SystemExit(3)\n\n\nmain()\n",
}
SYMBOLS = [
    "", "total", "nothing", "cached", "fetch", "Line", "Line.gross", "Line.net", "Line.free",
    "outer", "sometimes",
]  # fmt: skip


async def written(host, silence, path, symbol=""):
    return await write_test(host, WriteTestArguments(path=path, symbol=symbol), silence)


def run_pytest(folder):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    environment = {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
            "--import-mode=importlib", "-c", os.devnull, "--rootdir", str(folder), str(folder),
        ],
        cwd=folder.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )  # fmt: skip


@pytest.mark.asyncio
async def test_every_scaffold_of_a_project_really_runs_and_passes(plant, host_of, silence):
    root = plant(PROJECT)
    host = host_of(root)
    replies = [await written(host, silence, "src/shop/cart.py", symbol) for symbol in SYMBOLS]
    replies.append(await written(host, silence, "scripts/do-it.py", "act"))
    folder = root / "tests"
    folder.mkdir()
    for number, reply in enumerate(replies):
        assert reply.framework == "pytest"
        (folder / f"test_{number}.py").write_text(reply.code, "utf-8")
    done = run_pytest(folder)
    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout
    assert not (root / "written").exists()


@pytest.mark.asyncio
async def test_a_scaffold_fails_once_the_signature_changes(plant, host_of, silence):
    root = plant(PROJECT)
    reply = await written(host_of(root), silence, "src/shop/cart.py", "Line.gross")
    folder = root / "tests"
    folder.mkdir()
    (folder / "test_it.py").write_text(reply.code, "utf-8")
    module = root / "src" / "shop" / "cart.py"
    module.write_text(module.read_text("utf-8").replace("gross(self, rate)", "gross(self)"))
    assert run_pytest(folder).returncode == 1


@pytest.mark.asyncio
async def test_what_cannot_be_imported_is_refused_with_the_reason(plant, host_of, silence):
    host = host_of(plant({**PROJECT, "bad.py": "def f(:\n", "a.sql": "SELECT 1;\n"}))
    with pytest.raises(BadArgument, match="inside a function"):
        await written(host, silence, "src/shop/cart.py", "outer.inner")
    with pytest.raises(BadArgument, match="runs the program"):
        await written(host, silence, "scripts/run.py")
    with pytest.raises(BadArgument, match="does not parse"):
        await written(host, silence, "bad.py")
    with pytest.raises(BadArgument, match="no test scaffold for sql"):
        await written(host, silence, "a.sql")


PATHS = {"src/pkg/__init__.py", "src/pkg/a.py", "pkg/sub/__init__.py", "pkg/__init__.py"}


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("src/pkg/a.py", PythonModule("src", "pkg.a")),
        ("src/pkg/__init__.py", PythonModule("src", "pkg")),
        ("pkg/sub/x.py", PythonModule("", "pkg.sub.x")),
        ("src/space/deep/x.py", PythonModule("src", "space.deep.x")),
        ("scripts/tool.py", PythonModule("scripts", "tool")),
        ("tool.py", PythonModule("", "tool")),
        ("scripts/do-it.py", PythonModule("scripts", None)),
        ("class.py", PythonModule("", None)),
    ],
)
def test_the_module_of_a_path_is_told_from_its_packages(path, module):
    assert module_of(path, PATHS) == module


OTHERS = {
    "web/package.json": '{"devDependencies": {"vitest": "1"}}',
    "web/src/cart.ts": "export function total(a: number) { return a }\nfunction hidden() {}\n",
    "old/cart.js": "function total(a) { return a }\nmodule.exports = { total };\n",
    "go/cart.go": "package cart\n\ntype Cart struct{}\n\nfunc (c *Cart) Total() int { return 1 }\n",
    "rs/src/cart.rs": "pub fn total(a: i32) -> i32 { a }\npub fn any<T>(a: T) {}\n",
    "j/src/main/java/a/Cart.java": (
        "package a;\npublic class Cart { int total(int a) { return a; } }\n"
    ),
}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "framework", "test_path", "line"),
    [
        ("web/src/cart.ts", "vitest", "web/src/cart.test.ts", "import * as subject from './cart';"),
        ("old/cart.js", "node", "old/cart.test.js", "const subject = require('./cart.js');"),
        ("go/cart.go", "go test", "go/cart_generated_test.go", "\t_ = (*Cart).Total"),
        ("rs/src/cart.rs", "cargo test", "rs/src/cart.rs", "        let _ = total;"),
        (
            "j/src/main/java/a/Cart.java",
            "JUnit 5",
            "j/src/test/java/a/CartGeneratedTest.java",
            '        assertTrue(names.contains("total"));',
        ),
    ],
)
async def test_other_languages_get_the_projects_own_framework(
    plant, host_of, silence, path, framework, test_path, line
):
    reply = await written(host_of(plant(OTHERS)), silence, path)
    assert (reply.framework, reply.test_path) == (framework, test_path)
    assert line in reply.code.split("\n")


GOOD = """```python
import importlib

subject = importlib.import_module("shop.cart")


def test_total():
    assert subject.total(1, rounded=True) == 1
```"""


@pytest.mark.asyncio
async def test_a_models_test_is_taken_when_it_parses_and_imports_the_subject(
    plant, host_of, silence
):
    reply = await written(host_of(plant(PROJECT), GOOD), silence, "src/shop/cart.py", "total")
    assert reply.author == "scripted"
    assert reply.code.startswith("import importlib\n")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("```python\ndef broken(:\n```", "does not parse"),
        ("```python\nx = 1\n```", "no test function"),
        ("```python\ndef test_a():\n    pass\n```", "does not load the subject"),
    ],
)
async def test_a_models_bad_test_gives_way_to_the_scaffold(plant, host_of, silence, answer, reason):
    reply = await written(host_of(plant(PROJECT), answer), silence, "src/shop/cart.py", "total")
    assert reply.author == "the signature"
    assert reason in reply.notes[0]
    assert "def test_total_has_its_signature" in reply.code
