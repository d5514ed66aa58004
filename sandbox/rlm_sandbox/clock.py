"""How long a cell may still run: plain arithmetic over times that the caller reads."""

from dataclasses import dataclass


@dataclass(slots=True)
class CellClock:
    """Counts the seconds a cell runs; stands still while the host works for it."""

    wall_s: float
    cpu_s: float
    used_s: float = 0.0
    cpu_used_s: float = 0.0
    _since: float | None = None

    def resume(self, now: float) -> None:
        """The child runs from now on."""
        self._since = now

    def pause(self, now: float) -> None:
        """The child waits for the host."""
        if self._since is not None:
            self.used_s += now - self._since
            self._since = None

    def running_s(self, now: float) -> float:
        """Seconds the child has run so far."""
        return self.used_s + (now - self._since if self._since is not None else 0.0)

    def next_check_s(self, now: float) -> float:
        """Seconds until a limit can have been reached at the earliest.

        One thread uses at most a second of CPU in a second, so the CPU time needs a look only
        after what is left of it has passed.
        """
        wall_left_s = self.wall_s - self.running_s(now)
        return max(0.0, min(wall_left_s, self.cpu_s - self.cpu_used_s))

    def exceeded(self, now: float) -> str | None:
        """Which limit was reached, in words, or None."""
        if self.running_s(now) >= self.wall_s:
            return f"{self.wall_s:g} s of time"
        if self.cpu_used_s >= self.cpu_s:
            return f"{self.cpu_s:g} s of processor time"
        return None

    def extend(self, seconds: float) -> None:
        """Grant more time, to stop in good order."""
        self.wall_s = max(self.wall_s, self.used_s) + seconds
        self.cpu_s = max(self.cpu_s, self.cpu_used_s) + seconds
