"""The manifest of a page store: which file holds which page of which generation.

It is sealed as one page of its own. A page's entry names the generation it was written in (part
of the context it opens in) and its authentication tag, so that an older file of the same name and
generation, left by a crashed writer or put there by someone, does not pass for it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One page: its file, the generation it was sealed in, sizes in bytes, tag and digest.

    `digest` is BLAKE2b-256 of the page itself; equal pages are carried to the next generation.
    """

    file: str
    generation: int
    sealed_bytes: int
    tag: str
    digest: str


@dataclass(frozen=True, slots=True)
class Generation:
    """A complete set of pages that belong together."""

    number: int
    pages: Mapping[str, PageEntry]

    @property
    def files(self) -> frozenset[str]:
        return frozenset(entry.file for entry in self.pages.values())

    def shared_with(self, other: "Generation") -> frozenset[str]:
        """The names of the pages that are one and the same file in both."""
        pages = other.pages
        return frozenset(n for n, entry in self.pages.items() if pages.get(n) == entry)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The current generation, and the one before it for readers that began with it."""

    current: Generation
    previous: Generation | None

    def find(self, number: int) -> Generation | None:
        for generation in (self.current, self.previous):
            if generation is not None and generation.number == number:
                return generation
        return None

    @property
    def files(self) -> frozenset[str]:
        files = self.current.files
        return files if self.previous is None else files | self.previous.files


def encode_manifest(manifest: Manifest) -> bytes:
    generations = [manifest.current, *([manifest.previous] if manifest.previous else [])]
    return json.dumps(
        [
            {
                "generation": generation.number,
                "pages": {name: asdict(entry) for name, entry in generation.pages.items()},
            }
            for generation in generations
        ],
        separators=(",", ":"),
    ).encode()


def decode_manifest(data: bytes) -> Manifest:
    """The manifest in authenticated bytes of ours; they are not checked a second time."""
    generations = [
        Generation(
            number=stored["generation"],
            pages={name: PageEntry(**entry) for name, entry in stored["pages"].items()},
        )
        for stored in json.loads(data)
    ]
    return Manifest(generations[0], generations[1] if len(generations) > 1 else None)
