"""The cells every plan shares: search, read with the sub-model, look names up, follow calls.

Each body is REPL code. It prints records by `show` (see `cell.py`), the most telling first, and
keeps well inside the 8,000 characters of output a turn may add to the root's prompt.
"""

# ruff: noqa: E501

from collections.abc import Sequence

from rlm_crystal.terms import stem

from rlm_engine.extractive.cell import Cell
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.words import INSIDE_CHARS, Concept

Span = tuple[str, int, int]

DOC_LINE = r"""
import re

def doc_line(path, start, end, doc):
    "The line on which the doc of a definition begins, inside it or above it; 0 where it is not near."
    first = re.findall(r"\w+", doc)[:5]
    top = max(1, start - 250)
    rows = crystal.read(path, top, min(end, start + 60)).split("\n")
    words = [(word, number) for number, row in enumerate(rows, top) for word in re.findall(r"\w+", row)]
    found = [words[at][1] for at in range(len(words) - len(first) + 1)
             if all(words[at + shift][0] == word for shift, word in enumerate(first))]
    # Docstrings stand inside, doc comments above; a short doc may be repeated by the code.
    inside = path.endswith((".py", ".pyi", ".pyw"))
    return min(found, key=lambda number: ((number < start) == inside, abs(number - start)), default=0) if first else 0
"""

AT_WORD = r"""
def at_word(text, chars):
    "The text, or its beginning up to a word and an ellipsis."
    return text if len(text) <= chars else text[:chars].rpartition(" ")[0].rstrip(" ,;(") + " …"
"""

DEFINITION_ROW = (
    DOC_LINE
    + AT_WORD
    + r"""
def show_definition(kind, d):
    doc = " ".join((d["doc"] or "").split())
    title = d["symbol"].split(" > ")[-1] if d["kind"] == "section" else doc
    said = doc_line(d["path"], d["start_line"], d["end_line"], title) if title else 0
    show(kind, d["path"], d["symbol"], d["kind"], min(said or d["start_line"], d["start_line"]), d["end_line"],
         at_word(d["signature"] or "", 160), at_word(doc, doc_chars) if said else "")
"""
)


IS_TEST = r"""
import re

def is_test(path):
    *folders, file = path.lower().split("/")
    return (not {"test", "tests", "testing", "spec", "specs", "__tests__"}.isdisjoint(folders)
            or re.match(r"(test_.*|tests?|conftest)\.\w+$", file) is not None
            or re.search(r"[._](test|spec|tests)\.\w+$", file) is not None)
"""

_SEARCH = """
import re
counts = dict.fromkeys(stems, 0)
# A word begins after what is no letter, or with a capital inside a name; long ones may stand inside.
patterns = {stem: re.compile(r"(?i:(?<![a-z]))(?i:" + re.escape(stem) + ")|" + re.escape(stem.capitalize()))
            for stem in stems if len(stem) < inside_chars}
# A name is that name alone: `Redis` is not in "redistribute".
patterns |= {stem: re.compile(r"(?i:(?<![a-z])" + re.escape(stem) + r"(?![a-z]{3}))|" + re.escape(stem.capitalize()) + r"(?![a-z]{3})")
             for stem in proper}
whole = {"".join(made): re.compile(r"[_\\-. ]?".join(map(re.escape, made)), re.IGNORECASE) for made in compounds}
named = dict.fromkeys(whole, 0)
for document in context:
    text = document.text
    lower = text.lower()
    for name, pattern in whole.items():
        if not named[name] and (name in lower or pattern.search(text)):
            named[name] = 1
    for stem in stems:
        if stem in lower and (stem not in patterns or patterns[stem].search(text)):
            counts[stem] += 1
show("documents", len(context))
for name, files in named.items():
    show("named", name, files)
for number, query in enumerate(queries):
    for hit in crystal.search(query, limit=limit):
        show(f"hit{number}", hit["path"], hit["start_line"], hit["end_line"],
             hit["symbol"], hit["kind"], round(hit["score"], 4))
for stem, count in counts.items():
    show("files_with", stem, count)
for reason, count, path in crystal.skipped():
    show("skipped", reason, count, path)
"""

