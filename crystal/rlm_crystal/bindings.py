"""What the imports of a file bind: local names to dotted places, read from its text by language.

A place is a row of components, `("flask", "app", "Flask")` for `from flask.app import Flask`. Only
as much of each language is read as imports need; what is not understood binds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from rlm_crystal.outline import absolute_module

Place = tuple[str, ...]

FAMILIES: Final = {
    "c": "c", "cpp": "c", "javascript": "js", "typescript": "js", "tsx": "js", "vue": "js",
    "svelte": "js", "java": "jvm", "kotlin": "jvm", "scala": "jvm",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bindings:
    """`names` are those a file brings in one by one, `open` the places it takes all names from."""

    names: dict[str, Place]
    open: tuple[Place, ...]


def family_of(language: str) -> str:
    """Languages of one family can call one another."""
    return FAMILIES.get(language, language)


def bindings_of(path: str, text: str, language: str) -> Bindings:
    """The bindings of one file."""
    reader = _READERS.get(family_of(language))
    names: dict[str, Place] = {}
    opened: list[Place] = []
    for local, place in reader(path, text) if reader else ():
        if not place:
            continue
        if local:
            names.setdefault(local, place)
        else:
            opened.append(place)
    return Bindings(names, tuple(dict.fromkeys(opened)))


Found = Iterator[tuple[str, Place]]

_SPLIT = re.compile(r"\.|::|\\|/")
_PY_FROM = re.compile(r"^[ \t]*from\s+([.\w]+)\s+import\s+(\([^)]*\)|[^\n]+)", re.MULTILINE)
_PY_IMPORT = re.compile(r"^[ \t]*import\s+([\w., \t]+)", re.MULTILINE)
_JS_IMPORT = re.compile(
    r"""\b(?:import|export)\s+(?:type\s+)?([\w$*{}\s,]+?)\s*\bfrom\s*["']([^"'\n]+)["']"""
)
_JS_REQUIRE = re.compile(
    r"""\b(?:const|let|var)\s+([\w$]+|\{[^}]*\})\s*=\s*(?:await\s+)?(?:require|import)\s*\(\s*["']([^"'\n]+)"""
)
_GO_BLOCK = re.compile(r"^import\s*(?:\(([^)]*)\)|([^\n(]+))", re.MULTILINE)
_GO_SPEC = re.compile(r'(?:([\w.]+)[ \t]+)?"([^"\n]+)"')
_RUST_USE = re.compile(r"^\s*(?:pub(?:\([^)]*\))?\s+)?use\s+([^;]+);", re.MULTILINE)
_JVM_IMPORT = re.compile(
    r"^\s*import\s+(?:static\s+)?([\w.]+?)(\.\*|\._)?(?:\s+as\s+(\w+))?[ \t\r]*;?[ \t\r]*(?://.*)?$",
    re.MULTILINE,
)
_CSHARP_USING = re.compile(
    r"^\s*(?:global\s+)?using\s+(static\s+)?(?:(\w+)\s*=\s*)?([\w.]+)\s*;", re.MULTILINE
)
_PHP_USE = re.compile(r"^\s*use\s+(?:function\s+|const\s+)?([\w\\]+)(?:\{([^}]*)\}|([^;{]*));",
                      re.MULTILINE)  # fmt: skip
_INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">\n]+)[">]', re.MULTILINE)
_CPP_USING = re.compile(r"^\s*using\s+(namespace\s+)?([\w:]+)\s*;", re.MULTILINE)
_RUBY_REQUIRE = re.compile(
    r"""^\s*(require|require_relative|load)\s*\(?\s*["']([^"'\n]+)["']""", re.MULTILINE
)


def _python(path: str, text: str) -> Found:
    for module, names in _PY_FROM.findall(text):
        place = _parts(absolute_module(path, module))
        plain = re.sub(r"#[^\n]*", "", names).strip("() \t\n\\;")
        for name, local in _renamed(plain):
            yield ("", place) if name == "*" else (local, (*place, name))
    for names in _PY_IMPORT.findall(text):
        for name, local in _renamed(names):
            place = _parts(name)
            # `import a.b` binds a, and `a.b.c()` is reached through it.
            yield (local, place) if local != name else (place[0] if place else "", place[:1])


def _script(path: str, text: str) -> Found:
    for names, module in (*_JS_IMPORT.findall(text), *_JS_REQUIRE.findall(text)):
        place = _module(path, module)
        head, _, inner = names.partition("{")
        for name, local in _renamed(head.strip(" ,\n\t")):
            if name.startswith("*"):
                yield local if local != name else "", place
            elif name:
                yield name, place
        for name, local in _renamed(inner.rstrip("} \n\t").replace(":", " as ")):
            yield local, (*place, name.removeprefix("type "))


