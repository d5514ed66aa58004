"""What a cluster is about, taken from its own words: a title, a few sentences, central chunks.

Extractive and deterministic, no model; `describe.py` may replace the sentences by a model's. A term
tells more the more it is a cluster's own (its share in the cluster against its share in the corpus,
as in class-based tf-idf); sentences and signatures are those of the chunks nearest to the middle.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice

import numpy as np

from rlm_crystal.cluster import Clustering
from rlm_crystal.counting import WordCounter, tally
from rlm_crystal.language import Role, role
from rlm_crystal.lexicon import Lexicon
from rlm_crystal.points import Floats, Ints
from rlm_crystal.terms import STOP_WORDS, parts, stem
from rlm_crystal.types import Chunk

CENTRAL_MAX = 12
TERMS_MAX = 8
TEXT_CHARS_MAX = 600
DIGEST_CHARS_MAX = 6_000

_TITLE_TERMS = 3
_DIGEST_CHUNK_CHARS = 700
_SENTENCE_CHARS_MAX = 160
_PROSE_CHARS = 400
_CENTRAL_PER_FILE = 3
_COMMON_SHARE = 0.7
_SYMBOL_CHARS_MAX = 10_000
_TYPES = frozenset({"class", "interface", "struct", "trait", "enum", "type"})
_UNNAMED = frozenset({"lines", "module"})
_COMMENT = re.compile(r"(?<=[:{)]) (?:#|//|/\*).*$")
_SYNTAX = frozenset({
    "args", "bool", "class", "cls", "const", "def", "func", "function", "import", "init", "int",
    "kwargs", "none", "null", "param", "params", "public", "private", "return", "returns", "self",
    "static", "str", "string", "struct", "true", "false", "type", "var", "void",
})  # fmt: skip
_ROLE_WEIGHT: dict[Role, float] = {
    "source": 1.0, "doc": 0.6, "config": 0.5, "test": 0.4, "vendor": 0.2, "generated": 0.2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Summary:
    """`central` are indices of chunks, most central first; `place` is the folder or file that most
    of the cluster lies in; `weight` > 0 says how much of the corpus's substance it stands for.

    `key` is a hash of the digest, all that a model reads of the cluster; `author` is the model that
    wrote `text`, empty where it is extractive.
    """

    title: str
    text: str
    terms: tuple[str, ...]
    central: tuple[int, ...]
    place: str
    files: int
    size: int
    weight: float
    key: str = ""
    author: str = ""


def digest_of(central: Sequence[Chunk]) -> str:
    """What a model is to read of a cluster: its most central chunks, the beginning of each."""
    text = ""
    for chunk in central:
        body = chunk.text[:_DIGEST_CHUNK_CHARS].rstrip()
        part = f"{chunk.path}: {chunk.symbol}\n{body}\n\n"
        if len(text) + len(part) > DIGEST_CHARS_MAX:
            break
        text += part
    return text


def key_of(digest: str) -> str:
    """The key under which a summary of this digest is found again."""
    return blake2b(digest.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def summarise(
    chunks: Sequence[Chunk], vectors: Floats, clustering: Clustering
) -> tuple[Summary, ...]:
    """One summary per cluster, in the order of the clusters."""
    likeness = _likeness(vectors, clustering)
    spread, within = _telling_words(chunks, clustering)
    members = zip(_members(clustering), within, strict=True)
    return tuple(
        _summary(
            chunks, own.tolist(), telling_terms(words, len(own), spread, len(chunks)), likeness
        )
        for own, words in members
    )


def _summary(
    chunks: Sequence[Chunk],
    own: Sequence[int],
    terms: tuple[str, ...],
    likeness: Floats,
) -> Summary:
    paths = Counter(chunks[at].path for at in own)
    place = common_place(paths)
    central = _central(chunks, own, likeness)
    return Summary(
        title=_title(terms, place),
        text=_text([chunks[at] for at in central]),
        terms=terms,
        central=tuple(central),
        place=place,
        files=len(paths),
        size=len(own),
        weight=_weight(paths),
        key=key_of(digest_of([chunks[at] for at in central])),
    )


def telling_terms(
    within: Mapping[str, int], size: int, spread: Mapping[str, int], total: int
) -> tuple[str, ...]:
    """The terms that set a cluster of `size` apart from all `total` chunks, most telling first.

    Each weighs its share in the cluster times the log of how much more frequent it is there; of
    words with one stem the best stays.
    """
    weighed = sorted(
        (-(count / size) * math.log((count / size) / (spread[word] / total)), word)
        for word, count in within.items()
        if count > 1 and count / size > spread[word] / total
    )
    best: dict[str, str] = {}
    for _, word in weighed:
        best.setdefault(stem(word), word)
        if len(best) == TERMS_MAX:
            break
    return tuple(best.values())


def common_place(paths: Counter[str]) -> str:
    """The deepest file or folder that holds most of the counted paths; empty for the root."""
    needed = _COMMON_SHARE * paths.total()
    inside = Counter[str]()
    for path, count in paths.items():
        steps = path.split("/")
        for depth in range(1, len(steps) + 1):
            inside["/".join(steps[:depth])] += count
    holding = [place for place, count in inside.items() if count >= needed]
    return max(holding, key=lambda place: (place.count("/"), place), default="")


def first_sentence(text: str, chars_max: int = _SENTENCE_CHARS_MAX) -> str:
    """The first sentence on one line, cut between words where it is longer than `chars_max`."""
    line = " ".join(text.split())
    end = line.find(". ")
    sentence = line[: end + 1] if end >= 0 else line
    if len(sentence) <= chars_max:
        return sentence
    return sentence[: chars_max - 1].rsplit(" ", 1)[0] + "…"


def label(chunk: Chunk) -> str:
    """What to call a chunk in one short line: its signature, its symbol or its first words."""
    if chunk.kind == "section" and chunk.symbol:
        return chunk.symbol
    named = chunk.signature or chunk.symbol
    return one_line(named) if named else one_line(chunk.text.strip())


def one_line(text: str) -> str:
    """The text on one line of at most a hundred characters, without the comment at its end."""
    line = _COMMENT.sub("", " ".join(text[: 4 * _SENTENCE_CHARS_MAX].split()))
    return line if len(line) <= 100 else line[:99].rsplit(" ", 1)[0] + "…"


def _telling_words(
    chunks: Sequence[Chunk], clustering: Clustering
) -> tuple[dict[str, int], list[dict[str, int]]]:
    """In how many chunks each telling word is, and in how many of each cluster if in several."""
    counter = WordCounter(fields=1, lexicon=Lexicon(chars_max=_SYMBOL_CHARS_MAX))
    for chunk in chunks:
        counter.add(_naming(chunk))
    counts, terms = counter.counts(0), counter.lexicon.terms
    sizes, parts_of = counter.lexicon.parts(counts.words)
    kept = np.fromiter(map(_tells, terms), np.bool_, count=len(terms)).take(parts_of)
    chunk, word = np.repeat(counts.chunks, sizes)[kept], parts_of[kept]
    base = max(len(terms), 1)
    pairs, _ = tally(chunk * base + word)
    chunk, word = np.divmod(pairs, base)
    held: list[int] = np.bincount(word, minlength=len(terms)).tolist()
    cluster = clustering.labels.take(chunk).astype(np.int64)
    pairs, times = tally((cluster * base + word)[cluster >= 0])
    pairs, times = pairs[times > 1], times[times > 1]
    within: list[dict[str, int]] = [{} for _ in range(clustering.count)]
    for pair, count in zip(pairs.tolist(), times.tolist(), strict=True):
        at, number = divmod(pair, base)
        within[at][terms[number]] = count
    return dict(zip(terms, held, strict=True)), within


def _naming(chunk: Chunk) -> str:
    """The words that name a chunk, not those it is made of: file name, symbol, prose."""
    prose = chunk.doc or (chunk.text[:_PROSE_CHARS] if _is_prose(chunk) else chunk.signature)
    name = chunk.path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return f"{name} {chunk.symbol} {prose}"


def _tells(part: str) -> bool:
    return len(part) > 2 and not part.isdigit() and part not in _SYNTAX and part not in STOP_WORDS


def _is_prose(chunk: Chunk) -> bool:
    return chunk.kind in ("section", "lines", "module")


def _members(clustering: Clustering) -> list[Ints]:
    order = np.argsort(clustering.labels, kind="stable").astype(np.int32)
    ordered = clustering.labels[order]
    starts = np.searchsorted(ordered, np.arange(clustering.count + 1))
    return [order[starts[at] : starts[at + 1]] for at in range(clustering.count)]


def _likeness(vectors: Floats, clustering: Clustering) -> Floats:
    """The cosine of each chunk with the centroid of its own cluster; 0 for noise."""
    likeness = np.zeros(len(vectors), dtype=np.float32)
    inside = clustering.labels >= 0
    own = clustering.centroids[clustering.labels[inside]]
    likeness[inside] = np.einsum("ij,ij->i", vectors[inside], own)
    return likeness


def _central(chunks: Sequence[Chunk], own: Sequence[int], likeness: Floats) -> list[int]:
    ranked = sorted(own, key=lambda at: (-_centrality(chunks[at], float(likeness[at])), at))
    return list(islice(_varied(chunks, ranked), CENTRAL_MAX))


def _centrality(chunk: Chunk, likeness: float) -> float:
    """Nearness to the middle, helped by what a reader can use: a type, a doc, a public name."""
    last = chunk.symbol.rsplit(".", 1)[-1]
    return (
        likeness
        + 0.15 * (chunk.kind in _TYPES)
        + 0.10 * bool(chunk.doc)
        - 0.10 * last.startswith("_")
        - 0.20 * (chunk.kind in _UNNAMED)
    )


def _varied(chunks: Sequence[Chunk], ranked: Iterable[int]) -> Iterator[int]:
    """The ranked chunks, a few of each file first, no symbol of a file twice."""
    per_file = Counter[str]()
    seen: set[tuple[str, str]] = set()
    later: list[int] = []
    for at in ranked:
        chunk = chunks[at]
        name = (chunk.path, chunk.symbol or str(chunk.start_line))
        if name in seen:
            continue
        seen.add(name)
        if per_file[chunk.path] < _CENTRAL_PER_FILE:
            per_file[chunk.path] += 1
            yield at
        else:
            later.append(at)
    yield from later


def _title(terms: Sequence[str], place: str) -> str:
    named = set(parts(place))
    fresh = [term for term in terms if term not in named] or list(terms)
    words = ", ".join(fresh[:_TITLE_TERMS])
    if not place:
        return words or "various"
    return f"{place}: {words}" if words else place


def _text(central: Sequence[Chunk]) -> str:
    """Sentences of the most central chunks that say something, and then bare signatures."""
    said = [_statement(chunk) for chunk in central]
    statements = list(dict.fromkeys(line for line in said if line))
    named = [chunk for chunk, line in zip(central, said, strict=True) if chunk.symbol and not line]
    bare = list(dict.fromkeys(map(label, named or central[: not statements])))
    text = ""
    for line in (*statements[:4], *bare[:4]):
        if len(text) + len(line) + 1 > TEXT_CHARS_MAX:
            break
        text += f"{line}\n"
    return text.rstrip("\n")


def _statement(chunk: Chunk) -> str:
    prose = chunk.doc or (_body(chunk) if chunk.kind == "section" else "")
    sentence = first_sentence(prose)
    if not sentence:
        return ""
    return f"{chunk.symbol.rsplit(' > ', 1)[-1]}: {sentence}" if chunk.symbol else sentence


def _body(section: Chunk) -> str:
    """The first paragraph of a section after its heading."""
    lines = section.text[: 4 * _PROSE_CHARS].split("\n")
    heading = section.symbol.rsplit(" > ", 1)[-1]
    prose = [line for line in lines if any(map(str.isalnum, line)) and heading not in line]
    return " ".join(prose[:3])


def _weight(paths: Counter[str]) -> float:
    substance = sum(count * _ROLE_WEIGHT[role(path)] for path, count in paths.items())
    return math.log1p(substance) * substance / paths.total()
