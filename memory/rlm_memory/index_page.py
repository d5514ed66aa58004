"""An index as one page of bytes, so that opening a memory need not read and stem all of it again.

The page holds the tag of every row that it was made of. A row whose tag is another one by now is
read anew, and one that is gone is dropped, so a page that is old, or was put back, tells nothing
that does not hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
from rlm_crystal.columns import Columns, Json, pack, unpack

from rlm_memory.index import Held
from rlm_memory.memo_codec import sameness
from rlm_memory.postings import Lists
from rlm_memory.timeline import Said
from rlm_memory.types import Episode
from rlm_memory.vectors import HeldVectors
from rlm_memory.words import telling_stems

# Raised where the columns change; that texts are stemmed otherwise is noticed without.
_FORMAT: Final = 2
_HEX: Final = 32
_TIMED: Final = ("superseded", "valid_from", "valid_to", "importance", "last_used")


@dataclass(frozen=True, slots=True, eq=False)
class IndexPage:
    """An index, and of each row in it the tag, what it says (`sameness`, or zeros) and its slot.

    `total` is the sum of the keyed marks of the rows. `slotted` are the numbers of those rows that
    state a value, each with its subject and attribute.
    """

    held: Held
    tags: tuple[str, ...]
    said: tuple[str, ...]
    slotted: tuple[tuple[int, str, str], ...]
    total: int


def encode(page: IndexPage) -> bytes:
    """The bytes that are sealed."""
    held = page.held
    meta: dict[str, Json] = {
        "made": _made_by(),
        "total": f"{page.total:x}",
        "people": list(held.people),
        "sessions": list(held.said.names),
        "slotted": [list(each) for each in page.slotted],
    }
    arrays: dict[str, npt.NDArray[Any]] = {
        "ids": _bytes_of(held.ids),
        "tags": _bytes_of(page.tags),
        "said": _bytes_of(page.said),
        "words": np.frombuffer("\n".join(held.lists.words).encode(), np.uint8),
        "starts": held.lists.starts,
        "slots": held.lists.slots,
        "times": held.lists.times,
        "when": held.said.times.view(np.int64),
        "seqs": held.said.seqs,
        "session": held.said.sessions,
    }
    if held.vectors is not None:
        meta["embedder"] = held.vectors.embedder
        arrays |= {"vectors": held.vectors.steps, "scales": held.vectors.scales}
    for name, column in held.facts.items():
        arrays[f"fact-{name}"] = column.view(np.int64) if name in _TIMED else column
    return pack(meta, arrays)


def decode(data: bytes) -> IndexPage | None:
    """What `encode` was given; None where another version made it."""
    page = unpack(data)
    meta = cast("dict[str, Any]", page.meta)
    if meta["made"] != _made_by():
        return None
    words = _column(page, "words").tobytes().decode()
    facts = {
        name.removeprefix("fact-"): _column(page, name)
        for name in page.arrays
        if name.startswith("fact-")
    }
    facts |= {name: facts[name].view(np.float64) for name in _TIMED}
    held = Held(
        ids=_hex_of(page, "ids"),
        lists=Lists(
            tuple(words.split("\n")) if words else (),
            _column(page, "starts"),
            _column(page, "slots"),
            _column(page, "times"),
        ),
        said=Said(
            _column(page, "when").view(np.float64),
            _column(page, "seqs"),
            _column(page, "session"),
            tuple(meta["sessions"]),
        ),
        people=tuple(meta["people"]),
        facts=facts,
        vectors=_vectors_of(page) if "embedder" in meta else None,
    )
    slotted = tuple((int(row), subject, attribute) for row, subject, attribute in meta["slotted"])
    total = int(meta["total"], 16)
    return IndexPage(held, _hex_of(page, "tags"), _hex_of(page, "said"), slotted, total)


def _vectors_of(page: Columns) -> HeldVectors:
    embedder = cast("str", page.meta["embedder"])
    return HeldVectors(embedder, _column(page, "vectors"), _column(page, "scales"))


@cache
def _made_by() -> str:
    """Tells this version from those that would stem or compare otherwise."""
    text = "The children's HTTPServer_v2 went looking for 3 files, and wasn't it running? 端口是"
    told = [_FORMAT, telling_stems(text), sameness(Episode(text, time_s=0.0))]
    return blake2b(repr(told).encode(), digest_size=16).hexdigest()


def _bytes_of(names: Sequence[str]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex("".join(names)), np.uint8)


def _hex_of(page: Columns, name: str) -> tuple[str, ...]:
    told = _column(page, name).tobytes().hex()
    return tuple(told[at : at + _HEX] for at in range(0, len(told), _HEX))


def _column(page: Columns, name: str) -> npt.NDArray[Any]:
    return page.arrays[name]
