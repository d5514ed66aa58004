"""REPL code that finds all things of a kind, exactly, over the whole corpus.

Each scan fills `items` with (path, first line, last line, name, note). `HEAD` goes before and
`TAIL` after: it counts them and renders `rows`, so that a long list never passes through a prompt.
"""

# ruff: noqa: E501

from rlm_engine.extractive.cells import IS_TEST

HEAD = (
    IS_TEST
    + r"""
import ast
items = []
notes = []

PROSE = ("md", "rst", "txt", "adoc", "html", "json", "yaml", "yml", "toml", "ini", "cfg", "xml", "csv", "po", "pot", "lock", "svg", "css", "")

def extension(path):
    name = path.rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""

def is_code(path):
    return extension(path) not in PROSE

def lies_in(path):
    "Whether the scope is a folder, a file or a file without its ending on this path."
    around, wanted = "/" + path.lower(), "/" + scope.lower()
    return wanted + "/" in around or around.endswith(wanted) or around.rpartition(".")[0].endswith(wanted)

scoped = {path for path in context.paths if lies_in(path)} if scope else set()

def in_scope(path):
    "All paths where none is asked for; a scope that is no folder or file is looked for inside paths."
    if endings and not path.lower().endswith(endings):
        return False
    return not scope or (path in scoped if scoped else scope.lower() in path.lower())

def documents(containing=""):
    for document in context:
        if not in_scope(document.path):
            continue
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

def row_text(text):
    return " ".join(text.split())[:140]
"""
)

TAIL = r"""
items = sorted(set(items), key=lambda i: (is_test(i[0]), i[0], i[1]))
show("total", len(items), len({i[0] for i in items}), sum(is_test(i[0]) for i in items))
for note in notes:
    show("note", note)

def quoted(note):
    note = " ".join(note.split())
    if len(note) > 120:
        note = note[:120].rsplit(" ", 1)[0] + " …"
    return "`" + note + "`" if "`" not in note else "“" + note.replace("“", "…").replace("”", "…") + "”"

def rendered(item, noted):
    path, first, last, name, note = item
    where = f"{path}:{first}-{last}" if last > first else f"{path}:{first}"
    if any(c in path for c in " '\"<>|*,;#"):
        where = "`" + where + "`"
    # A name is quoted where it stands in the lines that are cited.
    held = name[-1:].isalnum() and name.rpartition(".")[2] in "\n".join(context[path].text.split("\n", last)[first - 1:last]) if name else False
    return "- " + ((f"`{name}`, " if held else f"{name}, ") if name else "") + where + (": " + quoted(note) if note and noted else "")

rows = []
noted = bool(notes_wanted) or len(items) <= 40 or not items[0][3]
for item in items[:shown]:
    row = rendered(item, noted)
    words_room -= len(row.split())
    if words_room < 0:
        break
    rows.append(row)
show("shown", len(rows))
for item in items[:3]:
    show("example", *item)
"""

