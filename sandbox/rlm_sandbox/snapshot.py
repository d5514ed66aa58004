"""Variables that survive a kill: written after each cell into memory that outlives the child.

The host keeps the memory and never parses it; the next child does, inside its own jail. Plain
data is stored as data; functions, classes and imports as the source of the cell that made them.
Two names of one list come back as two lists.

Both directions meet hostile input. Writing runs no code of the cell's own and cannot raise:
a value that is not what it seems is told as lost. Reading takes every byte for hostile, for a
cell may write into the memory itself: source passes the guard again, a name stays an identifier.
"""

import ast
import json
import types
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, Final, Protocol, cast

from rlm_sandbox.documents import Context, Document, Match
from rlm_sandbox.plain import PlainDecoder, PlainEncoder, exact_type, name_of_type
from rlm_sandbox.region import CONTENT_BYTES_MAX
from rlm_sandbox.virtual_files import VirtualFiles
from rlm_sandbox.virtual_path import VirtualPath

VARIABLE_CHARS_MAX: Final = 16 << 20

_LONG_S: Final = 0.001
_MANY: Final = 2_000
_MANY_CHARS: Final = 200_000

_SIZED: Final = frozenset({list, tuple, dict, set, frozenset, Counter, defaultdict})
_IMMUTABLE: Final = frozenset({type(None), bool, int, float, str, bytes})
_QUALIFIED_NAME_OF: Final = type.__dict__["__qualname__"].__get__
_MODULE_OF: Final = type.__dict__["__module__"].__get__
_NAME_OF: Final = VirtualPath.__dict__["_name"].__get__
_CODE: Final = frozenset({"module", "attribute", "source"})

# Of our own, so that a cell that replaces json.dumps spoils nothing here.
_encode: Final = json.JSONEncoder().encode


class Region(Protocol):
    """A place that outlives the child."""

    def write(self, data: bytes) -> bool:
        """Store data as the newest; False where it does not fit."""
        ...

    def read(self) -> bytes:
        """The newest whole data; empty where there is none."""
        ...


class Snapshots:
    """Takes and restores snapshots of one namespace."""

    def __init__(self, region: Region, context: Context, files: VirtualFiles) -> None:
        self._region = region
        self._context = context
        self._files = files
        self._path = files.path
        self._sources: dict[str, ast.stmt | str] = {}
        self._cached: dict[str, tuple[Any, str]] = {}
        self._last: dict[str, str] = {}
        self._took_s = 0.0

    def defined(self, tree: ast.Module) -> None:
        """Remember the statements of a cell that define functions and classes."""
        for node in tree.body:
            for name in _names_defined(node):
                self._sources.pop(name, None)
                self._sources[name] = node

    def takes_long(self, variables: Mapping[str, Any]) -> bool:
        """Whether `take` will take more than a millisecond or so: a guess."""
        kinds = [(exact_type(value), value) for value in variables.values()]
        items = sum(len(value) for kind, value in kinds if kind in _SIZED)
        chars = sum(len(value) for kind, value in kinds if kind is str or kind is bytes)
        return self._took_s > _LONG_S or items > _MANY or chars > _MANY_CHARS

    def take(self, variables: Mapping[str, Any]) -> None:
        """Write all variables, where any changed since the last time."""
        begin_s = perf_counter()
        self._take(variables)
        self._took_s = perf_counter() - begin_s

    def _take(self, variables: Mapping[str, Any]) -> None:
        self._cached = {name: c for name, c in self._cached.items() if name in variables}
        records = {
            name: self._record(name, value, variables)
            for name, value in variables.items()
            if name.isidentifier()
        }
        records |= {
            f"file:{name}": _file(content)
            for name, content in self._files.items()
            if type(name) is str and type(content) is bytes
        }
        if records == self._last:
            return
        # Definitions come back in the order they were made, for one may need the other.
        order = [name for name in self._sources if name in records]
        ordered = {name: records[name] for name in [*(records.keys() - set(order)), *order]}
        self._region.write(_joined(_fitting(ordered)))
        self._last = records

    def restore(
        self, namespace: dict[str, Any], run: Callable[[str], None], *, code: bool = True
    ) -> list[str]:
        """Bring variables back; `run` executes source in the namespace; returns what is lost.

        Without `code` plain data alone comes back.
        """
        lost: list[str] = []
        known: set[str] = set()
        records = _records(self._region.read())
        for kinds in (
            ("module", "attribute"),
            ("plain", "file"),
            ("source",),
            ("instance", "alias"),
        ):
            for name, kind, content in records:
                if kind not in kinds:
                    continue
                known.add(name)
                if (kind in _CODE and not code) or not self._bring_back(
                    name, kind, content, namespace, run
                ):
                    lost.append(name)
        return lost + [name for name, _, _ in records if name not in known]

    def _record(self, name: str, value: Any, variables: Mapping[str, Any]) -> str:
        cached = self._cached.get(name)
        if cached is not None and cached[0] is value:
            return cached[1]
        try:
            record = self._encoded(name, value, variables)
        except Exception as error:
            # Whatever a value was made to look like, the others are kept.
            return _lost(type(error).__name__)
        if exact_type(value) in _IMMUTABLE:
            self._cached[name] = (value, record)
        return record

    def _encoded(self, name: str, value: Any, variables: Mapping[str, Any]) -> str:
        kind = exact_type(value)
        if kind is types.ModuleType:
            names = cast("dict[str, Any]", vars(value))
            return _encode({"k": "module", "v": names.get("__name__")})
        if kind is types.FunctionType:
            origin = (value.__name__, value.__module__, value.__qualname__)
            return _encode(self._code_record(name, value, variables, origin))
        if issubclass(type(value), type):
            origin = (_own_name(value), _MODULE_OF(value), _QUALIFIED_NAME_OF(value))
            return _encode(self._code_record(name, value, variables, origin))
        try:
            encoder = PlainEncoder(self._encode_special)
            text = _encode({"k": "plain", "v": encoder.encode(value)})
        except Exception as error:
            return self._instance(value, variables) or _lost(str(error))
        return text if len(text) <= VARIABLE_CHARS_MAX else _lost("too large to keep")

    def _code_record(
        self,
        name: str,
        value: Any,
        variables: Mapping[str, Any],
        origin: tuple[Any, Any, Any],
    ) -> dict[str, Any]:
        if name in self._sources:
            return {"k": "source", "v": self._source(name)}
        defined_as, module, path = (part if type(part) is str else "" for part in origin)
        if defined_as in self._sources and variables.get(defined_as) is value:
            return {"k": "alias", "v": defined_as}
        if _is_dotted(module) and path.isidentifier():
            return {"k": "attribute", "v": [module, path]}
        return {"k": "lost", "v": "a function whose source is not known"}

    def _source(self, name: str) -> str:
        source = self._sources[name]
        if not isinstance(source, str):
            source = self._sources[name] = ast.unparse(source)
        return source

    def _instance(self, value: Any, variables: Mapping[str, Any]) -> str:
        name = name_of_type(value)
        if name not in self._sources or variables.get(name) is not type(value):
            return ""
        try:
            encoded = PlainEncoder(self._encode_special).encode(_state_of(value))
            return _encode({"k": "instance", "v": [name, encoded]})
        except Exception:
            return ""

    def _bring_back(
        self,
        name: str,
        kind: str,
        content: Any,
        namespace: dict[str, Any],
        run: Callable[[str], None],
    ) -> bool:
        decoder = PlainDecoder(self._decode_special)
        try:
            match kind:
                case "module":
                    _require_names(content)
                    run(f"import {content}" + ("" if content == name else f" as {name}"))
                case "attribute":
                    _require_names(*content)
                    run(f"from {content[0]} import {content[1]} as {name}")
                case "source":
                    run(content)
                    self._sources[name] = content
                case "file":
                    self._files.store(name.partition(":")[2], b64decode(content))
                    return True
                case "alias":
                    namespace[name] = namespace[content]
                case "instance":
                    value = object.__new__(namespace[content[0]])
                    _state_of(value).update(decoder.decode(content[1]))
                    namespace[name] = value
                case _:
                    namespace[name] = decoder.decode(content)
        except BaseException:
            # Source may raise anything: SystemExit, FINAL, the time limit.
            return False
        return name in namespace

    def _decode_special(self, kind: str, content: Any, decoder: PlainDecoder) -> Any:
        if kind == "document":
            return self._context[str(content)]
        if kind == "match":
            return Match(*decoder.items(content))
        if kind == "path":
            return self._path(str(content))
        raise ValueError(f"unknown kind of value {kind!r}")

    def _encode_special(self, value: Any, encoder: PlainEncoder) -> Any:
        if type(value) is Document:
            return {"$": "document", "v": value.path}
        if type(value) is Match:
            return {"$": "match", "v": encoder.items(value)}
        if type(value) is self._path:
            return {"$": "path", "v": encoder.encode(_NAME_OF(value))}
        return None


