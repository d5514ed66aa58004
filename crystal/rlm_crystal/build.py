"""From folders to a crystal, and from a crystal to that of a moment later.

`build` does everything, taking over what did not change since `previous`; `refresh` costs what
changed: changed files become a small segment laid over the large one, or are folded into it where
they are many, and their chunks go to the nearest cluster. Both answer alike. What commits say of
the files is read by `build`; a `refresh` keeps it, also where HEAD has moved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rlm_crystal.cluster_drift import carried
from rlm_crystal.clusters import clusters_of
from rlm_crystal.collection import collection_paused
from rlm_crystal.crystal import Crystal
from rlm_crystal.describe import inherited
from rlm_crystal.embed import Embedder, static_embedder
from rlm_crystal.history import History, history_of
from rlm_crystal.home import corpus_id
from rlm_crystal.lazy import Lazy, ready
from rlm_crystal.reading import read
from rlm_crystal.revision import git_head
from rlm_crystal.segment import BoolArray, Segment, merge_segments
from rlm_crystal.sight import Sight, by_paths, by_walk
from rlm_crystal.types import Document, Progress, ProgressSink, Skipped, Source
from rlm_crystal.walk import Drift, drift, walk
from rlm_crystal.workers import Batch, batches_of, process_all, workers_for

# Beyond this the overlay is folded in: its lists are searched beside those of the large segment.
OVERLAY_FILES_MAX = 256
OVERLAY_SHARE_MAX = 0.2


@collection_paused()
def build(
    roots: Sequence[Path],
    *,
    previous: Crystal | None = None,
    progress: ProgressSink | None = None,
    allow_wide: bool = False,
    embedder: Embedder | None = None,
    workers: int | None = None,
) -> Crystal:
    """The crystal of these folders as they are now; `workers` processes read them, this one too.

    Raises RootMissing or RootRefused. A file that cannot be read or parsed is in `skipped`.
    An exception of `progress` stops the build.
    """
    tell = progress or _silence
    embedder = embedder or static_embedder()
    tell(Progress("looking at files", 0, 0))
    found = walk(roots, allow_wide=allow_wide)
    usable = _usable(previous, roots, embedder)
    history = _begun(roots, usable)
    plan = _plan(usable, by_walk(usable, found))
    batches = _process(plan.todo, embedder, tell, workers, joins=True)
    skipped = _all_skipped(plan, batches)
    tell(Progress("joining", 0, 1))
    merged = _folded(plan, batches)
    del batches, plan  # of a large corpus they hold some hundred MiB that clustering needs
    tell(Progress("joining", 1, 1))
    tell(Progress("clustering", 0, merged.chunk_count))
    clusters = clusters_of(merged)
    if usable is not None:
        clusters = inherited(clusters, usable.clusters.get())
    tell(Progress("clustering", merged.chunk_count, merged.chunk_count))
    return Crystal(
        corpus_id=corpus_id(roots),
        generation=previous.generation + 1 if previous else 1,
        roots=tuple(roots),
        head=git_head(roots[0]) if roots else None,
        skipped=skipped,
        segments=(merged,),
        alive=(np.ones(merged.file_count, dtype=np.bool_),),
        clusters=ready(clusters),
        history=ready(history.result()),
        embedder=embedder,
    )


def refresh(
    crystal: Crystal, *, paths: Iterable[Path] | None = None, doubted: Collection[Path] = ()
) -> Crystal:
    """The crystal brought up to what is on disk now; the same one where nothing changed.

    `paths` are all the files that may have changed; where they tell enough, no folder is walked.
    A walk goes by sizes and times; `doubted` are files to be compared by content as well.
    Raises RootMissing where a root has gone.
    """
    told = None if paths is None else {*paths, *doubted}
    sight = None if told is None else by_paths(crystal, told)
    if sight is None:
        found = walk(crystal.roots, allow_wide=True)
        sight = by_walk(crystal, found, doubted if told is None else told)
    head = git_head(crystal.roots[0]) if crystal.roots else None
    if not sight.change:
        return crystal if head == crystal.head else replace(crystal, head=head)
    plan = _plan(crystal, sight)
    batches = _process(plan.todo, crystal.embedder, _silence, None, joins=False)
    segments, alive = _laid_over(plan, batches)
    if segments[0] is not plan.segments[0]:
        crystal = _renumbered(crystal, plan.segments[0], segments[0])
    return replace(
        crystal,
        generation=crystal.generation + 1,
        head=head,
        skipped=_all_skipped(plan, batches),
        segments=segments,
        alive=alive,
    )


def drift_of(crystal: Crystal) -> Drift:
    """How the disk differs from the crystal, told by sizes and times."""
    return drift(crystal.files, walk(crystal.roots, allow_wide=True), crystal.skipped)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is kept of a crystal, what is read anew, and what stays skipped without being read."""

    segments: tuple[Segment, ...]
    kept: tuple[BoolArray, ...]
    todo: tuple[Source, ...]
    skipped: tuple[Skipped, ...]


