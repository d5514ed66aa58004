"""A recorded run as one HTML page that stands alone: no script, and nothing from elsewhere.

Its policy allows one style sheet by its hash and nothing else, so that even markup that got in
could load, run and send nothing. It opens and closes with the elements of HTML itself, by mouse and
by keyboard.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from rlm_engine.recorded import Place, Recorded, RecordedRun, Took

from rlm_server.traces.calls import anchors, calls_of
from rlm_server.traces.markup import Markup, element, number
from rlm_server.traces.text import counted
from rlm_server.traces.timeline import bars_of, timeline

_TITLE_CHARS = 80


def trace_page(trace: Recorded) -> str:
    """The whole page."""
    names = anchors(trace.run) if trace.run is not None else {}
    body = element(
        "body",
        element("main", *_header(trace), *_sections(trace, names)),
    )
    return f"<!DOCTYPE html>\n{element('html', _head(trace), body, lang='en').source}\n"


@lru_cache
def _style() -> str:
    return Path(__file__).with_name("page.css").read_text("utf-8")


def style_source() -> str:
    """The one style sheet of the page as a source of a content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()}'"


def _head(trace: Recorded) -> Markup:
    policy = f"default-src 'none'; style-src {style_source()}; base-uri 'none'; form-action 'none'"
    question = " ".join(trace.question.split())[:_TITLE_CHARS]
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"Trace {trace.trace_id}: {question}"),
        element("style", Markup(_style())),
    )


def _header(trace: Recorded) -> Iterator[Markup]:
    yield element("h1", trace.question or "A question", class_="text")
    yield element(
        "p",
        "This page holds questions, code and parts of the corpus in clear.",
        class_="clear",
    )
    ending = [trace.ending] if trace.failure is None else [trace.ending, trace.failure.message]
    facts = {
        "trace": trace.trace_id,
        "began": f"{trace.started.replace('T', ' ')[:19]} UTC" if trace.started else "not kept",
        "ended": ": ".join(part for part in ending if part),
        "root model": trace.provider or "unknown",
        "sub-model": trace.sub_model or "unknown",
        "way": f"{trace.route}; {trace.route_reason}" if trace.route else "loop",
        "turns": f"{trace.iterations}",
        "sub-calls": f"{trace.subcalls}",
        "tokens": f"{trace.took.tokens_in:,} in, {trace.took.tokens_out:,} out",
        "cost": f"${trace.took.cost_usd:.4f}",
        "seconds": number(trace.seconds),
    }
    yield _facts(facts)
    if trace.run is not None and trace.run.layers:
        yield element("p", "Sandbox: " + ", ".join(trace.run.layers), class_="quiet text")
    limits = ", ".join(f"{name} {value:,g}" for name, value in trace.limits)
    if limits:
        yield element("details", element("summary", "Limits"), element("p", limits))


def _facts(facts: dict[str, str]) -> Markup:
    pairs = [
        element("div", element("dt", name), element("dd", value)) for name, value in facts.items()
    ]
    return element("dl", *pairs)


def _sections(trace: Recorded, names: dict[int, str]) -> Iterator[Markup]:
    yield from _answered(trace)
    if trace.run is None:
        yield element("p", "Nothing was done yet when it ended.")
        return
    picture = timeline(bars_of(trace.run, names), trace.seconds)
    if picture.source:
        key = [
            element("span", element("b", "■ ", class_=kind), label)
            for kind, label in (
                ("root", "root model"),
                ("code", "code"),
                ("call", "sub-call"),
                ("failed", "failed"),
            )
        ]
        yield element("h2", "Timeline")
        yield element("p", *key, class_="key")
        yield picture
    yield element("h2", "Cost")
    yield _costs(trace.run)
    yield element("h2", "Calls")
    yield calls_of(trace.run, names)
    if trace.events_left_out or trace.texts_left_out:
        yield element(
            "p",
            f"The record was full: {trace.events_left_out} events and {trace.texts_left_out} texts"
            " are not in it.",
            class_="bad",
        )


def _answered(trace: Recorded) -> Iterator[Markup]:
    if trace.answer:
        yield element("h2", "Answer")
        yield element("p", trace.answer, class_="text")
    if trace.citations:
        places = [
            element(
                "li",
                element("code", _cited(place), class_="text"),
                "" if place.verified else " (not verified)",
            )
            for place in trace.citations
        ]
        title = counted(len(trace.citations), "citation")
        yield element("details", element("summary", title), element("ul", *places))
    for note in trace.notes:
        yield element("p", note, class_="quiet text")


def _cited(place: Place) -> str:
    end = f"-{place.end_line}" if place.end_line > place.start_line else ""
    return f"{place.path}:{place.start_line}{end}"


def _costs(run: RecordedRun) -> Markup:
    """What each model took, in each of its two parts."""
    sums: dict[tuple[str, str], tuple[int, Took]] = {}
    for part, model, took in _taken(run):
        count, so_far = sums.get((part, model), (0, Took(0, 0, 0.0)))
        sums[part, model] = (
            count + 1,
            Took(
                so_far.tokens_in + took.tokens_in,
                so_far.tokens_out + took.tokens_out,
                so_far.cost_usd + took.cost_usd,
            ),
        )
    figures = ("calls", "tokens in", "tokens out", "cost")
    head = element("tr", *_cells("th", ("", "model")), *_cells("th", figures, class_="number"))
    rows = [
        element(
            "tr",
            *_cells("td", (part, model)),
            *_cells(
                "td",
                (
                    f"{count:,}",
                    f"{took.tokens_in:,}",
                    f"{took.tokens_out:,}",
                    f"${took.cost_usd:.4f}",
                ),
                class_="number",
            ),
        )
        for (part, model), (count, took) in sums.items()
    ]
    table = element("table", element("thead", head), element("tbody", *rows))
    return element("div", table, class_="wide")


def _cells(name: str, texts: Sequence[str], **attributes: str) -> list[Markup]:
    return [element(name, text, **attributes) for text in texts]


def _taken(run: RecordedRun) -> Iterator[tuple[str, str, Took]]:
    for turn in run.turns:
        if not turn.refused:
            yield "root", turn.model or "unknown", turn.took
    for cell in run.cells():
        for call in cell.subcalls:
            yield "sub-calls", call.model, call.took
        for deeper in cell.deeper:
            yield from _taken(deeper)
