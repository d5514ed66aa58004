"""The values a plan reasons over, read back from what its cells printed."""

import json
from dataclasses import dataclass, field
from typing import cast

from rlm_crystal.types import Definition, Hit, Kind, Reference, ReferenceKind

MARK = "EVIDENCE "
Record = list[object]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines of one span of a file, chosen because they bear on the question."""

    path: str
    start_line: int
    end_line: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Printed:
    """What one cell printed: records by their kind, and the plain text around them."""

    records: dict[str, list[Record]] = field(default_factory=dict[str, list[Record]])
    text: str = ""

    def hits(self, kind: str = "hit") -> list[Hit]:
        return [
            Hit(
                _str(r[0]),
                _int(r[1]),
                _int(r[2]),
                _str(r[3]),
                cast("Kind", _str(r[4])),
                _float(r[5]),
                "",
            )
            for r in self.records.get(kind, [])
        ]

    def definitions(self, kind: str = "definition") -> list[Definition]:
        return [
            Definition(
                _str(r[0]),
                _str(r[1]),
                cast("Kind", _str(r[2])),
                _int(r[3]),
                _int(r[4]),
                _str(r[5]),
                _str(r[6]),
            )
            for r in self.records.get(kind, [])
        ]

    def references(self, kind: str) -> list[Reference]:
        return [
            Reference(
                _str(r[0]), _int(r[1]), _str(r[2]), cast("ReferenceKind", _str(r[3])), _str(r[4])
            )
            for r in self.records.get(kind, [])
        ]

    def passages(self, kind: str = "passage") -> list[Passage]:
        return [
            Passage(_str(r[0]), _int(r[1]), _int(r[2]), lines_of(_str(r[3])))
            for r in self.records.get(kind, [])
        ]

    def numbers(self, kind: str) -> dict[str, int]:
        return {_str(r[0]): _int(r[1]) for r in self.records.get(kind, [])}

    def number(self, kind: str) -> int:
        return next((_int(r[0]) for r in self.records.get(kind, [])), 0)

    def strings(self, kind: str) -> list[tuple[str, ...]]:
        return [tuple(_str(value) for value in r) for r in self.records.get(kind, [])]


def read_printed(text: str) -> Printed:
    """The records in a cell's output; a line that was cut or is not one of ours is plain text.

    Corpus text reaches us only inside JSON strings, so no line of it can begin a record.
    """
    records: dict[str, list[Record]] = {}
    rest: list[str] = []
    for line in text.split("\n"):
        record = _record(line)
        if record:
            records.setdefault(_str(record[0]), []).append(record[1:])
        else:
            rest.append(line)
    return Printed(records, "\n".join(rest).strip())


def lines_of(numbered: str) -> tuple[Line, ...]:
    """The lines of a `12| text` listing."""
    found: list[Line] = []
    for row in numbered.split("\n"):
        number, bar, text = row.partition("| ")
        if bar and number.strip().isdigit():
            found.append(Line(int(number), text.rstrip()))
    return tuple(found)


def _record(line: str) -> Record:
    if not line.startswith(MARK):
        return []
    try:
        value: object = json.loads(line.removeprefix(MARK))
    except ValueError:
        return []
    return cast("Record", value) if isinstance(value, list) and value else []


def _str(value: object) -> str:
    return value if isinstance(value, str) else str(value)


def _int(value: object) -> int:
    return int(value) if isinstance(value, (int, float, str)) else 0


def _float(value: object) -> float:
    return float(value) if isinstance(value, (int, float, str)) else 0.0
