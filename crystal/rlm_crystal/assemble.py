"""Parsed files made into a segment."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from rlm_crystal.counting import WordCounter
from rlm_crystal.embed import BagOfWords, Embedder
from rlm_crystal.language import holds_records, role
from rlm_crystal.lazy import ready
from rlm_crystal.lexicon import Lexicon
from rlm_crystal.lines import line_count
from rlm_crystal.postings import postings_of
from rlm_crystal.segment import Graph, Segment
from rlm_crystal.tables import (
    KIND_CODE,
    REFERENCE_CODE,
    ROLE_CODE,
    ChunkTable,
    DefinitionTable,
    FileTable,
    ReferenceTable,
    Vectors,
)
from rlm_crystal.texts import Texts
from rlm_crystal.types import Chunk, ParsedFile
from rlm_crystal.words import Int32Array, Words

EMBED_CHARS_MAX = 2_000


def assemble(
    parsed: Sequence[ParsedFile], embedder: Embedder, lexicon: Lexicon | None = None
) -> Segment:
    """The segment of these files; their order does not matter. `lexicon` knows their words, where
    it has seen others like them."""
    ordered = sorted(parsed, key=lambda file: file.document.path)
    chunks = [chunk for file in ordered for chunk in file.chunks]
    counter = _counted(ordered, lexicon)
    languages = tuple(sorted({file.document.language for file in ordered}))
    # Strings are in the order of their UTF-8 bytes.
    name_id = {name: at for at, name in enumerate(sorted(_all_names(ordered)))}
    prose_id = {text: at for at, text in enumerate(sorted(_all_prose(ordered)))}
    return Segment(
        paths=Words.of(file.document.path for file in ordered),
        languages=languages,
        files=_file_table(ordered, languages),
        chunks=_chunk_table(ordered, name_id, prose_id),
        graph=ready(
            Graph(
                _pool(name_id),
                _pool(prose_id),
                _definition_table(ordered, name_id, prose_id),
                _reference_table(ordered, name_id),
            )
        ),
        postings=ready(postings_of(counter)),
        vectors=ready(_vectors(chunks, counter, embedder)),
        texts=Texts.of(file.document.text for file in ordered),
    )


def embedding_text(chunk: Chunk) -> str:
    """What is embedded of a chunk: where it stands, what it is called, what it says.

    Nothing of a list of records: the mean of its words lies near everything.
    """
    if holds_records(chunk.path):
        return ""
    head = f"{chunk.path} {chunk.symbol}\n{chunk.doc}\n"
    return (head + chunk.text)[:EMBED_CHARS_MAX]


def _pool(ordered: Iterable[str]) -> Words:
    return Words.of_sorted([text.encode("utf-8", "surrogatepass") for text in ordered])


def _all_names(files: Sequence[ParsedFile]) -> set[str]:
    names = {chunk.symbol for file in files for chunk in file.chunks}
    names.update(definition.symbol for file in files for definition in file.definitions)
    for file in files:
        for reference in file.references:
            names.add(reference.name)
            names.add(reference.within)
    return names


def _all_prose(files: Sequence[ParsedFile]) -> set[str]:
    prose: set[str] = set()
    for file in files:
        for item in (*file.chunks, *file.definitions):
            prose.add(item.signature)
            prose.add(item.doc)
    return prose


def _file_table(files: Sequence[ParsedFile], languages: tuple[str, ...]) -> FileTable:
    documents = [file.document for file in files]
    hashes = b"".join(bytes.fromhex(document.content_hash) for document in documents)
    sizes = [0, *(len(file.chunks) for file in files)]
    return FileTable(
        language=_int32([languages.index(document.language) for document in documents]),
        role=_uint8([ROLE_CODE[role(document.path)] for document in documents]),
        lines=_int32([line_count(document.text) for document in documents]),
        chars=_int32([len(document.text) for document in documents]),
        size_bytes=np.asarray([document.size_bytes for document in documents], dtype=np.int64),
        mtime_ns=np.asarray([document.mtime_ns for document in documents], dtype=np.int64),
        content_hash=np.frombuffer(hashes, dtype=np.uint8).reshape(len(documents), 16),
        chunk_start=np.cumsum(sizes).astype(np.int32),
    )


def _chunk_table(
    files: Sequence[ParsedFile], name_id: dict[str, int], prose_id: dict[str, int]
) -> ChunkTable:
    rows = [(at, chunk) for at, file in enumerate(files) for chunk in file.chunks]
    return ChunkTable(
        file=_int32([at for at, _ in rows]),
        start_line=_int32([chunk.start_line for _, chunk in rows]),
        end_line=_int32([chunk.end_line for _, chunk in rows]),
        kind=_uint8([KIND_CODE[chunk.kind] for _, chunk in rows]),
        symbol=_int32([name_id[chunk.symbol] for _, chunk in rows]),
        signature=_int32([prose_id[chunk.signature] for _, chunk in rows]),
        doc=_int32([prose_id[chunk.doc] for _, chunk in rows]),
    )


def _definition_table(
    files: Sequence[ParsedFile], name_id: dict[str, int], prose_id: dict[str, int]
) -> DefinitionTable:
    rows = [
        (at, definition)
        for at, file in enumerate(files)
        for definition in sorted(file.definitions, key=lambda found: found.start_line)
    ]
    return DefinitionTable(
        file=_int32([at for at, _ in rows]),
        start_line=_int32([definition.start_line for _, definition in rows]),
        end_line=_int32([definition.end_line for _, definition in rows]),
        kind=_uint8([KIND_CODE[definition.kind] for _, definition in rows]),
        symbol=_int32([name_id[definition.symbol] for _, definition in rows]),
        signature=_int32([prose_id[definition.signature] for _, definition in rows]),
        doc=_int32([prose_id[definition.doc] for _, definition in rows]),
    )


def _reference_table(files: Sequence[ParsedFile], name_id: dict[str, int]) -> ReferenceTable:
    references = [reference for file in files for reference in file.references]
    sizes = [len(file.references) for file in files]
    file = np.repeat(np.arange(len(files), dtype=np.int32), _int32(sizes))
    line = _int32([reference.line for reference in references])
    name = _int32([name_id[reference.name] for reference in references])
    kind = _uint8([REFERENCE_CODE[reference.kind] for reference in references])
    within = _int32([name_id[reference.within] for reference in references])
    order = np.lexsort((within, kind, line, file, name))
    return ReferenceTable(file[order], line[order], name[order], kind[order], within[order])


def _counted(files: Sequence[ParsedFile], lexicon: Lexicon | None) -> WordCounter:
    """The words of every chunk: of its path, its names, its body and its doc."""
    counter = WordCounter(fields=4, lexicon=lexicon)
    for file in files:
        defined = sorted((item.start_line, item.symbol) for item in file.definitions)
        lines = [line for line, _ in defined]
        for chunk in file.chunks:
            low = bisect_left(lines, chunk.start_line)
            high = bisect_right(lines, chunk.end_line)
            inside = {symbol.rsplit(".", 1)[-1] for _, symbol in defined[low:high]}
            names = " ".join((chunk.symbol, *sorted(inside)))
            counter.add(chunk.path, names, chunk.text, chunk.doc)
    return counter


def _vectors(chunks: Sequence[Chunk], counter: WordCounter, embedder: Embedder) -> Vectors:
    if not chunks:
        return Vectors.of(np.zeros((0, embedder.dimensions), dtype=np.float32))
    if isinstance(embedder, BagOfWords):
        counts = counter.counts(0, 1, 2, 3)
        mute = np.asarray([holds_records(chunk.path) for chunk in chunks])
        return Vectors.of(embedder.embed_counts(counter.lexicon, counts.without(mute)))
    return Vectors.of(embedder.embed([embedding_text(chunk) for chunk in chunks]))


def _int32(values: Sequence[int]) -> Int32Array:
    return np.asarray(values, dtype=np.int32)


def _uint8(values: Sequence[int]) -> npt.NDArray[np.uint8]:
    return np.asarray(values, dtype=np.uint8)
