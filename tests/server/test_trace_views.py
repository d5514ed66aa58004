"""A run shown in a terminal and as a page: what hostile text in it can do, which is nothing."""

import io
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rlm_engine.model import Message
from rlm_engine.record_reading import read_record, record_object
from rlm_engine.recorded import Recorded
from rlm_engine.scheduler import CallRecord
from rlm_engine.trace import Trace, Tracing, Watch
from rlm_sandbox.redact import Redaction
from rlm_server.traces.console import Console
from rlm_server.traces.page import trace_page
from rlm_server.traces.text import COLUMNS, trace_text
from rlm_server.visible import cut, visible, width, wrapped

HOSTILE = [
    "<script>document.title='owned'</script>",
    "</style></pre></title><img src=x onerror=alert(1)>",
    '"><a href="javascript:alert(1)">x</a>',
    "<!--", "]]>", "&lt;script&gt;", "' onmouseover='alert(1)",
    "\x1b[2J\x1b]0;owned\x07", "\x9b31m", "\r\roverwritten", "\x08\x08\x7f",
    "access\u202e\u2066 // level\u2069\u2066", "a\u2028b", "\ud800", "\U000e0041",
    "http://example.com/x.js", "@import url(http://example.com)",
]  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = os.environ.get("RLM_TEST_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), "")
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800]")


def a_trace(text: str, *, prompts: bool = False, watch: Watch | None = None) -> Recorded:
    """A trace with `text` in every place where a text can be."""
    trace = Trace(text, Redaction(), Tracing(watch, prompts=prompts))
    messages = (Message("system", text), Message("user", text))
    call = CallRecord(text, text, messages, text, 0.5, 1, False, 10, 2, 0.25, None)
    failed = CallRecord(text, text, messages, "", 0.5, 1, False, 0, 0, 0.0, text)
    trace.begin(depth=0, question=text, documents=3, layers=[text], begin_s=0.0)
    asked = trace.prompt(messages, depth=0)
    trace.event("root", depth=0, turn=1, model=text, text=text, begin_s=0.1, at_s=0.5, **asked)
    for one in (call, call, failed):
        trace.call(one, at_s=1.0)
    trace.begin(depth=1, question=text, documents=1)
    trace.event("finish", depth=1, answer=text, limit_hit=text, at_s=1.5)
    trace.event(
        "code", depth=0, turn=1, code=text, output=text, fault=text, fault_line=1, hint=text,
        final=text, state_lost=[text], redactions=1, seconds=0.5, begin_s=0.5, at_s=2.0,
    )  # fmt: skip
    trace.event("finish", depth=0, answer=text, limit_hit=None, at_s=2.0)
    cited: dict[str, Any] = {"path": text, "start_line": 1, "end_line": 2, "verified": True}
    record = {
        "answer": text, "provider": text, "citations": [cited], "cost_usd": 0.5, "seconds": 2.0,
        "limit_hit": None, "subcalls": 3, "iterations": 1, "error": {"kind": text, "message": text},
    }  # fmt: skip
    data = trace.record(record, root_model=text, sub_model=text, limits={text: 1}, notes=[text])
    return read_record(record_object(data))


