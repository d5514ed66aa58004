"""Patterns of paths, matched in linear time."""

from __future__ import annotations

import re
from collections.abc import Callable


def glob_matcher(pattern: str) -> Callable[[str], bool]:
    """Matches paths: `*` and `?` within a folder, `**` across; a bare name matches anywhere.

    A folder matches everything below it.
    """
    anywhere = "/" not in pattern.strip("/")
    # `a**b` is `a*`, any folders, `*b`.
    spelled = re.sub(r"(?<=[^/*])\*\*+", "*/**", re.sub(r"\*\*+(?=[^/*])", "**/*", pattern))
    runs: list[list[str]] = [[], []] if anywhere else [[]]
    for part in filter(None, spelled.split("/")):
        if part == "**":
            runs.append([])
        else:
            runs[-1].append(_part_regex(part))
    first, *later = ["".join(f"{part}/" for part in run) for run in runs]
    if not runs[-1]:
        later = later[:-1]
    # What stands between two `**` is best matched as early as it can be: atomic groups keep the
    # time linear in the path, whatever the pattern.
    body = first + "".join(f"(?>(?:[^/]+/)*?{run})" for run in later[:-1])
    if later:
        body += f"(?:[^/]+/)*{later[-1]}"
    below = "*" if runs[-1] else "+"  # a folder matches all below it, `folder/**` not itself
    compiled = re.compile(f"{body}(?:[^/]+/){below}")
    return lambda path: compiled.fullmatch(f"{path}/") is not None


def _part_regex(part: str) -> str:
    """One component of a path; what stands between two `*` is matched as early as it can be."""
    first, *later = [re.escape(piece).replace(r"\?", "[^/]") for piece in re.split(r"\*+", part)]
    if not later:
        return first
    middle = "".join(f"(?>[^/]*?{piece})" for piece in later[:-1])
    return f"{first}{middle}[^/]*{later[-1]}"
