"""What the page reads of the crystal and of records of runs; each in a thread."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from rlm_crystal.vault import Vault
from rlm_engine.json_value import JsonObject
from rlm_engine.record_reading import read_record

from rlm_server.traces.commands import row_of
from rlm_server.traces.opening import Traces
from rlm_server.traces.page import trace_page

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal
    from rlm_sandbox.redact import Redactor

OUTLINE_MAX = 400
RUNS_MAX = 200


def outlined(crystal: "Crystal", path: str) -> dict[str, Any]:
    """The definitions of a file, in order; UnknownPath tells the nearest paths."""
    found = crystal.outline(path)
    entry = crystal.entry(path)
    return {
        "path": path,
        "language": entry.language if entry else "",
        "lines": entry.lines if entry else 0,
        "size_bytes": entry.size_bytes if entry else 0,
        "changed": entry.mtime_ns // 1_000_000_000 if entry else 0,
        "total": len(found),
        "definitions": [
            {
                "symbol": one.symbol,
                "kind": one.kind,
                "line": one.start_line,
                "end_line": one.end_line,
                "signature": one.signature,
                "doc": one.doc.partition("\n\n")[0],
            }
            for one in found[:OUTLINE_MAX]
        ],
    }


def listed(records: Callable[[], Vault]) -> dict[str, Any]:
    """The runs that are recorded, the newest first, and how many cannot be read."""
    runs, unreadable = Traces(records()).newest_first()
    return {
        "runs": [row_of(run) | {"ending": run.ending} for run in runs[:RUNS_MAX]],
        "total": len(runs),
        "unreadable": len(unreadable),
    }


def record_page(records: Callable[[], Vault], wanted: str, redactor: "Redactor") -> dict[str, Any]:
    """One run as the page that `rlm-mcp trace html` writes; NoTrace where there is none."""
    record = cast("JsonObject", redactor.value(Traces(records()).find(wanted)))
    return {"html": trace_page(read_record(record))}
