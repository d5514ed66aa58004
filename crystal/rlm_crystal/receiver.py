"""What a name is called on, told from the text: `self`, a type, a variable, nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

SELVES: Final = frozenset({"self", "this", "cls", "Self", "$this", "static", "@self"})
SUPERS: Final = frozenset({"super", "super()", "base", "parent"})

_JOINT = r"(?:\?\.|!!\.|&\.|\.|->|::|\\)"
_CHAIN = re.compile(rf"([$@]{{0,2}}[A-Za-z_][\w$]*(?:\(\))?(?:{_JOINT}[A-Za-z_$@][\w$]*)*)$")
_ENDS_IN_JOINT = re.compile(rf"{_JOINT}\s*$")
_SUPER = re.compile(r"super\s*\([^()]*\)$")
_SPLIT = re.compile(_JOINT)


@dataclass(frozen=True, slots=True)
class Call:
    """One way a line calls a name.

    `plain`: on nothing. `named`: on `chain`, names joined by dots, the first being the root.
    `literal`: on a text or a list as it is written. `expression`: on anything else.
    """

    on: Literal["plain", "named", "literal", "expression"]
    chain: tuple[str, ...] = ()


def calls_on(line: str, name: str, before: str = "") -> list[Call]:
    """The ways `line` calls `name`; `before` is the line above, where a chain may begin."""
    found: list[Call] = []
    for match in _occurrences(name).finditer(line):
        front = line[: match.start()]
        if not front.strip():
            front = before.rstrip() if _ENDS_IN_JOINT.search(before.rstrip()[-3:]) else ""
        elif not front.strip().strip("?!&.->:"):
            found.append(Call("expression"))  # the chain began on a line above
            continue
        call = _call(front)
        if call not in found:
            found.append(call)
    return found


def _call(front: str) -> Call:
    joint = _ENDS_IN_JOINT.search(front)
    if joint is None:
        return Call("plain")
    owner = front[: joint.start()].rstrip()
    if _SUPER.search(owner):
        return Call("named", ("super",))
    chain = _CHAIN.search(owner[-160:])
    if chain:
        return Call("named", tuple(_SPLIT.split(chain[1].removesuffix("()"))))
    literal = owner[-1:] in {'"', "'", "`", "]"} and not re.search(r"\w\[[^\[\]]*\]$", owner)
    return Call("literal" if literal else "expression")


@lru_cache(maxsize=256)
def _occurrences(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")


def type_of(variable: str, text: str) -> str:
    """The type that `text`, the lines up to the call, says a variable has; the last said counts.

    A constructor, an annotation, a declaration as C and Java write it, a Go parameter.
    """
    found = ""
    for match in _telling(variable).finditer(text):
        name = next((group for group in match.groups() if group), "")
        last = re.split(r"::|\.|\\", name)[-1]
        if name and last not in _NO_TYPES:
            # `Foo::new(…)` and `Foo.create(…)` build a Foo.
            parts = [part for part in re.split(r"::|\.|\\", name) if part[:1].isupper()]
            found = parts[-1] if parts else last
    return found


def attribute_type(variable: str, text: str) -> str:
    """The type of `self.variable = Foo(…)`, or of the parameter it is set from."""
    owner = r"(?:self|this|\$this|@)(?:\.|->)?"
    made = re.search(
        rf"{owner}{re.escape(variable)}\s*(?::[^=\n]*)?=\s*(?:new\s+|await\s+|&)?"
        rf"((?:[A-Za-z_]\w*(?:::|\.))*[A-Za-z_]\w*)\s*(\(?)",
        text,
    )
    if made is None:
        return ""
    name = re.split(r"::|\.", made[1])[-1]
    return name if made[2] and name[:1].isupper() else "" if made[2] else type_of(name, text)


def resembles(variable: str, owner: str) -> bool:
    """`request`, `my_request`, `currentRequest` for a Request; a part not below four letters."""
    plain = variable.replace("_", "").lower()
    wanted = owner.replace("_", "").lower()
    part = min(len(plain), len(wanted)) > 3 and (plain.endswith(wanted) or wanted.endswith(plain))
    return plain == wanted or part


_NO_TYPES: Final = frozenset(
    {
        "return", "new", "await", "await_", "else", "in", "not", "and", "or", "if", "mut", "const",
        "let", "var", "val", "auto", "final", "Any", "any", "Optional", "Option", "Box", "Arc",
        "Rc", "string", "int", "bool", "float", "str", "None", "null", "true", "false",
    }
)  # fmt: skip


@lru_cache(maxsize=256)
def _telling(variable: str) -> re.Pattern[str]:
    name = rf"(?<![\w.$]){re.escape(variable)}"
    qualified = r"(?:[A-Za-z_]\w*(?:::|\.|\\))*"
    return re.compile(
        # v = Foo(…), v = new a.Foo(…), v := &Foo{…}, let v = Foo::new(…), v: T = Foo(…)
        rf"{name}\s*(?::[^=\n]*)?:?=\s*(?:await\s+|new\s+|&|\*)*((?:{qualified})[A-Z]\w*(?:(?:::|\.)\w+)?)\s*[({{<]"
        # v: Foo, v: &mut Foo, v: "Foo", v: Optional[Foo]
        rf"|{name}\??\s*:\s*(?:&|mut\s+|dyn\s+|impl\s+|[\"']|(?:[a-z]+\.)?Optional\[|Option<|Box<|Arc<|Rc<)*({qualified}[A-Za-z_]\w*)"
        # Foo v, Foo<T> &v, Foo* v, ?Foo $v
        rf"|(?<![\w.])({qualified}[A-Z]\w*)(?:<[^;(){{}}\n]*>)?(?:\s*[*&]+\s*|\s+){re.escape(variable)}\s*[=;,):({{]"
        # Go: v *Foo, v pkg.Foo
        rf"|(?<=[(,])\s*{re.escape(variable)}\s+\*?({qualified}[A-Za-z_]\w*)\s*[,)]"
        # with Foo(…) as v, except Foo as v
        rf"|(?:with|except)\s+({qualified}[A-Z]\w*)[^\n]*\bas\s+{re.escape(variable)}\b"
    )
