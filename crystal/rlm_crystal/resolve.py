"""Which definition a call means, and how sure that is.

`certain`: the text says so: a method of the own class, a name of the own file, an imported one.
`likely`: one thing speaks for it and nothing against: the type a variable was given, an inherited
method, the only definition there is. `by name`: the name is all there is to go by.
What the text says is something else, such as a function of a library, is no call of ours.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Sequence
from typing import Final

from rlm_crystal.around import scopes_of, text_before, text_of
from rlm_crystal.bindings import Place
from rlm_crystal.corpus_names import TYPES, CorpusNames, FileFacts, Named
from rlm_crystal.lineage import Lineage
from rlm_crystal.receiver import SELVES, SUPERS, Call, attribute_type, calls_on, resembles, type_of
from rlm_crystal.types import CERTAINTIES, Certainty, Definition, Reference

Meaning = tuple[Named, Certainty]

# A plain name may be a method of the class around it.
_IMPLICIT_SELF: Final = frozenset({"java", "kotlin", "scala", "csharp", "swift", "cpp", "ruby"})
# A plain name that is neither defined nor imported in the file is something else.
_STRICT: Final = frozenset({"python", "go", "rust", "java"})
_FOLDER_SCOPE: Final = frozenset({"go", "java", "kotlin", "scala", "csharp", "swift"})
# Methods that every library has: a call of one on something unknown says nothing.
_COMMON: Final = frozenset(
    """
    add all any append apply bind build call catch clear clone close concat contains copy count
    create decode delete emit encode end entries equals error every execute exists exit extend
    filter find first flush forEach format get group has hash index info init insert is_empty items
    iter join keys last len length list load lock log lower main map match max merge min name new
    next on open parse pop post push put read recv reduce register release remove render replace
    reset resolve reverse run save search select send set setup size slice sort split start stop
    string strip sub sum swap test then toString to_string trim type union unlock unwrap update
    upper url validate value values wait warn with write
    """.split()  # noqa: SIM905
)


class Resolver:
    """Resolves calls of one crystal; what it learns of types is kept."""

    def __init__(self, names: CorpusNames) -> None:
        self._names = names
        self._lineage = Lineage(names)
        self._alike: dict[tuple[str, str], bool] = {}

    def meanings(self, ref: Reference) -> list[Meaning]:
        """What a call may mean, each definition once with the best that can be said; empty where
        the text says that it is none of the corpus."""
        facts = self._names.facts(ref.path)
        if facts is None:
            return []
        line = facts.lines[ref.line - 1] if ref.line <= len(facts.lines) else ""
        above = facts.lines[ref.line - 2] if ref.line > 1 else ""
        calls = calls_on(line, ref.name, above) or [Call("expression")]
        best: dict[tuple[str, str, int], Meaning] = {}
        for call in calls:
            for named, certainty in self._of(ref, facts, call):
                item = named.definition
                key = (item.path, item.symbol, item.start_line)
                if key not in best or _surer(certainty, best[key][1]):
                    best[key] = (named, certainty)
        return list(best.values())

    def _of(self, ref: Reference, facts: FileFacts, call: Call) -> list[Meaning]:
        name = ref.name
        bound = facts.bindings.names.get(name)
        if call.on == "plain" and bound and bound[-1] != name:
            name = bound[-1]  # imported under another name
        candidates = [
            item
            for item in self._names.called(name)
            if item.family == facts.family
            and not (item.definition.path != ref.path and _is_private(item.definition))
        ]
        if not candidates or call.on == "literal":
            return []
        if call.on == "plain":
            return self._plain(ref, facts, candidates, bound)
        if call.on == "expression":
            return _unknown(candidates, name)
        return self._named_receiver(ref, facts, candidates, call.chain)

    def _plain(
        self,
        ref: Reference,
        facts: FileFacts,
        candidates: Sequence[Named],
        bound: Place | None,
    ) -> list[Meaning]:
        if _is_parameter(ref, facts):
            return []
        here = [item for item in candidates if item.definition.path == ref.path]
        for scope in scopes_of(ref.within):
            inner = [item for item in here if item.scope == scope]
            if inner:
                return _sure(inner)
        implicit = facts.language in _IMPLICIT_SELF
        if implicit and (found := self._member(ref, facts, candidates)):
            return found
        top = [item for item in here if not item.owner and not item.is_local]
        top += [item for item in here if item.is_type and item not in top]
        if top:
            return _sure(top)
        free = [
            item for item in candidates if not item.is_local and (item.is_type or not item.owner)
        ]
        if bound:
            return self._imported(free, bound)
        if facts.language in _FOLDER_SCOPE:
            folder = ref.path.rpartition("/")[0]
            near = [item for item in free if item.definition.path.rpartition("/")[0] == folder]
            if near:
                return _sure(near)
        opened = [
            item
            for item in free
            if any(
                self._names.is_module(item.definition.path, place) for place in facts.bindings.open
            )
        ]
        if opened:
            return _sure(opened) if len(opened) == 1 else _told(opened, "likely")
        if facts.language == "python" and ref.name in dir(builtins):
            return []
        methods = [item for item in candidates if item.owner] if implicit else []
        alone = _entities(free) == 1 and not self._is_strict(facts)
        return _told(free, "likely" if alone else "by name") + _told(methods, "by name")

    def _is_strict(self, facts: FileFacts) -> bool:
        """Whether a plain name has to be defined or imported in its file; a script without imports
        shares its names with others."""
        if facts.family == "js":
            return bool(facts.bindings.names)
        return facts.language in _STRICT

    def _imported(self, free: Sequence[Named], place: Place) -> list[Meaning]:
        """What an imported name stands for; nothing where it comes from outside."""
        module = place[:-1]
        exact = [item for item in free if self._names.is_module(item.definition.path, module)]
        exact += [
            item
            for item in free
            if item not in exact and self._names.is_module(item.definition.path, place)
        ]
        if exact:
            return _sure(exact)
        handed_on = self._handed_on(free, place, 0)
        if handed_on:
            return _sure(handed_on)
        below = [item for item in free if self._names.is_below(item.definition.path, module)]
        if below:
            return _told(below, "likely" if _entities(below) == 1 else "by name")
        if self._names.is_known(module) or self._names.is_known(place):
            return _told(free, "likely" if _entities(free) == 1 else "by name")
        return []

    def _handed_on(self, free: Sequence[Named], place: Place, depth: int) -> list[Named]:
        """Follows a package that imports the name from one of its modules."""
        if depth > 3 or len(place) < 2:
            return []
        for path in self._names.files_of(place[:-1])[:20]:
            if not self._names.is_module(path, place[:-1]):
                continue
            facts = self._names.facts(path)
            further = facts.bindings.names.get(place[-1]) if facts else None
            opened = facts.bindings.open if facts else ()
            places = [further] if further else [(*module, place[-1]) for module in opened]
            for another in places:
                found = [
                    item
                    for item in free
                    if self._names.is_module(item.definition.path, another[:-1])
                ]
                found = found or self._handed_on(free, another, depth + 1)
                if found:
                    return found
        return []

    def _named_receiver(
        self, ref: Reference, facts: FileFacts, candidates: Sequence[Named], chain: Place
    ) -> list[Meaning]:
        root, last = chain[0], chain[-1]
        methods = [item for item in candidates if item.owner]
        if len(chain) == 1 and (root in SELVES or root in SUPERS):
            if root == "this" and facts.family == "js" and not self._around(ref, facts):
                return _unknown(methods, ref.name)
            return self._member(ref, facts, candidates, above=root in SUPERS)
        bound = facts.bindings.names.get(root)
        if bound and root not in SELVES:
            found = self._through(candidates, (*bound, *chain[1:]), known=last)
            if found or not self._names.is_known(bound[:-1] or bound):
                # A value made elsewhere may be anything; a module or class from outside is none.
                return found if found or not self._may_be_value(bound) else []
        owned = [item for item in methods if item.owner == last.lstrip("$@")]
        if owned:
            near = [item for item in owned if item.definition.path == ref.path]
            return _sure(near or owned) if near or _entities(owned) == 1 else _told(owned, "likely")
        spaced = [
            item
            for item in candidates
            if not item.owner and item.definition.symbol.split(".")[-2:-1] == [last]
        ]
        if not spaced and facts.language == "rust":
            module = tuple(part for part in chain if part not in {"crate", "self", "super"})
            free = [item for item in candidates if not item.owner and not item.is_local]
            spaced = [item for item in free if self._names.is_module(item.definition.path, module)]
        if spaced:
            return _told(spaced, "likely")
        return self._by_type(ref, facts, methods, chain)

    def _through(self, candidates: Sequence[Named], place: Place, *, known: str) -> list[Meaning]:
        """What is reached through an imported module or type."""
        top = [item for item in candidates if not item.owner and not item.is_local]
        found = [item for item in top if self._names.is_module(item.definition.path, place)]
        if not found:
            found = self._handed_on(top, (*place, top[0].definition.symbol), 0) if top else []
        if found:
            return _sure(found)
        owned = [item for item in candidates if item.owner == known]
        near = [
            item
            for item in owned
            if self._names.is_module(item.definition.path, place[:-1])
            or self._names.is_module(item.definition.path, place)
        ]
        if near:
            return _sure(near)
        if owned and (self._names.is_known(place[:-1]) or self._names.is_known(place)):
            return _told(owned, "likely")
        below = [item for item in top if self._names.is_below(item.definition.path, place)]
        return _told(below, "likely" if _entities(below) == 1 else "by name")

    def _may_be_value(self, place: Place) -> bool:
        return place[-1][:1].islower() and self._names.is_known(place[:-1])

    def _by_type(
        self, ref: Reference, facts: FileFacts, methods: Sequence[Named], chain: Place
    ) -> list[Meaning]:
        variable = chain[-1].lstrip("$@")
        if len(chain) > 1 and chain[0] in SELVES:
            around = self._around(ref, facts)
            known = type_of(variable, text_of(facts, around)) or type_of(
                f"{chain[0]}.{variable}".replace("$", ""), text_of(facts, around)
            )
            known = known or attribute_type(variable, text_of(facts, around))
        elif len(chain) == 1:
            known = type_of(variable, text_before(facts, ref, variable))
        else:
            known = ""
        if known:
            return self._of_type(facts.bindings.names.get(known, (known,))[-1], methods)
        owners = {owner for owner in {item.owner for item in methods} if self._is(variable, owner)}
        alike = [item for item in methods if item.owner in owners]
        if alike:
            return _told(alike, "likely" if _entities(alike) == 1 else "by name")
        return _unknown(methods, ref.name)

    def _is(self, variable: str, owner: str) -> bool:
        """Whether a variable is called as the type is, or as one that it inherits from."""
        key = variable, owner
        if key not in self._alike:
            names = self._lineage.of(owner)
            self._alike[key] = any(resembles(variable, name) for name in names)
        return self._alike[key]

    def _of_type(self, known: str, methods: Sequence[Named]) -> list[Meaning]:
        for name in self._lineage.of(known):
            found = [item for item in methods if item.owner == name]
            if found:
                return _told(found, "likely")
        below = [item for item in methods if known in self._lineage.of(item.owner)[1:]]
        if below:
            return _told(below, "by name")
        # A type the corpus defines and that has no such method rules the others out.
        own = [item for item in self._names.called(known) if item.is_type]
        return [] if own or known[:1].isupper() else _told(methods, "by name")

    def _member(
        self,
        ref: Reference,
        facts: FileFacts,
        candidates: Sequence[Named],
        *,
        above: bool = False,
    ) -> list[Meaning]:
        """A method of the class around the call, of those it inherits from, or of its heirs."""
        own = self._own_type(ref, facts)
        if not own:
            return []
        methods = [item for item in candidates if item.owner]
        lineage = self._lineage.of(own)
        for depth, name in enumerate(lineage):
            if above and depth == 0:
                continue
            found = [item for item in methods if item.owner == name]
            near = [item for item in found if item.definition.path == ref.path]
            if depth == 0 and near:
                found = near
            if found:
                sure = depth == 0 or _entities(found) == 1
                return _told(found, "certain" if sure else "likely")
        heirs = [item for item in methods if own in self._lineage.of(item.owner)[1:]]
        if heirs:
            return _told(heirs, "likely" if _entities(heirs) == 1 else "by name")
        outside = any(not self._names.called(name) for name in lineage[1:])
        mixed = facts.language in {"ruby", "python"} and len(lineage) == 1
        return _told(methods, "by name") if mixed and not outside and not above else []

    def _own_type(self, ref: Reference, facts: FileFacts) -> str:
        """The type that `self` is one of, also in a method written outside of its body."""
        for symbol in scopes_of(ref.within):
            found = facts.outline.get(symbol)
            front = symbol.rpartition(".")[0]
            if found is not None and found.kind in TYPES | {"module"}:
                return symbol.rsplit(".", 1)[-1]
            if found is not None and found.kind == "method" and front not in facts.outline:
                return front.rsplit(".", 1)[-1]
        return ""

    def _around(self, ref: Reference, facts: FileFacts) -> Definition | None:
        """The type whose body the call stands in."""
        symbol = ref.within
        while symbol:
            found = facts.outline.get(symbol)
            if found is not None and found.kind in TYPES | {"module"}:
                return found
            symbol = symbol.rpartition(".")[0]
        return None


def _is_parameter(ref: Reference, facts: FileFacts) -> bool:
    """Whether the name is a parameter of a function around."""
    word = re.compile(rf"[(,]\s*[*&]*{re.escape(ref.name)}\s*[,:=)]")
    scopes = [facts.outline[scope] for scope in scopes_of(ref.within) if scope in facts.outline]
    return any(word.search(scope.signature) for scope in scopes if scope.kind not in TYPES)


def _is_private(definition: Definition) -> bool:
    """A C function that only its own file sees."""
    return definition.path.endswith((".c", ".cc", ".cpp")) and bool(
        re.match(r"(?:inline\s+)?static\b", definition.signature)
    )


def _unknown(candidates: Sequence[Named], name: str) -> list[Meaning]:
    """On something nothing is known of: likely where there is one such method and few libraries
    have one so called."""
    methods = [item for item in candidates if item.owner]
    alone = _entities(methods) == 1 and name not in _COMMON and len(name) > 3
    return _told(methods, "likely" if alone else "by name")


def _entities(found: Sequence[Named]) -> int:
    """How many different things these are: a prototype and its body are one."""
    return len({(item.owner, item.definition.symbol) for item in found}) if found else 0


def surest(meanings: Sequence[Meaning]) -> Certainty:
    """The best that is said of any."""
    told = {certainty for _, certainty in meanings}
    return next(certainty for certainty in CERTAINTIES if certainty in told)


def _surer(one: Certainty, other: Certainty) -> bool:
    return CERTAINTIES.index(one) < CERTAINTIES.index(other)


def _told(found: Iterable[Named], certainty: Certainty) -> list[Meaning]:
    return [(item, certainty) for item in found]


def _sure(found: Iterable[Named]) -> list[Meaning]:
    return _told(found, "certain")
