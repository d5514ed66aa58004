"""Scaffolds for JavaScript, TypeScript, Go, Rust and Java, in the project's own framework."""

from __future__ import annotations

import re
from collections.abc import Sequence
from posixpath import dirname

from rlm_crystal.types import Definition

from rlm_tools.testing.scaffold import Scaffold

_JS_CALLABLE = frozenset({"function", "class"})


def script_scaffold(
    path: str, text: str, definitions: Sequence[Definition], package_json: str
) -> Scaffold:
    """A test for vitest or jest, whichever the package names, else for node's own runner."""
    stem, extension = path.rsplit(".", 1)
    suffix = extension if extension in {"js", "ts", "mjs", "jsx", "tsx"} else "js"
    test_path = f"{stem}.test.{suffix}"
    source = f"./{path.rsplit('/', 1)[-1]}"
    source = source.rsplit(".", 1)[0] if suffix in {"ts", "tsx", "jsx"} else source
    framework = next((name for name in ("vitest", "jest") if f'"{name}"' in package_json), "node")
    exported = [item for item in definitions if _is_exported(text, item.symbol)]
    commonjs = "module.exports" in text or re.search(r"^exports\.", text, re.MULTILINE)
    load = (
        f"const subject = require('{source}');"
        if commonjs
        else f"import * as subject from '{source}';"
    )
    if framework == "node":
        head = (
            "const { test } = require('node:test');\nconst assert = require('node:assert');"
            if commonjs
            else "import { test } from 'node:test';\nimport assert from 'node:assert';"
        )
        checks = [_node_test(item) for item in exported] or [_NODE_EMPTY]
        command = f"node --test {test_path}"
    else:
        head = "import { describe, expect, it } from 'vitest';" if framework == "vitest" else ""
        checks = [_expect_test(item) for item in exported] or [_EXPECT_EMPTY]
        command = (
            f"npx {framework} run {test_path}"
            if framework == "vitest"
            else (f"npx jest {test_path}")
        )
    hidden = [item.symbol for item in definitions if item not in exported]
    notes = (f"not exported, so not tested here: {', '.join(hidden[:8])}.",) if hidden else ()
    code = "\n\n".join(part for part in (f"{head}\n{load}".strip(), *checks) if part) + "\n"
    return Scaffold(framework, test_path, code, command, notes)


def go_scaffold(path: str, text: str, definitions: Sequence[Definition]) -> Scaffold:
    """A test of the same package: it compiles only while the names and receivers stay."""
    package = re.search(r"^package\s+(\w+)", text, re.MULTILINE)
    test_path = f"{path.removesuffix('.go')}_generated_test.go"
    tests = [test for item in definitions if (test := _go_test(item))]
    code = "\n\n".join(
        [f"package {package.group(1) if package else 'main'}", 'import "testing"', *tests]
    )
    return Scaffold("go test", test_path, f"{code}\n", f"go test ./{dirname(path) or '.'}")


def rust_scaffold(path: str, definitions: Sequence[Definition]) -> Scaffold:
    """A module to append to the file itself, so that private items are in reach."""
    tests = [test for item in definitions if (test := _rust_test(item))]
    body = "\n\n".join(tests) or "    #[test]\n    fn it_compiles() {}"
    code = f"#[cfg(test)]\nmod generated_tests {{\n    use super::*;\n\n{body}\n}}\n"
    notes = (f"Append it to {path}; it tests private items too.",)
    return Scaffold("cargo test", path, code, "cargo test generated_tests", notes)


