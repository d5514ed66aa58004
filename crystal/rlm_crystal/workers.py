"""Files read, parsed and made into segments, batch by batch, in other processes where it pays.

Each worker is a fresh interpreter (`-I`, its own session, no terminal) that gets a batch as one
JSON frame on its input and answers with the pages of a segment. Where processes cannot be
started, or one dies, its batch is done in this process.
"""

from __future__ import annotations

import json
import logging
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, Final, Self

from rlm_crystal.assemble import assemble
from rlm_crystal.collection import BUILDING_ENVIRON, collection_paused
from rlm_crystal.embed import Embedder, static_embedder
from rlm_crystal.lexicon import Lexicon
from rlm_crystal.reading import read
from rlm_crystal.segment import Segment
from rlm_crystal.segment_pages import segment_from, segment_pages
from rlm_crystal.types import ParsedFile, Skipped, Source

BATCH_BYTES: Final = 2 * 1024 * 1024
WORKERS_MAX: Final = 8
BYTES_WORTH_A_WORKER: Final = 2 * 1024 * 1024

_log = logging.getLogger(__name__)
_CODE: Final = "from rlm_crystal.workers import serve; serve()"


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of some sources."""

    segment: Segment
    skipped: tuple[Skipped, ...]


def process(sources: Sequence[Source], embedder: Embedder, lexicon: Lexicon | None = None) -> Batch:
    """Reads and parses these files here; one that cannot be had is told, not raised."""
    from rlm_crystal.chunk import parse

    parsed: list[ParsedFile] = []
    skipped: list[Skipped] = []
    for source in sources:
        document = read(source)
        if isinstance(document, Skipped):
            skipped.append(document)
            continue
        try:
            parsed.append(parse(document))
        except Exception as error:  # one file must not stop a build, whatever its parser does
            reason = f"cannot be parsed: {type(error).__name__}"
            stamp = (source.size_bytes, source.mtime_ns)
            skipped.append(Skipped(source.path, reason, *stamp))
    return Batch(assemble(parsed, embedder, lexicon), tuple(skipped))


def batches_of(sources: Sequence[Source]) -> list[list[Source]]:
    """Runs of about 2 MiB, however many workers there are."""
    batches: list[list[Source]] = [[]]
    filled = 0
    for source in sources:
        if filled >= BATCH_BYTES:
            batches.append([])
            filled = 0
        batches[-1].append(source)
        filled += source.size_bytes
    return batches


def process_all(
    batches: Sequence[Sequence[Source]],
    embedder: Embedder,
    *,
    workers: int,
    on_done: Callable[[int], None],
    joins: bool = False,
) -> list[Batch]:
    """The batches in their order; `on_done` hears how many files each finished one had.

    `workers` processes share the work, none where that is 0; this is one of them where it `joins`,
    which saves starting one, but keeps it busy. An exception of `on_done` stops them.
    """
    done: dict[int, Batch] = {}
    lexicon = Lexicon()

    def here(number: int) -> None:
        nonlocal lexicon
        lexicon = lexicon.unless_full()
        done[number] = process(batches[number], embedder, lexicon)
        on_done(len(batches[number]))

    if workers > 1:
        with _Elsewhere(batches) as elsewhere:
            elsewhere.start(min(workers - joins, len(batches)))
            while joins and (number := elsewhere.next()) is not None:
                here(number)
                for known, batch in elsewhere.finished(wait=False):
                    done[known] = batch
                    on_done(len(batches[known]))
            for known, batch in elsewhere.finished(wait=True):
                done[known] = batch
                on_done(len(batches[known]))
    for number in range(len(batches)):
        if number not in done:
            here(number)
    return [done[number] for number in range(len(batches))]


def workers_for(size_bytes: int) -> int:
    """How many workers so much source is worth: none below two MiB a worker."""
    return min(os.cpu_count() or 1, WORKERS_MAX, size_bytes // BYTES_WORTH_A_WORKER)


def serve() -> None:
    """The life of a worker: batches in on standard input, pages out on standard output."""
    # Whatever prints must not reach the frames.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    embedder, lexicon = static_embedder(), Lexicon()
    asked: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, asked), daemon=True).start()
    while True:
        sources = [
            Source(path, Path(absolute), size_bytes, mtime_ns)
            for path, absolute, size_bytes, mtime_ns in json.loads(asked.get())
        ]
        lexicon = lexicon.unless_full()
        with collection_paused():
            batch = process(sources, embedder, lexicon)
        pages = segment_pages(batch.segment, "segment", to_search=False)
        head = {
            "pages": [[name, len(page)] for name, page in pages.items()],
            "skipped": [[s.path, s.reason, s.size_bytes, s.mtime_ns] for s in batch.skipped],
        }
        _send(answers, json.dumps(head).encode())
        _send(answers, b"".join(pages.values()))


def _listen(frames: IO[bytes], asked: SimpleQueue[bytes]) -> None:
    """Ends the process as soon as the one that started it is gone, also in mid-work."""
    while (frame := _receive(frames)) is not None:
        asked.put(frame)
    os._exit(0)


class _Elsewhere:
    """Batches done by worker processes; those of a worker that failed are never finished."""

    def __init__(self, batches: Sequence[Sequence[Source]]) -> None:
        self._batches = batches
        self._todo = iter(range(len(batches)))
        self._todo_lock = threading.Lock()
        self._answers: SimpleQueue[tuple[int, Batch] | None] = SimpleQueue()
        self._started: list[subprocess.Popen[bytes]] = []
        self._running = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            _stop(process)

    def start(self, count: int) -> None:
        """Starts so many workers, or as many of them as can be."""
        try:
            for _ in range(count):
                self._started.append(_start())
        except OSError as error:
            _log.warning("no indexing workers can be started (%s); all is done here", error)
        for process in self._started:
            self._running += 1
            threading.Thread(target=self._drive, args=(process,), daemon=True).start()

    def next(self) -> int | None:
        """The next batch that nobody has begun, which the caller then does."""
        with self._todo_lock:
            return next(self._todo, None)

    def finished(self, *, wait: bool) -> Iterator[tuple[int, Batch]]:
        """Finished batches as they come: those there are, or, with `wait`, until all are."""
        while self._running and (wait or not self._answers.empty()):
            result = self._answers.get()
            if result is None:
                self._running -= 1
            else:
                yield result

    def _drive(self, process: subprocess.Popen[bytes]) -> None:
        try:
            while (number := self.next()) is not None:
                self._answers.put((number, _ask(process, self._batches[number])))
        except (OSError, EOFError) as error:
            _log.warning("an indexing worker failed (%s); its files are done here", error)
        finally:
            self._answers.put(None)


def _start() -> subprocess.Popen[bytes]:
    kept = {
        name: os.environ[name] for name in ("SYSTEMROOT", "TMPDIR", "TEMP") if name in os.environ
    }
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**kept, **BUILDING_ENVIRON, "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _ask(process: subprocess.Popen[bytes], sources: Sequence[Source]) -> Batch:
    """OSError or EOFError where the worker is gone."""
    if process.stdin is None or process.stdout is None:
        raise EOFError("a worker without pipes")
    rows = [[s.path, str(s.absolute), s.size_bytes, s.mtime_ns] for s in sources]
    _send(process.stdin, json.dumps(rows).encode())
    head, body = _receive(process.stdout), _receive(process.stdout)
    if head is None or body is None:
        raise EOFError("it ended")
    answer: Any = json.loads(head)
    pages: dict[str, bytes] = {}
    at = 0
    for name, size in answer["pages"]:
        pages[name] = body[at : at + size]
        at += size
    skipped = tuple(Skipped(*row) for row in answer["skipped"])
    return Batch(segment_from(pages.__getitem__, "segment"), skipped)


def _send(pipe: IO[bytes], frame: bytes) -> None:
    pipe.write(struct.pack("<Q", len(frame)))
    pipe.write(frame)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    """The next frame, or None at the end."""
    head = pipe.read(8)
    if len(head) < 8:
        return None
    (size,) = struct.unpack("<Q", head)
    frame = pipe.read(size)
    return frame if len(frame) == size else None
