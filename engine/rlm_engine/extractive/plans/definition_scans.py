"""REPL code that lists definitions by what their own headers say: kind, owner, bases, types.

It asks the crystal's outline, which every language's parser fills in the same way, so a word in a
comment or a string is never taken for a definition.
"""

# ruff: noqa: E501

from rlm_engine.extractive.cells import DOC_LINE

_HEADERS = (
    DOC_LINE
    + r"""
def last_of(symbol):
    return symbol.rpartition(".")[2]

def header_parts(d):
    "What a header says before the name, in the parameters and after them."
    header = re.sub(r"^(?:@\w[\w.]*(?:\([^()]*\))?\s+|#\[.*?\]\s+)+", "", d["signature"] or "")
    if extension(d["path"]) == "go":
        header = re.sub(r"^func\s*\([^)]*\)", "func", header)
    at = re.search(r"(?<![\w$])" + re.escape(last_of(d["symbol"])) + r"(?![\w$])", header)
    if not at:
        return header, "", ""
    opened = header.find("(", at.end())
    if opened < 0:
        return header[:at.start()], "", header[at.end():]
    depth = 0
    for position in range(opened, len(header)):
        depth += {"(": 1, ")": -1}.get(header[position], 0)
        if not depth:
            return header[:at.start()], header[opened + 1:position], header[position + 1:]
    return header[:at.start()], header[opened + 1:], ""

def kind_of(d):
    "The kind as its language has it: what Ruby defines inside a module or a class is a method."
    inside = d["kind"] == "function" and "." in d["symbol"] and extension(d["path"]) == "rb"
    return "method" if inside else d["kind"]

def is_word_in(word, text):
    return re.search(r"(?<![\w$])" + re.escape(word) + r"(?![\w$])", text) is not None

def says(d, modifier):
    "Whether a definition is what the adjective tells, by the rules of its language."
    before, name, language = header_parts(d)[0], last_of(d["symbol"]), extension(d["path"])
    if modifier in ("public", "private"):
        if language == "go":
            public = name[:1].isupper()
        elif language in ("py", "pyi", "rb", "lua"):
            public = not name.startswith("_") or (name.startswith("__") and name.endswith("__"))
        elif language == "rs":
            public = is_word_in("pub", before)
        elif language in ("php", "kt", "scala", "swift"):
            public = not re.search(r"\b(?:private|protected|fileprivate)\b", before)
        elif language in ("js", "mjs", "cjs", "jsx", "ts", "tsx"):
            lines = context[d["path"]].text.split("\n", d["start_line"])
            public = "export" in lines[d["start_line"] - 1][:60] or (
                d["kind"] == "method" and not re.search(r"\b(?:private|protected)\b|^#", before + name))
        else:
            return is_word_in(modifier, before)
        return public if modifier == "public" else not public
    return is_word_in(modifier, before)

def item_of(d):
    said = doc_line(d["path"], d["start_line"], d["end_line"], d["doc"]) if d["doc"] else 0
    text = " ".join((d["doc"] if said else d["signature"] or "").split())
    return (d["path"], min(said or d["start_line"], d["start_line"]), d["end_line"], d["symbol"], re.split(r"(?<=[.!?])\s", text)[0])
"""
)

DEFINITIONS = (
    _HEADERS
    + r"""
pattern = re.compile(value) if value else None
besides = {}
found = []
for entry in crystal.files():
    path = entry["path"]
    if not in_scope(path):
        continue
    if owner and last_of(owner) not in context[path].text:
        continue
    for d in crystal.outline(path):
        above, name = d["symbol"].rpartition(".")[0], last_of(d["symbol"])
        if pattern is not None and not pattern.search(name):
            continue
        if owner and above != owner and not above.endswith("." + owner):
            continue
        if (returned and not is_word_in(returned, "{0} {2}".format(*header_parts(d)))) or (
                accepted and not is_word_in(accepted, header_parts(d)[1])):
            continue
        if annotation is not None and annotation != bool(re.search(r"@interface\b|\bannotation class\b", d["signature"] or "")):
            continue
        if not all(says(d, modifier) for modifier in modifiers):
            continue
        if kind_of(d) in kinds:
            found.append(d)
        elif kind_of(d) in related:
            besides[kind_of(d)] = besides.get(kind_of(d), 0) + 1
# Go and C have no classes: there the nearest thing is meant.
if not found and besides and not owner and not pattern:
    taken = max(besides, key=besides.get)
    show("taken", taken)
    for entry in crystal.files():
        if in_scope(entry["path"]):
            found += [d for d in crystal.outline(entry["path"]) if d["kind"] == taken and all(says(d, m) for m in modifiers)]
else:
    for kind, count in sorted(besides.items()):
        show("beside", kind, count)
items = [item_of(d) for d in found] if len(found) <= 40 else [
    (d["path"], d["start_line"], d["end_line"], d["symbol"], "") for d in found]
if owner and not items:
    show("owners", sum(1 for d in crystal.symbol(owner) if d["kind"] != "section"))
"""
)