IMPORTS = r"""
wanted = value
last = re.escape(wanted.split(".")[-1].split("/")[-1])
patterns = {
    "js": r"(?:from|import|require\s*\()\s*['\"](?:node:)?" + re.escape(wanted) + r"(?:/[^'\"]*)?['\"]",
    "go": r"^\s*(?:import\s+)?(?:[\w.]+\s+)?\"(?:[^\"]*/)?" + re.escape(wanted) + r"\"",
    "rs": r"^\s*(?:pub\s+)?(?:use|extern crate)\s+(?:\w+::)*" + last + r"\b",
    "java": r"^\s*(?:global\s+)?(?:import|using)\s+(?:static\s+)?(?:[\w.]+\.)?" + re.escape(wanted) + r"(?=[.;\s]|$)",
    "c": r"^\s*#\s*include\s*[<\"](?:[^>\"]*/)?" + re.escape(wanted) + r"(?:\.\w+)?[>\"]",
    "rb": r"^\s*require(?:_relative)?\s*\(?['\"](?:[^'\"]*/)?" + re.escape(wanted) + r"['\"]",
    "php": r"^\s*use\s+(?:[\w\\\\]+\\\\)?" + last + r"\b",
    "py": r"^\s*(?:import\s+(?:[\w.]+\s*,\s*)*|from\s+)" + re.escape(wanted) + r"(?=[.\s,;]|$)",
}
family = {"ts": "js", "tsx": "js", "jsx": "js", "mjs": "js", "cjs": "js", "vue": "js", "svelte": "js",
          "kt": "java", "scala": "java", "cs": "java", "groovy": "java", "swift": "java", "h": "c", "cc": "c",
          "cpp": "c", "hpp": "c", "cxx": "c", "m": "c", "pyi": "py", "pyw": "py"}
# Only files where an import of the name can stand are parsed.
statement = re.compile(r"(?:^|[;:])[ \t]*(?:from|import)\b(?:[^\n(\\]|\\\n)*(?:\([^)]*\))?", re.MULTILINE)
named = re.compile(r"\b(?:" + re.escape(wanted) + "|" + last + r")\b")

def may_import(text):
    return any(named.search(m.group()) for m in statement.finditer(text))

others = set()
for path, text in documents(wanted.split(".")[-1].split("/")[-1]):
    kind = family.get(extension(path), extension(path))
    if kind == "py" and not may_import(text):
        continue
    tree = parsed(text) if kind == "py" else None
    lines = text.split("\n")
    at = []
    if tree is not None:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                if any(a.name == wanted or a.name.startswith(wanted + ".") for a in node.names):
                    at.append(node.lineno)
            elif isinstance(node, ast.ImportFrom):
                module = node.module or ""
                whole = [(module + "." if module else "") + a.name for a in node.names]
                absolute = module == wanted or module.startswith(wanted + ".") or ("." in wanted and wanted in whole)
                if not node.level and absolute:
                    at.append(node.lineno)
                elif (names_it(module, wanted) or any(names_it(w, wanted) for w in whole)):
                    others.add((path, node.lineno, node.lineno, "", row_text(lines[node.lineno - 1])))
    elif kind in patterns:
        at = [line_of(text, m.start() + len(m.group()) - len(m.group().lstrip())) for m in re.finditer(patterns[kind], text, re.MULTILINE)]
    if at:
        items.append((path, min(at), min(at), "", row_text(lines[min(at) - 1])))
direct = {i[0] for i in items}
extra = sorted({i[0]: i for i in sorted(others, reverse=True) if i[0] not in direct}.values())
show("by_name", len(extra))
if not items:
    items = extra
    show("only_by_name", 1)
"""

TEXT = r"""
word = re.compile((r"(?<![\w])" if value[:1].isalnum() or value[:1] == "_" else "") + re.escape(value)
                  + (r"(?![\w])" if value[-1:].isalnum() or value[-1:] == "_" else ""))
lines_total = times = 0
for path, text in documents(value):
    at = [(n, line) for n, line in enumerate(text.split("\n"), 1) if word.search(line)]
    lines_total += len(at)
    times += sum(len(word.findall(line)) for _, line in at)
    if at and by_file:
        items.append((path, at[0][0], at[0][0], "", row_text(at[0][1])))
    elif at:
        items += [(path, n, n, "", row_text(line)) for n, line in at]
show("text", lines_total, times)
"""

CALLS = r"""
wanted = value.split(".")[-1]
called = re.compile(r"(?<![\w])" + re.escape(wanted) + r"\s*\(")
defining = re.compile(r"\b(?:def|func|fn|function|class)\s+" + re.escape(wanted) + r"\b")
for path, text in documents(wanted):
    if not is_code(path):
        continue
    lines = text.split("\n")
    tree = parsed(text) if extension(path) in ("py", "pyi", "pyw") else None
    if tree is not None:
        at = sorted(node.lineno if not isinstance(node.func, ast.Attribute) else node.func.end_lineno
                    for node in ast.walk(tree) if isinstance(node, ast.Call) and names_it(dotted(node.func), value))
    else:
        at = [n for n, line in enumerate(lines, 1) for _ in called.findall(line) if not defining.search(line)]
    if at and by_file:
        items.append((path, at[0], at[0], "", row_text(lines[at[0] - 1])))
    else:
        items += [(path, n, n, "", row_text(lines[n - 1]) ) for n in sorted(set(at))]
        repeats = len(at) - len(set(at))
        if repeats:
            notes.append(f"{repeats}")
show("repeats", sum(int(n) for n in notes))
notes = []
"""

