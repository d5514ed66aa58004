"""Where the sealed things of one corpus lie, with the keys that open them.

Folder names are handles made with the key: whoever lists them learns nothing of the roots.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rlm_crystal.estate import Corpus, Estate
from rlm_crystal.gate import Gate
from rlm_crystal.home import Home, corpus_id
from rlm_crystal.keys import Keyring
from rlm_crystal.manifest import Generation
from rlm_crystal.store import PageStore
from rlm_crystal.types import STATIC
from rlm_crystal.vault import Vault
from rlm_crystal.walk import check_roots

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal
    from rlm_crystal.embed import Embedder


@dataclass(frozen=True, slots=True)
class Archive:
    """The places of one corpus; opening them costs nothing until something is read.

    `keys` gives the key of the moment: where it is rotated while we run, the next use follows.
    """

    home: Home
    keys: Callable[[], Keyring]
    corpus: Corpus
    embedder: str = STATIC

    @classmethod
    def of(
        cls,
        home: Home,
        keys: Callable[[], Keyring],
        roots: Sequence[Path],
        *,
        embedder: str = STATIC,
    ) -> "Archive":
        """The archive of these roots, which must be resolved."""
        return cls(home, keys, Corpus(corpus_id(roots), tuple(roots)), embedder)

    @classmethod
    def from_environ(
        cls,
        environ: Mapping[str, str],
        roots: Sequence[Path],
        *,
        allow_wide: bool,
        embedder: str = STATIC,
    ) -> "Archive":
        """HaltError without a cipher or key; RootMissing and the like for the roots."""
        home = Home.from_environ(environ)
        gate = Gate.open(environ, home)
        _ = gate.keyring  # raises where the gate is shut
        resolved = check_roots(roots, allow_wide=allow_wide)
        return cls.of(home, lambda: gate.keyring, resolved, embedder=embedder)

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders of the corpus."""
        return self.corpus.roots

    @property
    def keyring(self) -> Keyring:
        """The key of this moment; HaltError where it was rotated and its source lacks the new."""
        return self.keys()

    @property
    def estate(self) -> Estate:
        """All that is sealed under the key of this moment."""
        return Estate(self.home, self.keyring)

    def store(self) -> PageStore:
        """The pages of the crystal."""
        return self.estate.crystal(self.corpus)

    def crystal(self) -> "Crystal":
        """The crystal of the current generation; NoCrystal before the first, else SealError."""
        return self.sealed().crystal

    def sealed(self) -> "Sealed":
        """The current generation; what is read of it later stays what it was.

        FormatUnknown where another embedder made it.
        """
        from rlm_crystal.codec import from_pages
        from rlm_crystal.embed import embedder_named

        held = self.store().hold()
        embedder = embedder_named(self.embedder)
        return Sealed(held.generation, from_pages(held.read, embedder=embedder))

    def memory_embedder(self) -> "Embedder | None":
        """What gives memories their vectors; None where it is not there, and words alone recall."""
        from rlm_crystal.embed import embedder_named
        from rlm_crystal.errors import EmbedderUnavailable

        try:
            return embedder_named(self.embedder)
        except EmbedderUnavailable:
            return None

    def newer(self, known: int) -> "Sealed | None":
        """The current generation, unless that is the one `known` by its number."""
        return None if self.store().current() == known else self.sealed()

    def seal(
        self, crystal: "Crystal", since: "Sealed", *, known: int, timeout_s: float
    ) -> "Sealed | None":
        """Write `crystal` down, which grew out of `since`; None where `known` is not the last.

        Pages that the two share are neither read nor written. StoreBusy while another writes.
        """
        from rlm_crystal.codec import pages_since

        store = self.store()
        with store.lock(timeout_s):
            now = store.generation()
            if now.number != known:
                return None
            pages, same = pages_since(crystal, since.crystal, since.generation.shared_with(now))
            store.write_generation(pages, same=same, timeout_s=timeout_s)
            return Sealed(store.generation(), crystal)

    def traces(self) -> Vault:
        """The records of runs."""
        return self.estate.traces(self.corpus)

    def settings(self) -> Vault:
        """The settings; one set for all corpora of this home."""
        return self.estate.settings()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A crystal and the generation of the store that holds it."""

    generation: Generation
    crystal: "Crystal"
