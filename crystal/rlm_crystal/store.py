"""A folder of sealed pages that moves from one complete generation to the next.

    current          the sealed manifest; replacing this one file is the commit
    pages/*.page     sealed pages under random names
    lock             taken by writers; readers never wait

New pages are written beside the old ones and reach the disk before the manifest that names them
replaces the old manifest. A process killed at any instant leaves the old generation or the new
one, and perhaps files nobody names, which the next writer removes. The generation before the
current one is kept until the next write, so whoever reads it can finish; who needs one for longer
holds it.

Not noticed: that somebody put the whole folder back to an older state of its own.
"""

import hashlib
import logging
import secrets
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from rlm_crystal.atomic import private_folder, replace_file, sync_folder, write_new
from rlm_crystal.errors import (
    CrystalError,
    GenerationGone,
    NoCrystal,
    PageDamaged,
    PageMissing,
    PageTruncated,
    SealError,
    StoreBusy,
    StoreError,
)
from rlm_crystal.header import TAG_BYTES
from rlm_crystal.held import HeldFiles, HeldGeneration
from rlm_crystal.leave import Leave, always
from rlm_crystal.manifest import (
    Generation,
    Manifest,
    PageEntry,
    decode_manifest,
    encode_manifest,
)
from rlm_crystal.seal import PageContext, Sealer, sealed_tag

_MANIFEST: Final = "current"
_LOCK: Final = "lock"
_PAGES: Final = "pages"
_SUFFIX: Final = ".page"
_HOLD_TRIES: Final = 10

_log = logging.getLogger(__name__)


