"""Answers to aggregate questions found without us: by `ast`, `re` and a walk of the folder."""

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_NOT_SOURCE = {".git", "node_modules", "__pycache__"}


@dataclass(frozen=True, slots=True)
class Truth:
    """The number an answer must give, and names it must show (of a long list, those shown)."""

    number: int
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """A question of one repository and how its answer is found without us."""

    repository: str
    question: str
    find: Callable[[Path], Truth]


class Cases:
    """The questions of a set, collected by decorating what answers them."""

    def __init__(self) -> None:
        self.all: list[Case] = []

    def asked(
        self, repository: str, question: str
    ) -> Callable[[Callable[[Path], Truth | int | Iterable[str]]], None]:
        """Registers a function from the root of the repository to its number or its names."""

        def register(find: Callable[[Path], Truth | int | Iterable[str]]) -> None:
            self.all.append(Case(repository, question, lambda root: _truth(find(root))))

        return register


def _truth(found: Truth | int | Iterable[str]) -> Truth:
    if isinstance(found, Truth):
        return found
    if isinstance(found, int):
        return Truth(found)
    names = frozenset(found)
    return Truth(len(names), names)


@cache
def files(root: Path, pattern: str = "*") -> tuple[Path, ...]:
    """Every file below `root` whose name fits, hidden folders of tools left out."""
    return tuple(
        path
        for path in sorted(root.rglob(pattern))
        if path.is_file() and not _NOT_SOURCE & set(path.relative_to(root).parts)
    )


@cache
def text(path: Path) -> str:
    """The text of a file; empty where it is no UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def tree(path: Path) -> ast.Module | None:
    """The syntax tree of a Python file; None where Python cannot read it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text(path))
        except (SyntaxError, ValueError):
            return None


def nodes(root: Path) -> Iterator[tuple[Path, ast.AST]]:
    """Every node of every Python file below `root`."""
    for path in files(root, "*.py"):
        parsed = tree(path)
        for node in ast.walk(parsed) if parsed else ():
            yield path, node


def last_name(node: ast.AST) -> str:
    """`c` of the expressions `a.b.c`, `c` and `a.c(...)`."""
    if isinstance(node, ast.Call):
        return last_name(node.func)
    if isinstance(node, ast.Subscript):
        return last_name(node.value)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def matches(root: Path, glob: str, pattern: str) -> int:
    """How often a regular expression matches in the files of a name."""
    found = re.compile(pattern, re.MULTILINE)
    return sum(len(found.findall(text(path))) for path in files(root, glob))


def line_count(path: Path) -> int:
    """Lines as an editor counts them."""
    return len(text(path).splitlines())
