"""Aggregate questions on Django 5.2.19, which the extractive root was tuned on."""

import ast
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from truths.truth import Cases, Truth, files, last_name, line_count, nodes, text, tree

cases = Cases()
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@cases.asked("django", "how many files import asyncio?")
def _(root: Path) -> Iterable[str]:
    return {
        str(path.relative_to(root))
        for path, node in nodes(root)
        if (
            isinstance(node, ast.Import)
            and any(a.name.split(".")[0] == "asyncio" for a in node.names)
        )
        or (
            isinstance(node, ast.ImportFrom)
            and not node.level
            and (node.module or "").split(".")[0] == "asyncio"
        )
    }


@cases.asked("django", "list all management commands with their help text")
def _(root: Path) -> Truth:
    modules = [
        path.stem
        for path in files(root / "django", "*.py")
        if path.match("management/commands/*.py") and not path.stem.startswith("_")
    ]
    return Truth(len(modules), frozenset(modules))


@cases.asked("django", "which classes subclass BaseCommand directly?")
def _(root: Path) -> Truth:
    return Truth(
        sum(
            isinstance(node, ast.ClassDef)
            and any(last_name(b) == "BaseCommand" for b in node.bases)
            for _, node in nodes(root)
        )
    )


@cases.asked("django", "how many test classes are in tests/admin_views?")
def _(root: Path) -> Truth:
    return Truth(
        sum(
            isinstance(node, ast.ClassDef)
            and any(isinstance(f, _Function) and f.name.startswith("test") for f in node.body)
            for _, node in nodes(root / "tests/admin_views")
        )
    )


@cases.asked("django", "list all settings read from django.conf.settings in django/core")
def _(root: Path) -> Iterable[str]:
    found: set[str] = set()
    for _, node in nodes(root / "django/core"):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "settings" and node.attr.isupper():
                found.add(node.attr)
        elif isinstance(node, ast.Call) and last_name(node) == "getattr":
            of, name, *_ = [*node.args, node]
            if last_name(of) == "settings" and isinstance(name, ast.Constant):
                found.add(str(name.value))
    return found


@cases.asked("django", "list all signals defined in django/")
def _(root: Path) -> Iterable[str]:
    return {
        node.targets[0].id
        for _, node in nodes(root / "django")
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
        and last_name(node.value) in ("Signal", "ModelSignal")
    }


@cases.asked("django", "how many functions are decorated with @cached_property?")
def _(root: Path) -> Truth:
    return Truth(
        sum(
            isinstance(node, _Function)
            and any(last_name(d) == "cached_property" for d in node.decorator_list)
            for _, node in nodes(root)
        )
    )


@cases.asked("django", "how many TODO comments are there in the Python files?")
def _(root: Path) -> Truth:
    import io
    import tokenize

    count = 0
    for path in files(root, "*.py"):
        try:
            tokens = list(tokenize.generate_tokens(io.StringIO(text(path)).readline))
        except (tokenize.TokenError, SyntaxError, IndentationError):
            continue
        count += sum(
            t.type == tokenize.COMMENT and re.search(r"\bTODO\b", t.string) is not None
            for t in tokens
        )
    return Truth(count)


@cases.asked("django", "which Python files have more than 2000 lines?")
def _(root: Path) -> Iterable[str]:
    return {str(p.relative_to(root)) for p in files(root, "*.py") if line_count(p) > 2000}


@cases.asked("django", "which modules define urlpatterns?")
def _(root: Path) -> Truth:
    found = 0
    for path in files(root, "*.py"):
        parsed = tree(path)
        body = parsed.body if parsed else []
        names = {
            t.id
            for n in body
            if isinstance(n, ast.Assign | ast.AnnAssign)
            for t in (n.targets if isinstance(n, ast.Assign) else [n.target])
            if isinstance(t, ast.Name)
        }
        found += "urlpatterns" in names
    return Truth(found)


@cases.asked(
    "django", "how many classes in django/db/models inherit from Field, directly or indirectly?"
)
def _(root: Path) -> Truth:
    bases = {
        (path, node.name): {last_name(b) for b in node.bases}
        for path, node in nodes(root / "django")
        if isinstance(node, ast.ClassDef)
    }
    known = {"Field"}
    while True:
        more = {name for (_, name), held in bases.items() if held & known} - known
        if not more:
            break
        known |= more
    inside = root / "django/db/models"
    return Truth(
        sum(bool(held & known) and path.is_relative_to(inside) for (path, _), held in bases.items())
    )


