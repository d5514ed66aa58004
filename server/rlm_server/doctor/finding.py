"""What is found of one part."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: whether it works, what was seen, and what to do if it does not.

    `needed` is false for parts without which the rest goes on.
    """

    part: str
    ok: bool
    seen: str
    fix: str = ""
    needed: bool = True

    @classmethod
    def of_error(cls, part: str, error: Exception, otherwise: str = "") -> "Finding":
        """What does not work, by an error of ours: what it says after the fault is the fix."""
        told = str(error)
        seen, _, fix = told.partition("; " if "; " in told else ". ")
        return cls(part, ok=False, seen=seen.removesuffix("."), fix=fix or otherwise)

    @property
    def line(self) -> str:
        """The finding as a person reads it."""
        mark = "ok  " if self.ok else "FAIL" if self.needed else "warn"
        fix = f"\n      fix: {self.fix}" if not self.ok and self.fix else ""
        return f"{mark}  {self.part}: {self.seen}{fix}"
