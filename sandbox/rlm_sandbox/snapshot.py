"""Variables that survive a kill: written after each cell into memory that outlives the child.

The host keeps the memory and never parses it; the next child does, inside its own jail. Plain
data is stored as data; functions, classes and imports as the source of the cell that made them.
Two names of one list come back as two lists.
"""

import ast
import json
import types
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from rlm_sandbox.documents import Context, Document, Match
from rlm_sandbox.plain import NotPlain, PlainDecoder, PlainEncoder, exact_type
from rlm_sandbox.region import CONTENT_BYTES_MAX
from rlm_sandbox.virtual_files import VirtualFiles

VARIABLE_CHARS_MAX: Final = 16 << 20

_IMMUTABLE: Final = frozenset({type(None), bool, int, float, str, bytes})


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
        self._sources: dict[str, ast.stmt | str] = {}
        self._cached: dict[str, tuple[Any, str]] = {}
        self._last: dict[str, str] = {}

    def defined(self, tree: ast.Module) -> None:
        """Remember the statements of a cell that define functions and classes."""
        for node in tree.body:
            for name in _names_defined(node):
                self._sources.pop(name, None)
                self._sources[name] = node

    def take(self, variables: Mapping[str, Any]) -> None:
        """Write all variables, where any changed since the last time."""
        self._cached = {name: c for name, c in self._cached.items() if name in variables}
        records = {name: self._record(name, value, variables) for name, value in variables.items()}
        records |= {f"file:{name}": _file(content) for name, content in self._files.items()}
        if records == self._last:
            return
        # Definitions come back in the order they were made, for one may need the other.
        order = [name for name in self._sources if name in records]
        ordered = {name: records[name] for name in [*(records.keys() - set(order)), *order]}
        self._region.write(_joined(_fitting(ordered)))
        self._last = records

    def restore(self, namespace: dict[str, Any], run: Callable[[str], None]) -> list[str]:
        """Bring variables back; `run` executes source in the namespace; returns what is lost."""
        data = self._region.read()
        records: dict[str, dict[str, Any]] = json.loads(data) if data else {}
        lost: list[str] = []
        for kinds in (
            ("module", "attribute"),
            ("plain", "file"),
            ("source",),
            ("instance", "alias"),
        ):
            for name, record in records.items():
                if record["k"] in kinds and not self._bring_back(name, record, namespace, run):
                    lost.append(name)
        return lost + [name for name, record in records.items() if record["k"] == "lost"]

    def _record(self, name: str, value: Any, variables: Mapping[str, Any]) -> str:
        cached = self._cached.get(name)
        if cached is not None and cached[0] is value and type(value) in _IMMUTABLE:
            return cached[1]
        record = self._encoded(name, value, variables)
        if type(value) in _IMMUTABLE:
            self._cached[name] = (value, record)
        return record

    def _encoded(self, name: str, value: Any, variables: Mapping[str, Any]) -> str:
        kind = exact_type(value)
        if kind is types.ModuleType:
            return json.dumps({"k": "module", "v": value.__name__})
        if kind is types.FunctionType or isinstance(value, type):
            return json.dumps(self._code_record(name, value, variables))
        try:
            encoder = PlainEncoder(_encode_document)
            text = json.dumps({"k": "plain", "v": encoder.encode(value)})
        except (NotPlain, ValueError, MemoryError) as error:
            return self._instance(value, variables) or _lost(str(error))
        return text if len(text) <= VARIABLE_CHARS_MAX else _lost("too large to keep")

    def _code_record(self, name: str, value: Any, variables: Mapping[str, Any]) -> dict[str, Any]:
        if name in self._sources:
            return {"k": "source", "v": self._source(name)}
        defined_as = getattr(value, "__name__", "")
        if defined_as in self._sources and variables.get(defined_as) is value:
            return {"k": "alias", "v": defined_as}
        module, path = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
        if isinstance(module, str) and isinstance(path, str) and path.isidentifier():
            return {"k": "attribute", "v": [module, path]}
        return {"k": "lost", "v": "a function whose source is not known"}

    def _source(self, name: str) -> str:
        source = self._sources[name]
        if not isinstance(source, str):
            source = self._sources[name] = ast.unparse(source)
        return source

    def _instance(self, value: Any, variables: Mapping[str, Any]) -> str:
        kind = exact_type(value)
        name = kind.__name__
        if name not in self._sources or variables.get(name) is not kind:
            return ""
        try:
            state = object.__getattribute__(value, "__dict__")
            encoded = PlainEncoder(_encode_document).encode(state)
        except (AttributeError, NotPlain, ValueError, MemoryError):
            return ""
        return json.dumps({"k": "instance", "v": [name, encoded]})

    def _bring_back(
        self,
        name: str,
        record: Mapping[str, Any],
        namespace: dict[str, Any],
        run: Callable[[str], None],
    ) -> bool:
        decoder = PlainDecoder(self._decode_document)
        content = record["v"]
        try:
            match record["k"]:
                case "module":
                    run(f"import {content}" + ("" if content == name else f" as {name}"))
                case "attribute":
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
                    object.__getattribute__(value, "__dict__").update(decoder.decode(content[1]))
                    namespace[name] = value
                case _:
                    namespace[name] = decoder.decode(content)
        except Exception:
            return False
        return name in namespace

    def _decode_document(self, kind: str, content: Any, decoder: PlainDecoder) -> Any:
        if kind == "document":
            return self._context[str(content)]
        if kind == "match":
            return Match(*decoder.items(content))
        raise ValueError(f"unknown kind of value {kind!r}")


def _encode_document(value: Any, encoder: PlainEncoder) -> Any:
    if type(value) is Document:
        return {"$": "document", "v": value.path}
    if type(value) is Match:
        return {"$": "match", "v": encoder.items(value)}
    return None


def _file(content: bytes) -> str:
    return json.dumps({"k": "file", "v": b64encode(content).decode()})


def _names_defined(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda()):
            return [name]
        case _:
            return []


def _joined(records: Mapping[str, str]) -> bytes:
    parts = (f"{json.dumps(name)}: {record}" for name, record in records.items())
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
    return json.dumps({"k": "lost", "v": reason})
