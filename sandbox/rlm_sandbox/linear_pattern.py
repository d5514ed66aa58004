"""A user's own pattern, found in time linear in the text, whatever the pattern and the text.

Python's `re` goes back and tries again, so a text can be written on which one pattern takes for
ever. Here the pattern, as `re` parses it, becomes the states of an automaton (Thompson 1968); the
sets of states that a text leads to are made when first met and kept. What goes back is refused.

Told is every character that lies in any match. So of `a.*?b` the longest counts, and `^` and `$`
mean the ends of a line: more is taken out than `re` would take, never less.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final

from rlm_sandbox.errors import PatternRefused

STATES_MAX: Final = 1_000
_KEPT_MAX: Final = 20_000
_ACCEPT: Final = 0

# The parser of `re` has no public name; its tree is the same from 3.11 to 3.14.
_parse: Final[Callable[[str, int], Any]] = import_module("re._parser").parse

_CLASSES: Final[dict[str, Callable[[str], bool]]] = {
    "DIGIT": str.isdecimal,
    "SPACE": str.isspace,
    "WORD": lambda character: character.isalnum() or character == "_",
}
_GOES_BACK: Final = {
    "GROUPREF": "a back-reference", "GROUPREF_EXISTS": "a condition on a group",
    "ASSERT": "look-ahead or look-behind", "ASSERT_NOT": "look-ahead or look-behind",
}  # fmt: skip

Test = Callable[[str], bool]


@dataclass(slots=True)
class _State:
    """Takes one character and goes on to the first of `out`; or, taking none, to all of them."""

    out: list[int]
    test: Test | None = None
    edge: str = ""


@dataclass(slots=True, eq=False)
class _Reached:
    """The states that a text so far leads to, as bits, and the kind of its last character."""

    states: int
    before: str
    ends: bool
    after: "dict[str, _Reached]" = field(default_factory=dict)


class LinearPattern:
    """A compiled pattern; raises PatternRefused with the reason and what to write instead."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._states = [_State([])]
        try:
            tree = _parse(pattern, flags)
            self._start = 1 << self._sequence(tree, tree.state.flags, _ACCEPT)
        except (re.error, RecursionError, OverflowError) as error:
            raise PatternRefused(pattern, f"it is no regular expression: {error}") from None
        except _Unfit as unfit:
            raise PatternRefused(pattern, str(unfit)) from None
        self._known: dict[tuple[int, str], _Reached] = {}
        self._live: dict[tuple[int, str, str, str, int], int] = {}

    def spans(self, text: str) -> list[tuple[int, int]]:
        """The stretches of the text that matches cover, in order."""
        reached = [self._reached(0, "")]
        for character in text:
            before = reached[-1]
            after = before.after.get(character)
            if after is None:
                after = before.after[character] = self._step(before, character)
            reached.append(after)
        return self._covered(text, reached)

    def _covered(self, text: str, reached: list[_Reached]) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        end, live = 0, 0
        for at in range(len(text) - 1, -1, -1):
            if live or reached[at + 1].ends:
                after = _kind(text[at + 1]) if at + 1 < len(text) else ""
                live_here = self._leading(reached[at], text[at], after, live)
            else:
                live_here = 0
            if live_here and not live:
                end = at + 1
            if live and not live_here:
                spans.append((at + 1, end))
            live = live_here
        if live:
            spans.append((0, end))
        return spans[::-1]

    def _step(self, reached: _Reached, character: str) -> _Reached:
        kind = _kind(character)
        states = 0
        for number in _bits(self._free(reached.states | self._start, reached.before, kind)):
            state = self._states[number]
            if state.test is not None and state.test(character):
                states |= 1 << state.out[0]
        return self._reached(states, kind)

    def _reached(self, states: int, before: str) -> _Reached:
        if len(self._known) > _KEPT_MAX:
            self._known.clear()
            self._live.clear()
        found = self._known.get((states, before))
        if found is None:
            ends = bool(self._free(states, None, None) & 1)
            found = self._known[states, before] = _Reached(states, before, ends)
        return found

    def _leading(self, reached: _Reached, character: str, after: str, live: int) -> int:
        """Those of the states here that take this character on the way to the end of a match."""
        key = (reached.states, reached.before, character, after, live)
        found = self._live.get(key)
        if found is None:
            kind, found = _kind(character), 0
            for number in _bits(self._free(reached.states | self._start, reached.before, kind)):
                state = self._states[number]
                if state.test is not None and state.test(character):
                    further = self._free(1 << state.out[0], kind, after)
                    if further & (live | 1 << _ACCEPT):
                        found |= 1 << number
            self._live[key] = found
        return found

    def _free(self, states: int, before: str | None, after: str | None) -> int:
        """All states reached without a character; with None for a side, every edge holds."""
        seen, todo = states, list(_bits(states))
        while todo:
            state = self._states[todo.pop()]
            if state.test is None and _holds(state.edge, before, after):
                for number in state.out:
                    if not seen >> number & 1:
                        seen |= 1 << number
                        todo.append(number)
        return seen

    def _add(self, state: _State) -> int:
        if len(self._states) >= STATES_MAX:
            raise _Unfit("it grows too large; make the numbers in its {m,n} smaller")
        self._states.append(state)
        return len(self._states) - 1

    def _sequence(self, items: Iterable[tuple[Any, Any]], flags: int, then: int) -> int:
        for operation, argument in reversed(list(items)):
            then = self._item(str(operation), argument, flags, then)
        return then

    def _item(self, operation: str, argument: Any, flags: int, then: int) -> int:
        match operation:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                return self._add(_State([then], _test(operation, argument, flags)))
            case "AT":
                return self._add(_State([then], edge=str(argument)))
            case "SUBPATTERN":
                _, added, removed, inner = argument
                return self._sequence(inner, (flags | added) & ~removed, then)
            case "ATOMIC_GROUP":
                return self._sequence(argument, flags, then)
            case "BRANCH":
                ways = [self._sequence(way, flags, then) for way in argument[1]]
                return self._add(_State(ways))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeat(argument, flags, then)
            case _:
                reason = _GOES_BACK.get(operation, operation.lower())
                raise _Unfit(f"it has {reason}, which can take for ever; match the whole instead")

    def _repeat(self, repeat: tuple[int, Any, Any], flags: int, then: int) -> int:
        least, most, inner = repeat
        if str(most) == "MAXREPEAT":
            entry = self._add(_State([then]))
            self._states[entry].out.append(self._sequence(inner, flags, entry))
        else:
            entry = then
            for _ in range(int(most) - least):
                entry = self._add(_State([self._sequence(inner, flags, entry), then]))
        for _ in range(least):
            entry = self._sequence(inner, flags, entry)
        return entry


