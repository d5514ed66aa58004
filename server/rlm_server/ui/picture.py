"""The crystal as the map of the page draws it: areas, groups of files, files in parts.

Everything is in columns and by number, so that thousands of files are a short text. A group is a
cluster; files that no cluster holds are grouped by their area.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rlm_crystal.atlas import Atlas, AtlasFile
from rlm_crystal.language import Role

from rlm_server.ui.areas import area_of, areas_of

_GROUP_TEXT_CHARS = 400
_UNWRITTEN: frozenset[Role] = frozenset({"generated", "vendor"})
_WRITTEN_BY_NOBODY = 0.1


@dataclass(frozen=True, slots=True)
class _Key:
    """What makes a group: a cluster, or -1 and an area."""

    cluster: int
    area: int


def picture_of(atlas: Atlas) -> dict[str, Any]:
    """The picture as JSON; sizes are lines, `changed` seconds since 1970."""
    files = atlas.files
    areas = areas_of({file.path: _substance(file) for file in files})
    names = {area: number for number, area in enumerate(areas)}
    area = [names.get(area_of(file.path, names), 0) for file in files]
    keys = [_keys(file, area[at]) for at, file in enumerate(files)]
    lines: Counter[_Key] = Counter()
    of_area: dict[_Key, Counter[int]] = {}
    for at, file in enumerate(files):
        for key, part in zip(keys[at], file.parts, strict=True):
            lines[key] += part.lines
            of_area.setdefault(key, Counter())[area[at]] += part.lines
    groups = {key: number for number, (key, _) in enumerate(lines.most_common())}
    by_cluster = {key.cluster: number for key, number in groups.items() if key.cluster >= 0}
    languages, roles = (
        _listed([one.language for one in files]),
        _listed([one.role for one in files]),
    )
    parts = [
        (at, groups[key], part.lines)
        for at, file in enumerate(files)
        for key, part in zip(keys[at], file.parts, strict=True)
    ]
    return {
        "areas": [{"name": name, "files": area.count(at)} for at, name in enumerate(areas)],
        "groups": [
            _group(atlas, key, of_area[key].most_common(1)[0][0], by_cluster) for key in groups
        ],
        "languages": languages,
        "roles": roles,
        "files": {
            "path": [file.path for file in files],
            "area": area,
            "language": [languages.index(file.language) for file in files],
            "role": [roles.index(file.role) for file in files],
            "lines": [file.lines for file in files],
            "changed": [file.mtime_ns // 1_000_000_000 for file in files],
            "weight": [round(file.weight, 3) for file in files],
        },
        "parts": {
            "file": [part[0] for part in parts],
            "group": [part[1] for part in parts],
            "lines": [part[2] for part in parts],
        },
    }


def _substance(file: AtlasFile) -> float:
    """What a file counts for where colours are given out: a table of a megabyte is one thing."""
    return math.sqrt(file.lines) * (_WRITTEN_BY_NOBODY if file.role in _UNWRITTEN else 1.0)


def _keys(file: AtlasFile, area: int) -> list[_Key]:
    return [_Key(part.cluster, -1 if part.cluster >= 0 else area) for part in file.parts]


def _group(atlas: Atlas, key: _Key, area: int, by_cluster: dict[int, int]) -> dict[str, Any]:
    if key.cluster < 0:
        return {"title": "", "terms": [], "text": "", "area": area, "near": []}
    made = atlas.clusters[key.cluster]
    return {
        "title": made.title,
        "terms": list(made.terms),
        "text": made.text[:_GROUP_TEXT_CHARS],
        "area": area,
        "near": [by_cluster[other] for other in made.near if other in by_cluster],
    }


def _listed(values: Sequence[str] | Sequence[Role]) -> list[str]:
    """Each value once, the most frequent first."""
    return [value for value, _ in Counter[str](values).most_common()]
