"""What is looked for while random frames are put on a server, and the workplace it runs on."""

import base64
import os
import tempfile
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CANARY = "canary-of-a-file-outside"
SECRET = "canary-of-a-secret-inside"
KEY = base64.b64encode(b"K" * 32).decode()
NEVER_SHOWN = (CANARY, SECRET, KEY, "Traceback (most recent", "root:x:0")
GROWTH_MB_MAX = 48.0
CART = '''"""A shop."""


def total_price(items: list[float]) -> float:
    """Sum the prices of everything in the cart."""
    return sum(items)
'''


@dataclass
class Found:
    """What came of a number of frames over one transport."""

    over: str
    sent: Counter[str] = field(default_factory=Counter[str])
    answers: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])
    grown: dict[str, float] = field(default_factory=dict[str, float])

    def fields(self) -> dict[str, Any]:
        sent, answers = dict(self.sent), dict(self.answers)
        told = {"over": self.over, "frames": self.sent.total(), "wrong": self.wrong}
        return told | {"sent": sent, "answers": answers, "grown": self.grown}

    def in_words(self) -> str:
        lines = [f"{self.over}: {self.sent.total()} frames, {len(self.wrong)} things wrong"]
        lines += [f"  {count:5}  {kind}" for kind, count in self.sent.most_common()]
        lines += [f"  answers: {', '.join(f'{n} {k}' for k, n in self.answers.most_common())}"]
        lines += [f"  grown: {', '.join(f'{k} {v:+g}' for k, v in self.grown.items())}"]
        return "\n".join([*lines, *(f"  WRONG {each}" for each in self.wrong)])

    def look_at(self, message: dict[str, Any], text: str) -> None:
        """Take one reply down."""
        error = message.get("error")
        if error is not None:
            self.answers[f"error {error.get('code')}"] += 1
        elif "result" in message:
            failed = message["result"].get("isError") is True
            self.answers["tool error" if failed else "result"] += 1
        self.wrong += [f"shown: {word}: {text[:300]}" for word in NEVER_SHOWN if word in text]


@contextmanager
def workplace() -> Generator[tuple[Path, dict[str, str]]]:
    """A small repository with traps beside and in it, and the environment for a server on it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder) / "root"
        (root / "shop").mkdir(parents=True)
        (root / "shop" / "cart.py").write_text(CART)
        (root / "README.md").write_text("# Shop\n\nPrices are in euros.\n")
        (root / ".env").write_text(f"PASSWORD={SECRET}\n")
        (Path(folder) / "canary.txt").write_text(f"{CANARY}\n")
        (root / "shop" / "way_out.txt").symlink_to(Path(folder) / "canary.txt")
        plain = {name: value for name, value in os.environ.items() if not name.startswith("RLM_")}
        yield root, {**plain, "RLM_HOME": str(Path(folder) / "home"), "RLM_KEY": KEY}


def standing(pid: int) -> dict[str, float]:
    """What a server holds of the machine now."""
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {
        "RSS MB": int(fields["VmRSS"].split()[0]) / 1024,
        "threads": int(fields["Threads"]),
        "open files": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "children": len(children),
    }


def judge_growth(found: Found) -> None:
    # A REPL keeps the pages of the crystal it was begun with.
    bounds = {"RSS MB": GROWTH_MB_MAX, "threads": 8, "open files": 24, "children": 2}
    for what, bound in bounds.items():
        if found.grown[what] > bound:
            found.wrong.append(f"{what} grew by {found.grown[what]} over the second half")
