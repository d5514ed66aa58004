"""What a cell prints: head and tail are kept, the middle is counted and dropped."""

from collections import deque


class BoundedOutput:
    """A text stream that never holds more than `limit` characters."""

    encoding = "utf-8"
    errors = "replace"
    closed = False

    def __init__(self, limit: int) -> None:
        self._head_max = limit - limit // 2
        self._tail_max = limit // 2
        self.clear()

    def clear(self) -> None:
        """Forget everything written so far."""
        self._head: list[str] = []
        self._head_size = 0
        self._tail: deque[str] = deque()
        self._tail_size = 0
        self._dropped = 0

    @property
    def truncated(self) -> bool:
        """Whether characters were dropped."""
        return self._dropped > 0

    def write(self, text: str) -> int:
        """Take text as a file would."""
        if type(text) is not str:
            raise TypeError(f"write() takes a str, not {type(text).__name__}")
        size = len(text)
        room = self._head_max - self._head_size
        if room > 0:
            self._head.append(text[:room])
            self._head_size += len(self._head[-1])
            text = text[room:]
        if text:
            self._keep_tail(text)
        return size

    def writelines(self, lines: list[str]) -> None:
        """Write each line as it is."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing to do: all is in memory."""

    def isatty(self) -> bool:
        """Never a terminal."""
        return False

    def writable(self) -> bool:
        """Always."""
        return True

    def getvalue(self) -> str:
        """What was written, with a line that says how much is missing, if anything is."""
        head, tail = "".join(self._head), "".join(self._tail)
        if not self._dropped:
            return head + tail
        return f"{head}\n[... {self._dropped} characters of output cut here ...]\n{tail}"

    def _keep_tail(self, text: str) -> None:
        if len(text) > self._tail_max:
            self._dropped += self._tail_size + len(text) - self._tail_max
            self._tail.clear()
            text = text[len(text) - self._tail_max :]
            self._tail_size = 0
        self._tail.append(text)
        self._tail_size += len(text)
        while self._tail_size > self._tail_max:
            oldest = self._tail.popleft()
            excess = self._tail_size - self._tail_max
            if excess < len(oldest):
                self._tail.appendleft(oldest[excess:])
            cut = min(excess, len(oldest))
            self._tail_size -= cut
            self._dropped += cut