@cases.asked("django", "what is the largest Python file by number of lines?")
def _(root: Path) -> Truth:
    best = max(files(root, "*.py"), key=line_count)
    return Truth(line_count(best), frozenset([str(best.relative_to(root))]))


@cases.asked("django", "which functions have more than twelve parameters?")
def _(root: Path) -> Truth:
    def size(a: ast.arguments) -> int:
        return len(a.posonlyargs) + len(a.args) + len(a.kwonlyargs) + bool(a.vararg) + bool(a.kwarg)

    return Truth(
        sum(isinstance(node, _Function) and size(node.args) > 12 for _, node in nodes(root))
    )


@cases.asked("django", "how many deprecation warnings does django/ raise with warnings.warn?")
def _(root: Path) -> Truth:
    def deprecated(node: ast.Call) -> bool:
        values = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "category")]
        return any(
            "Deprecat" in last_name(v) or last_name(v).startswith("RemovedIn") for v in values
        )

    return Truth(
        sum(
            isinstance(node, ast.Call)
            and ast.unparse(node.func) == "warnings.warn"
            and deprecated(node)
            for _, node in nodes(root / "django")
        )
    )


@cases.asked("django", 'how many times does the string "select_related" occur in the Python files?')
def _(root: Path) -> Truth:
    return Truth(sum(text(p).count("select_related") for p in files(root, "*.py")))


@cases.asked("django", "how many async functions are there in django/contrib?")
def _(root: Path) -> Truth:
    return Truth(
        sum(isinstance(node, ast.AsyncFunctionDef) for _, node in nodes(root / "django/contrib"))
    )


@cases.asked("django", "how many lines of Python are there in django/db?")
def _(root: Path) -> Truth:
    return Truth(sum(line_count(p) for p in files(root / "django/db", "*.py")))


@cases.asked("django", "how many classes in django/forms have no docstring?")
def _(root: Path) -> Truth:
    return Truth(
        sum(
            isinstance(n, ast.ClassDef) and ast.get_docstring(n) is None
            for _, n in nodes(root / "django/forms")
        )
    )


@cases.asked("django", "which class has the most methods?")
def _(root: Path) -> Truth:
    sizes = Counter[str]()
    for path, node in nodes(root):
        if isinstance(node, ast.ClassDef):
            sizes[f"{path}:{node.name}"] = sum(isinstance(f, _Function) for f in node.body)
    ((name, count),) = sizes.most_common(1)
    return Truth(count, frozenset([name.rpartition(":")[2]]))


@cases.asked("django", "how many methods are named as_sql?")
def _(root: Path) -> Truth:
    return Truth(
        sum(
            isinstance(f, _Function) and f.name == "as_sql"
            for _, node in nodes(root)
            if isinstance(node, ast.ClassDef)
            for f in node.body
        )
    )


@cases.asked("django", "which files in django/core call sys.exit?")
def _(root: Path) -> Iterable[str]:
    return {
        str(path.relative_to(root))
        for path, node in nodes(root / "django/core")
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "sys.exit"
    }


@cases.asked("django", "how many Python files do not contain any class?")
def _(root: Path) -> Truth:
    with_class = {path for path, node in nodes(root) if isinstance(node, ast.ClassDef)}
    broken = (path for path in files(root, "*.py") if tree(path) is None)
    with_class |= {path for path in broken if re.search(r"(?m)^class \w", text(path))}
    return Truth(len(set(files(root, "*.py")) - with_class))


@cases.asked("django", "what is the longest function in django/db?")
def _(root: Path) -> Truth:
    found = [n for _, n in nodes(root / "django/db") if isinstance(n, _Function)]
    best = max(found, key=lambda n: (n.end_lineno or 0) - n.lineno)
    return Truth((best.end_lineno or 0) - best.lineno + 1, frozenset([best.name]))


@cases.asked("django", "how many test functions are there in tests/queries?")
def _(root: Path) -> Truth:
    return Truth(
        sum(
            isinstance(n, _Function) and n.name.startswith("test")
            for _, n in nodes(root / "tests/queries")
        )
    )