class Page(HTMLParser):
    """What a browser would make of a page: its elements, their attributes and their texts."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.comments: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


@pytest.mark.parametrize("prompts", [False, True], ids=["by hash", "in full"])
def test_hostile_text_is_text_in_the_page_and_nothing_else(prompts: bool) -> None:
    harmless = Page(trace_page(a_trace("harmless", prompts=prompts)))
    hostile = "\n".join(HOSTILE)
    source = trace_page(a_trace(hostile, prompts=prompts))
    page = Page(source)
    assert page.open == page.comments == []
    assert page.elements == harmless.elements
    assert [name for name, _ in page.attributes] == [name for name, _ in harmless.attributes]
    assert not set(page.elements) & {"script", "img", "link", "iframe", "object", "base", "form"}
    assert not [name for name, _ in page.attributes if name in ("src", "style", "action", "srcset")]
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert STEERING.search(source) is None
    assert sum(HOSTILE[0] in text for text in page.texts) >= 10


def test_the_page_asks_for_nothing_from_elsewhere_and_forbids_it() -> None:
    page = Page(trace_page(a_trace("x")))
    links = [value for name, value in page.attributes if name in ("href", "xlink:href")]
    ids = {value for name, value in page.attributes if name == "id"}
    assert links
    assert {link.removeprefix("#") for link in links} <= ids
    (policy,) = (value for _, value in page.attributes if "default-src" in value)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    style = page.texts[page.texts.index(next(text for text in page.texts if ":root" in text))]
    assert not re.search(r"url\(|@import|https?:", style)


@pytest.mark.skipif(not BROWSER, reason="no Chromium; RLM_TEST_BROWSER can name one")
def test_a_browser_shows_the_page_as_it_was_written(tmp_path: Path) -> None:
    page, picture = tmp_path / "run.html", tmp_path / "page.png"
    hostile = "\n".join(HOSTILE)
    page.write_text(trace_page(a_trace(hostile, prompts=True)), encoding="utf-8")
    started = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path}/b",
    ]
    seen, _ = (
        subprocess.run([*started, act, page.as_uri()], capture_output=True, text=True, timeout=120)
        for act in ("--dump-dom", f"--screenshot={picture}")
    )
    assert Page(seen.stdout).elements == Page(page.read_text("utf-8")).elements
    assert picture.stat().st_size > 20_000  # the picture of an empty page has some 5,000 bytes


@pytest.mark.parametrize("full", [False, True], ids=["cut", "full"])
def test_the_tree_fits_a_hundred_columns_and_steers_no_terminal(full: bool) -> None:
    hostile = "\n".join(HOSTILE) + "\t漢字" * 80
    shown = trace_text(a_trace(hostile, prompts=True), full=full)
    assert STEERING.search(shown) is None
    assert max(width(line) for line in shown.split("\n")) <= COLUMNS
    assert "\\x1b[2J" in shown


def test_each_step_is_told_as_it_happens_on_one_line_that_steers_nothing() -> None:
    stream, cleared = io.StringIO(), [0]

    def clear() -> None:
        cleared[0] += 1

    a_trace("\n".join(HOSTILE) + "漢字" * 80, watch=Console(stream, clear))
    lines = stream.getvalue().removesuffix("\n").split("\n")
    assert len(lines) == cleared[0] == 9
    assert STEERING.search(stream.getvalue()) is None
    assert max(map(width, lines)) <= COLUMNS
    stream = io.StringIO()
    a_trace("x", watch=Console(stream, clear))
    assert stream.getvalue().splitlines()[1:3] == [
        "    0.50 s  turn 1, x, 0 → 0 tokens, $0.0000, 0.40 s: x",
        "    1.00 s    sub-call to x answered, 10 → 2 tokens, $0.2500, 0.50 s",
    ]


def test_a_console_that_nobody_reads_does_not_end_the_run() -> None:
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    assert a_trace("x", watch=Console(Closed(), lambda: None)).run is not None


def test_colours_come_only_where_they_are_wanted() -> None:
    trace = a_trace("x")
    assert "\x1b" not in trace_text(trace)
    assert re.sub("\x1b\\[[0-9]+m", "", trace_text(trace, colour=True)) == trace_text(trace)


def test_sub_calls_that_ended_alike_are_one_line() -> None:
    shown = trace_text(a_trace("x"))
    assert "├─ 2 sub-calls to x: 20 → 4 tokens, $0.5000, slowest 0.50 s\n" in shown
    assert "├─ 1 sub-call to x (failed, x): " in shown


def test_a_trace_without_events_is_shown() -> None:
    trace = read_record({"format": 1, "trace_id": "ab"})
    assert "Nothing was done yet" in trace_text(trace)
    assert "Nothing was done yet" in trace_page(trace)


def test_a_line_is_cut_and_wrapped_by_the_columns_it_takes() -> None:
    assert cut("漢字漢字", 5) == "漢字…"
    assert cut("abcd", 4) == "abcd"
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("漢字" * 3, 4) == ["漢字", "漢字", "漢字"]
    assert visible("e\u0301 👩\u200d👩") == "e\u0301 👩\u200d👩"
