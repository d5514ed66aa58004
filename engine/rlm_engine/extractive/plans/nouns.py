"""REPL code that finds out what a noun ("management commands") means in this corpus.

Conventions, tried in turn; the first that gives two things or more is taken, and told.
Words of the noun are compared by their beginnings, so singular and plural are one.
"""

# ruff: noqa: E501

NOUN = r"""
def alike(word, other):
    word, other = word.lower(), other.lower()
    return word == other or (min(len(word), len(other)) >= 4 and (word.startswith(other) or other.startswith(word)) and abs(len(word) - len(other)) <= 3)

def parts(name):
    return [p.lower() for p in re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", name)]

def has_all(names):
    return all(any(alike(w, n) or alike(w, m) for n in names for m in [n] for w in group) for group in words)

def ends_with_last(names):
    return bool(names) and any(alike(w, names[-1]) for w in words[-1])

def doc_of(node):
    return " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())

heads, words, wanted_attribute, asked_of = [], [], [], {}

def candidates(containing):
    "Documents that have the last word of the noun at all."
    for path, text in documents(asked_of, containing):
        if is_code(path):
            low = text.lower()
            if any(head in low for head in heads):
                yield path, text

def told(node, text):
    "The attribute asked for, as the source writes it, with the line it stands on."
    for child in node.body if hasattr(node, "body") else ():
        target = None
        if isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
            target = child.targets[0].id
        elif isinstance(child, ast.AnnAssign) and isinstance(child.target, ast.Name) and child.value:
            target = child.target.id
        if target and parts(target) and all(any(alike(p, w) for w in wanted_attribute) for p in parts(target)):
            try:
                value = ast.literal_eval(child.value)
                value = value if isinstance(value, str) else str(value)
                if child.end_lineno > child.lineno and len(value.split()) < 4:
                    # Put together from literals on several lines: quote the pieces as they stand.
                    value = " … ".join(re.findall(r"[\"']([^\"'\n]+)[\"']", ast.get_source_segment(text, child.value) or value))
            except ValueError:
                strings = [c.value for c in ast.walk(child.value) if isinstance(c, ast.Constant) and isinstance(c.value, str)]
                value = " … ".join(s for s in strings if s.strip()) or (ast.get_source_segment(text, child.value) or "")
            return child.lineno, child.end_lineno, " ".join(value.split())
    return None

def noun_item(path, text, node, name):
    found = told(node, text) if wanted_attribute else None
    if found:
        return (path, found[0], found[1], name, found[2])
    return (path, node.lineno, node.lineno if not doc_of(node) else node.end_lineno, name, doc_of(node) or text.split("\n", node.lineno)[node.lineno - 1].strip())

def modules_in_folders():
    "Modules in a folder that the noun names."
    found = []
    for path, text in ((d.path, None) for d in context if in_scope(asked_of, d.path)):
        *folders, file = path.split("/")
        tail = [p for f in folders[-len(words):] for p in parts(f)]
        if not folders or file.startswith("__init__") or not is_code(path) or file.startswith("_"):
            continue
        if len(words) > 1 and not (has_all(tail) and len(folders[-len(words):]) >= 1):
            continue
        if len(words) == 1 and not any(alike(w, folders[-1]) for w in words[0]):
            continue
        stem = file.rsplit(".", 1)[0]
        text = context[path].text
        tree = parsed(text) if extension(path) == "py" else None
        classes = [n for n in tree.body if isinstance(n, ast.ClassDef)] if tree else []
        best = [c for c in classes if any(alike(w, p) for g in words for w in g for p in parts(c.name))] or classes
        if best:
            found.append(noun_item(path, text, best[-1], stem))
        elif main := [d for d in outline(path) if d["symbol"].split(".")[-1].lower() == stem.lower() and d["kind"] != "section"]:
            header = text.split("\n", main[0]["start_line"])[main[0]["start_line"] - 1].strip()
            found.append((path, main[0]["start_line"], main[0]["start_line"], main[0]["symbol"], header))
        else:
            found.append((path, 1, 1, stem, text.split("\n", 1)[0].strip()))
    # Where most files of the folder are named after the noun, the others are what serves them.
    named = [item for item in found if ends_with_last(parts(item[3].split(".")[-1]))]
    return named if len(named) >= max(2, 0.6 * len(found)) else found

def classes_named():
    "Classes whose name has the words of the noun and ends with the last, or whose base does."
    found = []
    for path, text in candidates("class"):
        tree = parsed(text) if extension(path) == "py" else None
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.ClassDef):
                bases = [parts(dotted(b).split(".")[-1]) for b in node.bases]
                own = parts(node.name)
                folder = parts("_".join(path.split("/")))
                if ends_with_last(own) and has_all(own + folder) or any(ends_with_last(b) and has_all(b + folder) for b in bases):
                    found.append(noun_item(path, text, node, node.name))
        if tree is None and is_code(path):
            for m in re.finditer(r"\b(?:class|struct|interface|trait|enum|type)\s+(\w+)", text):
                if ends_with_last(parts(m[1])) and has_all(parts(m[1]) + parts("_".join(path.split("/")))):
                    n = line_of(text, m.start())
                    found.append((path, n, n, m[1], text.split("\n", n)[n - 1].strip()))
    return found

def decorated():
    "Functions under a decorator that the noun names."
    found = []
    for path, text in candidates("@"):
        if extension(path) != "py":
            continue
        tree = parsed(text)
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                for d in node.decorator_list:
                    names = parts(dotted(d).replace(".", "_"))
                    if ends_with_last(names) and has_all(names + parts("_".join(path.split("/")))):
                        found.append(noun_item(path, text, node, node.name))
                        break
    return found

def instances():
    "Names assigned from a constructor that the noun names."
    found = []
    making = re.compile(r"^(\w+)\s*(?::[^=\n]+)?=\s*(?:[\w]+\.)*(\w+)\(", re.MULTILINE)
    for path, text in candidates("("):
        if not is_code(path):
            continue
        for m in making.finditer(text):
            if ends_with_last(parts(m[2])) and has_all(parts(m[2]) + parts(m[1])):
                n = line_of(text, m.start())
                found.append((path, n, n, m[1], text.split("\n", n)[n - 1].strip()))
    return found

def functions_named():
    "Functions whose name has the words of the noun."
    found = []
    for path, text in candidates("def "):
        if extension(path) != "py":
            continue
        tree = parsed(text)
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and has_all(parts(node.name)) and ends_with_last(parts(node.name)):
                found.append(noun_item(path, text, node, node.name))
    return found

def scan_noun(q):
    "The first convention that gives two things or more, outside tests unless they are asked for."
    global heads, words, wanted_attribute, asked_of
    words, wanted_attribute, asked_of = q["words"], [w.lower() for w in q["attribute_words"]], q
    heads = [w[:max(4, len(w) - 2)].lower() for w in words[-1]] if words else []
    ways = [modules_in_folders, decorated, instances, classes_named, functions_named]
    ways.sort(key=lambda way: not q["preferred"] or not way.__name__.startswith(q["preferred"]))
    best, way_taken, aside = [], "", 0
    for way in ways:
        found = way()
        # A module called test.py in a folder of commands is a command: there only folders tell.
        by_folder = way is modules_in_folders
        outside = [i for i in found if not is_test(i[0].rpartition("/")[0] + "/x.py" if by_folder else i[0])]
        kept = found if q["scope"] or not outside else outside
        if len(kept) > len(best):
            best, way_taken, aside = kept, way.__name__, len(found) - len(kept)
        if len(best) >= 2:
            break
    tell("way", way_taken)
    if way_taken == "modules_in_folders":
        classes = sum(not is_test(i[0]) for i in classes_named())
        if classes > len(best):
            tell("also", classes)
    if aside:
        tell("in_tests", aside)
    return [(p, a, b, n, " ".join(t.split())[:200], b) for p, a, b, n, t in best]
"""
