"""REPL code that finds subclasses, exceptions and tests by the conventions of each language."""

# ruff: noqa: E501

SUBCLASSES = r"""
CLASS_LIKE = ("class", "struct", "interface", "trait", "enum", "impl", "type")

def base_names(text):
    "The last parts of the names a list of bases gives, type arguments and values left out."
    before = None
    while before != text:
        before, text = text, re.sub(r"<[^<>]*>|\[[^\[\]]*\]|\([^()]*\)|\{[^{}]*\}", " ", text)
    return {re.split(r"[.:\\]+", word)[-1] for word in re.findall(r"[\w$]+(?:(?:\.|::|\\)[\w$]+)*", text.replace(" \\", " "))}

def whole_header(d):
    "The header as the file has it where the outline has only the beginning of a long one."
    header = d["signature"] or ""
    if len(header) < 190:
        return header_of(d) if d["kind"] != "impl" else header
    code = " ".join(" ".join(code_lines(d["path"])[header_line(d) - 1:d["start_line"] + 30]).split())
    if extension(d["path"]) in PYTHON:
        return code[:closing_of(code, code.find("(")) + 1]
    return re.split(r"\{", code)[0]

def bases_of(d):
    "What a header is built on, and who is built: for an impl of a trait, the type it is for."
    language, name = extension(d["path"]), last_of(d["symbol"])
    header = whole_header(d)
    if d["kind"] == "impl":
        implemented = re.match(r"(?:unsafe )?impl\s*(?:<.*?>\s+)?(.+?)\s+for\s", header)
        return base_names(implemented[1]) if implemented else set()
    at = re.search(r"(?<![\w$])" + re.escape(name) + r"(?![\w$])", header)
    rest = header[at.end():] if at else ""
    if language in ("py", "pyi", "pyw"):
        inside = re.match(r"\s*(?:\[.*?\])?\s*\((.*)\)", rest)
        return base_names(re.sub(r"\w+\s*=[^,]*", " ", inside[1])) if inside else set()
    if language == "rb":
        inside = re.match(r"\s*<\s*([\w:]+)", rest)
        return base_names(inside[1]) if inside else set()
    before = None
    while before != rest:
        before, rest = rest, re.sub(r"<[^<>]*>", " ", rest)
    rest = re.split(r"\bwhere\b|\bpermits\b|\{|=", rest)[0]
    inside = re.search(r"\bextends\b|\bimplements\b|(?<!:):(?!:)", rest)
    if not inside or language in ("go", "c", "h") and d["kind"] != "class" and ":" not in rest:
        return set()
    return base_names(rest[inside.end():]) - {"extends", "implements", "with", "public", "private", "protected", "virtual", "class", "by"}

outlines = {}
def declared(path):
    if path not in outlines:
        outlines[path] = [(d, bases_of(d)) for d in outline(path) if d["kind"] in CLASS_LIKE]
    return outlines[path]

def scan_subclasses(q):
    wanted = re.split(r"[.:\\]+", q["value"])[-1]
    texts = [(document.path, document.text) for document in context if is_code(document.path)]
    words = {}

    def built_on(name):
        "The headers that name it as a base; after the first name, files are asked by their words."
        if words:
            paths = [path for path, held in words.items() if name in held]
        else:
            paths = [path for path, text in texts if name in text]
        return [d for path in paths for d, bases in declared(path) if name in bases and fits(d)]

    def fits(d):
        return not q["kinds"] or kind_of(d) in (*q["kinds"], "impl") or "class" in q["kinds"]

    direct = built_on(wanted)
    reached, further = {wanted}, []
    queue = sorted({last_of(d["symbol"]) for d in direct} - reached)
    if len(queue) > 4:
        words = {path: set(re.findall(r"[\w$]+", text)) for path, text in texts}
    while queue and len(reached) < 2_000:
        name = queue.pop()
        reached.add(name)
        for d in built_on(name):
            child = last_of(d["symbol"])
            if child not in reached and child not in queue:
                queue.append(child)
            if wanted not in bases_of(d):
                further.append(d)
    chosen = direct + further if q["deep"] else direct
    chosen = [d for d in chosen if in_scope(q, d["path"]) and all(says(d, m) for m in q["modifiers"])]
    items = {(d["path"], d["start_line"]): (d["path"], d["start_line"], d["start_line"], d["symbol"],
             context[d["path"]].text.split("\n", d["start_line"])[d["start_line"] - 1].strip(), d["end_line"]) for d in chosen}
    kinds = {}
    for d in {(d["path"], d["start_line"]): d for d in chosen}.values():
        kinds[d["kind"]] = kinds.get(d["kind"], 0) + 1
    if len(kinds) > 1:
        for kind, count in sorted(kinds.items()):
            tell("split", kind, count)
    inside = sorted({(d["path"], d["symbol"]) for d in further if in_scope(q, d["path"])})
    if not q["deep"]:
        tell("indirect", len(inside), ", ".join(sorted({last_of(symbol) for _, symbol in inside})[:8]))
    elif items:
        tell("direct", len({(d["path"], d["start_line"]) for d in direct if in_scope(q, d["path"])}))
    owners = [d for d in crystal.symbol(wanted) if d["kind"] != "section"]
    tell("owners", len(owners))
    if len([d for d in owners if d["kind"] in CLASS_LIKE and d["kind"] != "impl" and not is_test(d["path"])]) > 1:
        tell("namesakes", sum(d["kind"] in CLASS_LIKE and d["kind"] != "impl" for d in owners))
    return list(items.values()) or implementing(q, wanted, texts)

def implementing(q, wanted, texts):
    "A Go type implements an interface by having its methods; nothing in its header says so."
    items = []
    for d in crystal.symbol(wanted):
        if d["kind"] == "interface" and d["path"].endswith(".go"):
            body = crystal.read(d["path"], d["start_line"], d["end_line"])
            needed = set(re.findall(r"^\s+(\w+)\(", body, re.MULTILINE))
            owned = {}
            for path, text in texts:
                if path.endswith(".go") and in_scope(q, path):
                    for m in outline(path):
                        if m["kind"] == "method":
                            owned.setdefault((path.rpartition("/")[0], m["symbol"].rpartition(".")[0]), {})[last_of(m["symbol"])] = m
            for (folder, holder), methods in owned.items():
                if needed and needed <= set(methods) and holder != wanted:
                    first = methods[sorted(needed)[0]]
                    items.append((first["path"], first["start_line"], first["start_line"], holder, first["signature"] or "", first["end_line"]))
            tell("implicit", len(needed))
            break
    return items
"""

