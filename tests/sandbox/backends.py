"""The backends that code can be run by here; tests that run code take each of them."""

from typing import Final

import pytest
from rlm_sandbox.availability import available
from rlm_sandbox.backend import BACKENDS, BackendName


def _param(name: BackendName) -> object:
    found = available(name)
    reason = f"the {name} backend is missing here: {', '.join(found.missing)}"
    return pytest.param(name, marks=pytest.mark.skipif(not found.ok, reason=reason))


EVERY: Final = [_param(name) for name in BACKENDS]
"""For `pytest.mark.parametrize` and fixtures: skipped with the reason where one is missing."""
