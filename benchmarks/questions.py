"""Plain questions with the file that answers them: in which place does each ranking put it?

    python benchmarks/questions.py --set django --root <an unpacked django sdist>

The questions were written before any rank was seen. Three rankings run over the same files: ours;
plain BM25 over the same chunks (identifiers split, no fields, no stems, a file counts as its best
chunk); and what ripgrep users do, files by how many of the question's words they hold, then how
often. A place counts files; `-` means not among the first fifty.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_crystal.terms import STOP_WORDS, parts

PLACES = 50
QUESTIONS: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "django": [
        ("where are database migrations autodetected", ("django/db/migrations/autodetector.py",)),
        (
            "how does the development server reload when files change",
            ("django/utils/autoreload.py",),
        ),
        ("how are CSRF tokens compared", ("django/middleware/csrf.py",)),
        ("how are passwords hashed and verified", ("django/contrib/auth/hashers.py",)),
        ("where are URL patterns matched against the request path", ("django/urls/resolvers.py",)),
        ("how is the session stored in the database", ("django/contrib/sessions/backends/db.py",)),
        ("what turns a queryset into SQL", ("django/db/models/sql/compiler.py",)),
        (
            "how are template tags parsed from the source of a template",
            ("django/template/base.py",),
        ),
        (
            "where are uploaded files written to memory or a temporary file",
            ("django/core/files/uploadhandler.py", "django/core/files/uploadedfile.py"),
        ),
        ("how does the paginator split results into pages", ("django/core/paginator.py",)),
    ],
    "flask": [
        ("how is the session cookie signed and loaded", ("src/flask/sessions.py",)),
        (
            "where are blueprints registered on the application",
            ("src/flask/sansio/blueprints.py", "src/flask/blueprints.py"),
        ),
        ("how does the command line find the application to run", ("src/flask/cli.py",)),
        ("how are environment variables loaded into the configuration", ("src/flask/config.py",)),
        ("where is the request context pushed and popped", ("src/flask/ctx.py",)),
        ("how are objects turned into JSON for a response", ("src/flask/json/provider.py",)),
        (
            "how does the test client keep the context alive after a request",
            ("src/flask/testing.py",),
        ),
        ("where are templates looked up across blueprints", ("src/flask/templating.py",)),
        (
            "how is an error handler chosen for an exception",
            ("src/flask/sansio/app.py", "src/flask/app.py"),
        ),
        ("class-based views dispatch to a method by HTTP verb", ("src/flask/views.py",)),
    ],
    "scrapy": [
        ("where are duplicate requests filtered", ("scrapy/dupefilters.py",)),
        (
            "how is robots.txt obeyed",
            ("scrapy/downloadermiddlewares/robotstxt.py", "scrapy/robotstxt.py"),
        ),
        ("how are failed requests retried", ("scrapy/downloadermiddlewares/retry.py",)),
        (
            "how does the crawler slow down automatically when a site is slow",
            ("scrapy/extensions/throttle.py",),
        ),
        ("where are scraped items exported to CSV", ("scrapy/exporters.py",)),
        (
            "how are cookies kept between requests",
            ("scrapy/downloadermiddlewares/cookies.py", "scrapy/http/cookies.py"),
        ),
        ("how are links extracted from an HTML page", ("scrapy/linkextractors/lxmlhtml.py",)),
        (
            "where are requests queued by priority",
            ("scrapy/pqueues.py", "scrapy/core/scheduler.py"),
        ),
        ("how are images downloaded and thumbnails made", ("scrapy/pipelines/images.py",)),
        (
            "what stops the engine when a spider takes too much memory",
            ("scrapy/extensions/memusage.py",),
        ),
    ],
}

Ranking = Callable[[str], Sequence[str]]


def main() -> None:
    options = _options()
    started = time.process_time()
    crystal = build([options.root])
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = time.process_time() - started + children.ru_utime + children.ru_stime
    _say(
        f"{options.set}: {len(crystal.files):,} files, {crystal.chunk_count:,} chunks, "
        f"{crystal.cluster_count} clusters; built in {cpu_s:.1f} s of CPU"
    )
    rankings = {
        "ours": _ours(crystal),
        "bm25": _plain_bm25(crystal),
        "ripgrep": _keyword_count(crystal),
    }
    questions = QUESTIONS[options.set]
    places = {
        name: [_place(rank(question), right) for question, right in questions]
        for name, rank in rankings.items()
    }
    _table(questions, places)
    _say(f"\nours: median {_query_ms(crystal, questions):.0f} ms of CPU a question, ten hits")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--set", choices=sorted(QUESTIONS), default="django")
    parser.add_argument("--root", type=Path, required=True)
    return parser.parse_args()


def _ours(crystal: Crystal) -> Ranking:
    def rank(question: str) -> list[str]:
        hits = crystal.search(question, limit=3 * PLACES)
        return list(dict.fromkeys(hit.path for hit in hits))

    return rank


def _plain_bm25(crystal: Crystal, k1: float = 1.2, b: float = 0.75) -> Ranking:
    view = crystal.view
    postings = view.postings[0]
    length = postings.lengths[2]
    norm = k1 * (1 - b + b * length / max(float(length.mean()), 1.0))

    def rank(question: str) -> list[str]:
        scores = np.zeros(view.chunk_count)
        for term in {part for word in question.split() for part in parts(word)}:
            at = postings.words.find(term)
            if at >= 0:
                docs, counts = postings.docs[postings.rows(at)], postings.counts[2]
                tf = counts[postings.rows(at)].astype(np.float64)
                idf = np.log1p((view.chunk_count - len(docs) + 0.5) / (len(docs) + 0.5))
                scores[docs] += idf * tf * (k1 + 1) / (tf + norm[docs])
        best = np.argsort(-scores, kind="stable")[: 20 * PLACES]
        return list(dict.fromkeys(view.paths[view.chunk_file[at]] for at in best))

    return rank


def _keyword_count(crystal: Crystal) -> Ranking:
    texts = [(entry.path, crystal.text(entry.path).lower()) for entry in crystal.files]

    def rank(question: str) -> list[str]:
        words = {word.lower().strip("?.,") for word in question.split()} - STOP_WORDS
        scored: list[tuple[int, int, str]] = []
        for path, text in texts:
            counts = [text.count(word) for word in words]
            scored.append((-sum(map(bool, counts)), -sum(counts), path))
        return [path for _, _, path in sorted(scored)]

    return rank


def _place(ranked: Sequence[str], right: Sequence[str]) -> int | None:
    places = [at for at, path in enumerate(ranked[:PLACES], 1) if path in right]
    return min(places, default=None)


def _table(
    questions: Sequence[tuple[str, tuple[str, ...]]], places: dict[str, list[int | None]]
) -> None:
    _say("\n| question | " + " | ".join(places) + " |")
    _say("|---|" + "---|" * len(places))
    for at, (question, _) in enumerate(questions):
        shown = " | ".join(str(column[at] or "-") for column in places.values())
        _say(f"| {question} | {shown} |")
    for label, most in (("first", 1), ("in the first five", 5), ("in the first ten", 10)):
        counts = (sum(p is not None and p <= most for p in column) for column in places.values())
        _say(f"| **{label}, of {len(questions)}** | " + " | ".join(map(str, counts)) + " |")
    ranks = (statistics.fmean(1 / p if p else 0.0 for p in column) for column in places.values())
    _say("| **MRR** | " + " | ".join(f"{rank:.2f}" for rank in ranks) + " |")


def _query_ms(crystal: Crystal, questions: Sequence[tuple[str, tuple[str, ...]]]) -> float:
    times: list[float] = []
    for question, _ in questions:
        started = time.process_time()
        crystal.search(question)
        times.append((time.process_time() - started) * 1000)
    return statistics.median(times)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
