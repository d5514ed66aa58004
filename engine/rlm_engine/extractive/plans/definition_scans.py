"""REPL code that lists definitions by what their own headers say: kind, owner, bases, types.

It asks the crystal's outline, which every language's parser fills in the same way, so a word in a
comment or a string is never taken for a definition.
"""

# ruff: noqa: E501

from rlm_engine.extractive.cells import DOC_LINE

HEADERS = (
    DOC_LINE
    + r"""
def header_of(d):
    "The header, without the marks (decorators, attributes) in front of it."
    header = re.sub(r"^(?:@\w[\w.]*(?:\([^()]*\))?\s+|#?\[.*?\]\s+)+", "", d["signature"] or "")
    return re.sub(r"^func\s*\([^)]*\)", "func", header) if extension(d["path"]) == "go" else header

def header_parts(d):
    "What a header says before the name, in the parameters and after them."
    header = header_of(d)
    at = re.search(r"(?<![\w$])" + re.escape(last_of(d["symbol"])) + r"(?![\w$])", header)
    if not at:
        return header, "", ""
    opened = header.find("(", at.end())
    if opened < 0:
        return header[:at.start()], "", header[at.end():]
    closed = closing_of(header, opened)
    return header[:at.start()], header[opened + 1:closed], header[closed + 1:]

raw_texts = {}
def raw_lines(path):
    if path not in raw_texts:
        if len(raw_texts) > 40:
            raw_texts.clear()
        raw_texts[path] = context[path].text.split("\n")
    return raw_texts[path]

code_texts = {}
def code_lines(path):
    "The lines of a file with comments and strings as blanks."
    if path not in code_texts:
        if len(code_texts) > 40:
            code_texts.clear()
        code_texts[path] = blanked(path, context[path].text).split("\n")
    return code_texts[path]

def parameters_of(d):
    "How many parameters a function takes, `self` and variadic ones with the others."
    header = d["signature"] or ""
    # A short header without comments is whole, and the file need not be parsed for it.
    if len(header) < 190 and not re.search(r"#|/[/*]", header):
        rust = extension(d["path"]) == "rs"
        strings = r'"(?:[^"\\]|\\.)*"' if rust else r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`"
        bare = re.sub(strings, "s", header_of(d))
        return counted_in(bare, d) if bare.count(",") > 1 or "<" in bare else plainly_counted(bare, d)
    lines = code_lines(d["path"])
    code = "\n".join(lines[d["start_line"] - 1:min(d["end_line"], d["start_line"] + 400)])
    return counted_in(code, d)

def plainly_counted(header, d):
    "As counted_in, for a header of one or two commas that has no brackets inside its own."
    at = header.find(last_of(d["symbol"]) + "(")
    opened = at + len(last_of(d["symbol"]))
    inside = header[opened + 1:header.find(")", opened)] if at >= 0 else "("
    if re.search(r"[(\[{]", inside):
        return counted_in(header, d)
    return sum(part.strip() not in ("", "*", "/", "void") for part in inside.split(","))

def counted_in(code, d):
    name = re.escape(last_of(d["symbol"]))
    at = re.search(r"\b(?:def|fn|func|function|fun)\s+(?:\([^)]*\)\s*)?(?:[\w.]+\.)?" + name + r"(?![\w$])", code) or re.search(
        r"(?<![\w$@.])" + name + r"(?![\w$])(?=\s*(?:<[^()]*>)?\s*[(:=])", code)
    opened = code.find("(", at.end()) if at else -1
    if opened < 0 or (extension(d["path"]) == "rb" and "\n" in code[at.end():opened]):
        return 0
    inside = re.sub(r"[-=]>", "  ", code[opened + 1:closing_of(code, opened)])
    if extension(d["path"]) not in PYTHON:
        before = None
        while before != inside:
            before, inside = inside, re.sub(r"<[^<>]*>", " ", inside)
    depth, parts = 0, [""]
    for character in inside:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return sum(part.strip() not in ("", "*", "/", "void") for part in parts)

def kind_of(d):
    "The kind as its language has it: in Ruby a module's function is a method, in Java and C# a constructor is none."
    above, name = d["symbol"].rpartition(".")[::2]
    if d["kind"] == "method" and name == last_of(above) and extension(d["path"]) in ("java", "cs", "kt", "dart", "scala", "cpp", "cc", "h", "hpp"):
        return "constructor"
    inside = d["kind"] == "function" and "." in d["symbol"] and extension(d["path"]) == "rb"
    return "method" if inside else d["kind"]

def is_word_in(word, text):
    return re.search(r"(?<![\w$])" + re.escape(word) + r"(?![\w$])", text) is not None

def marks_of(d):
    "Decorators, annotations and attributes: what stands on the lines above the header and before its name."
    lines = raw_lines(d["path"])
    top = d["start_line"] - 1
    while top > 0 and re.match(r"\s*(?:@[\w(]|#!?\[|\[[A-Za-z]|//|/?\*|#)", lines[top - 1]) and d["start_line"] - top < 60:
        top -= 1
    code = code_lines(d["path"])[top:d["end_line"]]
    name = re.compile(r"(?<![\w$@.])" + re.escape(last_of(d["symbol"])) + r"(?![\w$])")
    taken = []
    for row in code:
        found = name.search(row)
        header = re.search(r"\b(?:def|class|fn|func|function|struct|interface|enum|trait|fun)\b", row)
        if found and (header or not re.match(r"\s*(?:@|#?\[)", row)):
            taken.append(row[:found.start()])
            break
        taken.append(row)
    return "\n".join(taken)

def is_marked(d, mark):
    wanted = re.escape(mark.strip("@#[]() "))
    return re.search(r"(?:@|\[|,)\s*(?:[\w.]+(?:\.|::|\\))?" + wanted + r"(?![\w$])", marks_of(d)) is not None

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
    if language in PYTHON and modifier in ("static", "abstract"):
        if d["kind"] == "class":
            return "@abstractmethod" in "\n".join(context[d["path"]].text.split("\n")[d["start_line"] - 1:d["end_line"]])
        return is_marked(d, modifier + "method")
    if language in ("js", "mjs", "cjs", "jsx", "ts", "tsx") and modifier == "async":
        return re.search(r"\basync\b", d["signature"] or "") is not None
    return is_word_in(modifier, before)

def documented(d):
    "Python: whether the body begins with a string; else whether a comment stands above."
    if extension(d["path"]) in PYTHON:
        return (d["path"], header_line(d)) in docstrings(d["path"])
    return bool(d["doc"])

docs = {}
def docstrings(path):
    if path not in docs:
        tree = parsed(context[path].text)
        docs[path] = {(path, n.lineno) for n in ast.walk(tree) if isinstance(n, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
                      and ast.get_docstring(n) is not None} if tree else set()
        if tree is None:
            tell("unparsed", "py")
    return docs[path]

def header_line(d):
    "The line of `def` or `class`, below the decorators that the outline counts in."
    if extension(d["path"]) not in PYTHON:
        return d["start_line"]
    lines = raw_lines(d["path"])
    if not lines[d["start_line"] - 1].lstrip().startswith("@"):
        return d["start_line"]
    lines = code_lines(d["path"])
    return next((n for n in range(d["start_line"], d["end_line"] + 1) if re.match(r"\s*(?:async\s+def|def|class)\b", lines[n - 1])), d["start_line"])

def item_of(d, full=True):
    if not full:
        return (d["path"], d["start_line"], d["end_line"], d["symbol"], "", d["end_line"])
    said = doc_line(d["path"], d["start_line"], d["end_line"], d["doc"]) if d["doc"] else 0
    text = " ".join((d["doc"] if said else d["signature"] or "").split())
    return (d["path"], min(said or d["start_line"], d["start_line"]), d["end_line"], d["symbol"], re.split(r"(?<=[.!?])\s", text)[0], d["end_line"])
"""
)

