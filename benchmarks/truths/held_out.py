"""Aggregate questions on nine repositories in nine languages, in wording that was not tuned on."""

# ruff: noqa: E501

import ast
import re
from collections.abc import Iterable
from pathlib import Path

from truths.truth import Cases, Truth, files, line_count, matches, nodes, text

cases = Cases()
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _named(root: Path, glob: str, pattern: str) -> set[str]:
    found = re.compile(pattern, re.MULTILINE)
    return {str(p.relative_to(root)) for p in files(root, glob) if found.search(text(p))}


@cases.asked("flask", "Give me every signal that Flask defines")
def _(root: Path) -> Iterable[str]:
    return re.findall(r"(?m)^(\w+) = _signals\.signal\(", text(root / "src/flask/signals.py"))


@cases.asked("flask", "What's the number of pytest fixtures in the tests directory?")
def _(root: Path) -> Truth:
    return Truth(
        sum(
            isinstance(node, _Function)
            and any("pytest.fixture" in ast.unparse(d) for d in node.decorator_list)
            for _, node in nodes(root / "tests")
        )
    )


@cases.asked("flask", "Which function under src/flask takes the most arguments?")
def _(root: Path) -> Truth:
    def size(node: ast.AST) -> int:
        a = (
            node.args
            if isinstance(node, _Function)
            else ast.arguments([], [], None, [], [], None, [])
        )
        return len(a.posonlyargs) + len(a.args) + len(a.kwonlyargs) + bool(a.vararg) + bool(a.kwarg)

    best = max((n for _, n in nodes(root / "src/flask") if isinstance(n, _Function)), key=size)
    return Truth(size(best), frozenset([best.name]))


@cases.asked("gin", "Number of exported methods on Context")
def _(root: Path) -> Truth:
    return Truth(matches(root, "*.go", r"^func \(\w+ \*?Context\) [A-Z]"))


@cases.asked("gin", "Which Go source files exceed 1000 lines?")
def _(root: Path) -> Iterable[str]:
    return {str(p.relative_to(root)) for p in files(root, "*.go") if line_count(p) > 1000}


@cases.asked("gin", "How many tests does context_test.go hold?")
def _(root: Path) -> Truth:
    return Truth(len(re.findall(r"(?m)^func Test\w*\(", text(root / "context_test.go"))))


@cases.asked("express", "Which files require the debug package?")
def _(root: Path) -> Iterable[str]:
    return _named(root, "*.js", r"require\(['\"]debug['\"]\)")


@cases.asked("express", "What is the total number of lines of JavaScript under lib?")
def _(root: Path) -> Truth:
    return Truth(sum(line_count(p) for p in files(root / "lib", "*.js")))


@cases.asked("express", "How often does the word deprecate appear in lib/?")
def _(root: Path) -> Truth:
    return Truth(matches(root / "lib", "*", r"\bdeprecate\b"))


@cases.asked("gson", "How many Java classes implement TypeAdapterFactory?")
def _(root: Path) -> Truth:
    return Truth(
        matches(
            root,
            "*.java",
            r"^\s*[\w ]*\b(?:class|enum|record) \w+(?:<[^{]*?>)?[^{;]*?\bimplements\b[^{]*?\bTypeAdapterFactory\b[^{]*\{",
        )
    )


@cases.asked("gson", "How many methods carry the @Deprecated annotation?")
def _(root: Path) -> Truth:
    # The header after it; a constructor, which has no type before its name, is no method.
    header = r"@Deprecated\b(?:(?!\n\s*\n)[\s\S])*?\n\s*(?:(?:public|protected|private|static|final)\s+)+(\S[^\n(]*)\("
    heads = [m[1] for p in files(root, "*.java") for m in re.finditer(header, text(p))]
    return Truth(sum(len(head.split()) > 1 and "class" not in head for head in heads))


@cases.asked("tokio", "Count the unsafe blocks in tokio/src/runtime")
def _(root: Path) -> Truth:
    return Truth(matches(root / "tokio/src/runtime", "*.rs", r"^(?!\s*//).*?\bunsafe \{"))


@cases.asked("tokio", "How many Cargo.toml files are there in the workspace?")
def _(root: Path) -> Truth:
    return Truth(len(files(root, "Cargo.toml")))


@cases.asked("tokio", "How many async fns are declared in tokio/src/net?")
def _(root: Path) -> Truth:
    return Truth(
        matches(
            root / "tokio/src/net", "*.rs", r"^\s*(?:pub(?:\([^)]*\))? )?async (?:unsafe )?fn \w"
        )
    )


@cases.asked("zod", "Which TypeScript file is the biggest?")
def _(root: Path) -> Truth:
    best = max(files(root, "*.ts"), key=line_count)
    return Truth(line_count(best), frozenset([str(best.relative_to(root))]))


@cases.asked("zod", "how many locale files are in packages/zod/src/v4/locales?")
def _(root: Path) -> Truth:
    return Truth(len(files(root / "packages/zod/src/v4/locales", "*.ts")))


@cases.asked("sinatra", "Which Ruby files require rack itself?")
def _(root: Path) -> Iterable[str]:
    return _named(root, "*.rb", r"^\s*require ['\"]rack(?:/[^'\"]*)?['\"]")


@cases.asked("monolog", "How many handlers extend AbstractProcessingHandler?")
def _(root: Path) -> Truth:
    return Truth(
        matches(
            root,
            "*.php",
            r"^\s*(?:(?:abstract|final) )?class \w+ extends AbstractProcessingHandler\b",
        )
    )


@cases.asked("monolog", "List the interfaces together with their file")
def _(root: Path) -> Iterable[str]:
    found = re.compile(r"^interface (\w+)", re.MULTILINE)
    return {name for p in files(root, "*.php") for name in found.findall(text(p))}


@cases.asked("fmt", "How many macros does include/fmt/base.h define?")
def _(root: Path) -> Truth:
    names = re.findall(r"(?m)^\s*#\s*define\s+(\w+)", text(root / "include/fmt/base.h"))
    return Truth(len(names))


@cases.asked("fmt", "Which headers include <string>?")
def _(root: Path) -> Iterable[str]:
    return _named(root, "*.h", r"^\s*#\s*include\s*<string>")


@cases.asked("Humanizer", "How many public static classes exist in src/Humanizer?")
def _(root: Path) -> Truth:
    return Truth(
        matches(root / "src/Humanizer", "*.cs", r"^\s*public static (?:partial )?class \w")
    )


@cases.asked("Humanizer", "Which C# files contain more than ten methods marked [Fact]?")
def _(root: Path) -> Iterable[str]:
    return {
        str(p.relative_to(root))
        for p in files(root, "*.cs")
        if len(re.findall(r"(?m)^\s*\[Fact\b", text(p))) > 10
    }
