"""`rlm-mcp bench`: measurements that a person runs on their own code."""

import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from rlm_crystal.localisation.bench import Report, Row
from rlm_crystal.localisation.bench import localisation as measure
from rlm_crystal.localisation.own_texts import read_texts
from rlm_crystal.types import ProgressSink

from rlm_server.commands import Told


def localisation(
    root: Path, queries_max: int, progress: ProgressSink, texts: Path | None = None
) -> Told:
    """Commit message, or each text of a file, to changed files: five rankings side by side."""
    own = read_texts(texts) if texts else ()
    with _ended_cleanly():
        report = measure(root, queries_max=queries_max, progress=progress, texts=own)
    return Told(_fields(root, report), _text(report, of_own_texts=bool(own)))


@contextmanager
def _ended_cleanly() -> Generator[None]:
    """A request to end unwinds, so that the temporary copy of the source is removed."""

    def end(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _fields(root: Path, report: Report) -> dict[str, Any]:
    return {
        "root": str(root),
        "oldest_commit": report.queries[0].commit,
        "newest_commit": report.queries[-1].commit,
        "queries": len(report.queries),
        "left_out": report.left_out,
        "naming_a_file": report.named,
        "files": report.files,
        "chunks": report.chunks,
        "rankings": {
            row.ranking: {
                "all_files": asdict(row.everything),
                "source_only": asdict(row.source_only),
                "naming_no_file": asdict(row.unnamed),
            }
            for row in report.rows
        },
    }


def _text(report: Report, *, of_own_texts: bool) -> str:
    asked_by = "your text" if of_own_texts else "the first line of their message"
    left_out = f" {report.left_out} texts left out: other commits." if report.left_out else ""
    lines = [
        f"{len(report.queries)} commits asked by {asked_by}; right are the one to three source"
        f" files they changed.{left_out}",
        "Each is asked of the repository as its parent left it; the newest of these states has"
        f" {report.files} files in {report.chunks} chunks.",
        f"{report.named} of them name the file; the last column leaves them out.",
        "",
        f"{'':22}{'R@1':>7}{'R@5':>7}{'R@10':>7}{'MRR':>7}{'source only':>13}{'unnamed':>9}",
        *(_line(row) for row in report.rows),
    ]
    return "\n".join(lines)


def _line(row: Row) -> str:
    every = row.everything
    return (
        f"{row.ranking:22}{every.recall_1:7.3f}{every.recall_5:7.3f}{every.recall_10:7.3f}"
        f"{every.mrr:7.3f}{row.source_only.mrr:13.3f}{row.unnamed.mrr:9.3f}"
    )
