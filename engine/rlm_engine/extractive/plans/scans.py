"""REPL code that finds all things of a kind, exactly, over the whole corpus.

A scan is a function from a query (see `survey.py`) to items (path, first line, last line, name,
note, end): the lines to cite, what to call it, what to say of it, and where it ends.
"""

# ruff: noqa: E501

FILES = """
def scan_files(q):
    for document in context:
        if in_scope(q, document.path) and (q["named"] is None or named_by(q, document.path)):
            yield (document.path, 1, 1, "", "", 10**9)

def named_by(q, path):
    name = path.rpartition("/")[2]
    return any(re.search(q["named"], one) for one in (name, name.partition(".")[0]))
"""

FOLDERS = """
def scan_folders(q):
    seen = set()
    for path in context.paths:
        folder = path.rpartition("/")[0]
        if folder and folder not in seen and in_scope(q, path):
            seen.add(folder)
            yield (path, 1, 1, folder + "/", "", 10**9)
"""

IMPORTS = r"""
IMPORT_FAMILY = {"ts": "js", "tsx": "js", "jsx": "js", "mjs": "js", "cjs": "js", "mts": "js", "cts": "js", "vue": "js", "svelte": "js",
          "kt": "java", "kts": "java", "scala": "java", "cs": "java", "groovy": "java", "swift": "java", "h": "c", "cc": "c", "hh": "c",
          "cpp": "c", "hpp": "c", "cxx": "c", "hxx": "c", "m": "c", "mm": "c", "pyi": "py", "pyw": "py", "gemspec": "rb", "rake": "rb"}
STATEMENT = re.compile(r"(?:^|[;:])[ \t]*(?:from|import)\b(?:[^\n(\\]|\\\n)*(?:\([^)]*\))?", re.MULTILINE)

def import_patterns(wanted):
    last = re.escape(wanted.split(".")[-1].split("/")[-1].split("::")[-1].split("\\")[-1])
    whole = re.escape(wanted)
    return {
        "js": r"(?:from|import|require\s*\(|import\s*\()\s*['\"`](?:node:)?" + whole + r"(?:/[^'\"`]*)?['\"`]",
        "go": r"^\s*(?:import\s+)?(?:[\w.]+\s+)?[\"`](?:[^\"`]*/)?" + whole + r"[\"`]",
        "rs": r"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:use|extern crate)\s+(?:::)?(?:" + whole + r"\b|(?:\w+::)+(?:\{[^;]*\b)?" + last + r"\b)",
        "java": r"^\s*(?:global\s+)?(?:import|using)\s+(?:static\s+)?(?:[\w.]+\.)?" + whole + r"(?=[.;\s]|$)",
        "c": r"^\s*#\s*(?:include|import)\s*[<\"](?:[^>\"]*/)?" + whole + r"(?:\.\w+)?[>\"]" if "<" not in wanted else r"^\s*#\s*include\s*" + whole,
        "rb": r"^\s*(?:require|require_relative|autoload\s+:\w+,)\s*\(?\s*['\"]" + whole + r"(?:/[^'\"]*)?['\"]",
        "php": r"^\s*use\s+(?:function\s+|const\s+)?\\?(?:\w+\\)*" + last + r"\b|\b(?:require|include)(?:_once)?\b[^;]*" + whole,
        "py": r"^\s*(?:import\s+(?:[\w.]+\s*,\s*)*|from\s+)" + whole + r"(?=[.\s,;]|$)",
    }

def scan_imports(q):
    wanted = q["value"]
    last = wanted.split(".")[-1].split("/")[-1].split("::")[-1].split("\\")[-1].strip("<>")
    patterns = import_patterns(wanted)
    named = re.compile(r"\b(?:" + re.escape(wanted) + "|" + re.escape(last) + r")\b")
    items, others = [], set()
    for path, text in documents(q, last):
        kind = IMPORT_FAMILY.get(extension(path), extension(path))
        # Only files where an import of the name can stand are parsed.
        if kind == "py" and not any(named.search(m.group()) for m in STATEMENT.finditer(text)):
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
                    elif names_it(module, wanted) or any(names_it(w, wanted) for w in whole):
                        others.add(item(path, node.lineno, "", lines[node.lineno - 1]))
        elif kind in patterns:
            code = blanked(path, text, strings=False)
            at = [line_of(text, m.start() + len(m.group()) - len(m.group().lstrip())) for m in re.finditer(patterns[kind], code, re.MULTILINE)]
        if at and q["unit"] == "file":
            items.append(item(path, min(at), "", lines[min(at) - 1]))
        else:
            items += [item(path, n, "", lines[n - 1]) for n in at]
    direct = {i[0] for i in items}
    extra = sorted({i[0]: i for i in sorted(others, reverse=True) if i[0] not in direct}.values())
    if not items and extra:
        tell("only_by_name", len(extra))
        return extra
    tell("by_name", len(extra))
    return items
"""

