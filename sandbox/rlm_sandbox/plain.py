"""Plain data to JSON and back without pickle: what a snapshot of variables is written in.

JSON has no tuples, sets, bytes or dates; those travel as {"$": kind, "v": ...}. Only exact
builtin types are taken, so that encoding never runs a method of untrusted code: a type with a
metaclass of its own is not even hashed or compared, and no attribute of a foreign object is read.
"""

import datetime
import math
import re
from base64 import b64decode, b64encode
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, ItemsView, Iterable, KeysView, ValuesView
from decimal import Decimal
from fractions import Fraction
from itertools import chain
from typing import Any, Final, cast

DEPTH_MAX: Final = 60
VALUES_MAX: Final = 500_000

_INT_BITS_MAX: Final = 8192
"""Less than the 4,300 digits beyond which Python refuses to write an int out."""

_ATOMS: Final = frozenset({type(None), bool, int, float, str})
_ATOM_IDS: Final = frozenset(map(id, _ATOMS))
_JSON_IDS: Final = _ATOM_IDS | {id(list), id(dict)}
_NAME_OF_TYPE: Final = type.__dict__["__name__"].__get__
_FACTORIES: Final[dict[str, Callable[[], Any]]] = {
    "list": list, "dict": dict, "set": set, "int": int, "float": float, "str": str,
    "Counter": Counter,
}  # fmt: skip


class Foreign:
    """Stands for each type with a metaclass: to hash, compare or name it may run its code."""


def exact_type(value: object) -> type[Any]:
    """The type, for comparing and looking up; a subclass is another type, Foreign any type."""
    kind = type(value)
    return kind if type(kind) is type or kind is Fraction else Foreign


def name_of_type(value: object) -> str:
    """The name of a value's type, whatever its metaclass says."""
    return _NAME_OF_TYPE(type(value))


class NotPlain(Exception):
    """A value that is no plain data; the message is its type or the reason."""


class PlainEncoder:
    """Encodes values; `special` may take over what is not plain, or return None."""

    def __init__(self, special: Callable[[Any, "PlainEncoder"], Any] | None = None) -> None:
        self._special = special
        self._depth = 0
        self._left = VALUES_MAX
        self._looks = 4 * VALUES_MAX

    def encode(self, value: Any) -> Any:
        """A JSON value that `PlainDecoder` turns back; raises NotPlain."""
        kind = exact_type(value)
        if kind in _ATOMS:
            return value
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise NotPlain(f"data nested deeper than {DEPTH_MAX}")
        try:
            return self._encode_compound(kind, value)
        finally:
            self._depth -= 1

    def items(self, values: Any) -> list[Any]:
        """Each value encoded, in order."""
        listed = list(values)
        self._left -= len(listed)
        if self._left < 0:
            raise NotPlain(f"more than {VALUES_MAX} values")
        if self._is_json(listed):
            return listed
        return [self.encode(item) for item in listed]

    def _is_json(self, values: list[Any]) -> bool:
        """Whether these are JSON as they are, all the way down: level by level, at C's speed."""
        left, depth = self._left, self._depth
        while not (kinds := _kinds(values)) <= _ATOM_IDS:
            lists: list[list[Any]] = [value for value in values if type(value) is list]
            dicts: list[dict[str, Any]] = [value for value in values if type(value) is dict]
            size = sum(map(len, lists)) + sum(map(len, dicts))
            left, depth, self._looks = left - size, depth + 1, self._looks - size
            if not kinds <= _JSON_IDS or min(left, DEPTH_MAX - depth, self._looks) < 0:
                return False
            if not _kinds(chain.from_iterable(dicts)) <= {id(str)}:
                return False
            if any("$" in mapping for mapping in dicts):
                return False
            mapped = chain.from_iterable(mapping.values() for mapping in dicts)
            values = list(chain(chain.from_iterable(lists), mapped))
        self._left = left
        return True

    def _list(self, values: list[Any]) -> Any:
        if _kinds(values) == {id(tuple)}:
            size = sum(map(len, values))
            if size <= self._left and _kinds(chain.from_iterable(values)) <= _ATOM_IDS:
                self._left -= size
                return {"$": "tuples", "v": values}  # which JSON writes as lists
        return self.items(values)

    def _encode_compound(self, kind: type[Any], value: Any) -> Any:
        if kind is list:
            return self._list(value)
        if kind is dict:
            return self._mapping(value)
        encoder = _ENCODERS.get(kind)
        if encoder is not None:
            return {"$": kind.__name__, "v": encoder(self, value)}
        taken = self._special(value, self) if self._special else None
        if taken is None:
            raise NotPlain(name_of_type(value))
        return taken

    def _mapping(self, value: dict[Any, Any]) -> Any:
        if _kinds(value) <= {id(str)} and "$" not in value:
            return dict(zip(value, self.items(value.values()), strict=True))
        return {"$": "dict", "v": self.pairs(value)}

    def pairs(self, value: Any) -> list[Any]:
        """Keys and values of a mapping, one list each."""
        return [self.items(value.keys()), self.items(value.values())]

    def counted(self, value: defaultdict[Any, Any]) -> list[Any]:
        """A defaultdict with the name of its factory."""
        factory = value.default_factory
        names = [name for name, known in _FACTORIES.items() if known is factory]
        if factory is not None and not names:
            raise NotPlain("a defaultdict with a factory of its own")
        return [names[0] if names else "", *self.pairs(value)]

    def moment(self, value: datetime.datetime | datetime.time) -> str:
        """ISO text; only of the time zones that Python itself computes."""
        if value.tzinfo is not None and exact_type(value.tzinfo) is not datetime.timezone:
            raise NotPlain("a time with a time zone of its own")
        return value.isoformat()