_READ = (
    DEFINITION_ROW
    + r"""
def described_from(path, number, definitions):
    "The definition that a comment line stands above, with nothing but comment between."
    after = min((d for d in definitions if d["start_line"] > number), key=lambda d: d["start_line"], default=None)
    if after is None or after["start_line"] - number > 80 or after["kind"] == "section":
        return None
    between = crystal.read(path, number, after["start_line"] - 1).split("\n")
    if all(not row.strip() or re.match(r"\s*(?:/?\*|//|#|--|;|@\w)", row) for row in between):
        return after if after["doc"] else {**after, "start_line": number_of_comment(path, number)}
    return None

def number_of_comment(path, number):
    "The first line of the comment a line belongs to."
    rows = crystal.read(path, max(1, number - 60), number).splitlines()
    top = number
    for row in reversed(rows[:-1]):
        if not re.match(r"\s*(?:/?\*|//|#|--|;)", row):
            break
        top -= 1
    return top

def with_what_is_told_of(chosen, rows):
    "The chosen rows, and after a comment the short line that it stands above: there the value is."
    kept, at = [], {row: number for number, row in enumerate(rows)}
    for row in chosen:
        kept.append(row)
        after = rows[at[row] + 1] if row in at and at[row] + 1 < len(rows) else ""
        text = after.partition("| ")[2]
        if (re.match(r"\d+\| \s*(?:/?\*|//|#|--|;)", row) and after not in chosen and len(text) < 100
                and re.match(r"\s*(?![\s/*#;}]|--)[^()]*[:=]\s*[^\s{(]", text)):
            kept.append(after)
    return kept

texts = []
for path, start, end in spans:
    rows = crystal.read(path, start, min(end, start + 250)).split("\n")
    texts.append("\n".join(f"{number}| {row[:200]}" for number, row in enumerate(rows, start)))
replies = llm_query_batched([f"Question: {asked}"] * len(spans), texts) if spans else []
outlines, seen = {}, set()
for (path, start, end), given, reply in zip(spans, texts, replies):
    if not isinstance(reply, str):
        continue
    chosen = [row for row in reply.split("\n") if row.partition("|")[0].strip().isdigit()]
    chosen = with_what_is_told_of(chosen, given.split("\n"))
    show("passage", path, start, end, "\n".join(row[:150] for row in chosen))
    if path not in outlines:
        outlines[path] = crystal.outline(path)
    # The innermost definition around each chosen line; where none was chosen, around the first.
    for number in [int(row.partition("|")[0]) for row in chosen] or [start]:
        around = [d for d in outlines[path] if d["start_line"] <= number <= d["end_line"]]
        inner = min(around, key=lambda d: d["end_line"] - d["start_line"], default=None)
        inner = inner or described_from(path, number, outlines[path])
        if inner and (path, inner["symbol"], inner["end_line"]) not in seen:
            seen.add((path, inner["symbol"], inner["end_line"]))
            show_definition("definition", inner)
        for outer in around:
            key = (path, outer["symbol"], outer["end_line"])
            is_class = outer["kind"] not in ("function", "method", "section")
            if is_class and key not in seen and len(seen) < 14:
                seen.add(key)
                show_definition("definition", outer)
"""
)

