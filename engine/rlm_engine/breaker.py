"""Leaving a model alone that does not answer: a circuit breaker (Nygard, "Release It!"). Pure.

Without it each of two hundred sub-calls would wait out its own time limit on an endpoint that
takes connections and says nothing. Time is given in seconds of any clock that does not run back.
"""

from dataclasses import dataclass, replace
from typing import Final

TRIPS_AT: Final = 3
REST_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """How one model has answered lately: open from the third silence in a row, for 30 s.

    Then one call is let through to see, and the others wait another 30 s for what it tells.
    """

    silences: int = 0
    rests_until_s: float = 0.0

    def rest_s(self, now_s: float) -> float:
        """How long it is still left alone; 0 where it may be asked."""
        return max(0.0, self.rests_until_s - now_s)

    def asked(self, now_s: float) -> "Breaker":
        """A call is made now; ask `rest_s` first."""
        if self.silences < TRIPS_AT:
            return self
        return replace(self, rests_until_s=now_s + REST_S)

    def silent(self, now_s: float) -> "Breaker":
        """Nobody answered a call, or nobody took the connection."""
        silences = self.silences + 1
        return Breaker(silences, now_s + REST_S if silences >= TRIPS_AT else 0.0)

    def answered(self) -> "Breaker":
        """Somebody is there, whatever was said."""
        return Breaker()
