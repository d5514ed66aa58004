"""Changed definitions that no test mentions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rlm_crystal.language import role
from rlm_crystal.types import Definition

from rlm_tools.reviewing.change import Change
from rlm_tools.reviewing.finding import Finding

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

_TESTED_KINDS = frozenset({"function", "method", "class"})
_SHOWN = 12


def untested_changes(crystal: Crystal, change: Change) -> Iterator[Finding]:
    """One note that names the public definitions under review which no test calls or imports."""
    if change.new is None or role(change.path) != "source" or change.is_fragment:
        return
    changed = [item for item in change.parsed.definitions if _counts(change, item)]
    if not changed or not any(role(entry.path) == "test" for entry in crystal.files):
        return
    missing = [item for item in _innermost(changed) if not _is_tested(crystal, item)]
    if missing:
        names = list(dict.fromkeys(item.symbol for item in missing))
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield Finding(
            change.path,
            missing[0].start_line,
            "note",
            "missing-tests",
            f"no test mentions {', '.join(names[:_SHOWN])}{more}.",
        )


def _counts(change: Change, definition: Definition) -> bool:
    private = any(part.startswith("_") for part in definition.symbol.split("."))
    return definition.kind in _TESTED_KINDS and not private and change.touches(definition)


def _innermost(definitions: list[Definition]) -> list[Definition]:
    """Without those that merely enclose another changed one."""
    return [
        item
        for item in definitions
        if not any(other.symbol.startswith(f"{item.symbol}.") for other in definitions)
    ]


def _is_tested(crystal: Crystal, definition: Definition) -> bool:
    name = definition.symbol.rsplit(".", 1)[-1]
    references = [*crystal.calls(name), *crystal.importers(name)]
    return any(role(reference.path) == "test" for reference in references)
