"""How often `callers:` and `callees:` mean the right definition, on Python, by jedi as the judge.

    pip install jedi
    python benchmarks/calls.py FOLDER [--calls 400]

Calls are taken evenly from the whole folder. jedi infers what each means; calls it cannot tell are
left out. Of each sort of certainty: how many calls were told so, and of how many of them the
definition that jedi found was among those told. Calls of something outside the folder are right
where nothing is told.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_crystal.types import Link

OUTSIDE = "outside"


def judged(root: Path, link: Link, text: str, project: Any) -> str | None:
    """The place jedi says a call means, `OUTSIDE`, or None where it cannot tell."""
    import jedi

    line = text.split("\n")[link.line - 1]
    found = list(re.finditer(rf"(?<!\w){re.escape(link.name)}(?!\w)", line))
    if len(found) != 1:
        return None
    script: Any = jedi.Script(text, path=root / link.path, project=project)
    try:
        names: list[Any] = script.goto(link.line, found[0].start(), follow_imports=True)
    except Exception:  # whatever its inference stumbles over
        return None
    names = [name for name in names if name.type in {"function", "class"}]
    if len(names) != 1:
        return None
    path = names[0].module_path
    if path is None or not Path(path).is_relative_to(root):
        return OUTSIDE
    return f"{Path(path).relative_to(root).as_posix()}:{names[0].line}"


def told_of(crystal: Crystal, link: Link) -> tuple[str, str]:
    """What is told of a call: how sure, and the definition's place, or `OUTSIDE`."""
    definitions = [found for found in crystal.symbol(link.name) if found.kind != "constant"]
    if not definitions:
        return OUTSIDE, OUTSIDE
    return (link.certainty, link.target) if link.target else ("none", "")


def starts_at(crystal: Crystal, place: str, line: str) -> bool:
    """Whether a definition's own line (a decorator may stand above) is that of `place`."""
    path, _, start = place.rpartition(":")
    return any(
        found.start_line == int(start) and found.start_line <= int(line) <= found.end_line
        for found in crystal.outline(path)
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--calls", type=int, default=400)
    options = parser.parse_args()
    root = options.folder.resolve()
    import jedi

    crystal = build([root])
    links: list[Link] = []
    for entry in crystal.files:
        if entry.language != "python":
            continue
        for definition in crystal.outline(entry.path):
            if "." not in definition.symbol:
                links += crystal.callees(definition.symbol, path=entry.path)
    links = sorted(set(links), key=lambda link: (link.path, link.line, link.name))
    step = max(1, len(links) // options.calls)
    project = jedi.Project(root)
    told: Counter[str] = Counter()
    right: Counter[str] = Counter()
    inside = by_name = by_name_all = 0
    for link in links[::step]:
        truth = judged(root, link, crystal.text(link.path), project)
        if truth is None:
            continue
        sure, place = told_of(crystal, link)
        same = False
        if truth == OUTSIDE:
            same = place in ("", OUTSIDE)
        else:
            inside += 1
            path, _, line = truth.rpartition(":")
            same = place.rpartition(":")[0] == path and starts_at(crystal, place, line)
            candidates = [d for d in crystal.symbol(link.name) if d.kind != "constant"]
            by_name += 1
            by_name_all += len(candidates)
        told[f"{sure}{' (outside)' if truth == OUTSIDE else ''}"] += 1
        right[f"{sure}{' (outside)' if truth == OUTSIDE else ''}"] += same
    print(f"{sum(told.values())} calls judged of {len(links[::step])}; {inside} of the folder")
    for key in sorted(told):
        print(f"{key:24} {told[key]:5} right {right[key]:5} {right[key] / told[key]:.2f}")
    print(
        f"by name alone: {by_name_all / max(1, by_name):.1f} definitions for each call",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