def _kinds(values: Iterable[Any]) -> set[int]:
    return set(map(id, map(type, values)))


_ENCODERS: Final[dict[type, Callable[[PlainEncoder, Any], Any]]] = {
    tuple: PlainEncoder.items,
    set: PlainEncoder.items,
    frozenset: PlainEncoder.items,
    deque: lambda encoder, value: [value.maxlen, encoder.items(value)],
    OrderedDict: PlainEncoder.pairs,
    Counter: PlainEncoder.pairs,
    defaultdict: PlainEncoder.counted,
    bytes: lambda _, value: b64encode(value).decode(),
    bytearray: lambda _, value: b64encode(value).decode(),
    complex: lambda _, value: [value.real, value.imag],
    range: lambda _, value: [value.start, value.stop, value.step],
    Decimal: lambda _, value: str(value),
    Fraction: lambda encoder, value: encoder.items([value.numerator, value.denominator]),
    datetime.date: lambda _, value: value.isoformat(),
    datetime.time: PlainEncoder.moment,
    datetime.datetime: PlainEncoder.moment,
    datetime.timedelta: lambda _, value: [value.days, value.seconds, value.microseconds],
    re.Pattern: lambda encoder, value: [encoder.encode(value.pattern), value.flags],
}


class PlainDecoder:
    """The inverse of PlainEncoder; `special` decodes what its counterpart encoded."""

    def __init__(self, special: Callable[[str, Any, "PlainDecoder"], Any] | None = None) -> None:
        self._special = special

    def decode(self, value: Any) -> Any:
        """The Python value again; raises ValueError on an unknown kind."""
        if isinstance(value, list):
            return self.items(cast("list[Any]", value))
        if not isinstance(value, dict):
            return value
        mapping = cast("dict[str, Any]", value)
        if "$" not in mapping:
            return {name: self.decode(item) for name, item in mapping.items()}
        kind, content = str(mapping["$"]), mapping["v"]
        if kind in _DECODERS:
            return _DECODERS[kind](self, content)
        if self._special is None:
            raise ValueError(f"unknown kind of value {kind!r}")
        return self._special(kind, content, self)

    def items(self, values: list[Any]) -> list[Any]:
        """Each value decoded, in order."""
        return [self.decode(item) for item in values]

    def pairs(self, content: list[Any]) -> list[tuple[Any, Any]]:
        """Keys and values put together again."""
        return list(zip(self.items(content[0]), self.items(content[1]), strict=True))


def _default_dict(decoder: PlainDecoder, content: list[Any]) -> defaultdict[Any, Any]:
    factory = _FACTORIES[content[0]] if content[0] else None
    return defaultdict(factory, decoder.pairs(content[1:]))


_DECODERS: Final[dict[str, Callable[[PlainDecoder, Any], Any]]] = {
    "tuple": lambda decoder, content: tuple(decoder.items(content)),
    "tuples": lambda _, content: [tuple(item) for item in content],
    "set": lambda decoder, content: set(decoder.items(content)),
    "frozenset": lambda decoder, content: frozenset(decoder.items(content)),
    "deque": lambda decoder, content: deque(decoder.items(content[1]), content[0]),
    "dict": lambda decoder, content: dict(decoder.pairs(content)),
    "OrderedDict": lambda decoder, content: OrderedDict(decoder.pairs(content)),
    "Counter": lambda decoder, content: Counter(dict(decoder.pairs(content))),
    "defaultdict": _default_dict,
    "bytes": lambda _, content: b64decode(content),
    "bytearray": lambda _, content: bytearray(b64decode(content)),
    "complex": lambda _, content: complex(*content),
    "range": lambda _, content: range(*content),
    "Decimal": lambda _, content: Decimal(content),
    "Fraction": lambda _, content: Fraction(*content),
    "date": lambda _, content: datetime.date.fromisoformat(content),
    "time": lambda _, content: datetime.time.fromisoformat(content),
    "datetime": lambda _, content: datetime.datetime.fromisoformat(content),
    "timedelta": lambda _, content: datetime.timedelta(*content),
    "Pattern": lambda decoder, content: re.compile(decoder.decode(content[0]), content[1]),
}


def to_json(value: Any) -> Any:
    """The value as JSON for the host: tuples, sets and views become lists, keys text.

    Raises NotPlain for what JSON cannot hold.
    """
    return _to_json(value, 0)


def _to_json(value: Any, depth: int) -> Any:
    if depth > DEPTH_MAX:
        raise NotPlain(f"data nested deeper than {DEPTH_MAX}")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        number = int(value)
        if number.bit_length() > _INT_BITS_MAX:
            raise NotPlain(f"an int of {number.bit_length()} bits")
        return number
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotPlain(f"the float {value}, which JSON does not have")
        return float(value)
    if isinstance(value, dict):
        mapping = cast("dict[Any, Any]", value)
        return {_key(key): _to_json(item, depth + 1) for key, item in mapping.items()}
    if isinstance(value, (list, tuple, set, frozenset, deque, range, *_VIEWS)):
        return [_to_json(item, depth + 1) for item in cast("Iterable[Any]", value)]
    raise NotPlain(type(value).__name__)


_VIEWS: Final = (KeysView, ValuesView, ItemsView)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return str.__str__(key)
    if key is None or isinstance(key, (bool, int, float)):
        return str(key)
    raise NotPlain(f"a dict key of type {type(key).__name__}")
