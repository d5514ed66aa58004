"""What of the room the guest is made of: the modules that it imports, found by reading them."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_ROOM: Final = Path(__file__).parent.parent
_PACKAGE: Final = "rlm_sandbox"
_GUEST: Final = "wasm.guest"

ENTRY: Final = '''"""Hands the guest the functions of room.wit."""

import wit_world
from rlm_sandbox.wasm.guest import serve


class WitWorld(wit_world.WitWorld):
    def serve(self):
        serve(wit_world)
'''
"""The module that componentize-py starts from: only it knows the bindings made of room.wit."""


def sources() -> dict[str, bytes]:
    """Path below the room and content of every module that the guest imports."""
    found: dict[str, bytes] = {}
    wanted = [_GUEST]
    while wanted:
        path = wanted.pop().replace(".", "/") + ".py"
        if path not in found and (_ROOM / path).is_file():
            found[path] = (_ROOM / path).read_bytes()
            wanted.extend(_imported(found[path]))
    return found


def wit() -> bytes:
    """What the component imports and exports."""
    return (_ROOM / "wasm" / "room.wit").read_bytes()


def stage(folder: Path) -> None:
    """Lay out what componentize-py is given: the package without the host's `__init__`."""
    for path, content in sources().items():
        target = folder / _PACKAGE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (folder / _PACKAGE / "__init__.py").touch()
    (folder / _PACKAGE / "wasm" / "__init__.py").touch()
    (folder / "entry.py").write_text(ENTRY, encoding="utf-8")
    (folder / "room.wit").write_bytes(wit())


def _imported(source: bytes) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            package, _, module = node.module.partition(".")
            if package == _PACKAGE:
                yield module
                yield from (f"{module}.{alias.name}".strip(".") for alias in node.names)