class _Unfit(Exception):
    """The pattern cannot be an automaton; the message says why."""


def _test(operation: str, argument: Any, flags: int) -> Test:
    match operation:
        case "ANY":
            everything = bool(flags & re.DOTALL)
            return lambda character: everything or character != "\n"
        case "LITERAL" | "NOT_LITERAL":
            return _set([(operation.removeprefix("NOT_"), argument)], operation[0] == "N", flags)
        case _:
            items = [(str(kind), value) for kind, value in argument]
            negated = bool(items) and items[0][0] == "NEGATE"
            return _set(items[negated:], negated, flags)


def _set(items: list[tuple[str, Any]], negated: bool, flags: int) -> Test:
    ascii_only = bool(flags & re.ASCII)

    def one(character: str) -> bool:
        code = ord(character)
        for kind, value in items:
            match kind:
                case "LITERAL":
                    found = code == value
                case "RANGE":
                    found = value[0] <= code <= value[1]
                case _:
                    name = str(value).removeprefix("CATEGORY_")
                    found = _CLASSES[name.removeprefix("NOT_")](character)
                    found = (found and not (ascii_only and code > 127)) != name.startswith("NOT_")
            if found:
                return True
        return False

    if not flags & re.IGNORECASE:
        return lambda character: one(character) != negated
    return lambda character: any(map(one, _cases(character))) != negated


def _cases(character: str) -> set[str]:
    cases = {character, character.lower(), character.upper()}
    return {case for case in cases if len(case) == 1}


def _kind(character: str) -> str:
    if character == "\n":
        return "line"
    return "word" if character.isalnum() or character == "_" else "other"


def _holds(edge: str, before: str | None, after: str | None) -> bool:
    if not edge or before is None or after is None:
        return True
    match edge:
        case "AT_BEGINNING":
            return before in ("", "line")
        case "AT_END":
            return after in ("", "line")
        case "AT_BEGINNING_STRING":
            return not before
        case "AT_END_STRING":
            return not after
        case "AT_BOUNDARY":
            return (before == "word") != (after == "word")
        case _:
            return (before == "word") == (after == "word")


def _bits(states: int) -> list[int]:
    numbers: list[int] = []
    while states:
        lowest = states & -states
        numbers.append(lowest.bit_length() - 1)
        states ^= lowest
    return numbers
