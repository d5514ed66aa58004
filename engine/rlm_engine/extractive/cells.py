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

DEFINITION_ROW = r"""
import re

def with_doc(d, doc):
    "The first line of the definition, or of the comment or heading before it that is its doc."
    start = d["start_line"]
    first = re.findall(r"\w+", doc)[:3]
    for above in range(0, 60):
        top = max(1, start - above)
        last = top + 1 if above else min(d["end_line"], start + 60)
        words = re.findall(r"\w+", crystal.read(d["path"], top, last))
        if all(word in words for word in first):
            return top
        if top == 1:
            break
    return start

def show_definition(kind, d):
    doc = " ".join((d["doc"] or "").split())
    title = d["symbol"].split(" > ")[-1] if d["kind"] == "section" else doc
    show(kind, d["path"], d["symbol"], d["kind"], with_doc(d, title) if title else d["start_line"],
         d["end_line"], (d["signature"] or "")[:160], doc[:doc_chars])
"""

IS_TEST = r"""
import re

def is_test(path):
    *folders, file = path.lower().split("/")
    return (not {"test", "tests", "testing", "spec", "specs", "__tests__"}.isdisjoint(folders)
            or re.match(r"(test_.*|tests?|conftest)\.\w+$", file) is not None
            or re.search(r"[._](test|spec|tests)\.\w+$", file) is not None)
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
    DEFINITION_ROW
    + r"""
texts = []
for path, start, end in spans:
    rows = crystal.read(path, start, min(end, start + 250)).split("\n")
    texts.append("\n".join(f"{number}| {row[:200]}" for number, row in enumerate(rows, start)))
replies = llm_query_batched([f"Question: {asked}"] * len(spans), texts) if spans else []
outlines, seen = {}, set()
for (path, start, end), reply in zip(spans, replies):
    if not isinstance(reply, str):
        continue
    chosen = [row for row in reply.split("\n") if row.partition("|")[0].strip().isdigit()]
    show("passage", path, start, end, "\n".join(row[:150] for row in chosen))
    if path not in outlines:
        outlines[path] = crystal.outline(path)
    # The innermost definition around each chosen line; where none was chosen, around the first.
    for number in [int(row.partition("|")[0]) for row in chosen] or [start]:
        around = [d for d in outlines[path] if d["start_line"] <= number <= d["end_line"]]
        inner = min(around, key=lambda d: d["end_line"] - d["start_line"], default=None)
        if inner and (path, inner["symbol"], inner["start_line"]) not in seen:
            seen.add((path, inner["symbol"], inner["start_line"]))
            show_definition("definition", inner)
        for outer in around:
            key = (path, outer["symbol"], outer["start_line"])
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
            if told < 3:
                told += 1
                show("caller", call["path"], call["line"], symbol, "call", call["within"])
                show("line", call["path"], call["line"], text)
"""
)


def search_cell(question: Question, *, limit: int = 14) -> Cell:
    """Searches for the question and for each name in it; counts the files that have each word."""
    bare = " ".join(concept[0] for concept in question.concepts)
    queries = list(dict.fromkeys(filter(None, (question.query, bare, *question.names[:3]))))
    values = {"queries": queries, "limit": limit, "stems": sorted(stems(question.concepts))}
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
