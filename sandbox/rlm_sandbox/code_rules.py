"""What the guard lets cells write: one of two profiles, and modules allowed besides its own."""

from dataclasses import dataclass
from typing import Final, Literal

from rlm_sandbox.errors import ModuleRefused
from rlm_sandbox.guard_rules import (
    ADDABLE_MODULES,
    ALLOWED_MODULES,
    BLOCKED_MODULES,
    STRICT_MODULES,
    SYSTEM_REACH,
)

Profile = Literal["standard", "strict"]


@dataclass(frozen=True, slots=True)
class CodeRules:
    """A profile and additional modules; raises ModuleRefused for one that cannot be added.

    `standard` refuses what leads out of the sandbox or into the interpreter. `strict` also refuses
    what ordinary analysis does without and what makes code hard to judge by reading it: see
    `strict_guard`. Additional modules hold in both; they are imported before the seal.
    """

    profile: Profile = "standard"
    modules: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.modules:
            _require_addable(name)

    @property
    def importable(self) -> frozenset[str]:
        """Every module that cells may import."""
        own = STRICT_MODULES if self.profile == "strict" else ALLOWED_MODULES
        return own.union(self.modules)


STANDARD: Final = CodeRules()


def _require_addable(name: str) -> None:
    if name in ADDABLE_MODULES or name in ALLOWED_MODULES:
        return
    top = name.partition(".")[0]
    if top in BLOCKED_MODULES:
        raise ModuleRefused(name, f"it is always blocked: {BLOCKED_MODULES[top]}")
    listed = ", ".join(sorted(ADDABLE_MODULES))
    reason = "it reaches the system" if top in SYSTEM_REACH else "it is not known to be safe"
    raise ModuleRefused(name, f"{reason}; what can be added: {listed}")
