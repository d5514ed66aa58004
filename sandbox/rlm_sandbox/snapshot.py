"""Variables that survive a kill: written after each cell into memory that outlives the child.

The snapshot lies in a memfd that the host made and never parses; the next child reads it, inside
its own jail. Two slots are written in turn, so a kill in the middle leaves the one before. Plain
data is stored as data; functions, classes and imports as the source of the cell that made them.
Two names of one list come back as two lists.
"""

import ast
import json
import struct
import types
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from rlm_sandbox.documents import Context, Document, Match
from rlm_sandbox.plain import NotPlain, PlainDecoder, PlainEncoder

SLOT_BYTES: Final = 32 << 20
REGION_BYTES: Final = 2 * SLOT_BYTES
VARIABLE_CHARS_MAX: Final = 16 << 20

_HEADER: Final = struct.Struct("<QQI")  # sequence, length, CRC-32; sequence 0 means never written

_IMMUTABLE: Final = frozenset({type(None), bool, int, float, str, bytes})


class SnapshotRegion:
    """The two slots; the caller owns the mapping."""

    def __init__(self, memory: Any) -> None:
        self._memory = memory
        self._sequence = max(self._header(slot)[0] for slot in (0, 1))

    def write(self, data: bytes) -> bool:
        """Store data as the newest; False where it does not fit."""
        if len(data) > SLOT_BYTES - _HEADER.size:
            return False
        sequence = self._sequence + 1
        start = (sequence % 2) * SLOT_BYTES
        self._memory[start : start + _HEADER.size] = bytes(_HEADER.size)
        body = start + _HEADER.size
        self._memory[body : body + len(data)] = data
        self._memory[start:body] = _HEADER.pack(sequence, len(data), zlib.crc32(data))
        self._sequence = sequence
        return True

    def read(self) -> bytes:
        """The newest whole data; empty where there is none."""
        for slot in sorted((0, 1), key=lambda slot: -self._header(slot)[0]):
            sequence, length, checksum = self._header(slot)
            start = slot * SLOT_BYTES + _HEADER.size
            if not sequence or length > SLOT_BYTES - _HEADER.size:
                continue
            data = bytes(self._memory[start : start + length])
            if zlib.crc32(data) == checksum:
                return data
        return b""

    def _header(self, slot: int) -> tuple[int, int, int]:
        return _HEADER.unpack_from(self._memory, slot * SLOT_BYTES)


class Snapshots:
    """Takes and restores snapshots of one namespace."""

    def __init__(self, region: SnapshotRegion, context: Context) -> None:
        self._region = region
        self._context = context
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
        for kinds in (("module", "attribute"), ("plain",), ("source",), ("instance", "alias")):
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
        kind = type(value)
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
        kind = type(value)
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
    room = SLOT_BYTES - _HEADER.size - 2
    for name in sorted(records, key=lambda name: len(records[name])):
        room -= len(records[name]) + 6 * len(name) + 8
        if room < 0:
            records = {**records, name: _lost("too large to keep")}
    return dict(records)


def _lost(reason: str) -> str:
    return json.dumps({"k": "lost", "v": reason})