def _go(_path: str, text: str) -> Found:
    for block, single in _GO_BLOCK.findall(text):
        for local, module in _GO_SPEC.findall(block or single):
            place = _parts(module)
            last = place[-1] if place else ""
            if re.fullmatch(r"v\d+", last) and len(place) > 1:
                last = place[-2]
            yield "" if local == "." else local or last.split("-")[-1], place


def _rust(path: str, text: str) -> Found:
    for use in _RUST_USE.findall(text):
        yield from _rust_tree(path, (), " ".join(use.split()), 0)


def _rust_tree(path: str, front: Place, tree: str, depth: int) -> Found:
    if depth > 8:
        return
    head, brace, inner = tree.partition("{")
    if brace:
        place = (*front, *_parts(head.strip().removesuffix("::")))
        for part in _split_outside(inner.rstrip().removesuffix("}")):
            yield from _rust_tree(path, place, part, depth + 1)
        return
    name, _, local = tree.strip().partition(" as ")
    place = (*front, *_parts(name))
    if place and place[-1] == "*":
        yield "", _rust_place(path, place[:-1])
    elif place:
        if place[-1] == "self":
            place = place[:-1]
        yield local.strip() or "".join(place[-1:]), _rust_place(path, place)


def _rust_place(path: str, place: Place) -> Place:
    """Without what says where in the crate to begin; `super` is the folder of the file."""
    own = _parts(path.rsplit(".", 1)[0])[:-1]
    ups = 0
    while place and place[0] in {"crate", "self", "super"}:
        ups += place[0] == "super"
        place = place[1:]
    return (*own[len(own) - 1 :], *place) if ups and own[-1:] != ("src",) else place


def _jvm(_path: str, text: str) -> Found:
    for name, star, local in _JVM_IMPORT.findall(text):
        place = _parts(name)
        if star:
            yield "", place
        elif place:
            yield local or place[-1], place


def _csharp(_path: str, text: str) -> Found:
    for _, local, name in _CSHARP_USING.findall(text):
        yield local, _parts(name)


def _php(_path: str, text: str) -> Found:
    for front, group, rest in _PHP_USE.findall(text):
        if group:
            for name, local in _renamed(group):
                yield local.rsplit("\\", 1)[-1], (*_parts(front), *_parts(name))
            continue
        for name, local in _renamed(f"{front}{rest}"):
            yield local.rsplit("\\", 1)[-1], _parts(name)


def _c(path: str, text: str) -> Found:
    for header in _INCLUDE.findall(text):
        yield "", _parts(absolute_module(path, header).rsplit(".", 1)[0])
    for namespace, name in _CPP_USING.findall(text):
        place = _parts(name)
        yield ("", place) if namespace else (place[-1] if place else "", place)


def _ruby(path: str, text: str) -> Found:
    for verb, name in _RUBY_REQUIRE.findall(text):
        relative = verb == "require_relative" and not name.startswith(".")
        yield "", _parts(absolute_module(path, f"./{name}" if relative else name))


_READERS: Final[dict[str, Callable[[str, str], Found]]] = {
    "python": _python, "js": _script, "go": _go, "rust": _rust, "jvm": _jvm, "csharp": _csharp,
    "php": _php, "c": _c, "ruby": _ruby,
}  # fmt: skip


def _parts(name: str) -> Place:
    return tuple(part for part in (piece.strip() for piece in _SPLIT.split(name)) if part)


def _module(path: str, name: str) -> Place:
    """A script's module by its path, without the ending it may be written with."""
    plain = re.sub(r"\.(?:[mc]?[jt]sx?|vue|svelte)$", "", name)
    absolute = absolute_module(path, plain)
    return _parts(absolute) if absolute or not name.startswith(".") else ("index",)


def _renamed(names: str) -> Iterator[tuple[str, str]]:
    """`a, b as c` as (a, a) and (b, c)."""
    for item in names.split(","):
        name, _, local = " ".join(item.split()).partition(" as ")
        if name:
            yield name, local or name


def _split_outside(names: str) -> Iterator[str]:
    """The items of a list whose commas inside braces separate nothing."""
    depth, start = 0, 0
    for at, char in enumerate(names):
        depth += (char == "{") - (char == "}")
        if char == "," and depth == 0:
            yield names[start:at]
            start = at + 1
    if names[start:].strip():
        yield names[start:]
