"""How many requests are taken from one who asks, decided without a clock of its own."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

_KNOWN_MAX: Final = 4_096


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second in the long run, and `burst` at once."""

    per_second: float
    burst: int


# Of who is not let in, by address.
STRANGERS: Final = Rate(per_second=1.0, burst=20)


class Pace:
    """A bucket of `burst` for each who asks, filled by the second. Who was not seen for long, where
    many ask, begins with a full one."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, now_s: float) -> float:
        """Take one; return 0, or the seconds until there is one again and take none."""
        left, at_s = self._left.pop(who, (float(self._rate.burst), now_s))
        passed_s = max(0.0, now_s - at_s)
        left = min(float(self._rate.burst), left + passed_s * self._rate.per_second)
        wait_s = max(0.0, 1.0 - left) / self._rate.per_second
        self._left[who] = (left if wait_s else left - 1.0, max(now_s, at_s))
        if len(self._left) > _KNOWN_MAX:
            self._left.popitem(last=False)
        return wait_s

    def give_back(self, who: str) -> None:
        """Take the last one as not taken; what is over the burst goes at the next take."""
        if who in self._left:
            left, at_s = self._left[who]
            self._left[who] = (left + 1.0, at_s)