TEXT = r"""
def scan_text(q):
    "Lines, files or single occurrences of a text; in comments only where those are asked for."
    values = q["value"].split("|") if re.fullmatch(r"(?:TODO|FIXME|XXX|HACK|NOQA)(?:\|(?:TODO|FIXME|XXX|HACK|NOQA))+", q["value"]) else [q["value"]]
    word = re.compile("|".join(value_pattern(value, q["whole"]).pattern for value in values))
    items, occurrences, lines_with, loose = [], 0, 0, 0
    for path, text in documents(q, "" if values[1:] else values[0]):
        if not any(value in text for value in values):
            continue
        if q["unit"] == "comment":
            rows = [(n, row) for n, comment in comments_in(path, text) for m in [word.search(comment)] if m
                    for n, row in [(n + comment.count("\n", 0, m.start()), comment[m.start():].split("\n")[0])]]
            shown = text.split("\n")
            items += [item(path, n, "", shown[n - 1]) for n, row in rows]
            continue
        at = [(n, row) for n, row in enumerate(text.split("\n"), 1) if any(value in row for value in values)]
        loose += sum(row.count(value) for n, row in at for value in values)
        at = [(n, row, len(word.findall(row))) for n, row in at]
        at = [row for row in at if row[2]]
        occurrences += sum(row[2] for row in at)
        lines_with += len(at)
        if at and q["unit"] == "file":
            items.append(item(path, at[0][0], "", at[0][1]))
        else:
            items += [item(path, n, "", row) for n, row, count in at]
    if q["unit"] != "comment":
        tell("text", lines_with, occurrences, loose)
    return items
"""

COMMENTS = r"""
def scan_comments(q):
    for path, text in documents(q):
        lines = text.split("\n")
        for n, comment in comments_in(path, text):
            yield item(path, n, "", lines[n - 1], last=n + comment.rstrip("\n").count("\n"))
"""

CALLS = r"""
def scan_calls(q):
    wanted = last_of(q["value"])
    receiver = q["value"].rpartition(".")[0]
    called = re.compile((r"(?<![\w$])" + re.escape(receiver) + r"\s*(?:\.|->|::)\s*" if receiver else r"(?<![\w$])") + re.escape(wanted) + r"[!?]?(?:::<[^<>()]*>|<[^<>()]*>)?\s*\(")
    defining = re.compile(r"\b(?:def|func|fn|function|class|fun|sub)\s+(?:\([^)]*\)\s*)?(?:[\w.]+\.)?" + re.escape(wanted) + r"\s*[(<]")
    items = []
    for path, text in documents(q, wanted):
        if not is_code(path):
            continue
        lines = text.split("\n")
        tree = parsed(text) if extension(path) in PYTHON else None
        if tree is not None:
            at = sorted(node.lineno if not isinstance(node.func, ast.Attribute) else node.func.end_lineno
                        for node in ast.walk(tree) if isinstance(node, ast.Call) and names_it(dotted(node.func), q["value"]))
        else:
            code = blanked(path, text).split("\n")
            headers = {d["start_line"] for d in outline(path) if last_of(d["symbol"]) == wanted} if any(defining.search(row) or wanted in row for row in code) else set()
            at = [n for n, row in enumerate(code, 1) for _ in called.findall(row) if not defining.search(row) and n not in headers]
        if at and q["unit"] == "file":
            items.append(item(path, at[0], "", lines[at[0] - 1]))
        elif q["unit"] == "line":
            items += [item(path, n, "", lines[n - 1]) for n in sorted(set(at))]
            if len(at) > len(set(at)):
                tell("repeats", len(at) - len(set(at)))
        else:
            items += [item(path, n, "", lines[n - 1]) for n in at]
    return items
"""

