"""REPL code of a survey: a query tells a scan and what its items must have, and how to order them.

A query is a dict: `scan` names the scan, `having` holds bounds on a measure (`lines`, `parameters`,
`bytes`, `characters`) or on how many items of another query lie inside, `order` the measure or query
that decides which come first. Queries nest, so "classes with more than ten methods that have no
docstring" is one query inside another.
"""

# ruff: noqa: E501

from collections.abc import Mapping, Sequence
from typing import cast

from rlm_engine.extractive.plans import class_scans, definition_scans, nouns, scans
from rlm_engine.extractive.plans.survey_head import HEAD

SCANS: dict[str, str] = {
    "files": scans.FILES,
    "folders": scans.FOLDERS,
    "imports": scans.IMPORTS,
    "text": scans.TEXT,
    "comments": scans.COMMENTS,
    "calls": scans.CALLS,
    "raising": scans.RAISING,
    "environment": scans.ENVIRONMENT,
    "settings": scans.ENVIRONMENT + scans.SETTINGS,
    "warnings": scans.WARNINGS,
    "keywords": scans.KEYWORDS,
    "macros": scans.MACROS,
    "assigned": scans.ASSIGNED,
    "options": scans.OPTIONS,
    "routes": scans.ROUTES,
    "definitions": definition_scans.DEFINITIONS,
    "holders": definition_scans.DEFINITIONS,
    "subclasses": class_scans.SUBCLASSES,
    "exceptions": class_scans.EXCEPTIONS,
    "tests": class_scans.TESTS,
    "noun": nouns.NOUN,
}

_SURVEY = r"""
def scan(q):
    "What a scan finds and what of it has what the query wants."
    global depth
    depth += 1
    found = sorted(SCANS[q["scan"]](q), key=lambda i: (is_test(i[0]), i[0], i[1]))
    for having in q["having"]:
        found = [i for i, number in measured(found, having, q) if fits_bound(number, having)]
    depth -= 1
    return found

def fits_bound(number, having):
    wanted = having["number"]
    return {"more": number > wanted, "fewer": number < wanted, "at least": number >= wanted,
            "at most": number <= wanted, "exactly": number == wanted}[having["bound"]]

def measured(found, by, q):
    "Each item with its number: its measure, or how many items of a query lie inside it."
    if by["measure"] == "parameters" and by.get("bound") in ("more", "at least"):
        found = [i for i in found if may_have(i, by["number"])]
    if by["measure"]:
        return [(i, measure(i, by["measure"])) for i in found]
    global depth
    depth += 1
    inner = scan({**by["part"], "scope": by["part"]["scope"] or q["scope"], "endings": by["part"]["endings"] or q["endings"]})
    depth -= 1
    if q["scan"] == "folders":
        return [(i, sum((part[0].startswith(i[3]) and (by["part"]["scan"] != "files" or "/" not in part[0][len(i[3]):])) for part in inner)) for i in found]
    if q["scan"] in ("files", "imports", "assigned") or (q["scan"] == "text" and q["unit"] == "file"):
        counts = {}
        for part in inner:
            counts[part[0]] = counts.get(part[0], 0) + 1
        return [(i, counts.get(i[0], 0)) for i in found]
    if by["part"]["scan"] == "subclasses" or (by["part"]["scan"] == "definitions" and by["part"]["kinds"] == q["kinds"] and by["part"]["marked"]):
        same = {(part[0], part[3], part[5]) for part in inner}
        return [(i, int((i[0], i[3], i[5]) in same)) for i in found]
    if by["part"]["scan"] == "definitions" and "method" in by["part"]["kinds"] and is_classes(q):
        return with_members(found, inner)
    spans = {}
    for part in inner:
        spans.setdefault(part[0], []).append(part)
    counted = []
    for i in found:
        first = i[1] if not by["part"].get("marked") else max(1, i[1] - 1)
        counted.append((i, sum(first <= part[1] <= i[5] and part[:4] != i[:4] for part in spans.get(i[0], ()))))
    return counted

def may_have(i, number):
    "Whether a header has commas enough, or is too long for the outline to hold it whole."
    d = definition_at(i)
    header = (d["signature"] or "") if d else ""
    return len(header) >= 190 or header.count(",") + 1 >= number

def is_classes(q):
    return q["scan"] == "subclasses" or (q["scan"] == "definitions" and bool(set(q["kinds"]) & {"class", "struct", "trait", "interface", "enum", "impl"})) or q["scan"] in ("exceptions", "noun")

def with_members(found, methods):
    "Methods belong to a class by their qualified name: directly inside, or in the folder as Go and Rust have it."
    owned = {}
    for m in methods:
        above = m[3].rpartition(".")[0]
        spread = extension(m[0]) in ("go", "rs", "cs", "swift")
        owned.setdefault((m[0].rpartition("/")[0] if spread else m[0], above), []).append(m)
    counted = []
    for i in found:
        spread = extension(i[0]) in ("go", "rs", "cs", "swift")
        mine = owned.get((i[0].rpartition("/")[0] if spread else i[0], i[3]), [])
        counted.append((i, len(mine) if spread else sum(i[1] <= m[1] <= i[5] for m in mine)))
    return counted

def measure(i, name):
    path, first, last, symbol, note, end = i
    if end >= 10**9:
        text = context[path].text
        return {"lines": lines_in, "bytes": lambda t: len(t.encode()), "characters": len}[name](text)
    if name == "lines":
        d = definition_at(i)
        return d["end_line"] - header_line(d) + 1 if d else end - first + 1
    if name == "parameters":
        d = definition_at(i)
        return parameters_of(d) if d else 0
    rows = "\n".join(context[path].text.split("\n")[first - 1:end])
    return len(rows.encode()) if name == "bytes" else len(rows)

indexed = {}
def definition_at(i):
    if i[0] not in indexed:
        indexed[i[0]] = {(d["symbol"], d["end_line"]): d for d in outline(i[0])}
    return indexed[i[0]].get((i[3], i[5]))
"""