def java_scaffold(path: str, text: str, definitions: Sequence[Definition]) -> Scaffold:
    """A JUnit 5 class that finds the class and its methods by reflection."""
    package = re.search(r"^package\s+([\w.]+);", text, re.MULTILINE)
    owner = next((item for item in definitions if "." not in item.symbol), None)
    owner_name = owner.symbol if owner else path.rsplit("/", 1)[-1].removesuffix(".java")
    full = f"{package.group(1)}.{owner_name}" if package else owner_name
    methods = sorted(
        {
            item.symbol.rsplit(".", 1)[-1]
            for item in definitions
            if item.kind == "method" and item.symbol.count(".") == 1
        }
        - {owner_name}
    )
    checks = "\n".join(
        f"        assertTrue(names.contains({chr(34)}{name}{chr(34)}));" for name in methods
    )
    test_path = path.replace("src/main/", "src/test/").replace(".java", "GeneratedTest.java")
    code = _JAVA.format(
        package=f"package {package.group(1)};\n\n" if package else "",
        owner=owner_name,
        full=full,
        checks=checks,
    )
    return Scaffold("JUnit 5", test_path, code, f"mvn test -Dtest={owner_name}GeneratedTest")


def _is_exported(text: str, symbol: str) -> bool:
    if "." in symbol:
        return False
    name = re.escape(symbol)
    patterns = (
        rf"^export\s+(?:async\s+)?(?:function\*?|class|const|let|var|enum|abstract\s+class)\s+{name}\b",
        rf"export\s*\{{[^}}]*\b{name}\b",
        rf"(?:module\.)?exports\.{name}\s*=",
        rf"module\.exports\s*=\s*\{{[^}}]*\b{name}\b",
    )
    return any(re.search(pattern, text, re.MULTILINE) for pattern in patterns)


def _node_test(item: Definition) -> str:
    kind = "function" if item.kind in _JS_CALLABLE else "undefined"
    check = "strictEqual" if kind == "function" else "notStrictEqual"
    return (
        f"test('{item.symbol} is exported', () => {{\n"
        f"  assert.{check}(typeof subject.{item.symbol}, '{kind}');\n}});"
    )


def _expect_test(item: Definition) -> str:
    check = (
        f"expect(typeof subject.{item.symbol}).toBe('function');"
        if item.kind in _JS_CALLABLE
        else f"expect(subject.{item.symbol}).toBeDefined();"
    )
    return (
        f"describe('{item.symbol}', () => {{\n  it('is exported', () => {{\n    {check}\n  }});\n"
        f"  it.todo('returns what is expected');\n}});"
    )


def _go_test(item: Definition) -> str:
    owner, _, name = item.symbol.rpartition(".")
    if item.kind not in {"function", "method"} or name in {"main", "init", "_"}:
        return ""
    if re.match(rf"func\s+(?:\([^)]*\[[^)]*\)\s*)?{name}\[", item.signature) or "[" in owner:
        return ""
    if owner and not item.signature.startswith("func ("):
        return ""
    target = f"(*{owner}).{name}" if owner else name
    title = f"{owner}{name[:1].upper()}{name[1:]}"
    title = title[:1].upper() + title[1:]
    return (
        f"func Test{title}Generated(t *testing.T) {{\n\t_ = {target}\n"
        f'\tt.Skip("add cases for {item.symbol}")\n}}'
    )


def _rust_test(item: Definition) -> str:
    owner, _, name = item.symbol.rpartition(".")
    generic = re.search(rf"\bfn\s+{name}\s*<", item.signature) or "impl " in item.signature
    if item.kind not in {"function", "method"} or generic or item.signature.startswith("macro"):
        return ""
    target = f"{owner.replace('.', '::')}::{name}" if owner else name
    title = item.symbol.replace(".", "_").lower()
    return f"    #[test]\n    fn {title}_is_there() {{\n        let _ = {target};\n    }}"


_NODE_EMPTY = "test('it loads', () => {\n  assert.ok(subject);\n});"
_EXPECT_EMPTY = "it('loads', () => {\n  expect(subject).toBeDefined();\n});"
_JAVA = """\
{package}import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class {owner}GeneratedTest {{
    @Test
    void hasItsMethods() throws ClassNotFoundException {{
        Class<?> subject = Class.forName("{full}");
        Set<String> names =
            Arrays.stream(subject.getDeclaredMethods())
                .map(Method::getName)
                .collect(Collectors.toSet());
        assertTrue(names != null);
{checks}
    }}
}}
"""
