"""Finding the records of a corpus, by their ids or a unique beginning of one; deleting them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_crystal.errors import SealError
from rlm_crystal.vault import Vault
from rlm_engine.errors import RecordUnreadable
from rlm_engine.json_value import JsonObject
from rlm_engine.record_reading import read_record, record_object
from rlm_engine.recorded import Recorded
from rlm_engine.trace import record_name

from rlm_server.archive import Archive
from rlm_server.errors import NoTrace

LAST = "last"
SECONDS_A_DAY = 86_400
_PREFIX = record_name("")
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Traces:
    """The records of one corpus."""

    vault: Vault

    @classmethod
    def of(cls, roots: Sequence[Path], environ: Mapping[str, str], *, allow_wide: bool) -> "Traces":
        """HaltError without a cipher or key; RootMissing and the like for the roots."""
        return cls(Archive.from_environ(environ, roots, allow_wide=allow_wide).traces())

    def ids(self) -> tuple[str, ...]:
        """The ids of all records."""
        return _ids(self.vault.names())

    def find(self, wanted: str) -> JsonObject:
        """The record of an id, of the unique beginning of one, or of the last run; NoTrace."""
        return self.record(self.id_of(wanted))

    def id_of(self, wanted: str) -> str:
        """The whole id of an id, of the unique beginning of one, or of the last run; NoTrace."""
        ids = self.ids()
        if not ids:
            raise NoTrace("No run is recorded for these roots; rlm-mcp ask makes the first.")
        if wanted == LAST:
            return self._last()
        found = [one for one in ids if one.startswith(wanted.lower())] if wanted else []
        if len(found) == 1:
            return found[0]
        if not found:
            raise NoTrace(f"No trace begins with {wanted!r}; rlm-mcp trace list shows them.")
        some = ", ".join(found[:_NAMED]) + (", …" if len(found) > _NAMED else "")
        raise NoTrace(f"{len(found)} traces begin with {wanted!r} ({some}); give more of one.")

    def record(self, trace_id: str) -> JsonObject:
        """One record; SealError or RecordUnreadable where it cannot be read."""
        data = self.vault.get(record_name(trace_id))
        if data is None:
            raise NoTrace(f"The trace {trace_id} is gone.")
        return record_object(data)

    def newest_first(self) -> tuple[list[Recorded], list[str]]:
        """All that can be read, without what happened in them; the ids of those that cannot."""
        read: list[Recorded] = []
        unreadable: list[str] = []
        for trace_id in self.ids():
            try:
                read.append(read_record({**self.record(trace_id), "events": []}))
            except (NoTrace, RecordUnreadable, SealError):
                unreadable.append(trace_id)
        return sorted(read, key=lambda one: one.started, reverse=True), unreadable

    def forget(self, trace_ids: Iterable[str]) -> int:
        """Delete these records; how many there were."""
        return sum(self.vault.delete(record_name(one)) for one in trace_ids)

    def forget_before(self, moment_s: float) -> int:
        """Delete the records of runs that ended before a moment in seconds since the epoch."""
        return self.forget(_ids(self.vault.written_before(moment_s)))

    def _last(self) -> str:
        read, _ = self.newest_first()
        if not read:
            raise NoTrace("None of the records can be read; rlm-mcp trace list names them.")
        return read[0].trace_id


def _ids(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX))
