"""`rlm-mcp trace`: lists, shows and deletes the records of runs, and makes a page of one."""

import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from rlm_engine.record_reading import read_record
from rlm_engine.recorded import Recorded

from rlm_server.commands import Request, Told
from rlm_server.errors import Misused
from rlm_server.in_clear import place_for, write_to
from rlm_server.traces.opening import SECONDS_A_DAY, Traces
from rlm_server.traces.text import COLUMNS, trace_text
from rlm_server.visible import one_line, visible, width

_IN_CLEAR = (
    "holds questions, code and parts of the corpus in clear; delete it when it is no longer needed."
)


def trace_list(request: Request, limit: int) -> Told:
    """The newest runs: when, what was asked, by whom, what it cost, how it ended."""
    traces, unreadable = _traces(request).newest_first()
    rows = [row_of(trace) for trace in traces[:limit]]
    fields: dict[str, Any] = {"traces": rows, "total": len(traces), "unreadable": unreadable}
    lines = [trace_line(trace) for trace in traces[:limit]]
    if len(traces) > limit:
        lines.append(f"… and {len(traces) - limit} older ones (--limit {len(traces)} shows all).")
    if not traces:
        lines.append("No run is recorded for these roots yet; rlm-mcp ask makes the first.")
    lines += [
        f"{trace_id} cannot be read: damaged, or of another program" for trace_id in unreadable
    ]
    return Told(fields, "\n".join(lines), failed=bool(unreadable))


def trace_show(request: Request, wanted: str, *, full: bool) -> Told:
    """One run as a tree; the fields are its record."""
    record = _traces(request).find(wanted)
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    text = trace_text(read_record(record), colour=colour, full=full)
    return Told(dict(record), text, harmless=True)


def trace_forget(
    request: Request, wanted: Sequence[str], *, older_than: int | None, everything: bool
) -> Told:
    """Delete the records named, those older than so many days, or all."""
    if bool(wanted) + (older_than is not None) + everything != 1:
        raise Misused("say which to delete: ids, --older-than DAYS, or --all")
    traces = _traces(request)
    if wanted:
        # All are found before the first goes.
        gone = traces.forget({traces.id_of(one) for one in wanted})
    elif older_than is not None:
        gone = traces.forget_before(time.time() - older_than * SECONDS_A_DAY)
    else:
        gone = traces.forget(traces.ids())
    left = len(traces.ids())
    return Told({"deleted": gone, "left": left}, f"Deleted {gone} of {gone + left} records.")


def trace_html(request: Request, wanted: str, to: str, *, json: bool) -> Told:
    """One run as a page: in a new file, or on standard output."""
    from rlm_server.traces.page import trace_page

    if not to and not json and sys.stdout.isatty():
        raise Misused(
            "name a new file with --to, or send the page to one: rlm-mcp trace html … > FILE"
        )
    path = place_for(to, request.environ) if to else None
    trace = read_record(_traces(request).find(wanted))
    page = trace_page(trace)
    data = page.encode("utf-8", "replace")
    fields: dict[str, Any] = {"trace_id": trace.trace_id, "file": "", "bytes": len(data)}
    if path is None:
        return Told({**fields, "html": page}, page, remark=f"The page {_IN_CLEAR}", harmless=True)
    write_to(path, data)
    said = f"{path} {_IN_CLEAR}"
    return Told({**fields, "file": str(path)}, said, aside=said)


def _traces(request: Request) -> Traces:
    return Traces.of(request.roots, request.environ, allow_wide=request.allow_wide)


def row_of(trace: Recorded) -> dict[str, Any]:
    """A run as one row of a list."""
    return {
        "trace_id": trace.trace_id,
        "started": trace.started,
        "question": trace.question,
        "provider": trace.provider,
        "iterations": trace.iterations,
        "subcalls": trace.subcalls,
        "cost_usd": trace.took.cost_usd,
        "seconds": trace.seconds,
        "limit_hit": trace.limit_hit or None,
        "error": trace.failure.kind if trace.failure else None,
    }


def trace_line(trace: Recorded) -> str:
    """One run in a line."""
    began = trace.started[:16].replace("T", " ") or "time not kept"
    figures = f"${trace.took.cost_usd:.4f}  {trace.seconds:6.1f} s"
    ending = "" if trace.ending == "answered" else f" ({trace.ending})"
    known = f"{visible(trace.trace_id)}  {began:16}  {figures}  {visible(trace.provider)}{ending}  "
    return known + one_line(trace.question, max(20, COLUMNS - width(known)))
