"""The cooldown limiter (seed definition 6.3): `allowed(t) = t - last >= tau`."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

FULL_REINDEX_TAU_S = 60.0


@dataclass(frozen=True, slots=True)
class Cooldown:
    """When something was last done; a value, so that taking a turn makes a new one.

    `now` is a monotonic clock in seconds: a wall clock that is set back would lock callers out.
    """

    tau_s: float = FULL_REINDEX_TAU_S
    last_s: float | None = None
    now: Callable[[], float] = monotonic

    def seconds_left(self) -> float:
        """Return how long the next turn has to wait; 0 when it is allowed now."""
        if self.last_s is None:
            return 0.0
        return max(0.0, self.tau_s - (self.now() - self.last_s))

    def taken(self) -> "Cooldown":
        """Return the limiter after a turn was taken now."""
        return Cooldown(tau_s=self.tau_s, last_s=self.now(), now=self.now)
