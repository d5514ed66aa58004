"""A pasted text, such as a whole issue, read as what it is made of.

People paste titles, prose, code, output, tracebacks, check lists, and what is installed; only some
of that tells where in the code to look. Here a text is cut into runs with the part each stands in,
and the places that it names. What the words are worth in a corpus is weighed elsewhere
(`long_question.py`), and there the headings of templates and lists of versions fall out by
themselves: rules against them were measured and brought nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rlm_crystal.frames import Frame, frames_in

Part = Literal["title", "prose", "span", "error", "frame", "code"]

LONG_CHARS = 300
LONG_LINES = 4
# What is read of a longer text: its beginning, and its end, where logs and tracebacks end.
BEGINNING_CHARS = 40_000
END_CHARS = 10_000
LINE_CHARS = 2_000

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE = re.compile(r"^\s*(?:>\s*)?(?:`{3,}|~{3,})")
_PRE = re.compile(r"</?pre>", re.IGNORECASE)
_IMAGE = re.compile(r"!\[[^\]\n]{0,200}\]\([^)\n]{0,2000}\)")
_TAG = re.compile(
    r"</?(?:img|br|hr|details|summary|sup|sub|div|p|a|kbd|b|i|em|strong|h[1-6]|code|table|t[dhr])"
    r"(?:\s[^<>\n]{0,500})?/?>",
    re.IGNORECASE,
)
_LINKED = re.compile(r"/(?:blob|tree|raw|edit|blame)/[^/\s]{1,80}/([\w./+@-]{1,300})")
# Two names at least: of a bare one it cannot be told whether it is a file of the writer's own.
_PATH = re.compile(r"(?<![\w./@-])[\w.@-]{1,100}(?:/[\w.@-]{1,100}){1,20}\.[A-Za-z]\w{0,5}\b")
_PATCHED = re.compile(r"^(?:\+\+\+|---) [ab]/(\S+)")
_URL = re.compile(r"\b[a-z][a-z+]{1,9}://\S+|\bwww\.\S+", re.IGNORECASE)
_SPAN = re.compile(r"`([^`\n]{1,300})`")
_CHECK = re.compile(r"^\s*(?:[-*+]|\d+\.)?\s*\[[ xX]?\]\s")
_ERROR = re.compile(
    r"(?<![\w.])[A-Za-z_][\w.]{0,100}(?:Error|Exception|Warning|Failure|Fault)\b\s{0,9}[:(]"
    r"|\b(?i:panic|error|fatal|failed|failure|warning|warn|exception|assertion)\b['\"!]?\s{0,9}[:=(]"
)
# What the runtime of a language says stands nowhere in the code that makes it say so.
_RUNTIME = re.compile(
    r"Cannot (?:read|set) propert(?:y|ies) (?:'\w{1,40}' )?of (?:null|undefined)"
    r"(?: \((?:reading|setting) '(?P<property>\w{1,40})'\))?"
    r"|\bis (?:null|undefined|not a function|not a constructor|not iterable|not an object)\b"
    r"|\bobject (?:has no attribute|is not (?:iterable|callable|subscriptable)|does not support)"
    r"|argument of type '\w{1,40}' is not iterable|\bindex out of (?:range|bounds)"
    r"|unsupported operand type\(s\)|unhashable type|referenced before assignment"
    r"|(?:takes|missing|got an unexpected) (?:\w{1,20} ){0,4}arguments?\b"
    r"|runtime error|invalid memory address(?: or nil pointer dereference)?|nil pointer dereference"
    r"|segmentation (?:violation|fault)|SIGSEGV|stack overflow|maximum recursion depth exceeded"
    r"|called `\w{1,20}::\w{1,20}\(\)` on an? `\w{1,20}` value|goroutine \d{1,9} \[[^\]]{0,80}\]"
    r"|Traceback \(most recent call last\)|During handling of the above exception"
    r"|\b(?:Type|Key|Attribute|Index|Value|Runtime|Reference|Syntax|Range|Name|Assertion|Import"
    r"|NullPointer|UnboundLocal|NotImplemented|IllegalArgument|IllegalState|ModuleNotFound)"
    r"(?:Error|Exception)\b",
)
_GO_CALL = re.compile(
    r"(?:created by )?[\w./-]{1,200}\.(?P<function>(?:\(\*?\w{1,80}\)\.)?[\w.]{1,80})"
    r"\((?:0x|\.\.\.|\{|\))"
)
_RULE = re.compile(r"^\W*$")


@dataclass(frozen=True, slots=True)
class Told:
    """A run of text and the part it stands in; a frame's own line says which frame it is."""

    part: Part
    text: str
    frame: int = -1

    @property
    def telling(self) -> str:
        """The text without what any program says when it fails."""
        return self.text if self.part in ("code", "frame") else without_runtime(self.text)