RAISING = r"""
def scan_raising(q):
    wanted = last_of(q["value"])
    thrown = re.compile(r"\b(?:raise|throw)\s+(?:new\s+)?(?:[\w.\\]+[.:\\])?" + re.escape(wanted) + r"\b")
    items = []
    for path, text in documents(q, wanted):
        if not is_code(path):
            continue
        tree = parsed(text) if extension(path) in PYTHON else None
        if tree is not None:
            raising = [n for n in ast.walk(tree) if isinstance(n, ast.Raise) and n.exc is not None and names_it(dotted(n.exc), wanted)]
            found = [(n.lineno, min(n.end_lineno, n.lineno + 4)) for n in raising]
        else:
            found = [(n, n) for n, row in enumerate(blanked(path, text).split("\n"), 1) if thrown.search(row)]
        lines = text.split("\n")
        if found and q["unit"] == "file":
            found = [min(found)]
        items += [item(path, n, "", " ".join(lines[n - 1:last]), last=last) for n, last in found]
    return items
"""

ENVIRONMENT = r"""
READING = re.compile(
    r"\bgetenv\s*\(\s*['\"](\w+)['\"]|\b(?:LookupEnv|Getenv|env::var(?:_os)?|env!|option_env!)\s*\(\s*['\"](\w+)['\"]"
    r"|process\.env\.([A-Za-z_]\w*)|process\.env\[['\"](\w+)['\"]\]|\bENV(?:\.fetch\(|\[)\s*['\"](\w+)['\"]"
    r"|GetEnvironmentVariable\(\s*['\"](\w+)['\"]|\$_(?:ENV|SERVER)\[['\"](\w+)['\"]\]")

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

def first_of_each(found):
    "Of every name the first place, outside tests if it has one."
    first = {}
    for path, n, name, row in found:
        here = (is_test(path), path, n)
        if name not in first or here < first[name][0]:
            first[name] = (here, item(path, n, name, row))
    return [kept for _, kept in first.values()]

def scan_environment(q):
    found = []
    for path, text in documents(q):
        lines = text.split("\n")
        if extension(path) in PYTHON:
            tree = parsed(text) if "env" in text else None
            found += [(path, n, name, lines[n - 1]) for n, name in (environment_names(tree) if tree else ())]
        elif is_code(path) and re.search(r"env|ENV|Env", text):
            code = blanked(path, text, strings=False).split("\n")
            found += [(path, n, next(g for g in m.groups() if g), lines[n - 1]) for n, row in enumerate(code, 1) for m in READING.finditer(row)]
    return first_of_each(found)
"""

