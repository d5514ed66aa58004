"""The cells every plan shares: search, read with the sub-model, look names up, follow calls.

Each body is REPL code. It prints records by `show` (see `cell.py`), the most telling first, and
keeps well inside the 8,000 characters of output a turn may add to the root's prompt.
"""

from collections.abc import Sequence

from rlm_crystal.terms import stem

from rlm_engine.extractive.cell import Cell
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.words import Concept

Span = tuple[str, int, int]

_DEFINITION_ROW = """
def show_definition(kind, d):
    show(kind, d["path"], d["symbol"], d["kind"], d["start_line"], d["end_line"],
         (d["signature"] or "")[:200], (d["doc"] or "")[:320])
"""

_SEARCH = """
for number, query in enumerate(queries):
    for hit in crystal.search(query, limit=limit):
        show(f"hit{number}", hit["path"], hit["start_line"], hit["end_line"],
             hit["symbol"], hit["kind"], round(hit["score"], 4))
counts = dict.fromkeys(stems, 0)
for document in context:
    lower = document.text.lower()
    for stem in stems:
        if stem in lower:
            counts[stem] += 1
show("documents", len(context))
for stem, count in counts.items():
    show("files_with", stem, count)
"""

_READ = (
    _DEFINITION_ROW
    + """
texts = []
for path, start, end in spans:
    rows = crystal.read(path, start, min(end, start + 250)).split("\\n")
    texts.append("\\n".join(f"{number}| {row[:240]}" for number, row in enumerate(rows, start)))
replies = llm_query_batched([f"Question: {asked}"] * len(spans), texts) if spans else []
seen = set()
for (path, start, end), reply in zip(spans, replies):
    if isinstance(reply, str):
        show("passage", path, start, end, reply[:600])
    inner = [d for d in crystal.outline(path) if d["start_line"] <= end and start <= d["end_line"]]
    inner.sort(key=lambda d: (abs(d["start_line"] - start) + abs(d["end_line"] - end)))
    for d in inner[:2]:
        key = (path, d["symbol"], d["start_line"])
        if key not in seen:
            seen.add(key)
            show_definition("definition", d)
"""
)

_SYMBOLS = (
    _DEFINITION_ROW
    + """
for name in names:
    found = crystal.symbol(name)
    show("defined", name, len(found))
    for d in found[:limit]:
        show_definition("definition", d)
"""
)

_LINKS = (
    _DEFINITION_ROW
    + """
def line_at(path, number):
    return crystal.read(path, number, number).strip()[:200]

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
        here = [d for d in targets if d["path"] == path]
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
    calls = crystal.callers(symbol.split(".")[-1])
    show("callers", symbol, len(calls))
    if len(calls) <= 30:
        outside = [c for c in calls if not (c["path"] == path and start <= c["line"] <= end)]
        outside.sort(key=lambda c: ("test" in c["path"], c["path"] != path))
        for call in outside[:3]:
            show("caller", call["path"], call["line"], symbol, "call", call["within"])
            show("line", call["path"], call["line"], line_at(call["path"], call["line"]))
"""
)


def search_cell(question: Question, *, limit: int = 14) -> Cell:
    """Searches for the question and for each name in it; counts the files that have each word."""
    bare = " ".join(word for concept in question.concepts for word in concept)
    queries = list(dict.fromkeys(filter(None, (question.query, bare, *question.names[:3]))))
    values = {"queries": queries, "limit": limit, "stems": sorted(stems(question.concepts))}
    return Cell(
        "Search for the question and see which of its words the corpus has.", _SEARCH, values
    )


def read_cell(question: Question, spans: Sequence[Span]) -> Cell:
    """Lets the reader quote the telling lines of each span, and names the definitions there."""
    values = {"asked": question.query, "spans": list(spans)}
    return Cell("Read the best places and keep the lines that bear on the question.", _READ, values)


def symbols_cell(names: Sequence[str], *, limit: int = 6) -> Cell:
    """Looks names up among the definitions."""
    return Cell("Look the names up.", _SYMBOLS, {"names": list(names), "limit": limit})


def links_cell(sources: Sequence[tuple[str, str, int, int]], concepts: tuple[Concept, ...]) -> Cell:
    """Follows the calls one step from (path, symbol, start, end), and back."""
    values = {"sources": list(sources), "stems": sorted(stems(concepts))}
    return Cell("Follow the calls from here one step, and see who calls it.", _LINKS, values)


def stems(concepts: tuple[Concept, ...]) -> set[str]:
    """The stems of all words of the concepts."""
    return {stem(word) for concept in concepts for word in concept}
