"""Where a setting gets its default, what the default is, and where it is read."""

# ruff: noqa: E501, RUF001

import re
from collections.abc import Sequence

from rlm_crystal.language import role

from rlm_engine.extractive.cell import Cell, Conclusion, Plan
from rlm_engine.extractive.cells import AT_WORD
from rlm_engine.extractive.compose import Draft
from rlm_engine.extractive.evidence import Printed
from rlm_engine.extractive.plans.explanation import explain
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.quote import code, place, said
from rlm_engine.extractive.voice import Voice, counted
from rlm_engine.extractive.words import concepts_of, is_russian

# A setting may be written in any case and with any joint: session_cookie_age, SESSION_COOKIE_AGE,
# sessionCookieAge, --session-cookie-age. It is set where a value follows it.
_FIND = r"""
import re
joined = r"[_\-. ]?".join(map(re.escape, words))
whole = re.compile(r"(?<![A-Za-z0-9])(?:[A-Za-z0-9]+[_\-.])*" + joined + r"(?:[_\-][A-Za-z0-9]+)*(?![A-Za-z0-9])", re.IGNORECASE)
value = re.compile(r"^[\"'`]?\]?\)?\s*(?::\s*[\w\[\], .|\"'?]+)?\s*(?::=|=(?!=)|:(?!:)|=>)\s*(?P<v>\S.*)$")
option = re.compile(r"default\s*[=:]")
# A setting given by a call: set('view cache', true), set :port, 4567, SetDefault("port", 80).
setter = re.compile(r"^[\"'`]?\s*,\s*(?P<v>[^,)\s].*)$")
setting = re.compile(r"(?:set|default|define|option|enable|register)\w*\s*\(?\s*[:\"'`]*$", re.IGNORECASE)
none_yet = re.compile(r"^(?:UNSET|None|null|nil|undefined|NULL)\b")
plain = [word.lower() for word in words]
settings, reads = [], []
for document in context:
    lower = document.text.lower()
    if not all(word in lower for word in plain):
        continue
    for number, line in enumerate(document.text.split("\n"), 1):
        low = line.lower()
        if not all(word in low for word in plain):
            continue
        matches = list(whole.finditer(line))
        if not matches:
            continue
        match = next((m for m in matches if value.match(line[m.end():])), matches[0])
        found = match.group().strip("-._")
        after = value.match(line[match.end():])
        if quoted_whole(line, match):
            after = None
        if not after and setting.search(line[:match.start()]):
            after = setter.match(line[match.end():])
        before = line[:match.start()].strip()
        letters = re.sub(r"[^a-z0-9]", "", found.split(".")[-1].lower())
        exact = re.sub(r"^default|default(?:value)?s?$", "", letters) == "".join(plain) or letters == "".join(plain)
        row = (document.path, number, found, exact, line.strip()[:220])
        if after and not before.startswith(("#", "//", "*", "..", "if ", "elif ", "assert", "return")) and len(before) < 60:
            top = len(line) - len(line.lstrip())
            # Asked for a default, a name that says so comes first, and one that has no value yet last.
            rank = (not exact) + (0 if not by_default or "default" in low else 1) + (
                2 if none_yet.match(after["v"]) else 1 if whole.search(after["v"].split("(")[0]) and "default" not in low else 0)
            settings.append((rank, top, *row))
        elif option.search(line):
            settings.append((int(not exact), 8, *row))
        else:
            reads.append(row)
# A nested setting: the last word gets a value under a less indented line that names the first ones.
if not settings and len(words) > 1:
    for document in context:
        lower = document.text.lower()
        if is_aside(document.path) or not all(word in lower for word in plain):
            continue
        lines = document.text.split("\n")
        for cut in range(1, len(words)):
            head, tail = "[_-]?".join(plain[:cut]), "[_-]?".join(plain[cut:])
            inner = re.compile(r"^\s*[\"']?" + tail + r"[\"']?\s*[:=]\s*\S", re.IGNORECASE)
            outer = re.compile(r"^\s*[\[\"']*(?:\w+[ .])?" + head + r"[\"'\]]*\s*(?:[:=({]|$)", re.IGNORECASE)
            for number, line in enumerate(lines, 1):
                if not inner.match(line):
                    continue
                depth = len(line) - len(line.lstrip())
                for above in range(number - 2, max(-1, number - 80), -1):
                    row = lines[above]
                    shallow = len(row) - len(row.lstrip())
                    if row.strip() and (shallow < depth or row.lstrip().startswith("[")):
                        if outer.match(row):
                            name = ".".join(["_".join(words[:cut]), "_".join(words[cut:])])
                            settings.append((0, shallow, document.path, number, name, True, line.strip()[:220]))
                            break
                        depth = min(depth, shallow)
                        if not depth:
                            break
# Asked for by its exact spelling, only that spelling is the setting: a local of the same words is not.
if any(s[4] == spelled or s[4].split(".")[-1] == spelled for s in settings):
    settings = [s for s in settings if s[4] == spelled or s[4].split(".")[-1] == spelled]
    reads = [r for r in reads if spelled in r[4]]
show("found", len(settings), len(reads))
# What tests, examples and documents set is not what the product sets.
settings.sort(key=lambda s: (is_aside(s[2]), s[0], not s[4].isupper(), not likely(s[2]), s[1], s[2], s[3]))
for _, _, path, number, found, exact, text in settings[:6]:
    comment = []
    for above in reversed(crystal.read(path, max(1, number - 4), number - 1).split("\n") if number > 1 else []):
        if above.strip().startswith(("#", "//", "*", "/*", ";", "--")):
            comment.append(above.strip())
        elif above.strip():
            break
    # A value that is itself a name: say what that name is.
    meant = re.search(r"[=,:]\s*([A-Za-z_][\w.]*)\s*[,;)]?\s*$", text)
    held = crystal.symbol(meant.group(1)) if meant else []
    for d in [d for d in held if d["kind"] == "constant"][:1]:
        show("value", d["path"], d["start_line"], d["end_line"], meant.group(1), at_word(d["signature"] or "", 200))
    show("setting", path, number, found, exact, text, at_word(" ".join(reversed(comment)), 240))
reads.sort(key=lambda r: (not r[3], is_aside(r[0]), r[0], r[1]))
seen = {}
for path, number, found, exact, text in reads:
    if seen.setdefault(path, 0) < 1 and len(seen) <= 5:
        seen[path] += 1
        show("read", path, number, text)
"""