SETTINGS = r"""
def scan_settings(q):
    "Names read off an object called settings: attributes, getattr and keys."
    holder = q["value"] or "settings"

    def holds(node):
        return last_of(dotted(node)) == holder and not isinstance(node, ast.Call)

    found = []
    for path, text in documents(q, holder):
        if not is_code(path):
            continue
        lines = text.split("\n")
        tree = parsed(text) if extension(path) in PYTHON else None
        for node in ast.walk(tree) if tree else ():
            name = None
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and holds(node.value) and node.attr.isupper():
                name = node.attr
            elif isinstance(node, ast.Call) and dotted(node.func) == "getattr" and len(node.args) > 1 and holds(node.args[0]):
                name = node.args[1].value if isinstance(node.args[1], ast.Constant) else None
            elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and holds(node.value) and isinstance(node.slice, ast.Constant):
                name = node.slice.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and re.fullmatch(r"get(?:bool|int|float|str|list|dict)?|pop|setdefault", node.func.attr) and holds(node.func.value) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.args[0].value
            if isinstance(name, str) and name.isupper():
                found.append((path, node.lineno, name, lines[node.lineno - 1]))
        if tree is None:
            reading = re.compile(r"\b" + re.escape(holder) + r"(?:\.|\[['\"]|\.get\(['\"]|\(['\"])([A-Za-z_]\w*)")
            for n, row in enumerate(blanked(path, text, strings=False).split("\n"), 1):
                found += [(path, n, m[1], row) for m in reading.finditer(row)]
    return first_of_each(found)
"""

WARNINGS = r"""
def scan_warnings(q):
    "Calls of warnings.warn; deprecations by their category, or the category's ancestors here."
    deprecations = {"DeprecationWarning", "PendingDeprecationWarning"}
    if q["value"]:
        parents = {}
        for path, text in documents({**q, "scope": "", "apart": ()}, "Warning"):
            if extension(path) in PYTHON:
                for m in re.finditer(r"^class (\w+)\(([^)]*)\)|^(\w+Warning) = (\w+Warning)$", text, re.MULTILINE):
                    parents.setdefault(m[1] or m[3], set()).update(re.findall(r"\w+", m[2] or m[4]))
        grown = True
        while grown:
            more = {name for name, held in parents.items() if held & deprecations} - deprecations
            deprecations |= more
            grown = bool(more)
    items = []
    for path, text in documents(q, "warn"):
        if extension(path) not in PYTHON:
            continue
        tree = parsed(text)
        lines = text.split("\n")
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.Call) and dotted(node.func) in ("warnings.warn", "warn"):
                given = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "category")]
                categories = {last_of(dotted(value)) for value in given}
                if not q["value"] or categories & deprecations:
                    name = ", ".join(sorted(categories & deprecations or categories))
                    items.append(item(path, node.lineno, "", " ".join(lines[node.lineno - 1:min(node.lineno + 2, node.end_lineno)]), last=min(node.lineno + 2, node.end_lineno), end=node.end_lineno))
    return items
"""

KEYWORDS = r"""
PYTHON_NODES = {
    "try": ("Try", "TryStar"), "for": ("For", "AsyncFor"), "while": ("While",), "if": ("If",), "with": ("With", "AsyncWith"),
    "assert": ("Assert",), "return": ("Return",), "lambda": ("Lambda",), "yield": ("Yield", "YieldFrom"), "raise": ("Raise",),
    "except": ("ExceptHandler",), "global": ("Global",), "del": ("Delete",), "await": ("Await",), "match": ("Match",),
    "break": ("Break",), "continue": ("Continue",), "pass": ("Pass",), "nonlocal": ("Nonlocal",), "import": ("Import", "ImportFrom"),
}

def scan_keywords(q):
    "Statements and blocks a keyword begins, outside comments and strings."
    word = q["value"]
    kinds = PYTHON_NODES.get(word)
    body = r"\s*\{" if q["block"] and word in ("unsafe", "try", "static", "extern", "loop", "do", "finally") else ""
    begins = re.compile(r"(?<![\w$.])" + re.escape(word) + r"\b(?![\w$]*\s*:(?!:))" + body)
    items = []
    for path, text in documents(q, word):
        if not is_code(path):
            continue
        lines = text.split("\n")
        tree = parsed(text) if extension(path) in PYTHON and kinds else None
        if extension(path) in PYTHON:
            at = [n.lineno for n in ast.walk(tree) if type(n).__name__ in kinds] if tree else []
        else:
            code = blanked(path, text)
            at = [line_of(code, m.start()) for m in begins.finditer(code)]
        items += [item(path, n, "", lines[n - 1]) for n in at]
    return items
"""

