"""What holds for a run besides its limits: what its code may use, and what must not leave."""

from dataclasses import dataclass, field

from rlm_sandbox.code_rules import CodeRules
from rlm_sandbox.redact import Redaction


@dataclass(frozen=True, slots=True)
class Precautions:
    """The guard's rules for the code, and the secrets to take out besides the built-in shapes."""

    rules: CodeRules = field(default_factory=CodeRules)
    redaction: Redaction = field(default_factory=Redaction)


USUAL = Precautions()
