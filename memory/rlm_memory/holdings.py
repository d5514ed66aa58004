"""What the rows of a store hold, indexed in memory and kept up with what others write.

Opened anew, the indexes come from the pages beside the rows, and a memo from its row when it is
looked at. A page is written where enough came after the last one.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Final

from rlm_crystal.errors import EmbedderUnavailable, PageDamaged, SealError

from rlm_memory.conflicts import open_disputes, slots_of
from rlm_memory.head import MARKS
from rlm_memory.index import ZoneIndex
from rlm_memory.index_page import IndexPage, decode, encode
from rlm_memory.memo_codec import decode_memo, sameness
from rlm_memory.memos import Memos
from rlm_memory.points import Point, is_point, point_of
from rlm_memory.store import RowStore
from rlm_memory.types import PLACES, Episode, Memo, Place, Tally, Zone
from rlm_memory.vectors import Vector

if TYPE_CHECKING:
    from rlm_crystal.embed import Embedder

_log = logging.getLogger(__name__)

# A page is written where so many rows are not in it, and these are an eighth of all.
_UNPAGED_MIN: Final = 512
_UNPAGED_SHARE: Final = 1 / 8
_PAGED_MIN: Final = 64
# Texts that are given vectors at one question: by a model, or by a table of words; seconds each.
_EMBEDDED_MAX: Final = 256
_TABLED_MAX: Final = 20_000
# To lose the vector that a model made is as dear as to index some rows anew.
_MODEL_COSTS: Final = 8
_NOT_SAID: Final = "0" * 32


class Holdings:
    """The memos by id, and an index for each zone and level. Not for several threads at once."""

    def __init__(self, rows: RowStore, embedder: "Embedder | None" = None) -> None:
        self._rows = rows
        self._embedder = embedder
        self._made_by = embedder.identity if embedder else ""
        self._version = -1
        self.memos = Memos(rows, self._lose)
        self.tags: dict[str, str] = {}
        self.points: dict[str, Point] = {}
        self.altered = False
        self._total = 0
        self._damaged: dict[str, str] = {}
        self._places: dict[str, Place] = {}
        self._indexes: dict[Place, ZoneIndex] = {}
        self._pending: dict[str, Memo] = {}
        self._unpaged = Counter[Place]()
        self._said: dict[str, str] = {}
        self._same: dict[str, str] = {}
        self._slots: dict[str, tuple[Zone, str, str]] = {}
        self._slotted: dict[tuple[Zone, str, str], set[str]] = {}

    def follow(self) -> None:
        """Take over what other processes wrote."""
        version = self._rows.version()
        if version != self._version:
            self._load()
            self._version = version

    @property
    def damaged(self) -> dict[str, str]:
        """Why rows cannot be opened, by their ids; to know it, every row is opened once."""
        self.memos.read_all()
        return self._damaged

    @property
    def total(self) -> int:
        """The sum of the marks of all rows, damaged ones too."""
        return self._total % MARKS

    def index(self, place: Place) -> ZoneIndex:
        """The index of a zone and level, with all of it."""
        for row_id, memo in self._pending.items():
            self._index_at(self._places[row_id]).add(row_id, memo)
        self._pending.clear()
        found = self._index_at(place)
        if found.worn():
            found = self._indexes[place] = ZoneIndex(found.held(), embedder=self._made_by)
        return found

    def meant(self, query: str) -> Vector | None:
        """The vector of a question; None without an embedder, or where it turns out to be none."""
        try:
            return self._embedder.embed([query])[0] if self._embedder else None
        except EmbedderUnavailable as error:
            _log.warning("memory: recalled by words alone: %s", error)
            self._embedder = None
            return None

    def searched(self, place: Place) -> ZoneIndex:
        """The index, with the vectors of some more where there is an embedder and some lack them.

        Not of all at once: a model takes some milliseconds for each.
        """
        index = self.index(place)
        if self._embedder is None or not len(index):
            return index
        quick = self._tabled
        lacking = index.without_vector(limit=_TABLED_MAX if quick else _EMBEDDED_MAX)
        texts = {i: memo.episode.text for i in lacking if (memo := self.memos.get(i)) is not None}
        if texts:
            index.give_vectors(list(texts), self._embedder.embed(list(texts.values())))
            self._unpaged[place] += len(texts) if quick else _MODEL_COSTS * len(texts)
        return index

    @cached_property
    def _tabled(self) -> bool:
        """Whether the embedder looks words up in a table, and asks no model."""
        from rlm_crystal.embed import BagOfWords

        return isinstance(self._embedder, BagOfWords)

    def same(self, episode: Episode) -> str | None:
        """The id of the memo that says the same."""
        return self._same.get(sameness(episode))

    def slotted(self, episode: Episode) -> set[str]:
        """The ids of what is believed in the same slot of the same zone."""
        slot = slots_of(episode)
        return self._slotted.get((episode.zone, *slot), set()) if slot else set()

    def place(self, row_id: str) -> Place | None:
        """Where a memo stands; None of one that is damaged."""
        return self._places.get(row_id)

    def take(self, row_id: str, tag: str, memo: Memo) -> None:
        """Hold a memo, in place of what it was before."""
        before = self.memos.opened(row_id)
        if before is None or not _stands_as(before, memo):
            self.drop(row_id)
            self._hold(row_id, tag, memo)
            return
        self._total -= self._rows.mark(row_id, self.tags[row_id])
        self._unname(row_id)
        if row_id not in self._pending:
            self._index_at(self._places[row_id]).amend(row_id, memo)
        self._name(row_id, tag, memo)

    def take_point(self, row_id: str, tag: str, point: Point) -> None:
        """Hold a part of a snapshot, in place of what it was before."""
        self.drop(row_id)
        self._hold_tag(row_id, tag)
        self.points[row_id] = point

    def drop(self, row_id: str) -> None:
        self._forget(row_id)
        tag = self.tags.pop(row_id, None)
        if tag is not None:
            self._total -= self._rows.mark(row_id, tag)
        self.points.pop(row_id, None)
        self._damaged.pop(row_id, None)

    def let_go(self) -> None:
        """Read all anew at the next call: what is held may not be what was kept."""
        self.memos.let_go()
        self.points.clear()
        for held in (self.tags, self._damaged, self._places, self._indexes, self._pending):
            held.clear()
        for held in (self._unpaged, self._said, self._same, self._slots, self._slotted):
            held.clear()
        self._total = 0
        self._version = -1

    def tally(self, zones: Collection[Zone]) -> Tally:
        """How much these zones hold, as far as the indexes tell; opens what is disputed only."""
        places = [place for place in PLACES if place.zone in zones]
        indexes = {place: index for place in places if len(index := self.index(place))}
        return Tally(
            counts={place: len(index) for place, index in indexes.items()},
            superseded=sum(index.superseded() for index in indexes.values()),
            quarantined=sum(index.quarantined() for index in indexes.values()),
            conflicts=len(self.disputes(zones)),
        )

    def disputes(self, zones: Collection[Zone]) -> list[tuple[str, str]]:
        """Ids of newer and older of what a person has to settle there, in their order."""
        places = [Place(zone, "episode") for zone in zones]
        indexes = [index for place in places if len(index := self.index(place))]
        disputing = [row_id for index in indexes for row_id in index.disputing()]
        return sorted(open_disputes(self.memos, disputing))

    def unpaged(self) -> list[Place]:
        """The places whose pages are missing or far behind."""
        return [
            place
            for place, count in self._unpaged.items()
            if count >= _UNPAGED_MIN
            and count >= _UNPAGED_SHARE * (len(self._index_at(place)) + len(self._pending))
        ]

    def write_page(self, place: Place) -> None:
        """Write the page of a place within a transaction, or drop it where it would hold little."""
        index = self.index(place)
        if len(index) < _PAGED_MIN:
            self._rows.pages.drop([place])
            return
        held = index.held()
        numbers = {row_id: number for number, row_id in enumerate(held.ids)}
        page = IndexPage(
            held,
            tags=tuple(self.tags[row_id] for row_id in held.ids),
            said=tuple(self._said.get(row_id, _NOT_SAID) for row_id in held.ids),
            slotted=tuple(
                (numbers[row_id], subject, attribute)
                for row_id, (_, subject, attribute) in self._slots.items()
                if row_id in numbers
            ),
            total=sum(self._rows.mark(row_id, self.tags[row_id]) for row_id in held.ids) % MARKS,
        )
        self._rows.pages.write(place, encode(page))
        self._unpaged[place] = 0

    def _load(self) -> None:
        """Take over every row that is new or was rewritten, and drop those that are gone."""
        with self._rows.reading():
            tags = self._rows.tags()
            anew = not self.tags
            if anew:
                for place in PLACES:
                    self._unpage(place, tags)
            changed = [row_id for row_id, tag in tags.items() if self.tags.get(row_id) != tag]
            all_of_them = anew and len(changed) == len(tags)
            opened = self._rows.read_all() if all_of_them else self._rows.read(changed)
            for row_id in self.tags.keys() - tags.keys():
                self.drop(row_id)
            self._take_all(tags, opened)
            self.altered = not self._rows.unaltered(len(tags), self.total)
        if self._damaged or self.altered:
            _log.warning(
                "memory: %d rows cannot be opened; rows removed or put back: %s",
                len(self._damaged),
                self.altered,
            )

    def _unpage(self, place: Place, tags: dict[str, str]) -> None:
        """Take from the page of a place what the rows with these tags still say."""
        data = self._rows.pages.read(place)
        try:
            page = data and decode(data)
        except PageDamaged:
            page = None
        if not page:
            return
        index = self._indexes[place] = ZoneIndex(page.held, embedder=self._made_by)
        self._total += page.total
        ids = page.held.ids
        for number, (row_id, tag) in enumerate(zip(ids, page.tags, strict=True)):
            if tags.get(row_id) != tag:
                index.remove(row_id)
                self._total -= self._rows.mark(row_id, tag)
                continue
            self.tags[row_id] = tag
            self._places[row_id] = place
            if page.said[number] != _NOT_SAID:
                self._said[row_id] = page.said[number]
                self._same[page.said[number]] = row_id
        self.memos.expect([row_id for row_id in ids if row_id in index])
        for number, subject, attribute in page.slotted:
            if ids[number] in index:
                self._hold_slot(ids[number], (place.zone, subject, attribute))

    def _take_all(
        self, tags: dict[str, str], opened: Iterable[tuple[str, bytes | SealError]]
    ) -> None:
        found: list[tuple[int, str, Memo]] = []
        for row_id, content in opened:
            self.drop(row_id)
            if isinstance(content, SealError):
                self._hold_tag(row_id, tags[row_id])
                self._damaged[row_id] = str(content)
            elif is_point(content):
                self.take_point(row_id, tags[row_id], point_of(content))
            else:
                memo = decode_memo(content)
                found.append((memo.seq, row_id, memo))
        for _, row_id, memo in sorted(found, key=lambda each: each[:2]):
            self._hold(row_id, tags[row_id], memo)

    def _hold(self, row_id: str, tag: str, memo: Memo) -> None:
        self._places[row_id] = Place(memo.episode.zone, memo.level)
        self._pending[row_id] = memo
        self._name(row_id, tag, memo)

    def _name(self, row_id: str, tag: str, memo: Memo) -> None:
        """Hold under which names a memo that has its place is found."""
        self._hold_tag(row_id, tag)
        self.memos.hold(row_id, memo)
        if row_id in self._pending:
            self._pending[row_id] = memo
        self._unpaged[self._places[row_id]] += 1
        slot = slots_of(memo.episode)
        if slot is not None and not memo.superseded_by and not memo.quarantine:
            self._hold_slot(row_id, (memo.episode.zone, *slot))
        if memo.level == "episode":
            said = self._said[row_id] = sameness(memo.episode)
            self._same[said] = row_id

    def _hold_tag(self, row_id: str, tag: str) -> None:
        self.tags[row_id] = tag
        self._total += self._rows.mark(row_id, tag)

    def _hold_slot(self, row_id: str, slot: tuple[Zone, str, str]) -> None:
        self._slots[row_id] = slot
        self._slotted.setdefault(slot, set()).add(row_id)

    def _lose(self, row_id: str, error: SealError) -> None:
        """Hold no longer what a row was believed to say that turns out to be damaged."""
        self._forget(row_id)
        self._damaged[row_id] = str(error)
        _log.warning("memory: a row cannot be opened")

    def _forget(self, row_id: str) -> None:
        place = self._places.pop(row_id, None)
        if place is None:
            return
        self.memos.drop(row_id)
        if self._pending.pop(row_id, None) is None:
            self._index_at(place).remove(row_id)
        self._unname(row_id)

    def _unname(self, row_id: str) -> None:
        said = self._said.pop(row_id, "")
        if self._same.get(said) == row_id:
            del self._same[said]
        slot = self._slots.pop(row_id, None)
        if slot is not None:
            self._slotted[slot].discard(row_id)

    def _index_at(self, place: Place) -> ZoneIndex:
        found = self._indexes.get(place)
        if found is None:
            found = self._indexes[place] = ZoneIndex(embedder=self._made_by)
        return found


def _stands_as(before: Memo, memo: Memo) -> bool:
    """Whether the index holds both in one slot: they say the same, when and where they did."""
    one, other = before.episode, memo.episode
    return (
        (one.text, one.time_s, one.session, one.speaker, one.zone)
        == (other.text, other.time_s, other.session, other.speaker, other.zone)
        and bool(one.question) == bool(other.question)
        and (before.level, before.seq) == (memo.level, memo.seq)
    )