EXCEPTIONS = r"""
def scan_exceptions(q):
    roots = {"Exception", "BaseException", "Error", "Throwable", "StandardError", "RuntimeException"}
    classes = []
    for path, text in documents(q):
        if extension(path) in PYTHON and re.search(r"^\s*class\s+\w+\s*\([^)]*(?:Error|Exception|Warning|Exit|Interrupt)|^\s*class \w*(?:Error|Exception)\b", text, re.MULTILINE):
            tree = parsed(text)
            for node in ast.walk(tree) if tree else ():
                if isinstance(node, ast.ClassDef):
                    bases = {dotted(b).split(".")[-1] for b in node.bases}
                    doc = (ast.get_docstring(node) or "").split("\n\n")[0]
                    classes.append((path, node.lineno, node.end_lineno, node.name, bases, doc or text.split("\n", node.lineno)[node.lineno - 1]))
        elif is_code(path) and extension(path) not in PYTHON:
            code = blanked(path, text)
            for m in re.finditer(r"\b(?:class|struct|enum)\s+(\w*(?:Error|Exception))\b([^{\n]*)", code):
                n = line_of(text, m.start())
                classes.append((path, n, n, m[1], {"Error"}, text.split("\n", n)[n - 1]))
    known = set(roots)
    grown = True
    while grown:
        more = {n for _, _, _, n, bases, _ in classes if n not in known and any(b in known or re.search(r"(Error|Exception|Warning)$", b) for b in bases)}
        known |= more
        grown = bool(more)
    return [item(p, a, n, t, last=b) for p, a, b, n, bases, t in classes
            if any(base in known or re.search(r"(Error|Exception|Warning)$", base) for base in bases)]
"""

TESTS = r"""
TEST_MARKS = {
    "js": r"^\s*(?:it|test)(?:\.\w+)*\(\s*['\"`]", "rs": r"^\s*#\[(?:\w+::)?test\b", "rb": r"^\s*(?:it|test|specify)[ (]['\"]",
    "java": r"^\s*@(?:Test|ParameterizedTest|RepeatedTest)\b", "cs": r"^\s*\[(?:Test|TestCase|Fact|Theory|TestMethod)\b",
    "cpp": r"^\s*(?:TEST|TEST_F|TEST_P|TYPED_TEST|TEST_CASE)\s*\(", "ex": r"^\s*test ['\"]",
}
TEST_FAMILY = {"ts": "js", "tsx": "js", "jsx": "js", "mjs": "js", "cjs": "js", "kt": "java", "scala": "java", "cc": "cpp", "cxx": "cpp", "exs": "ex"}

def scan_tests(q):
    for path, text in documents(q):
        kind = TEST_FAMILY.get(extension(path), extension(path))
        if kind in TEST_MARKS:
            for n, row in enumerate(text.split("\n"), 1):
                if re.match(TEST_MARKS[kind], row):
                    yield item(path, n, "", row)
        elif is_code(path) and "est" in text:
            named = r"Test(?![a-z])" if path.endswith("_test.go") else r"test(?:_|[A-Z]|\d|$)"
            for d in outline(path):
                if d["kind"] in ("function", "method") and re.match(named, last_of(d["symbol"])):
                    if not path.endswith(".php") or d["kind"] == "method":
                        yield (path, d["start_line"], d["end_line"], d["symbol"], d["signature"] or "", d["end_line"])
"""
