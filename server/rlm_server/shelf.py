"""What was kept of earlier work, as resources read it: memories and records of runs.

A model may be what reads them, so memories are those of the zones that the tools of the memory
show the caller. Records of runs hold everyone's questions, and are the owner's.
"""

import time
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from anyio.to_thread import run_sync
from rlm_tools.host import Memories, MemoryRow

from rlm_server.errors import NothingThere, NotYours
from rlm_server.principal import acting
from rlm_server.visible import one_line

if TYPE_CHECKING:
    from rlm_memory.memory import Memory
    from rlm_memory.types import Memo, Zone

    from rlm_server.archive import Archive
    from rlm_server.opening import Opened
    from rlm_server.service import Service

_LINE_COLUMNS = 160


class Shelf:
    """Reads for one service; `rlm_tools.host.Shelf` says the rest."""

    def __init__(self, service: "Service") -> None:
        self._service = service

    async def memories(self, limit: int) -> Memories:
        """What is remembered, the newest first."""
        opened, zones = await self._zones()
        return await opened.recollection.as_owner(lambda memory: _memories(memory, zones, limit))

    async def memory(self, memory_id: str) -> str:
        """One memory in words; NothingThere."""
        opened, zones = await self._zones()
        return await opened.recollection.as_owner(lambda memory: _memory(memory, zones, memory_id))

    async def traces(self, limit: int) -> tuple[str, ...]:
        """A line for each of the newest runs."""
        opened = await self._service.use()
        _require_owner()
        return await run_sync(_traces, opened.archive, limit)

    async def trace(self, trace_id: str) -> str:
        """The record of a run as a tree; NoTrace."""
        opened = await self._service.use()
        _require_owner()
        return await run_sync(_trace, opened.archive, trace_id)

    async def _zones(self) -> "tuple[Opened, Collection[Zone]]":
        """What was opened, and where the caller may read."""
        opened = await self._service.use()
        return opened, await opened.recollection.as_caller(lambda mine: mine.zones("read"))


def _require_owner() -> None:
    if not acting().is_owner:
        raise NotYours("Records of runs hold everyone's questions; only the owner reads them.")


def _memories(memory: "Memory", zones: "Collection[Zone]", limit: int) -> Memories:
    found = {
        key: memo
        for key, memo in memory.memos().items()
        if memo.episode.zone in zones and not memo.quarantine
    }
    newest = sorted(found.items(), key=lambda item: item[1].episode.time_s, reverse=True)[:limit]
    rows = tuple(_row(key, memo) for key, memo in newest)
    return Memories(dict(Counter(memo.level for memo in found.values())), len(found), rows)


def _memory(memory: "Memory", zones: "Collection[Zone]", memory_id: str) -> str:
    memo = memory.get(memory_id)
    if memo is None or memo.episode.zone not in zones:
        raise NothingThere(f"There is no memory {memory_id!r}; memory://index lists the newest.")
    told = memo.to_json(memory_id) | {"uses": memo.uses, "kept out of recall": memo.quarantine}
    return "\n".join(f"{name}: {value}" for name, value in told.items() if value)


def _traces(archive: "Archive", limit: int) -> tuple[str, ...]:
    from rlm_server.traces.commands import trace_line
    from rlm_server.traces.opening import Traces

    read, unreadable = Traces(archive.traces()).newest_first()
    lines = [trace_line(trace) for trace in read[:limit]]
    if len(read) > limit:
        lines.append(f"… and {len(read) - limit} older ones (rlm-mcp trace list).")
    lines += [f"{one} cannot be read (rlm-mcp trace forget {one})" for one in unreadable[:limit]]
    return tuple(lines)


def _trace(archive: "Archive", trace_id: str) -> str:
    from rlm_engine.record_reading import read_record

    from rlm_server.traces.opening import Traces
    from rlm_server.traces.text import trace_text

    return trace_text(read_record(Traces(archive.traces()).find(trace_id)))


def _row(key: str, memo: "Memo") -> MemoryRow:
    said = memo.episode
    text = one_line(said.text, _LINE_COLUMNS)
    return MemoryRow(key, _day_and_minute(said.time_s), memo.level, text)


def _day_and_minute(time_s: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(time_s))
