"""REPL code that all scans of a survey share: scopes, documents, outlines, comments and strings."""

# ruff: noqa: E501

from rlm_engine.extractive.cells import IS_TEST

HEAD = (
    IS_TEST
    + r"""
import ast
import bisect

PROSE = ("md", "rst", "txt", "adoc", "html", "json", "yaml", "yml", "toml", "ini", "cfg", "xml", "csv", "po", "pot", "lock", "svg", "css", "", "tmpl", "tpl", "j2", "jinja", "jinja2", "ejs", "erb", "mustache", "snap", "stderr", "diff", "patch")
PYTHON = ("py", "pyi", "pyw")

def extension(path):
    name = path.rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""

def is_code(path):
    ending = extension(path)
    return ending not in PROSE and not ending.endswith(("-tpl", "-tmpl"))

def last_of(symbol):
    return symbol.rpartition(".")[2]

def lies_in(path, scope):
    "Whether the scope is a folder, a file or a file without its ending on this path."
    around, wanted = "/" + path.lower(), "/" + scope.lower()
    return wanted + "/" in around or around.endswith(wanted) or around.rpartition(".")[0].endswith(wanted)

scopes = {}
def paths_in(scope):
    "The paths a scope names; one that is no folder or file is looked for inside paths."
    if scope not in scopes:
        top = {path for path in context.paths if (path.lower() + "/").startswith(scope.lower() + "/")}
        chosen = top or {path for path in context.paths if lies_in(path, scope)}
        if not chosen and scope.lower().rstrip("s") == "test":
            chosen = {path for path in context.paths if is_test(path)}
        if not chosen and names_project(scope):
            chosen = set(context.paths)
        if not chosen and not re.search(r"[./]", scope):
            chosen = {path for path in context.paths if scope.lower() in path.lower()}
        if not chosen:
            tell("unknown_scope", scope)
        scopes[scope] = chosen
    return scopes[scope]

def names_project(name):
    "Whether the files that introduce a project call it so."
    introducing = re.compile(r"(?:readme.*|pyproject\.toml|setup\.(?:py|cfg)|package\.json|cargo\.toml|go\.mod|composer\.json|pom\.xml|.*\.gemspec|pkg-info)$", re.IGNORECASE)
    tops = [path for path in context.paths if path.count("/") < 1 and introducing.match(path)]
    return any(re.search(r"\b" + re.escape(name) + r"\b", context[path].text[:600], re.IGNORECASE) for path in tops)

def in_scope(q, path):
    if q["endings"] and not path.lower().endswith(tuple(q["endings"])):
        return False
    if q["scope"] and path not in paths_in(q["scope"]):
        return False
    return not any(is_test(path) if apart == "tests" else path in paths_in(apart) for apart in q["apart"])

def documents(q, containing=""):
    for document in context:
        if in_scope(q, document.path):
            text = document.text
            if not containing or containing in text:
                yield document.path, text

def parsed(text):
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None

def dotted(node):
    if isinstance(node, ast.Call):
        return dotted(node.func)
    if isinstance(node, ast.Subscript):
        return dotted(node.value)
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return inner + "." + node.attr if inner else node.attr
    return node.id if isinstance(node, ast.Name) else ""

def names_it(found, wanted):
    return found == wanted or found.endswith("." + wanted)

def line_of(text, position):
    return text.count("\n", 0, position) + 1

def lines_in(text):
    return text.count("\n") + (not text.endswith("\n") and bool(text))

def row_text(text):
    return " ".join(text.split())[:140]

def item(path, first, name="", note="", last=None, end=None):
    last = last or first
    return (path, first, last, name, row_text(note), end or last)

remarks = {}
depth = 0
def tell(kind, *values):
    "A remark on how it was counted, once; what a query inside another is like is not told."
    if depth <= 1 or kind in ("unparsed", "unknown_scope"):
        remarks.setdefault((kind, values), None)

drawn = {}
def outline(path):
    "The definitions of a file; those of the files after it are fetched along with it."
    if path not in drawn:
        paths = [p for p in context.paths[places[path]:places[path] + 200] if is_code(p) or p == path]
        for one, found in zip(paths, crystal.outlines(paths)):
            drawn[one] = found + (behind_macros(one, found) if one.endswith(".rs") else types_missed(one, found))
    return drawn[path]

ITEM = re.compile(r"^[ \t]*((?:pub(?:\([^)]*\))?\s+)?(?:(?:default|const|async|unsafe|extern(?:\s+\"[^\"]*\")?)\s+)*(fn|struct|enum|trait)\s+(\w+)[^{;]*)", re.MULTILINE)

def behind_macros(path, found):
    "What Rust defines inside the call of a macro, where the parser sees no more than words."
    text = context[path].text
    if not re.search(r"^\s*\w+!\s*[({]", text, re.MULTILINE):
        return []
    code = blanked(path, text)
    taken = {(d["symbol"].rpartition(".")[2], n) for d in found for n in range(d["start_line"], min(d["end_line"], d["start_line"] + 12) + 1)}
    macros = [(m.end(), closing_of(code, m.end() - 1)) for m in re.finditer(r"\b(?!macro_rules)\w+!\s*(?:\w+\s*)?[({]", code)]
    more = []
    for m in ITEM.finditer(code):
        n = line_of(code, m.start(1))
        if (m[3], n) not in taken and any(a <= m.start(1) < b for a, b in macros):
            opened = code.find("{", m.end())
            body = opened >= 0 and not code[m.end():opened].strip()
            method = m[2] == "fn" and re.search(r"\(\s*(?:&\s*(?:'\w+\s+)?)?(?:mut\s+)?self\b", m[1]) is not None
            kind = "method" if method else {"fn": "function"}.get(m[2], m[2])
            end = line_of(code, closing_of(code, opened)) if body else line_of(code, m.end())
            more.append({"path": path, "symbol": m[3], "kind": kind, "start_line": n, "end_line": end, "signature": " ".join(m[1].split()), "doc": ""})
    return more

TYPE = re.compile(r"^[ \t]*((?:(?:public|internal|private|protected|static|abstract|sealed|final|partial|export|default|open|data|readonly|unsafe|file)\s+)*(class|struct|interface|enum|record)(?:\s+(?:class|struct)(?=\s+\w))?\s+(\w+)[^{;()]*)\{", re.MULTILINE)

def types_missed(path, found):
    "Types whose header stands in a file that the parser could not make out as a whole."
    if extension(path) not in ("cs", "java", "kt", "php", "ts", "tsx", "swift", "scala", "h", "hpp", "hh", "cc", "cpp"):
        return []
    names = {d["symbol"].rpartition(".")[2] for d in found}
    text = context[path].text
    if all(m[3] in names for m in TYPE.finditer(text)):
        return []
    code = blanked(path, text)
    more = []
    for m in TYPE.finditer(code):
        if m[3] not in names:
            names.add(m[3])
            n = line_of(code, m.start(1))
            more.append({"path": path, "symbol": m[3], "kind": "class" if m[2] == "record" else m[2], "start_line": n, "end_line": line_of(code, closing_of(code, m.end() - 1)), "signature": " ".join(m[1].split()), "doc": ""})
    return more

def closing_of(code, opened):
    "Where the bracket that opens there is closed; the end of the text if nowhere."
    depth = 0
    for m in re.compile(r"[(){}\[\]]").finditer(code, opened):
        depth += 1 if m.group() in "([{" else -1
        if not depth:
            return m.start()
    return len(code)

places = {path: n for n, path in enumerate(context.paths)}

asides = {}
def asides_in(path):
    "Comments and strings of a file as (kind, start, end), None where its language has no parser."
    if path not in asides:
        try:
            asides[path] = crystal.asides(path)
        except Exception:
            asides[path] = None
    return asides[path]

def comments_in(path, text):
    "Each comment as (line, text); by its usual marks where there is no parser."
    found = asides_in(path)
    if found is None:
        if is_code(path) or extension(path) in ("yaml", "yml", "toml", "ini", "cfg", ""):
            tell("unparsed", extension(path) or path)
            return [(n, m[1]) for n, row in enumerate(text.split("\n"), 1) for m in [re.match(r"\s*((?:#|//|;|--|/\*|\*).*)", row)] if m]
        return [(line_of(text, m.start()), m[1]) for m in re.finditer(r"<!--(.*?)-->", text, re.DOTALL)]
    return [(line_of(text, a), text[a:b]) for kind, a, b in found if kind == "comment"]

def blanked(path, text, strings=True):
    "The text with comments (and strings) as blanks, every line and column where it was."
    found = asides_in(path)
    if not found:
        return text
    pieces, at = [], 0
    for kind, start, end in found:
        if kind == "comment" or strings:
            pieces += [text[at:start], re.sub(r"[^\n]", " ", text[start:end])]
            at = end
    return "".join([*pieces, text[at:]])

def value_pattern(value, whole=True):
    before = r"(?<!\w)" if whole and re.match(r"\w", value) else ""
    after = r"(?!\w)" if whole and re.search(r"\w$", value) else ""
    return re.compile(before + re.escape(value) + after)
"""
)