_TAIL = r"""
def rendered(i, noted, value=""):
    path, first, last, name, note, end = i
    # A long span says no more than its first line, and an empty file has no line to cite.
    last = last if last < first + 400 else first
    where = f"{path}:{first}-{last}" if last > first else f"{path}:{first}" if context[path].text else path
    if any(c in path for c in " '\"<>|*,;#"):
        where = "`" + where + "`"
    # A name is quoted where it stands in the lines that are cited.
    held = name[-1:].isalnum() and last_of(name) in "\n".join(context[path].text.split("\n", last)[first - 1:last]) if name else False
    return "- " + (f"{value}: " if value else "") + ((f"`{name}`, " if held else f"{name}, ") if name else "") + where + (": " + quoted(note) if note and noted else "")

def quoted(note):
    note = " ".join(note.split())
    if len(note) > 120:
        note = note[:120].rsplit(" ", 1)[0] + " …"
    return "`" + note + "`" if "`" not in note else "“" + note.replace("“", "…").replace("”", "…") + "”"

items, ranked = scan(query), []
total = len(items)
show("total", total, len({i[0] for i in items}), sum(is_test(i[0]) for i in items))
if query["order"]:
    by = query["order"]
    ranked = sorted(measured(items, by, query), key=lambda r: (-r[1] if by["most"] else r[1], is_test(r[0][0]), r[0][0], r[0][1]))
    items = [i for i, number in ranked]
    shown = max(by["first"], sum(number == ranked[0][1] for i, number in ranked) if ranked else 0, 5)
    values = [f"{number:,}" for i, number in ranked]
    for i, number in ranked[:max(1, by["first"])]:
        show("best", rendered(i, False).removeprefix("- "), number)
    show("ties", sum(number == ranked[0][1] for i, number in ranked) if ranked else 0)
if query["sum"]:
    amounts = [(i, measure(i, query["sum"])) for i in items]
    shares = sorted(amounts, key=lambda r: -r[1])
    items, values = [i for i, number in shares], [f"{number:,}" for i, number in shares]
    blank = sum(not row.strip() for i in items for row in context[i[0]].text.split("\n")[i[1] - 1:i[5]][:lines_in(context[i[0]].text)]) if query["sum"] == "lines" else 0
    show("sum", sum(number for i, number in amounts), blank)
    shown = min(shown, 5)
def left_aside(q):
    "Files the index leaves out where the query looks: they may hold more of what is counted."
    like = {extension(path) for path in context.paths if not q["scope"] or path in paths_in(q["scope"])} if not q["endings"] else None
    out = []
    for path, reason in crystal.left_out():
        inside = not q["scope"] or (path.lower() + "/").startswith(q["scope"].lower() + "/") or lies_in(path, q["scope"])
        alike = path.lower().endswith(tuple(q["endings"])) if q["endings"] else extension(path) in like and is_code(path)
        if inside and alike and not path.endswith("/"):
            out.append((path, reason))
    return out

aside = left_aside(query)
if aside:
    show("left_out", len(aside), *aside[0])
for remark, more in remarks:
    show(remark, *more)
rows = []
noted = bool(notes_wanted) or len(items) <= 40 or not items[0][3]
for at, i in enumerate(items[:shown]):
    row = rendered(i, noted, values[at] if query["order"] or query["sum"] else "")
    words_room -= len(row.split())
    if words_room < 0:
        break
    rows.append(row)
show("shown", len(rows))
"""


def survey_code(query: Mapping[str, object]) -> str:
    """The whole of a cell for a query, with only the scans it needs."""
    needed = list(dict.fromkeys(SCANS[name] for name in _scans_of(query)))
    named = ", ".join(f'"{name}": scan_{name}' for name in _scans_of(query))
    code = [HEAD, definition_scans.HEADERS, *needed, _SURVEY, f"SCANS = {{{named}}}\n", _TAIL]
    return "\n".join(code)


def _scans_of(query: Mapping[str, object]) -> list[str]:
    """The names of all scans in a query and the queries inside it."""
    names = [str(query["scan"])]
    parts = [*cast("Sequence[Mapping[str, object]]", query["having"]), query["order"]]
    inner = [cast("Mapping[str, object]", part).get("part") for part in parts if part]
    for part in [*inner, query.get("inner")]:
        if part:
            names += _scans_of(cast("Mapping[str, object]", part))
    return list(dict.fromkeys(names))
