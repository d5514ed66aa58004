"""What the guard blocks and what it says instead: tables only."""

from collections.abc import Mapping
from typing import Final

ALLOWED_MODULES: Final = frozenset({
    "abc", "array", "ast", "base64", "bisect", "calendar", "cmath", "collections",
    "collections.abc", "contextlib", "copy", "csv", "dataclasses", "datetime", "decimal",
    "difflib", "enum", "fractions", "functools", "graphlib", "hashlib", "heapq", "html",
    "html.entities", "html.parser", "io", "itertools", "json", "keyword", "math", "numbers",
    "operator", "pprint", "random", "re", "statistics", "string", "struct", "textwrap", "time",
    "token", "tokenize", "typing", "unicodedata", "zlib",
})  # fmt: skip
"""What cells may import. All are loaded before the seal, for nothing can be read after it."""

_READ = (
    "read the corpus with context['path'].text and list it with context.paths; "
    "open(name) reaches virtual scratch files"
)
_NETWORK = "there is no network; ask a model with llm_query(prompt)"
_PARALLEL = "run sub-calls side by side with llm_query_batched([...])"
_PLAIN = "keep data as plain values or JSON (json.dumps, json.loads)"
_LOOK = "SHOW_VARS() lists your variables; type(x).__name__ names a type"
_NO_PROGRAMS = "no program can be run here; do the work in plain Python"

BLOCKED_MODULES: Final[Mapping[str, str]] = {
    "os": _READ, "sys": _LOOK, "subprocess": _NO_PROGRAMS, "shutil": _READ, "pathlib": _READ,
    "socket": _NETWORK, "http": _NETWORK, "urllib": _NETWORK, "ftplib": _NETWORK,
    "telnetlib": _NETWORK, "requests": _NETWORK, "pickle": _PLAIN, "shelve": _PLAIN,
    "dill": _PLAIN, "cloudpickle": _PLAIN, "marshal": _PLAIN, "ctypes": _NO_PROGRAMS,
    "cffi": _NO_PROGRAMS, "multiprocessing": _PARALLEL, "threading": _PARALLEL,
    "code": _NO_PROGRAMS, "codeop": _NO_PROGRAMS, "pty": _NO_PROGRAMS, "tty": _NO_PROGRAMS,
    "termios": _NO_PROGRAMS, "tempfile": _READ, "glob": _READ, "fnmatch": _READ,
    "webbrowser": _NETWORK, "platform": _LOOK, "asyncio": _PARALLEL, "importlib": _NO_PROGRAMS,
    "builtins": "every allowed builtin is there without an import", "signal": _NO_PROGRAMS,
    "resource": _NO_PROGRAMS, "mmap": _READ, "gc": _LOOK, "inspect": _LOOK,
}  # fmt: skip
"""The 38 modules of the seed, each with what to do instead."""

BLOCKED_CALLS: Final[Mapping[str, str]] = {
    "eval": "write the expression itself, or ast.literal_eval(text) for data",
    "exec": "write the code itself in the cell",
    "compile": "write the code itself in the cell; re.compile is there for patterns",
    "__import__": "use an import statement of an allowed module",
    "input": "there is nobody to type; ask a model with llm_query(prompt)",
    "breakpoint": "print() what you want to see",
    "help": "print(x.__doc__) shows the documentation of x",
    "exit": "end the cell, or answer with FINAL(x)",
    "quit": "end the cell, or answer with FINAL(x)",
}

ALLOWED_DUNDERS: Final = frozenset({
    "__abs__", "__add__", "__and__", "__bool__", "__call__", "__cause__", "__class_getitem__",
    "__contains__", "__delitem__", "__doc__", "__enter__", "__eq__", "__exit__", "__float__",
    "__floordiv__", "__format__", "__ge__", "__getitem__", "__gt__", "__hash__", "__iadd__",
    "__index__", "__init__", "__int__", "__iter__", "__le__", "__len__", "__lt__", "__main__",
    "__mod__", "__mul__", "__name__", "__ne__", "__neg__", "__new__", "__next__", "__or__",
    "__post_init__", "__pow__", "__radd__", "__repr__", "__reversed__", "__rmul__", "__round__",
    "__rsub__", "__setitem__", "__slots__", "__str__", "__sub__", "__truediv__", "__xor__",
})  # fmt: skip
"""Double-underscore names that ordinary code uses and that lead nowhere."""

FRAME_ATTRIBUTES: Final = frozenset({
    "ag_code", "ag_frame", "co_code", "cr_code", "cr_frame", "f_back", "f_builtins", "f_code",
    "f_globals", "f_locals", "func_code", "func_globals", "gi_code", "gi_frame", "gi_yieldfrom",
    "mro", "tb_frame", "tb_next",
})  # fmt: skip
"""Attributes that lead from a value to the interpreter's own frames and code."""
