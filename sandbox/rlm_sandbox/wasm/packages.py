"""The packages of the extra `wasm`, and where they are imported from."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rlm_sandbox.errors import SandboxUnavailable

PACKAGES: Final[Mapping[str, str]] = {
    "wasmtime": "wasmtime",
    "componentize_py": "componentize-py",
}
"""Names to import and names to install."""

INSTALL: Final = "pip install 'rlm-mcp[wasm]'"


def missing() -> tuple[str, ...]:
    """Names to install of those that are not there."""
    return tuple(
        install for name, install in PACKAGES.items() if importlib.util.find_spec(name) is None
    )


def package_folder(name: str) -> str:
    """The folder that a package is imported from; raises SandboxUnavailable."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise SandboxUnavailable(PACKAGES.get(name, name), f"it is not installed: {INSTALL}")
    return str(Path(found.submodule_search_locations[0]).parent)
