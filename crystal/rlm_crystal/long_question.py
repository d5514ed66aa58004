"""A long text turned into a question: of all its words those that tell most of this corpus.

A word weighs what its part of the text weighs, times how rare it is in the corpus; the best few
dozen are asked, so that a page costs what a long sentence does. Frames of the corpus's own files
are places to look in, the innermost first; those of other files, and the code they show, tell
nothing. What a text says of tests and documentation in passing does not bring those up: only its
title does, and by half.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rlm_crystal.frames import Frame, components_of, files_of, innermost_first
from rlm_crystal.postings import inverse_frequency
from rlm_crystal.query import Group, Question, looks_like_code, names_in, understand, variants_of
from rlm_crystal.report import Report, Told, is_long, read_report
from rlm_crystal.terms import RAW_WORD, STOP_WORDS, parts, stem
from rlm_crystal.view import View

WORD_CHARS_MAX = 40
# More numbers in one word are a hash, an address or a mangled name.
_NUMBERS_MAX = 2
# How many chunks a word may stand in that the corpus holds in other forms only.
_HELD_IN_OTHER_FORMS = 20
# Functions keep their names in a bundle, whose file is another.
_BUNDLED = (".js", ".mjs", ".cjs")


@dataclass(frozen=True, slots=True)
class Worth:
    """What the parts of a long text count for; measured on issues of five repositories.

    `words` and `names` are how many are asked, `gist_chars` how much of the prose is embedded;
    `frames` is what the files of frames count for, the innermost first.
    """

    title: float = 3.0
    prose: float = 1.0
    span: float = 1.3
    error: float = 1.0
    frame: float = 0.8
    code: float = 0.2
    part_of_name: float = 0.5
    words: int = 32
    gist_chars: int = 600
    frames: tuple[float, ...] = (1.0, 0.7, 0.5, 0.4, 0.3)
    mentioned: float = 1.0
    names: int = 40


DEFAULT = Worth()


def question_in(text: str, view: View, worth: Worth = DEFAULT) -> Question:
    """What a text asks of a corpus, be it three words or a whole issue."""
    if not is_long(text):
        return understand(text, view.vocabulary, told=view.told)
    report = read_report(text)
    places = _places(report, view, worth)
    weights = _weights(report, places.own, worth)
    groups = _groups(weights, view, worth)
    title_words = frozenset(word.lower() for word in RAW_WORD.findall(report.title))
    named = "\n".join(
        run.telling
        for run in report.told
        if run.part in ("title", "span") or (run.part == "frame" and run.frame in places.own)
    )
    return Question(
        report.gist[: worth.gist_chars],
        tuple(groups),
        frozenset(sorted(names_in(named))[: worth.names]),
        (),
        title_words,
        at_length=True,
        places=places.files,
    )


@dataclass(frozen=True, slots=True)
class _Places:
    files: dict[str, float] = field(default_factory=dict[str, float])
    own: frozenset[int] = frozenset()


def _places(report: Report, view: View, worth: Worth) -> _Places:
    """The files that frames and links name, and which frames are of the corpus."""
    frames: Sequence[Frame] = report.frames
    mentioned = [components_of(path) for path in report.named]
    named = list(dict.fromkeys((*(frame.path for frame in frames), *mentioned)))
    if not named:
        return _Places()
    alive = (view.paths[at] for at in view.file_alive.nonzero()[0].tolist())
    found = files_of(named, alive)
    files: dict[str, float] = {}
    for place in mentioned:
        files.update(dict.fromkeys(found.get(place, ()), worth.mentioned))
    own = [number for number in innermost_first(frames) if frames[number].path in found]
    place = 0
    for number in own:
        fresh = [path for path in found[frames[number].path] if path not in files]
        if fresh and place < len(worth.frames):
            files.update(dict.fromkeys(fresh, worth.frames[place]))
            place += 1
    return _Places(files, frozenset(own))


def _weights(report: Report, own: frozenset[int], worth: Worth) -> dict[str, tuple[float, bool]]:
    """Each word's weight, and whether inflected forms of it are meant too."""
    each = {
        "title": worth.title, "prose": worth.prose, "span": worth.span,
        "error": worth.error, "frame": worth.frame, "code": worth.code,
    }  # fmt: skip
    best: dict[str, float] = {}
    plain: set[str] = set()
    for run in report.told:
        if run.part == "frame" and not _counts(run, report.frames, own):
            continue
        for word, share in _words(run.telling, worth):
            weight = each[run.part] * share
            best[word] = max(best.get(word, 0.0), weight)
            if run.part in ("title", "prose", "span", "error"):
                plain.add(word)
    return {word: (weight, word in plain) for word, weight in best.items()}


def _counts(run: Told, frames: Sequence[Frame], own: frozenset[int]) -> bool:
    """Whether a frame's line tells of the corpus: its own file, or a bundle made of its files."""
    if run.frame in own:
        return True
    if run.frame >= len(frames) or not looks_like_code(run.text.strip()):
        return False
    path = frames[run.frame].path
    return bool(path) and path[-1].endswith(_BUNDLED)


def _words(text: str, worth: Worth) -> Iterator[tuple[str, float]]:
    for raw in RAW_WORD.findall(text):
        if len(raw) > WORD_CHARS_MAX or raw.isdigit():
            continue
        pieces = parts(raw)
        if len(pieces) > 1:
            if sum(piece.isdigit() for piece in pieces) > _NUMBERS_MAX:
                continue
            yield raw.lower().strip("_"), 1.0
            for piece in pieces:
                if piece not in STOP_WORDS and len(piece) > 1 and not piece.isdigit():
                    yield piece, worth.part_of_name
        elif pieces and pieces[0] not in STOP_WORDS and len(pieces[0]) > 1:
            yield pieces[0], 1.0


def _groups(weights: dict[str, tuple[float, bool]], view: View, worth: Worth) -> list[Group]:
    total = max(int(view.chunk_alive.sum()), 1)
    weights = _one_a_stem(weights)
    valued: list[tuple[float, str, float, bool]] = []
    for word, (weight, plain) in weights.items():
        held = view.held(word)
        if not held and not plain:
            continue
        rarity = inverse_frequency(min(held or _HELD_IN_OTHER_FORMS, total), total)
        valued.append((weight * rarity, word, weight, plain))
    valued.sort(key=lambda row: (-row[0], row[1]))
    groups: list[Group] = []
    for _, word, weight, plain in valued[: worth.words]:
        variants = variants_of(word, view.vocabulary) if plain else {word: 1.0}
        if view.told.find(word) >= 0:
            variants[word] = 1.0
        if variants:
            groups.append(Group(word, weight, variants))
    return groups


def _one_a_stem(weights: dict[str, tuple[float, bool]]) -> dict[str, tuple[float, bool]]:
    """Of words whose inflections are meant the heaviest of each stem, which stands for them all."""
    best: dict[str, str] = {}
    for word, (weight, plain) in weights.items():
        if plain and word.isalpha():
            root = stem(word)
            known = best.get(root)
            if known is None or (weight, -len(word)) > (weights[known][0], -len(known)):
                best[root] = word
    chosen = set(best.values())
    return {
        word: value
        for word, value in weights.items()
        if word in chosen or not (value[1] and word.isalpha())
    }
