"""What holds for a run besides its limits: where its code runs, what it may use, what leaves."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rlm_sandbox.backend import BackendName
from rlm_sandbox.code_rules import CodeRules
from rlm_sandbox.redact import Redaction

RoutePreference = Literal["auto", "loop"]
"""`loop`: no prompt of the root ever holds text of the corpus that code did not print; `auto`: one
may, where that answers as well and costs less."""


@dataclass(frozen=True, slots=True)
class Precautions:
    """The guard's rules for the code, and the secrets to take out besides the built-in shapes.

    `backend` runs the code, the system's own where none is named; `cache` is where it keeps what it
    has to build once. `route` says whether short ways are tried before the loop.
    """

    rules: CodeRules = field(default_factory=CodeRules)
    redaction: Redaction = field(default_factory=Redaction)
    backend: BackendName | None = None
    cache: Path | None = None
    route: RoutePreference = "loop"


USUAL = Precautions()
