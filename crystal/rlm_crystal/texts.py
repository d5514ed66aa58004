"""The texts of the files, each its own zstd frame, decoded when asked for.

One frame a file makes the stored bytes depend on the file alone, so that a crystal brought up to
date and one built anew hold the same, and a changed file costs only itself.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from rlm_crystal.counting import Int64Array

LEVEL: Final = 1
PAGE_BYTES: Final = 4 * 1024 * 1024
CACHED_CHARS: Final = 8 * 1024 * 1024

_of_thread = threading.local()


class Texts:
    """Frames in file order, in pages of about 4 MiB that `read_page` brings when needed."""

    def __init__(
        self, frame_bytes: Int64Array, pages: Int64Array, read_page: Callable[[int], bytes]
    ) -> None:
        """`pages[p]` is the first file of page `p`; a last entry closes the row."""
        self.frame_bytes = frame_bytes
        self.pages = pages
        self._ends = np.cumsum(frame_bytes)
        self._read_page = read_page
        self._loaded: dict[int, bytes] = {}
        self._decoded: OrderedDict[int, str] = OrderedDict()
        self._decoded_chars = 0
        self._lock = threading.Lock()

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """The texts, each compressed by itself."""
        import zstandard

        compress = zstandard.ZstdCompressor(level=LEVEL).compress
        return cls.of_frames([compress(text.encode("utf-8", "surrogatepass")) for text in texts])

    @classmethod
    def of_frames(cls, frames: Sequence[bytes]) -> Texts:
        sizes = np.fromiter(map(len, frames), dtype=np.int64, count=len(frames))
        bounds = [0]
        filled = 0
        for at, size in enumerate(sizes.tolist()):
            if filled and filled + size > PAGE_BYTES:
                bounds.append(at)
                filled = 0
            filled += size
        bounds.append(len(frames))
        pages = np.asarray(bounds, dtype=np.int64)
        whole = [b"".join(frames[a:b]) for a, b in pairwise(bounds)]
        return cls(sizes, pages, whole.__getitem__)

    def __len__(self) -> int:
        return len(self.frame_bytes)

    @property
    def page_count(self) -> int:
        return len(self.pages) - 1

    def page(self, number: int) -> bytes:
        loaded = self._loaded.get(number)
        if loaded is None:
            loaded = self._loaded[number] = self._read_page(number)
        return loaded

    def frame(self, file: int) -> bytes:
        number = int(np.searchsorted(self.pages, file, side="right")) - 1
        first = int(self.pages[number])
        base = int(self._ends[first - 1]) if first else 0
        end = int(self._ends[file]) - base
        return self.page(number)[end - int(self.frame_bytes[file]) : end]

    def get(self, file: int) -> str:
        with self._lock:
            known = self._decoded.get(file)
            if known is not None:
                self._decoded.move_to_end(file)
                return known
        text = decode(self.frame(file))
        with self._lock:
            if file not in self._decoded:
                self._decoded[file] = text
                self._decoded_chars += len(text)
            while self._decoded_chars > CACHED_CHARS and len(self._decoded) > 1:
                _, dropped = self._decoded.popitem(last=False)
                self._decoded_chars -= len(dropped)
        return text


def decode(frame: bytes) -> str:
    """The text of one frame."""
    # Making a decompressor takes longer than most frames; one is not for several threads.
    decompress: Callable[[bytes], bytes] | None = getattr(_of_thread, "decompress", None)
    if decompress is None:
        import zstandard

        decompress = _of_thread.decompress = zstandard.ZstdDecompressor().decompress
    return decompress(frame).decode("utf-8", "surrogatepass")