DEFINITIONS = r"""
def fitting(q):
    "Definitions whose name, owner, header, marks and documentation are what the query says; and the related kinds beside."
    pattern = re.compile(q["named"]) if q["named"] else None
    owner, found, besides = q["owner"], [], []
    wanted_kinds = (*q["kinds"], *q["related"])
    for path in context.paths:
        if not in_scope(q, path) or not is_code(path):
            continue
        needed = [last_of(owner), re.split(r"\W+", q["marked"].strip("@#[]() "))[-1]]
        if any(needed) and not all(word in context[path].text for word in needed):
            continue
        for d in outline(path):
            kind = kind_of(d)
            if kind not in wanted_kinds:
                continue
            above, name = d["symbol"].rpartition(".")[0], last_of(d["symbol"])
            if pattern is not None and not pattern.search(name):
                continue
            if owner and above != owner and not above.endswith("." + owner):
                continue
            if (q["returned"] and not is_word_in(q["returned"], "{0} {2}".format(*header_parts(d)))) or (
                    q["accepted"] and not is_word_in(q["accepted"], header_parts(d)[1])):
                continue
            if q["annotation"] is not None and q["annotation"] != bool(re.search(r"@interface\b|\bannotation class\b", d["signature"] or "")):
                continue
            if q["marked"] and not is_marked(d, q["marked"]):
                continue
            if not all(says(d, modifier) for modifier in q["modifiers"]):
                continue
            if q["documented"] is not None and documented(d) != q["documented"]:
                continue
            (found if kind in q["kinds"] else besides).append((kind, d))
    return found, besides

def scan_definitions(q):
    found, besides = fitting(q)
    counts = {}
    for kind, d in besides:
        counts[kind] = counts.get(kind, 0) + 1
    # Go and C have no classes: there the nearest thing is meant.
    if not found and besides and not q["owner"] and not q["named"]:
        taken = max(counts, key=counts.get)
        tell("taken", taken)
        found = [(kind, d) for kind, d in besides if kind == taken]
    else:
        for kind, count in sorted(counts.items()):
            tell("beside", kind, count)
    if q["split"]:
        split = {}
        for kind, d in found:
            split[kind] = split.get(kind, 0) + 1
        if len(split) > 1:
            for kind, count in sorted(split.items()):
                tell("split", kind, count)
    if q["owner"] and not found:
        tell("owners", sum(1 for d in crystal.symbol(q["owner"]) if d["kind"] != "section"))
    return [item_of(d, len(found) <= 40) for kind, d in found]

def scan_holders(q):
    "The definitions inside which another scan finds something, each once, cited by the first such place."
    held, seen = [], set()
    outlines = {}
    for place in scan(q["inner"]):
        path = place[0]
        if path not in outlines:
            outlines[path] = [d for d in outline(path) if kind_of(d) in (*q["kinds"], *q["related"]) and all(says(d, m) for m in q["modifiers"])]
        inside = [d for d in outlines[path] if d["start_line"] <= place[1] <= d["end_line"]]
        inner = min(inside, key=lambda d: d["end_line"] - d["start_line"], default=None)
        if inner and (path, inner["symbol"], inner["start_line"]) not in seen:
            seen.add((path, inner["symbol"], inner["start_line"]))
            held.append((path, place[1], place[2], inner["symbol"], place[4], inner["end_line"]))
    return held
"""