MACROS = r"""
def scan_macros(q):
    defining = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)|\bmacro_rules!\s*(\w+)|^\s*(?:defmacro|macro)\s+(\w+)", re.MULTILINE)
    found = []
    for path, text in documents(q):
        if is_code(path) and ("define" in text or "macro" in text):
            code = blanked(path, text)
            lines = text.split("\n")
            for m in defining.finditer(code):
                n = line_of(code, m.end() - 1)
                found.append(item(path, n, next(g for g in m.groups() if g), lines[n - 1]))
    return found
"""

ASSIGNED = r"""
def scan_assigned(q):
    "Where a name gets a value or a definition at the top level of a file."
    name = q["value"]
    giving = re.compile(r"^(?:export\s+)?(?:pub(?:\([^)]*\))?\s+)?(?:(?:const|let|var|val|static|final|type)\s+)*" + re.escape(name) + r"\s*(?::[^=\n]+)?(?::=|=(?!=))", re.MULTILINE)
    items = []
    for path, text in documents(q, name):
        if not is_code(path):
            continue
        lines = text.split("\n")
        tree = parsed(text) if extension(path) in PYTHON else None
        at = []
        for node in (tree.body if tree else ()):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, (ast.AnnAssign, ast.AugAssign)) else []
            if any(isinstance(t, ast.Name) and t.id == name for target in targets for t in ast.walk(target)):
                if not isinstance(node, ast.AugAssign):
                    at.append(node.lineno)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == name:
                at.append(node.lineno)
        if tree is None:
            at = [line_of(text, m.start()) for m in giving.finditer(blanked(path, text))]
            at += [d["start_line"] for d in outline(path) if d["symbol"] == name and d["kind"] != "section"]
        if at:
            items.append(item(path, min(at), "", lines[min(at) - 1]))
    return items
"""

OPTIONS = r"""
def scan_options(q):
    adding = re.compile(r"(?:add_argument|add_option|click\.option|typer\.Option|\.option|@option)\s*\(\s*((?:['\"]-{1,2}[\w-]+(?:\s+[<\[][^'\"]*)?['\"]\s*,?\s*)+)")
    for path, text in documents(q, "-"):
        if is_code(path):
            for m in adding.finditer(text):
                flags = re.findall(r"-{1,2}[\w][\w-]*", m[1])
                n = line_of(text, m.start(1))
                yield item(path, n, max(flags, key=len), text.split("\n", n)[n - 1])
"""

ROUTES = r"""
def scan_routes(q):
    routing = re.compile(
        r"@\w+(?:\.\w+)*\.(?:route|get|post|put|patch|delete|websocket)\(\s*r?['\"]([^'\"]*)['\"]"
        r"|(?<![\w.])(?:path|re_path|url)\(\s*r?['\"]([^'\"]*)['\"]\s*,"
        r"|\b(?:app|router|server|r|mux|api)\.(?:get|post|put|patch|delete|all|use|GET|POST|PUT|PATCH|DELETE|HandleFunc|Handle)\(\s*['\"`]([^'\"`]*)['\"`]"
        r"|@(?:Get|Post|Put|Patch|Delete|Request)Mapping\(\s*(?:value\s*=\s*)?['\"]([^'\"]*)['\"]")
    for path, text in documents(q):
        if is_code(path):
            code = blanked(path, text, strings=False)
            for m in routing.finditer(code):
                n = line_of(text, m.start())
                yield item(path, n, next((g for g in m.groups() if g), "/"), text.split("\n", n)[n - 1])
"""