@dataclass(frozen=True, slots=True)
class Report:
    """What a long text is made of: its runs in order, the frames in it, and the files it names.

    `gist` is its title and prose, for what is asked in plain words.
    """

    title: str
    told: tuple[Told, ...]
    frames: tuple[Frame, ...]
    named: tuple[str, ...]

    @property
    def gist(self) -> str:
        return "\n".join(run.telling for run in self.told if run.part in ("title", "prose", "span"))


def is_long(text: str) -> bool:
    """Whether a text is more than a question: a paragraph, or several lines."""
    return len(text) > LONG_CHARS or text.strip().count("\n") >= LONG_LINES


def read_report(text: str) -> Report:
    """The parts of a text; of more than 50,000 characters the middle is passed over."""
    if len(text) > BEGINNING_CHARS + END_CHARS:
        text = f"{text[:BEGINNING_CHARS]}\n{text[-END_CHARS:]}"
    text = _COMMENT.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    reader = _Reader()
    for block, fenced in _blocks(text):
        reader.read(block, fenced=fenced)
    return reader.report()


def without_runtime(text: str) -> str:
    """A text without the sentences that the runtime of a language makes, and its exceptions."""
    return _RUNTIME.sub(lambda said: f" {said['property'] or ''} ", text)


def _blocks(text: str) -> Iterator[tuple[list[str], bool]]:
    """Lines between fences and outside of them."""
    lines: list[str] = []
    fenced = False
    for line in text.split("\n"):
        if _FENCE.match(line) or _PRE.search(line):
            yield lines, fenced
            lines, fenced = [], not fenced
            continue
        lines.append(line[:LINE_CHARS])
    yield lines, fenced


class _Reader:
    """Collects the runs of one text."""

    def __init__(self) -> None:
        self._title = ""
        self._told: list[Told] = []
        self._frames: list[Frame] = []
        self._named: dict[str, None] = {}

    def report(self) -> Report:
        return Report(self._title, tuple(self._told), tuple(self._frames), tuple(self._named))

    def read(self, lines: list[str], *, fenced: bool) -> None:
        source_of = -1
        for line in lines:
            if not self._title and line.strip():
                self._title = _plain(line).lstrip("# ").strip()
                self._tell_prose("title", line)
                continue
            if source_of >= 0 and line[:1].isspace() and 'File "' not in line:
                # The line of code that a traceback shows below a frame.
                self._tell("frame", line, source_of)
                source_of = -1
                continue
            frames, rest = frames_in(line)
            for frame in frames:
                self._tell("frame", frame.function, len(self._frames))
                self._frames.append(frame)
            source_of = len(self._frames) - 1 if frames and frames[-1].shows_source else -1
            if rest.strip():
                self._line(rest, fenced=fenced)

    def _line(self, line: str, *, fenced: bool) -> None:
        if _RULE.match(line):
            return
        patched = _PATCHED.match(line)
        for path in (*_LINKED.findall(line), *(patched.groups() if patched else ())):
            self._named[path] = None
        if fenced:
            self._code(line)
            return
        if _CHECK.match(line):
            return
        if line.startswith(("    ", "\t")) and not line.lstrip().startswith(("-", "*", "1")):
            self._code(line)
        else:
            self._tell_prose("prose", line)

    def _code(self, line: str) -> None:
        call = _GO_CALL.match(line)
        if call:
            # Go writes the function on the line above its place.
            self._tell("frame", call["function"], len(self._frames))
            return
        error = _ERROR.search(line)
        self._tell("error" if error else "code", _plain(line))

    def _tell_prose(self, part: Part, line: str) -> None:
        line = _plain(line.lstrip("> "))
        self._named.update(dict.fromkeys(_PATH.findall(line)))
        spans = _SPAN.findall(line)
        for span in spans:
            self._tell("title" if part == "title" else "span", span)
        self._tell(part, _SPAN.sub(" ", line) if spans else line)

    def _tell(self, part: Part, text: str, frame: int = -1) -> None:
        if text.strip():
            self._told.append(Told(part, text, frame))


def _plain(line: str) -> str:
    return _URL.sub(" ", _TAG.sub(" ", _IMAGE.sub(" ", line)))
