"""False alarms of redaction on ordinary source: how many a megabyte, of which kind, and how fast.

    python benchmarks/redaction.py DIR [DIR ...] [--show KIND]

Every text file below each folder is redacted by itself. Nothing is held to be a true secret: the
keys and passwords that tests and documents make up count as alarms too, so the rate is an upper
bound. `--show` prints up to 40 lines of one kind as they are after redaction.
"""

import argparse
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rlm_sandbox.redact import redact

MARK = re.compile(r"\[redacted: ([\w -]+)\]")
BYTES_MAX = 1_000_000
LINES_SHOWN = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--show", default="", metavar="KIND")
    arguments = parser.parse_args()
    print(f"{'corpus':<28}{'MB':>7}{'alarms':>8}{'per MB':>8}{'MB/s':>7}  kinds")
    for folder in arguments.folders:
        report(folder, arguments.show)


def report(folder: Path, shown: str) -> None:
    kinds: Counter[str] = Counter()
    characters = 0
    lines: list[str] = []
    spent_s = 0.0
    for path, text in texts(folder):
        characters += len(text)
        before = time.process_time()
        clean = redact(text).text
        spent_s += time.process_time() - before
        found = Counter(MARK.findall(clean)) - Counter(MARK.findall(text))
        kinds += found
        if shown in found:
            name = path.relative_to(folder)
            lines += [f"  {name}: {line.strip()[:160]}" for line in clean.splitlines()
                      if f"[redacted: {shown}]" in line]  # fmt: skip
    megabytes = characters / 1e6
    alarms = kinds.total()
    told = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    print(
        f"{folder.name:<28}{megabytes:>7.2f}{alarms:>8}{alarms / max(megabytes, 1e-9):>8.2f}"
        f"{megabytes / max(spent_s, 1e-9):>7.1f}  {told or '-'}"
    )
    print("\n".join(lines[:LINES_SHOWN]), end="\n" if lines else "")


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        if ".git" in path.parts or not path.is_file() or path.stat().st_size > BYTES_MAX:
            continue
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


if __name__ == "__main__":
    main()
