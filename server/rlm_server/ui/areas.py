"""A few folders that a corpus falls into, so that each can have a colour and a name."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

AREAS_MAX = 12
_SHARE_LEAST = 0.02


def areas_of(sizes: Mapping[str, float]) -> list[str]:
    """At most twelve folders that share these paths by their sizes; "" is the root.

    Begins with the root and takes its largest folder out of the largest area, as long as there is
    one that is worth a colour. A path belongs to the deepest of the folders that it lies in.
    """
    totals: defaultdict[str, float] = defaultdict(float)
    inside: defaultdict[str, set[str]] = defaultdict(set)
    for path, size in sizes.items():
        for folder, above in _folders(path):
            totals[folder] += size
            inside[above].add(folder)
    whole = sum(sizes.values())
    left, closed = {"": whole}, set[str]()
    while len(left) < AREAS_MAX and len(closed) < len(left):
        area = max(left.keys() - closed, key=lambda one: (left[one], one))
        children = inside[area] - left.keys()
        best = max(children, key=lambda one: (totals[one], one), default="")
        if not best or totals[best] < _SHARE_LEAST * whole:
            closed.add(area)
        else:
            left[best] = totals[best]
            left[area] -= totals[best]
    return sorted((area for area in left if left[area] > 0), key=lambda one: (-left[one], one))


def area_of(path: str, areas: Collection[str]) -> str:
    """The deepest of the folders that the path lies in."""
    deepest = [folder for folder, _ in _folders(path) if folder in areas]
    return deepest[-1] if deepest else ""


def _folders(path: str) -> Iterator[tuple[str, str]]:
    """Each folder above a path, from the top, with the one that it lies in."""
    above, at = "", path.find("/")
    while at >= 0:
        yield path[:at], above
        above, at = path[:at], path.find("/", at + 1)