_LINKS = (
    DEFINITION_ROW
    + IS_TEST
    + r"""
def line_at(path, number):
    return crystal.read(path, number, number).strip()[:200]

def of_another(text, last, owner, path):
    "Whether a call by a receiver that names neither the owner nor oneself may be of another's method."
    found = re.search(r"([\w$]+)(?:\(\))?\s*(?:\.|->|::)" + re.escape(last) + r"\b", text)
    receiver = found.group(1).strip("$_").lower() if found else ""
    if not receiver or receiver in ("self", "this", "cls", "super", "static", "parent"):
        return False
    holder = owner.rpartition(".")[2].lower()
    if receiver in holder or holder in receiver or holder.startswith(receiver[:1]) and len(receiver) < 3:
        return False
    owners = {d["symbol"].rpartition(".")[0] for d in defined(last) if d["kind"] in ("function", "method")}
    named = r"(?im)^.*\b(?:import|require|from|use)\b.*\b" + re.escape(receiver) + r"\b"
    return len(owners) > 1 or re.search(named, context[path].text) is not None

known = {}
def defined(name):
    if name not in known:
        known[name] = crystal.symbol(name)
    return known[name]

for path, symbol, start, end in sources:
    rows, seen = [], set()
    for call in crystal.callees(symbol):
        if call["path"] != path or not start <= call["line"] <= end or call["name"] in seen:
            continue
        name = call["name"].split(".")[-1]
        targets = defined(name)
        owner = symbol.rpartition(".")[0]
        here = [d for d in targets if d["path"] == path and d["symbol"] == owner + "." + name]
        here = here or [d for d in targets if d["path"] == path]
        target = (here or targets)[0] if len(here or targets) == 1 else None
        if target and (target["path"], target["symbol"]) != (path, symbol):
            seen.add(call["name"])
            telling = sum(stem in (target["symbol"] + target["doc"]).lower() for stem in stems)
            rows.append((telling, call["line"], target))
    rows.sort(key=lambda row: (-row[0], row[1]))
    for telling, line, target in rows[:4]:
        show("call", path, line, target["symbol"], "call", symbol)
        show("line", path, line, line_at(path, line))
        show_definition("callee", target)
    last = symbol.split(".")[-1]
    owner = symbol.rpartition(".")[0]
    calls = crystal.callers(last)
    show("callers", symbol, len(calls))
    if len(calls) <= 40 and len([d for d in defined(last) if not is_test(d["path"])]) <= 3:
        outside = [c for c in calls if not (c["path"] == path and start <= c["line"] <= end)]
        outside.sort(key=lambda c: (is_test(c["path"]), c["path"] != path))
        told = 0
        for call in outside:
            text = line_at(call["path"], call["line"])
            # A call on self is to the method of the caller's own class, where it has one.
            mine = call["within"].rpartition(".")[0]
            if re.search(r"\b(?:self|this|cls)(?:\.|->)" + re.escape(last), text) and mine != owner:
                if any(d["symbol"] == mine + "." + last for d in defined(last)):
                    continue
            if owner and of_another(text, last, owner, call["path"]):
                continue
            if told < 3:
                told += 1
                show("caller", call["path"], call["line"], symbol, "call", call["within"])
                show("line", call["path"], call["line"], text)
"""
)


def search_cell(question: Question, *, limit: int = 14) -> Cell:
    """Searches for the question and for each name in it; counts the files that have each word."""
    bare = " ".join(concept[0] for concept in question.concepts)
    whole = question.pasted or question.query
    queries = list(dict.fromkeys(filter(None, (whole, bare, *question.names[:3]))))
    values = {
        "queries": queries,
        "limit": limit,
        "stems": sorted(stems(question.concepts)),
        "inside_chars": INSIDE_CHARS,
        "compounds": list(question.compounds),
        "proper": sorted({stem(word) for word in question.proper}),
    }
    return Cell(
        "Search for the question and see which of its words the corpus has.", _SEARCH, values
    )


def read_cell(question: Question, spans: Sequence[Span]) -> Cell:
    """Lets the reader quote the telling lines of each span, and names the definitions there."""
    values = {"asked": question.query, "spans": list(spans), "doc_chars": 220}
    return Cell("Read the best places and keep the lines that bear on the question.", _READ, values)


def links_cell(sources: Sequence[tuple[str, str, int, int]], concepts: tuple[Concept, ...]) -> Cell:
    """Follows the calls one step from (path, symbol, start, end), and back."""
    values = {"sources": list(sources), "stems": sorted(stems(concepts)), "doc_chars": 220}
    return Cell("Follow the calls from here one step, and see who calls it.", _LINKS, values)


def stems(concepts: tuple[Concept, ...]) -> set[str]:
    """The stems of all words of the concepts."""
    return {stem(word) for concept in concepts for word in concept}