DECORATED = r"""
wanted = value.lstrip("@").removesuffix("()")
marked = re.compile(r"^[ \t]*@" + re.escape(wanted) + r"\b", re.MULTILINE)
for path, text in documents(wanted):
    tree = parsed(text) if extension(path) in ("py", "pyi", "pyw") else None
    if tree is not None:
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                if any(names_it(dotted(d), wanted) for d in node.decorator_list):
                    items.append((path, node.lineno, node.lineno, node.name, row_text(text.split("\n", node.lineno)[node.lineno - 1])))
    elif is_code(path) and extension(path) not in ("py", "pyi"):
        for m in marked.finditer(text):
            n = line_of(text, m.start())
            items.append((path, n, n, "", row_text(text.split("\n", n)[n - 1])))
"""

RAISING = r"""
wanted = value.split(".")[-1]
thrown = re.compile(r"\b(?:raise|throw)\s+(?:new\s+)?(?:[\w.]+[.:])?" + re.escape(wanted) + r"\b")
for path, text in documents(wanted):
    if not is_code(path):
        continue
    found, ends = [], {}
    tree = parsed(text) if extension(path) in ("py", "pyi", "pyw") else None
    if tree is not None:
        raising = [n for n in ast.walk(tree) if isinstance(n, ast.Raise) and n.exc is not None and names_it(dotted(n.exc), wanted)]
        found = [n.lineno for n in raising]
        ends = {n.lineno: min(n.end_lineno, n.lineno + 4) for n in raising}
    elif extension(path) not in ("py", "pyi"):
        found = [n for n, line in enumerate(text.split("\n"), 1) if thrown.search(line)]
    if not found:
        continue
    lines = text.split("\n")
    holders = [d for d in crystal.outline(path) if d["kind"] in holding] if by_definition else []
    if by_file:
        items.append((path, min(found), min(found), "", row_text(lines[min(found) - 1])))
        continue
    seen = set()
    for n in sorted(set(found)):
        inside = [d for d in holders if d["start_line"] <= n <= d["end_line"]]
        name = min(inside, key=lambda d: d["end_line"] - d["start_line"])["symbol"] if inside else ""
        if not by_definition or (name and name not in seen):
            seen.add(name)
            items.append((path, n, ends.get(n, n), name, row_text(" ".join(lines[n - 1:ends.get(n, n)]))))
"""

FILES = """
for path, text in documents():
    items.append((path, 1, 1, "", ""))
"""

ENVIRONMENT = r"""
reading = re.compile(
    r"\bgetenv\s*\(\s*['\"](\w+)['\"]|\b(?:LookupEnv|Getenv|env::var(?:_os)?|env!|option_env!)\s*\(\s*['\"](\w+)['\"]"
    r"|process\.env\.([A-Za-z_]\w*)|process\.env\[['\"](\w+)['\"]\]|\bENV(?:\.fetch\(|\[)\s*['\"](\w+)['\"]"
    r"|GetEnvironmentVariable\(\s*['\"](\w+)['\"]")

def environment_names(tree):
    own = any(isinstance(n, ast.ImportFrom) and n.module == "os" and any(a.name in ("environ", "getenv") for a in n.names)
              for n in ast.walk(tree))
    mappings = ("os.environ", "environ") if own else ("os.environ",)
    readers = ("os.getenv", "getenv") if own else ("os.getenv",)
    for node in ast.walk(tree):
        key = None
        if isinstance(node, ast.Subscript) and dotted(node.value) in mappings:
            key = node.slice
        elif isinstance(node, ast.Call) and node.args:
            name = dotted(node.func)
            if name in readers or any(name == m + "." + way for m in mappings for way in ("get", "pop", "setdefault")):
                key = node.args[0]
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)) and dotted(node.comparators[0]) in mappings:
            key = node.left
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield node.lineno, key.value

first = {}
for path, text in documents():
    lines = text.split("\n")
    tree = parsed(text) if extension(path) in ("py", "pyi", "pyw") and "env" in text else None
    if tree is not None:
        found = list(environment_names(tree))
    elif is_code(path) and extension(path) not in ("py", "pyi", "pyw"):
        found = [(n, next(g for g in m.groups() if g)) for n, line in enumerate(lines, 1) for m in reading.finditer(line)]
    else:
        found = []
    for n, name in found:
        here = (is_test(path), path, n)
        if name not in first or here < first[name][0]:
            first[name] = (here, (path, n, n, name, row_text(lines[n - 1])))
items = [item for _, item in first.values()]
"""

