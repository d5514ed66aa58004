"""One finding of a review."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
Origin = Literal["checked", "model"]

ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong at `path:line`; `evidence` are other places (`path:line`) that show it.

    `origin` tells what was checked by rule from what a model judged.
    """

    path: str
    line: int
    severity: Severity
    rule: str
    message: str
    evidence: tuple[str, ...] = ()
    origin: Origin = "checked"