_PLACES = r"""
PROSE = (".md", ".rst", ".txt", ".adoc", ".html", ".po")

def is_aside(path):
    return path.endswith(PROSE) or any(p in ("test", "tests", "testing", "docs", "doc", "examples") for p in path.lower().split("/"))

def quoted_whole(line, match):
    "Whether the name stands inside a longer string, as in a message."
    before = line[:match.start()]
    inside = [mark for mark in "\"'`" if before.count(mark) % 2]
    return bool(inside) and line[match.end():match.end() + 1] not in inside

def likely(path):
    return any(word in path.lower() for word in ("setting", "config", "conf", "default", "option", "const"))
"""


_SKIPPED = {"default", "setting", "option", "value", "configuration", "config", "parameter"}
_AMOUNTS = {"number", "amount", "count", "quantity"}
_SHORT = {"maximum": "max", "minimum": "min", "maximal": "max", "minimal": "min"}
_DEFAULT = re.compile(r"(?i)\bdefault|умолчани")


def locate_setting(question: Question) -> Plan:
    """Look for the words of the setting as one name that is given a value."""
    for words in _spellings(question):
        printed = yield Cell(
            f"Look for {' '.join(words)} as a name that gets a value.",
            AT_WORD + _PLACES + _FIND,
            {
                "words": words,
                "spelled": _spelled(question, words),
                "by_default": _DEFAULT.search(question.text) is not None,
            },
        )
        if printed.strings("setting"):
            return _tell(question, words, printed)
    return (yield from explain(question))


def _spelled(question: Question, words: Sequence[str]) -> str:
    """The name as the question writes it, where it is made of just these words."""
    names = (*question.subjects, *question.names)
    return next((n for n in names if re.split(r"[_\-.\s]+", n.strip("-_. ")) == list(words)), "")


def _spellings(question: Question) -> list[list[str]]:
    """The words the setting's name may be made of, the most faithful first."""
    tried: list[list[str]] = []
    subject = question.subjects[0] if question.subjects else question.text
    for name in (*question.subjects, *question.names):
        # `HttpClient` of "the timeout of HttpClient" is whose it is, and not the setting.
        owner = name not in question.subjects and not re.search(r"[_\-]", name)
        if not is_russian(name) and len(name.split()) == 1 and not owner:
            tried.append([part for part in re.split(r"[_\-.\s]+", name.strip("-_. ")) if part])
    words = [c[0] for c in concepts_of(subject) if c[0] not in _SKIPPED]
    if 1 <= len(words) <= 5:
        tried.append(words)
        short = [_SHORT.get(word, word) for word in words if word not in _AMOUNTS]
        if short and short != words:
            tried.insert(len(tried) - 1, short)
        if len(words) > 2:
            tried += [words[1:], words[:-1]]
    return [words for n, words in enumerate(tried) if words and words not in tried[:n]]


def _tell(question: Question, words: Sequence[str], printed: Printed) -> Conclusion:
    voice = Voice(question.russian)
    draft = Draft(voice)
    settings = printed.strings("setting")
    path, line, name, exact, text, comment = settings[0]
    sure = exact == "True" and role(path) in ("source", "config")
    lead = (
        voice(f"`{name}` gets its value in", f"`{name}` получает значение в")
        if sure
        else voice(f"The nearest name is `{name}`, set in", f"Ближайшее имя — `{name}`, задаётся в")
    )
    draft.say(
        f"{lead} {place(path, int(line))}: {code(text)}.",
        _commented(path, int(line), comment, voice),
    )
    named = [row for row in printed.strings("value") if row[3] in text]
    for p, first, last, value, told in named[:1]:
        draft.say(
            voice("There", "Там"),
            f"`{value}`:",
            f"{place(p, int(first), int(last))}: {code(told)}.",
        )
    draft.rows(
        voice("Also given a value at:", "Также получает значение в:"),
        [f"{place(p, int(n))}: {code(t)}" for p, n, _, _, t, _ in settings[1:5]],
    )
    draft.rows(
        voice("Read or mentioned at:", "Читается или упоминается в:"),
        [f"{place(p, int(n))}: {code(t)}" for p, n, t in printed.strings("read")],
    )
    set_count, read_count = (printed.strings("found") or [("0", "0")])[0]
    joined = "_".join(words)
    draft.say(
        voice(
            f"Looked for `{joined}` in any spelling: {counted(int(set_count), 'line')} "
            f"{'gives' if set_count == '1' else 'give'} it a value; {counted(int(read_count), 'other line')} "
            f"{'names' if read_count == '1' else 'name'} it.",
            f"Искал `{joined}` в любом написании: {set_count} строк задают значение, ещё {read_count} называют его.",
        )
    )
    return draft.conclude()


def _commented(path: str, line: int, comment: str, voice: Voice) -> str:
    text = re.sub(r"^[#/*;\-\s]+|\s[#/*;]+(?=\s)", " ", comment).strip()
    if not text:
        return ""
    return f"{voice('The comment above it', 'Комментарий над ним')}, {place(path, max(1, line - 4), line)}: {said(text)}."
