"""What keeps the suite short, and does not fail a test for being slow: the machine may be busy.

The suite tries forty examples of each property; `HYPOTHESIS_EXAMPLES=1000 make unit` tries more.
"""

import compileall
import gc
import os
import sys
from collections.abc import Generator
from importlib.util import find_spec

import pytest
from hypothesis import settings

# A test's matrices are small: threads that wait for each other took twelve times the CPU of one.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_MODULES_MANY = 100
_modules_known = 0

_EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "40"))
settings.register_profile("unhurried", deadline=None, max_examples=_EXAMPLES)
settings.load_profile("unhurried")


def pytest_configure(config: pytest.Config) -> None:
    """The sandbox's child writes no bytecode: unless it lies there, each start compiles anew."""
    spec = find_spec("rlm_sandbox")
    if spec is not None and not hasattr(config, "workerinput"):
        for folder in spec.submodule_search_locations or ():
            compileall.compile_dir(folder, quiet=2)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, None, None]:
    """Collect what a file of tests left, and let the rest, which stays, never be walked again.

    It walked all of litellm a hundred times: a quarter of the CPU of tests/engine.
    """
    global _modules_known
    yield
    grown = len(sys.modules) > _modules_known + _MODULES_MANY
    if grown or nextitem is None or nextitem.path != item.path:
        _modules_known = len(sys.modules)
        gc.collect()
        gc.freeze()
