"""Callers that a change breaks: definitions removed or renamed, parameters that no longer fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlm_crystal.code_lines import code_lines
from rlm_crystal.types import Definition, Reference

from rlm_tools.reviewing.change import Change
from rlm_tools.reviewing.finding import Finding, Severity
from rlm_tools.reviewing.parameters import Parameter, accepts, calls_of, parameters_of

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

_CALLABLE = frozenset({"function", "method", "class", "struct", "interface", "trait", "enum"})
_CONSTRUCTORS = frozenset({"__init__", "constructor", "__new__"})
_SHOWN = 8
_CALLERS_MAX = 400


def broken_callers(crystal: Crystal, change: Change) -> Iterator[Finding]:
    """What the change takes from those who call into the file."""
    if change.old is None or change.whole or change.is_fragment:
        return
    after = _by_symbol(change.parsed.definitions) if change.new is not None else {}
    before = _by_symbol(change.parsed_before.definitions)
    for symbol, old in before.items():
        new = after.get(symbol)
        if new is None:
            yield from _removed(crystal, change, old, after)
        elif len(old) == len(new) == 1:
            yield from _changed(crystal, change, old[0], new[0])


@dataclass(frozen=True, slots=True)
class _Use:
    """A call or import elsewhere, and whether it surely means the changed definition."""

    reference: Reference
    sure: bool


def _by_symbol(definitions: tuple[Definition, ...]) -> dict[str, list[Definition]]:
    found: dict[str, list[Definition]] = {}
    for definition in definitions:
        if definition.kind in _CALLABLE:
            found.setdefault(definition.symbol, []).append(definition)
    return found


def _removed(
    crystal: Crystal, change: Change, old: list[Definition], after: dict[str, list[Definition]]
) -> Iterator[Finding]:
    definition = old[0]
    symbol = definition.symbol
    name = symbol.rsplit(".", 1)[-1]
    front = symbol.rpartition(".")[0]
    if front and front not in after and change.new is not None:
        return  # its class is gone, which is told once
    if any(other.rsplit(".", 1)[-1] == name for other in after) or name in _CONSTRUCTORS:
        return
    uses = [*_uses(crystal, change, definition), *_words_left(change, name)]
    if not uses:
        return
    sure = any(use.sure for use in uses)
    line = _nearest_line(change, definition.start_line)
    yield Finding(
        change.path,
        line,
        "error" if sure else "warning",
        "removed-definition",
        f"{definition.kind} {symbol} is gone (removed or renamed) and is still used"
        f" {'in' if sure else 'by name in'} {len(uses)} places.",
        _evidence(uses),
    )


def _changed(
    crystal: Crystal, change: Change, old: Definition, new: Definition
) -> Iterator[Finding]:
    before = parameters_of((change.old or "").split("\n"), old, change.language)
    after = parameters_of(change.lines, new, change.language)
    if new.kind not in {"function", "method"} or before is None or after is None or before == after:
        return
    broken: list[_Use] = []
    reasons: list[str] = []
    for use in _uses(crystal, change, new):
        reason = _misfit(crystal, change, use.reference, (before, after))
        if reason:
            broken.append(use)
            reasons.append(reason)
    if broken:
        sure = any(use.sure for use in broken)
        severity: Severity = "error" if sure else "warning"
        yield Finding(
            change.path,
            new.start_line,
            severity,
            "changed-signature",
            f"{new.symbol} takes other parameters now and {len(broken)} calls"
            f" {'do' if sure else 'may'} not fit: the first {reasons[0]}.",
            _evidence(broken),
        )


def _misfit(
    crystal: Crystal,
    change: Change,
    reference: Reference,
    parameters: tuple[list[Parameter], list[Parameter]],
) -> str | None:
    """Why the calls on that line fitted before and do not fit now."""
    before, after = parameters
    if reference.kind != "call":
        return None
    lines = (
        change.lines if reference.path == change.path else crystal.text(reference.path).split("\n")
    )
    if not 0 < reference.line <= len(lines):
        return None
    following = "\n".join(lines[reference.line : reference.line + 40])
    for call in calls_of(reference.name, lines[reference.line - 1], following, change.language):
        if accepts(before, call) is None and (reason := accepts(after, call)):
            return reason
    return None


def _uses(crystal: Crystal, change: Change, definition: Definition) -> list[_Use]:
    """Calls and imports of the definition: those of the new text of this file, and those of the
    other files as the crystal knows them."""
    name = definition.symbol.rsplit(".", 1)[-1]
    if name in _CONSTRUCTORS and "." in definition.symbol:
        name = definition.symbol.rsplit(".", 2)[-2]
    module = change.path.rsplit(".", 1)[0].removesuffix("/__init__").replace("/", ".")
    importing = {ref.path for ref in crystal.importers(change.path)}
    imports = [ref for ref in crystal.importers(name) if _is_import_of(ref, module, name)]
    rivals = [item for item in crystal.symbol(name) if item.path != change.path]
    is_method = "." in definition.symbol and definition.symbol.rsplit(".", 1)[-1] == name
    uses = [
        _Use(ref, sure=not is_method)
        for ref in change.parsed.references
        if ref.kind == "call" and ref.name == name
    ]
    for ref in [*imports, *crystal.calls(name)[:_CALLERS_MAX]]:
        if ref.path != change.path:
            near = ref.path in importing or any(ref.path == other.path for other in imports)
            if rivals and not near:
                continue
            uses.append(_Use(ref, sure=near and not is_method))
    return uses


def _words_left(change: Change, name: str) -> list[_Use]:
    """The lines of code of this very file that still hold the name of what is gone."""
    if change.new is None:
        return []
    word = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
    code = code_lines(change.new, change.language)
    lines = [n for n in sorted(code) if n <= len(change.lines) and word.search(change.lines[n - 1])]
    return [_Use(Reference(change.path, line, name, "call", ""), sure=False) for line in lines]


def _is_import_of(reference: Reference, module: str, name: str) -> bool:
    dotted = reference.name.replace("::", ".").replace("/", ".").replace("\\", ".")
    if not dotted.endswith(f".{name}"):
        return dotted == name
    source = dotted[: -len(name) - 1]
    return module == source or module.endswith(f".{source}") or source.endswith(f".{module}")


def _evidence(uses: list[_Use]) -> tuple[str, ...]:
    places = dict.fromkeys(f"{use.reference.path}:{use.reference.line}" for use in uses)
    shown = list(places)[:_SHOWN]
    return (*shown, f"and {len(places) - _SHOWN} more") if len(places) > _SHOWN else tuple(shown)


def _nearest_line(change: Change, old_line: int) -> int:
    if change.new is None or not change.lines:
        return 0
    return min(
        max((line for line in change.added if line <= old_line), default=old_line),
        len(change.lines),
    )