def _records(data: bytes) -> list[tuple[str, str, Any]]:
    """Name, kind and content of each record whose name a variable or a file may have."""
    records = cast("dict[str, Any]", json.loads(data)) if data else {}
    found: list[tuple[str, str, Any]] = []
    for name, record in records.items():
        is_file = name.startswith("file:")
        match record:
            case {"k": str() as kind, "v": content} if is_file == (kind == "file"):
                if is_file or (name.isidentifier() and not name.startswith("__")):
                    found.append((name, kind, content))
            case _:
                pass
    return found


def _require_names(*names: object) -> None:
    if not names or not all(type(name) is str and _is_dotted(name) for name in names):
        raise ValueError("a name that is none")


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _own_name(kind: Any) -> str:
    return type.__dict__["__name__"].__get__(kind)


def _state_of(value: Any) -> dict[str, Any]:
    """The attributes of an instance; raises AttributeError where a class made up its own."""
    for kind in type.__dict__["__mro__"].__get__(type(value)):
        if "__dict__" in (own := type.__dict__["__dict__"].__get__(kind)):
            if type(own["__dict__"]) is types.GetSetDescriptorType:
                return own["__dict__"].__get__(value)
            break
    raise AttributeError("an instance without attributes of its own")


def _file(content: bytes) -> str:
    return _encode({"k": "file", "v": b64encode(content).decode()})


def _names_defined(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda()):
            return [name]
        case _:
            return []


def _joined(records: Mapping[str, str]) -> bytes:
    parts = (f"{_encode(name)}: {record}" for name, record in records.items())
    return ("{" + ",\n".join(parts) + "}").encode("ascii")


def _fitting(records: Mapping[str, str]) -> dict[str, str]:
    """The records with the largest told as lost, so that all fit into a slot."""
    room = CONTENT_BYTES_MAX - 2
    for name in sorted(records, key=lambda name: len(records[name])):
        room -= len(records[name]) + 6 * len(name) + 8
        if room < 0:
            records = {**records, name: _lost("too large to keep")}
    return dict(records)


def _lost(reason: str) -> str:
    return _encode({"k": "lost", "v": reason})
