"""A pytest file that runs as it is: real imports, and asserts only of what the text promises.

Nothing of the project is called with made-up values: the code may write files or send mail. What
is certain is asserted (it imports, has this signature, refuses to be called without its required
arguments); what only a person or a model can know is a table of cases, empty and marked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence, Set

from rlm_tools.errors import BadArgument
from rlm_tools.testing.python_module import PythonModule, module_of
from rlm_tools.testing.python_signature import Class, Function, Module, module_in
from rlm_tools.testing.scaffold import Scaffold

_MEMBERS_MAX = 30


def python_scaffold(path: str, text: str, symbol: str, paths: Set[str]) -> Scaffold:
    """The test file for `symbol` in `path`, or, without a symbol, for all its public names."""
    found = module_in(text)
    if found is None:
        raise BadArgument(f"{path} does not parse as Python, so it cannot be imported or tested.")
    if found.runs_at_import or path.endswith("__main__.py"):
        raise BadArgument(
            f"importing {path} runs the program; move its work into functions of another module,"
            ' or guard the start with `if __name__ == "__main__":`.'
        )
    module = module_of(path, paths)
    body = _body(path, found, symbol)
    test_path = suggested_path(path, symbol, paths)
    code = "\n\n\n".join([_head(path, module, symbol), *body]).rstrip() + "\n"
    notes = [] if module.name else [f"{path} is no importable name; it is loaded by its path."]
    if "manage.py" in {name.rsplit("/", 1)[-1] for name in paths}:
        notes.append("In a Django project run it through pytest-django, or set up Django first.")
    return Scaffold("pytest", test_path, code, f"python -m pytest {test_path}", tuple(notes))


def suggested_path(path: str, symbol: str, paths: Set[str]) -> str:
    """Where the project keeps such tests; a new name beside those that are there."""
    stem = path.rsplit("/", 1)[-1].rsplit(".", 1)[0].strip("_").replace("-", "_") or "module"
    last = symbol.replace(".", "_").lower().strip("_")
    name = f"test_{stem}_{last}" if last else f"test_{stem}"
    folder = next(
        (front for front in ("tests", "test") if any(p.startswith(f"{front}/") for p in paths)),
        "tests",
    )
    candidate = f"{folder}/{name}.py"
    return candidate if candidate not in paths else f"{folder}/{name}_generated.py"


def _head(path: str, module: PythonModule, symbol: str) -> str:
    about = f"`{symbol}` of {path}" if symbol else path
    imports = [
        "import importlib",
        "import inspect",
        "import sys",
        "from pathlib import Path",
        "",
        "import pytest",
    ]
    if module.name:
        load = f'subject = importlib.import_module("{module.name}")'
        place = (
            f"sys.path.insert(0, str(_folder / {_text(module.root)}))"
            if module.root
            else ("sys.path.insert(0, str(_folder))")
        )
        setup = [
            "# The project need not be installed: its import root is found above this file.",
            "for _folder in (*Path(__file__).resolve().parents, Path.cwd()):",
            f"    if (_folder / {_text(path)}).is_file():",
            f"        {place}",
            "        break",
            "",
            load,
        ]
    else:
        imports[0] = "import importlib.util"
        setup = [
            "_places = (*Path(__file__).resolve().parents, Path.cwd())",
            f"_file = next(p / {_text(path)} for p in _places if (p / {_text(path)}).is_file())",
            'spec = importlib.util.spec_from_file_location("subject", _file)',
            "assert spec is not None and spec.loader is not None",
            "subject = importlib.util.module_from_spec(spec)",
            'sys.modules["subject"] = subject',
            "spec.loader.exec_module(subject)",
        ]
    return "\n".join([f'"""Tests of {about}."""', "", *imports, "", *setup])


def _body(path: str, module: Module, symbol: str) -> list[str]:
    functions = {item.name: item for item in module.functions}
    classes = {item.name: item for item in module.classes}
    if not symbol:
        public = [item for item in module.functions if not item.name.startswith("_")]
        types = [item for item in module.classes if not item.name.startswith("_")]
        if not public and not types:
            return ["def test_it_imports():\n    assert subject is not None"]
        parts = [_of_function(item) for item in public[:_MEMBERS_MAX]]
        return [*parts, *(_of_class(item) for item in types[:_MEMBERS_MAX])]
    front, _, last = symbol.partition(".")
    if not last and front in functions:
        return [_of_function(functions[front]), _cases(functions[front], f"subject.{front}")]
    if not last and front in classes:
        return [_of_class(classes[front])]
    if front in classes:
        method = next((item for item in classes[front].methods if item.name == last), None)
        if method:
            return [_of_method(front, method), _method_cases(front, method)]
    if front in functions and last:
        raise BadArgument(
            f"{symbol!r} is defined inside a function and cannot be imported; test {front!r}."
        )
    return [_of_name(front, path)]


def _of_function(function: Function) -> str:
    name = function.name
    target = f"subject.{name}"
    if not function.is_plain:
        return f"def test_{_snake(name)}_is_there():\n    assert {target} is not None"
    parts = [f"def test_{_snake(name)}_has_its_signature():\n{_signature_check(function, target)}"]
    if function.required:
        parts.append(
            f"def test_{_snake(name)}_needs_its_arguments():\n"
            f"    with pytest.raises(TypeError):\n        {target}()"
        )
    return "\n\n\n".join(parts)


def _of_class(item: Class) -> str:
    name = _snake(item.name)
    lines = [f"def test_{name}_is_a_class_with_its_methods():"]
    lines.append(f"    assert inspect.isclass(subject.{item.name})")
    members = [method.name for method in item.methods if not method.name.startswith("_")]
    if members and not item.decorators and not item.has_metaclass:
        lines.append(f"    for name in {_list(members[:_MEMBERS_MAX])}:")
        lines.append(
            f"        assert inspect.getattr_static(subject.{item.name}, name) is not None"
        )
    return "\n".join(lines)


def _of_method(owner: str, method: Function) -> str:
    name = f"{_snake(owner)}_{_snake(method.name)}"
    found = f'inspect.getattr_static(subject.{owner}, "{method.name}")'
    if not method.is_plain:
        return f"def test_{name}_is_there():\n    assert {found} is not None"
    body = f'    member = {found}\n    function = getattr(member, "__func__", member)\n'
    return f"def test_{name}_has_its_signature():\n{body}{_signature_check(method, 'function')}"


def _signature_check(function: Function, target: str) -> str:
    names = [name.lstrip("*") for name in function.parameters]
    lines = [f"    assert list(inspect.signature({target}).parameters) == {_list(names)}"]
    if function.is_async:
        lines.append(
            f"    assert inspect.iscoroutinefunction({target})"
            f" or inspect.isasyncgenfunction({target})"
        )
    return "\n".join(lines)


def _of_name(name: str, path: str) -> str:
    return (
        f"def test_{_snake(name)}_is_there():\n"
        f"    if not hasattr(subject, {_text(name)}):\n"
        f'        pytest.skip("{path} defines it under a condition that does not hold here")\n'
        f"    assert subject.{name} is not None"
    )


def _cases(function: Function, target: str) -> str:
    """An empty table of cases: pytest reports it as skipped until a row is added."""
    arguments = ", ".join(function.required) or "no arguments"
    call = f"{target}(**arguments)"
    if function.is_async:
        call = f"asyncio.run({call})"
    examples = [row for row in function.docstring.splitlines() if row.lstrip().startswith(">>>")]
    hints = [f"# From its docs: {row.strip()}" for row in examples[:5]]
    returns = f" It returns {function.returns}." if function.returns else ""
    lines = [
        f"# Add rows of ({{arguments by name}}, expected result). It needs {arguments}.{returns}",
        *hints,
        "CASES: list[tuple[dict[str, object], object]] = []",
        "",
        "",
        '@pytest.mark.parametrize(("arguments", "expected"), CASES)',
        f"def test_{_snake(function.name)}_returns_what_is_expected(arguments, expected):",
    ]
    if function.is_async:
        lines.append("    import asyncio\n")
    return "\n".join([*lines, f"    assert {call} == expected"])


def _method_cases(owner: str, method: Function) -> str:
    rest = ", ".join(name for name in method.required if name not in {"self", "cls"})
    return "\n".join(
        [
            f"# Add rows of ({{arguments of {owner}}}, {{arguments of {method.name}}}, expected)."
            f" It needs {rest or 'no arguments'}.",
            "CASES: list[tuple[dict[str, object], dict[str, object], object]] = []",
            "",
            "",
            '@pytest.mark.parametrize(("built_with", "arguments", "expected"), CASES)',
            f"def test_{_snake(owner)}_{_snake(method.name)}_returns_what_is_expected("
            "built_with, arguments, expected):",
            f"    built = subject.{owner}(**built_with)",
            f"    assert built.{method.name}(**arguments) == expected",
        ]
    )


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _list(values: Sequence[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def _snake(name: str) -> str:
    parts = ["_" + char.lower() if char.isupper() else char for char in name]
    return "".join(parts).strip("_").replace("__", "_") or "it"