def _usable(previous: Crystal | None, roots: Sequence[Path], embedder: Embedder) -> Crystal | None:
    """The previous crystal, where it is of the same folders and the same vectors."""
    if previous is None or previous.embedder.identity != embedder.identity:
        return None
    return previous if previous.corpus_id == corpus_id(roots) else None


def _begun(roots: Sequence[Path], previous: Crystal | None) -> Future[History]:
    """The history, read while files are; where a build is stopped, reading ends by itself."""
    reader = ThreadPoolExecutor(max_workers=1)
    known = previous.history.get() if previous else None
    begun = reader.submit(history_of, roots, previous=known)
    reader.shutdown(wait=False)
    return begun


def _plan(previous: Crystal | None, sight: Sight) -> _Plan:
    change = sight.change
    touched: dict[str, Source] = {}
    for path in change.changed:
        document = read(sight.sources[path])
        known = previous.entry(path) if previous else None
        if isinstance(document, Document) and known and document.content_hash == known.content_hash:
            touched[path] = sight.sources[path]
    gone = {*change.changed, *change.removed}.difference(touched)
    todo = {*change.changed, *change.added}.difference(touched)
    segments = previous.segments if previous else ()
    alive = previous.alive if previous else ()
    return _Plan(
        segments=tuple(_restamped(segment, touched) for segment in segments),
        kept=tuple(
            _without(segment, mask, gone) for segment, mask in zip(segments, alive, strict=True)
        ),
        todo=tuple(sight.sources[path] for path in sorted(todo)),
        skipped=tuple(skip for skip in sight.skipped if skip.path not in todo),
    )


def _restamped(segment: Segment, touched: dict[str, Source]) -> Segment:
    """The segment with new times for files that were only touched."""
    rows = {segment.paths.find(path): source.mtime_ns for path, source in touched.items()}
    rows.pop(-1, None)
    if not rows:
        return segment
    times = segment.files.mtime_ns.copy()
    times[list(rows)] = list(rows.values())
    return replace(segment, files=replace(segment.files, mtime_ns=times))


def _without(segment: Segment, alive: BoolArray, gone: set[str]) -> BoolArray:
    rows = [row for path in gone if (row := segment.paths.find(path)) >= 0]
    mask = alive.copy()
    mask[rows] = False
    return mask


def _process(
    sources: Sequence[Source],
    embedder: Embedder,
    tell: ProgressSink,
    workers: int | None,
    *,
    joins: bool,
) -> list[Batch]:
    total, done = len(sources), 0

    def on_done(files: int) -> None:
        nonlocal done
        done += files
        tell(Progress("reading files", done, total))

    if workers is None:
        size_bytes = sum(source.size_bytes for source in sources)
        shipped = embedder.identity == static_embedder().identity
        workers = workers_for(size_bytes) if shipped else 0
    tell(Progress("reading files", 0, total))
    return process_all(batches_of(sources), embedder, workers=workers, on_done=on_done, joins=joins)


def _folded(plan: _Plan, batches: Sequence[Batch]) -> Segment:
    """One segment of all that is kept and all that is new."""
    fresh = [batch.segment for batch in batches]
    kept = [np.ones(segment.file_count, dtype=np.bool_) for segment in fresh]
    return merge_segments([*plan.segments, *fresh], [*plan.kept, *kept])


def _laid_over(
    plan: _Plan, batches: Sequence[Batch]
) -> tuple[tuple[Segment, ...], tuple[BoolArray, ...]]:
    """The large segment as it is, and one overlay of all that came since."""
    base, *overlays = plan.segments
    above = _folded(_Plan(tuple(overlays), plan.kept[1:], (), ()), batches)
    limit = max(OVERLAY_FILES_MAX, OVERLAY_SHARE_MAX * base.file_count)
    if above.file_count > limit:
        merged = _folded(plan, batches)
        return (merged,), (np.ones(merged.file_count, dtype=np.bool_),)
    if not above.file_count:
        return (base,), (plan.kept[0],)
    return (base, above), (plan.kept[0], np.ones(above.file_count, dtype=np.bool_))


def _renumbered(crystal: Crystal, before: Segment, after: Segment) -> Crystal:
    """The crystal with its clusters over a large segment into which others were folded."""
    held = {content.tobytes() for content in before.files.content_hash}
    new = sum(content.tobytes() not in held for content in after.files.content_hash)
    clusters = crystal.clusters
    return replace(
        crystal,
        clusters=Lazy(lambda: carried(clusters.get(), before, after)),
        files_assigned=crystal.files_assigned + new,
    )


def _all_skipped(plan: _Plan, batches: Sequence[Batch]) -> tuple[Skipped, ...]:
    unread = [skip for batch in batches for skip in batch.skipped]
    every = (*plan.skipped, *unread)
    return tuple(sorted(every, key=lambda skip: (skip.path, skip.reason)))


def _silence(_: Progress) -> None:
    pass
