"""How a Python file is imported: its module name, and the folder that must be on the path."""

from __future__ import annotations

import keyword
from collections.abc import Set
from dataclasses import dataclass

_SOURCE_FOLDERS = frozenset({"src", "lib", "python"})


@dataclass(frozen=True, slots=True)
class PythonModule:
    """`root` is relative to the corpus, empty for its top. `name` is None where the file's name is
    no identifier, so that it can be loaded by path only."""

    root: str
    name: str | None


def module_of(path: str, paths: Set[str]) -> PythonModule:
    """The module of `path`, told from the `__init__.py` files among the paths of the corpus.

    A file outside every package is imported from its own folder, or, where that looks like part
    of a namespace package, from below `src`.
    """
    *folders, file = path.split("/")
    depth = len(folders)
    while depth and "/".join([*folders[:depth], "__init__.py"]) in paths:
        depth -= 1
    if depth == len(folders):
        depth = _namespace_depth(folders)
    parts = [*folders[depth:], file.rsplit(".", 1)[0]]
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    importable = all(part.isidentifier() and not keyword.iskeyword(part) for part in parts)
    return PythonModule("/".join(folders[:depth]), ".".join(parts) if importable else None)


def _namespace_depth(folders: list[str]) -> int:
    for depth, folder in enumerate(folders):
        if folder in _SOURCE_FOLDERS:
            return depth + 1
    return len(folders)