class PageStore:
    """Pages of one corpus. Reads need no lock; one writer at a time, over all processes."""

    def __init__(
        self, folder: Path, sealer: Sealer, corpus_id: str, *, may_write: Leave = always
    ) -> None:
        from filelock import FileLock

        self._may_write = may_write
        self._folder = folder
        self._sealer = sealer
        self._corpus_id = corpus_id
        self._lock = FileLock(folder / _LOCK, mode=0o600)

    def current(self) -> int:
        """The number of the current generation; NoCrystal before the first."""
        return self._generation(None).number

    def stamp(self) -> tuple[int, int, int]:
        """What differs once another generation is current; costs one look at one file."""
        try:
            status = (self._folder / _MANIFEST).stat()
        except OSError:
            return (0, 0, 0)
        return (status.st_ino, status.st_size, status.st_mtime_ns)

    def pages(self, generation: int | None = None) -> tuple[str, ...]:
        """The names of all pages of a generation (default: the current one), sorted."""
        return tuple(sorted(self._generation(generation).pages))

    def read(self, page: str, generation: int | None = None) -> bytes:
        """The page. KeyError for a name the generation lacks.

        GenerationGone when two writes came after `generation`: take `current()` and begin again.
        """
        found = self._generation(generation)
        entry = found.pages[page]
        try:
            sealed = _read_bytes(self._folder / _PAGES / entry.file)
        except FileNotFoundError:
            raise self._explain_missing(found.number) from None
        return self._open(page, entry, sealed)

    def generation(self) -> Generation:
        """What the current generation is made of; NoCrystal before the first."""
        return self._generation(None)

    def hold(self) -> HeldGeneration:
        """The current generation, to be read for as long as the result is kept."""
        for _ in range(_HOLD_TRIES):
            found = self._generation(None)
            folder = self._folder / _PAGES
            try:
                files = HeldFiles({name: folder / page.file for name, page in found.pages.items()})
            except OSError as error:
                raise StoreError(f"{folder} cannot be read: {error.strerror or error}") from error
            if not files.missing or self.current() == found.number:
                return HeldGeneration(found, files, partial(self._open_of, found))
        raise GenerationGone("this crystal is written faster than it can be opened; try again")

    def write_generation(
        self,
        pages: Mapping[str, bytes],
        *,
        same: Collection[str] = (),
        carry: bool = True,
        timeout_s: float = 30.0,
    ) -> int:
        """Make `pages` the current generation, whole or not at all, and return its number.

        A page equal to the one before is not written again, unless `carry` is false; those named
        in `same` are known to be equal and are not handed over, PageMissing where one is not
        there. WrongKey if the store belongs to another key; a damaged manifest is replaced, as
        nothing under it can be opened.
        """
        try:
            with self.lock(timeout_s):
                return self._written(pages, same, carry=carry)
        except OSError as error:
            raise StoreError(
                f"the crystal cannot be written to {self._folder}: {error.strerror or error}; "
                "what was there before is kept. Give it room and the right to write, or set "
                "RLM_HOME to another folder"
            ) from error

    @contextmanager
    def lock(self, timeout_s: float) -> Generator[None, None, None]:
        """Hold the write lock; StoreBusy when another writer keeps it longer than `timeout_s`."""
        from filelock import Timeout

        self._may_write()
        private_folder(self._folder)
        try:
            self._lock.acquire(timeout=timeout_s)
        except Timeout:
            raise StoreBusy(
                f"another rlm-mcp process has been writing this crystal for over {timeout_s:g} s; "
                f"wait for it, or end it if it hangs ({self._folder / _LOCK})"
            ) from None
        try:
            self._may_write()
            yield
        finally:
            self._lock.release()

    def copy_to(self, other: "PageStore") -> dict[str, SealError]:
        """Seal the current generation again in `other`, which is empty; for who holds the lock.

        Where a page cannot be opened nothing is written, and what is wrong with which is returned.
        """
        generation = self._generation(None)
        wrong: dict[str, SealError] = {}
        entries: dict[str, PageEntry] = {}
        private_folder(other._folder / _PAGES)
        for name, entry in generation.pages.items():
            try:
                entries[name] = self._copied(name, entry, other)
            except SealError as error:
                wrong[name] = error
        if not wrong:
            other._commit(Manifest(Generation(generation.number, entries), None))
        return wrong

    def verify(self) -> dict[str, SealError]:
        """Open every page of the current generation: what is wrong with which. Empty is sound."""
        held = self.hold()
        wrong: dict[str, SealError] = {}
        for name in held.generation.pages:
            try:
                held.read(name)
            except SealError as error:
                wrong[name] = error
        return wrong

    def size_bytes(self) -> int:
        """What the folder takes on disk, the previous generation included."""
        total = 0
        for path in self._folder.rglob("*"):
            with suppress(FileNotFoundError):
                total += path.stat().st_size if path.is_file() else 0
        return total

    def _written(self, pages: Mapping[str, bytes], same: Collection[str], *, carry: bool) -> int:
        try:
            return self._write(pages, same, carry=carry)
        except OSError:
            self._withdraw()
            raise

    def _withdraw(self) -> None:
        """Remove what a failed write left behind, which would keep a full disk full."""
        try:
            kept = self._manifest().files
        except NoCrystal:
            kept = frozenset[str]()
        except (CrystalError, OSError):
            return
        with suppress(OSError):
            self._remove_all_but(kept)

    def _write(self, pages: Mapping[str, bytes], same: Collection[str], *, carry: bool) -> int:
        private_folder(self._folder / _PAGES)
        before = self._manifest_to_follow()
        if before:
            self._remove_all_but(before.files)
        number = before.current.number + 1 if before else 1
        standing: Mapping[str, PageEntry] = before.current.pages if before and carry else {}
        entries = {name: self._carried(name, before) for name in same}
        for name, page in pages.items():
            entries[name] = self._put(name, page, number, standing.get(name))
        after = Manifest(Generation(number, entries), before.current if before else None)
        self._commit(after)
        self._remove_all_but(after.files)
        return number

    def _commit(self, manifest: Manifest) -> None:
        sync_folder(self._folder / _PAGES)
        sealed = self._sealer.seal(encode_manifest(manifest), context=self._manifest_context())
        replace_file(self._folder / _MANIFEST, sealed)

    def _manifest(self) -> Manifest:
        try:
            sealed = _read_bytes(self._folder / _MANIFEST)
        except FileNotFoundError:
            raise NoCrystal(
                "nothing has been indexed here yet; run: rlm-mcp index (or the rlm_reindex tool)"
            ) from None
        return decode_manifest(self._sealer.open(sealed, context=self._manifest_context()))

    def _manifest_to_follow(self) -> Manifest | None:
        try:
            return self._manifest()
        except NoCrystal:
            return None
        except (PageDamaged, PageTruncated) as error:
            _log.warning("the manifest cannot be opened and is replaced: %s", error)
            return None

    def _generation(self, number: int | None) -> Generation:
        manifest = self._manifest()
        if number is None:
            return manifest.current
        found = manifest.find(number)
        if found is None:
            raise GenerationGone(
                f"generation {number} was replaced; the current one is {manifest.current.number}"
            )
        return found

    def _open_of(self, generation: Generation, page: str, sealed: bytes) -> bytes:
        return self._open(page, generation.pages[page], sealed)

    def _open(self, page: str, entry: PageEntry, sealed: bytes) -> bytes:
        opened = self._sealer.open(sealed, context=self._context(page, entry.generation))
        _require_latest(sealed, entry)
        return opened

    def _explain_missing(self, number: int) -> Exception:
        """Why a named file is not there: replaced while it was looked for, or lost."""
        if self._manifest().find(number) is None:
            return GenerationGone(f"generation {number} was replaced while it was read")
        return PageMissing("a page of this crystal is missing; index again to write it anew")

    def _copied(self, name: str, entry: PageEntry, other: "PageStore") -> PageEntry:
        try:
            sealed = _read_bytes(self._folder / _PAGES / entry.file)
        except FileNotFoundError:
            raise PageMissing("a page of this crystal is missing") from None
        _require_latest(sealed, entry)
        context = self._context(name, entry.generation)
        again = self._sealer.resealed(sealed, context=context, by=other._sealer)
        file = secrets.token_hex(16) + _SUFFIX
        write_new(other._folder / _PAGES / file, again)
        return replace(entry, file=file, tag=sealed_tag(again))

    def _carried(self, name: str, before: Manifest | None) -> PageEntry:
        entry = before.current.pages.get(name) if before else None
        if entry is None or not self._stands(entry):
            raise PageMissing("a page to be carried on is missing; index again to write it anew")
        return entry

    def _put(self, name: str, page: bytes, number: int, before: PageEntry | None) -> PageEntry:
        digest = hashlib.blake2b(page, digest_size=32).hexdigest()
        if before and before.digest == digest and self._stands(before):
            return before
        sealed = self._sealer.seal(page, context=self._context(name, number))
        entry = PageEntry(
            file=secrets.token_hex(16) + _SUFFIX,
            generation=number,
            sealed_bytes=len(sealed),
            tag=sealed_tag(sealed),
            digest=digest,
        )
        write_new(self._folder / _PAGES / entry.file, sealed)
        return entry

    def _stands(self, entry: PageEntry) -> bool:
        """Whether the file is there and whole by its length and tag; bytes between are trusted."""
        try:
            with (self._folder / _PAGES / entry.file).open("rb") as file:
                file.seek(max(0, entry.sealed_bytes - TAG_BYTES))
                return file.read(TAG_BYTES + 1).hex() == entry.tag
        except OSError:
            return False

    def _remove_all_but(self, kept: frozenset[str]) -> None:
        """Remove what no kept generation names; a file in use on Windows waits for next time."""
        stale = [p for p in (self._folder / _PAGES).iterdir() if p.name not in kept]
        for path in (*stale, *self._folder.glob("*.tmp")):
            try:
                path.unlink(missing_ok=True)
            except PermissionError:
                _log.info("a page no longer needed is in use and stays for now")

    def _context(self, page: str, generation: int) -> PageContext:
        return PageContext(self._corpus_id, f"page/{page}", generation)

    def _manifest_context(self) -> PageContext:
        return PageContext(self._corpus_id, "manifest", 0)


def _require_latest(sealed: bytes, entry: PageEntry) -> None:
    if sealed_tag(sealed) != entry.tag:
        raise PageDamaged(
            "an older page stands where this one belongs; index again to write it anew"
        )


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from error