OPTIONS = r"""
adding = re.compile(r"(?:add_argument|add_option|click\.option|typer\.Option|\.option|@option)\s*\(\s*((?:['\"]-{1,2}[\w-]+(?:\s+[<\[][^'\"]*)?['\"]\s*,?\s*)+)")
for path, text in documents():
    if is_code(path) and "-" in text:
        for m in adding.finditer(text):
            flags = re.findall(r"-{1,2}[\w][\w-]*", m[1])
            n = line_of(text, m.start(1))
            items.append((path, n, n, max(flags, key=len), row_text(text.split("\n", n)[n - 1])))
"""

ROUTES = r"""
routing = re.compile(
    r"@\w+(?:\.\w+)*\.(?:route|get|post|put|patch|delete|websocket)\(\s*r?['\"]([^'\"]*)['\"]"
    r"|(?<![\w.])(?:path|re_path|url)\(\s*r?['\"]([^'\"]*)['\"]\s*,"
    r"|\b(?:app|router|server|r|mux|api)\.(?:get|post|put|patch|delete|all|use|GET|POST|PUT|PATCH|DELETE|HandleFunc|Handle)\(\s*['\"`]([^'\"`]*)['\"`]"
    r"|@(?:Get|Post|Put|Patch|Delete|Request)Mapping\(\s*(?:value\s*=\s*)?['\"]([^'\"]*)['\"]")
for path, text in documents():
    if is_code(path):
        for m in routing.finditer(text):
            n = line_of(text, m.start())
            items.append((path, n, n, next((g for g in m.groups() if g), "/"), row_text(text.split("\n", n)[n - 1])))
"""

EXCEPTIONS = r"""
roots = {"Exception", "BaseException", "Error", "Throwable", "StandardError"}
classes = []
for path, text in documents():
    if extension(path) in ("py", "pyi", "pyw") and re.search(r"^\s*class\s+\w+\s*\([^)]*(?:Error|Exception|Warning|Exit|Interrupt)|^\s*class \w*(?:Error|Exception)\b", text, re.MULTILINE):
        tree = parsed(text)
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.ClassDef):
                bases = {dotted(b).split(".")[-1] for b in node.bases}
                doc = (ast.get_docstring(node) or "").split("\n\n")[0]
                classes.append((path, node.lineno, node.end_lineno, node.name, bases, doc or text.split("\n", node.lineno)[node.lineno - 1]))
    elif is_code(path):
        for m in re.finditer(r"\b(?:class|struct|enum)\s+(\w*(?:Error|Exception))\b([^{\n]*)", text):
            n = line_of(text, m.start())
            classes.append((path, n, n, m[1], {"Error"}, text.split("\n", n)[n - 1]))
known = set(roots)
grown = True
while grown:
    more = {n for _, _, _, n, bases, _ in classes if n not in known and any(b in known or re.search(r"(Error|Exception|Warning)$", b) for b in bases)}
    known |= more
    grown = bool(more)
items = [(p, a, b, n, row_text(t)) for p, a, b, n, bases, t in classes
         if any(base in known or re.search(r"(Error|Exception|Warning)$", base) for base in bases)]
"""

TESTS = r"""
marks = {
    "js": r"^\s*(?:it|test)(?:\.\w+)*\(\s*['\"`]", "rs": r"^\s*#\[(?:\w+::)?test\]", "rb": r"^\s*(?:it|test|specify) ['\"]",
    "java": r"^\s*@(?:Test|ParameterizedTest)\b", "cs": r"^\s*\[(?:Test|Fact|Theory|TestMethod)\b",
    "cpp": r"^\s*(?:TEST|TEST_F|TEST_P|TEST_CASE)\(", "ex": r"^\s*test ['\"]",
}
family = {"ts": "js", "tsx": "js", "jsx": "js", "mjs": "js", "kt": "java", "scala": "java", "cc": "cpp", "cxx": "cpp", "exs": "ex"}
for path, text in documents():
    kind = family.get(extension(path), extension(path))
    if kind in marks:
        items += [(path, n, n, "", row_text(line)) for n, line in enumerate(text.split("\n"), 1) if re.match(marks[kind], line)]
    elif is_code(path) and "est" in text:
        named = r"(?:Test|Benchmark|Fuzz|Example)[A-Z_]" if path.endswith("_test.go") else r"test(?:_|[A-Z]|\d|$)"
        for d in crystal.outline(path):
            if d["kind"] in ("function", "method") and re.match(named, d["symbol"].split(".")[-1]):
                items.append((path, d["start_line"], d["end_line"], d["symbol"], row_text(d["signature"] or "")))
"""