SUBCLASSES = (
    _HEADERS
    + r"""
wanted = re.split(r"[.:\\]+", value)[-1]
kinds = ("class", "struct", "interface", "trait", "enum", "impl", "type")

def names_in(text):
    "The last parts of the names a list of bases gives, type arguments and values left out."
    before = None
    while before != text:
        before, text = text, re.sub(r"<[^<>]*>|\[[^\[\]]*\]|\([^()]*\)|\{[^{}]*\}", " ", text)
    return {re.split(r"[.:\\]+", word)[-1] for word in re.findall(r"[\w$]+(?:(?:\.|::|\\)[\w$]+)*", text.replace(" \\", " "))}

def bases_of(d):
    "What a header is built on, and who is built: for an impl of a trait, the type it is for."
    language, name = extension(d["path"]), last_of(d["symbol"])
    header = d["signature"] or ""
    if d["kind"] == "impl":
        implemented = re.match(r"(?:unsafe )?impl\s*(?:<.*?>\s+)?(.+?)\s+for\s", header)
        return names_in(implemented[1]) if implemented else set()
    at = re.search(r"(?<![\w$])" + re.escape(name) + r"(?![\w$])", header)
    rest = header[at.end():] if at else ""
    if language in ("py", "pyi", "pyw"):
        inside = re.match(r"\s*(?:\[.*?\])?\s*\((.*)\)", rest)
        return names_in(re.sub(r"\w+\s*=[^,]*", " ", inside[1])) if inside else set()
    if language == "rb":
        inside = re.match(r"\s*<\s*([\w:]+)", rest)
        return names_in(inside[1]) if inside else set()
    before = None
    while before != rest:
        before, rest = rest, re.sub(r"<[^<>]*>", " ", rest)
    rest = re.split(r"\bwhere\b|\bpermits\b|\{|=", rest)[0]
    inside = re.search(r"\bextends\b|\bimplements\b|(?<!:):(?!:)", rest)
    if not inside or language in ("go", "c", "h") and d["kind"] != "class" and ":" not in rest:
        return set()
    return names_in(rest[inside.end():]) - {"extends", "implements", "with", "public", "private", "protected", "virtual", "class", "by"}

outlines = {}
def declared(path):
    if path not in outlines:
        outlines[path] = [(d, bases_of(d)) for d in crystal.outline(path) if d["kind"] in kinds]
    return outlines[path]

texts = [(document.path, document.text) for document in context if is_code(document.path)]
words = {}
def built_on(name):
    "The headers that name it as a base; after the first name, files are asked by their words."
    if words:
        paths = [path for path, held in words.items() if name in held]
    else:
        paths = [path for path, text in texts if name in text]
    return [d for path in paths for d, bases in declared(path) if name in bases]

found = [d for d in built_on(wanted) if in_scope(d["path"])]
items = [(d["path"], d["start_line"], d["start_line"], d["symbol"],
          context[d["path"]].text.split("\n", d["start_line"])[d["start_line"] - 1].strip()) for d in found]
reached, further = {wanted}, []
queue = sorted({last_of(d["symbol"]) for d in found} - reached)
if len(queue) > 4:
    words = {path: set(re.findall(r"[\w$]+", text)) for path, text in texts}
while queue and len(reached) < 400:
    name = queue.pop()
    reached.add(name)
    for d in built_on(name):
        child = last_of(d["symbol"])
        if child not in reached and child not in queue:
            queue.append(child)
        if wanted not in bases_of(d):
            further.append((d["path"], d["symbol"], d["start_line"]))
further = sorted(set(further))
show("indirect", len(further), ", ".join(sorted({last_of(f[1]) for f in further})[:8]))

# A Go type implements an interface by having its methods; nothing in its header says so.
if not items:
    for d in crystal.symbol(wanted):
        if d["kind"] == "interface" and d["path"].endswith(".go"):
            body = crystal.read(d["path"], d["start_line"], d["end_line"])
            needed = set(re.findall(r"^\s+(\w+)\(", body, re.MULTILINE))
            owned = {}
            for path, text in texts:
                if path.endswith(".go"):
                    for m in crystal.outline(path):
                        if m["kind"] == "method":
                            owned.setdefault((path.rpartition("/")[0], m["symbol"].rpartition(".")[0]), {})[last_of(m["symbol"])] = m
            for (folder, holder), methods in owned.items():
                if needed and needed <= set(methods) and holder != wanted:
                    first = methods[sorted(needed)[0]]
                    items.append((first["path"], first["start_line"], first["start_line"], holder, first["signature"] or ""))
            show("implicit", len(needed))
            break
"""
)
