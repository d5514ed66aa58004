"""Tries every part and tells of all, whatever becomes of one of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

from rlm_crystal.errors import CrystalError

from rlm_server.commands import Told
from rlm_server.doctor import models, parts, surroundings
from rlm_server.doctor.clients import clients
from rlm_server.doctor.finding import Finding
from rlm_server.errors import ServerError
from rlm_server.explaining import explained

_Try: TypeAlias = Callable[[Mapping[str, str]], Finding]
_PARTS: tuple[_Try, ...] = (
    parts.python, parts.crypto, surroundings.home, surroundings.disk, parts.key, parts.sandbox,
    parts.embedder, parts.grammar, models.model,
)  # fmt: skip


def examine(roots: Sequence[Path], environ: Mapping[str, str], *, ask_models: bool) -> Told:
    """Try everything; fails when a part that is needed does not work."""
    findings: list[Finding] = []
    for part in _PARTS:
        findings += _tried(part.__name__, lambda part=part: [part(environ)])
    if ask_models:
        findings += _tried("models", lambda: models.models_asked(environ))
    findings += _tried("watch", lambda: [surroundings.watch(roots)])
    findings += _tried("clients", lambda: clients(environ, roots[0]))
    failed = any(not finding.ok and finding.needed for finding in findings)
    fields: dict[str, Any] = {"ok": not failed, "findings": [asdict(each) for each in findings]}
    return Told(fields, "\n".join(finding.line for finding in findings), failed=failed)


def _tried(part: str, try_it: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    try:
        yield from try_it()
    except (CrystalError, ServerError, ImportError, OSError) as error:
        fix = "pip install --upgrade rlm-mcp" if isinstance(error, ImportError) else ""
        yield Finding(part, ok=False, seen=explained(error), fix=fix)
