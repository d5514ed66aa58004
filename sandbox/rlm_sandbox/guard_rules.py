"""What the guard blocks and what it says instead: tables only."""

from collections.abc import Mapping
from typing import Final

STRICT_MODULES: Final = frozenset({
    "__future__", "base64", "bisect", "collections", "collections.abc", "csv", "dataclasses",
    "datetime", "difflib", "enum", "functools", "hashlib", "heapq", "html", "itertools", "json",
    "math", "random", "re", "statistics", "string", "textwrap", "typing", "unicodedata",
})  # fmt: skip
"""What cells may import under the strict profile."""

ALLOWED_MODULES: Final = STRICT_MODULES | frozenset({
    "abc", "array", "ast", "calendar", "cmath", "contextlib", "copy", "decimal", "fractions",
    "graphlib", "html.entities", "html.parser", "io", "keyword", "numbers", "operator", "pprint",
    "struct", "time", "token", "tokenize", "zlib",
})  # fmt: skip
"""What they may import under the standard one. All are loaded before the seal, for nothing can be
read after it."""

ADDABLE_MODULES: Final = frozenset({
    "binascii", "codecs", "colorsys", "contextvars", "email", "email.message", "email.parser",
    "email.policy", "email.utils", "hmac", "ipaddress", "plistlib", "queue", "quopri", "reprlib",
    "secrets", "shlex", "stringprep", "tomllib", "uuid", "weakref", "xml.etree.ElementTree",
    "xml.sax.saxutils",
})  # fmt: skip
"""What an operator may add: standard library over text and data, whose work needs no file that is
opened after the seal."""

IMPORTED_BY_C: Final = frozenset({
    "_strptime", "collections.abc", "copyreg", "time", "typing", "warnings",
})  # fmt: skip
"""What functions written in C import when they are called, such as datetime.strftime(). They do it
in the name of the code that calls them, with a list as `fromlist` (PyImport_Import in import.c)."""

_READ = (
    "read the corpus with context['path'].text and list it with context.paths; "
    "open(name) and Path(name) reach scratch files in memory and, read-only, the documents"
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

SYSTEM_REACH: Final = frozenset({
    "concurrent", "select", "selectors", "socketserver", "ssl", "smtplib", "poplib", "imaplib",
    "nntplib", "xmlrpc", "sqlite3", "dbm", "zipfile", "tarfile", "gzip", "bz2", "lzma", "fcntl",
    "posix", "nt", "pwd", "grp", "runpy", "pdb", "bdb", "trace", "logging", "sched", "site",
    "sysconfig", "zipimport", "pkgutil", "linecache", "fileinput", "filecmp", "faulthandler",
    "tracemalloc", "atexit", "readline", "curses", "tkinter", "venv", "getpass", "syslog",
})  # fmt: skip
"""Modules of the standard library that an operator may ask for and that cannot be added."""

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

_NO_FORMATTER = "format plain values: f'{value}'"
_NO_EVALUATION = "it runs text as code; write types as they are and read x.__annotations__"

CLOSED_MEMBERS: Final[Mapping[str, tuple[str, str]]] = {
    "io.open": ("files", _READ),
    "io.open_code": ("files", _READ),
    "io.FileIO": ("files", _READ),
    "tokenize.open": ("files", _READ),
    "codecs.open": ("files", _READ),
    "enum.bltns": ("modules", "every allowed builtin is there without an import"),
    "string.Formatter": ("format strings", _NO_FORMATTER),
    "typing.get_type_hints": ("calls", _NO_EVALUATION),
    "typing.ForwardRef": ("calls", _NO_EVALUATION),
    "typing.evaluate_forward_ref": ("calls", _NO_EVALUATION),
}
"""Members of allowed modules that open real files, or reach attributes or run code by text."""

ALLOWED_DUNDERS: Final = frozenset({
    "__abs__", "__add__", "__all__", "__and__", "__annotations__", "__bool__", "__bytes__",
    "__call__", "__cause__", "__ceil__", "__class_getitem__", "__complex__", "__contains__",
    "__context__", "__copy__", "__deepcopy__", "__delitem__", "__divmod__", "__doc__", "__enter__",
    "__eq__", "__exit__", "__float__", "__floor__", "__floordiv__", "__format__", "__future__",
    "__ge__", "__getattr__", "__getitem__", "__gt__", "__hash__", "__iadd__", "__iand__",
    "__imul__", "__index__", "__init__", "__init_subclass__", "__int__", "__invert__", "__ior__",
    "__isub__", "__iter__", "__le__", "__len__", "__length_hint__", "__lshift__", "__lt__",
    "__main__", "__match_args__", "__matmul__", "__missing__", "__mod__", "__mul__", "__name__",
    "__ne__", "__neg__", "__new__", "__next__", "__notes__", "__or__", "__pos__", "__post_init__",
    "__pow__", "__qualname__", "__radd__", "__rand__", "__repr__", "__reversed__", "__rmul__",
    "__ror__", "__round__", "__rshift__", "__rsub__", "__rtruediv__", "__rxor__", "__setitem__",
    "__slots__", "__str__", "__sub__", "__truediv__", "__trunc__", "__version__", "__xor__",
})  # fmt: skip
"""Double-underscore names that ordinary code uses and that lead nowhere."""

FRAME_ATTRIBUTES: Final = frozenset({
    "ag_await", "ag_code", "ag_frame", "co_code", "cr_await", "cr_code", "cr_frame", "f_back",
    "f_builtins", "f_code", "f_globals", "f_locals", "func_code", "func_globals", "gi_code",
    "gi_frame", "gi_yieldfrom", "mro", "tb_frame", "tb_next",
})  # fmt: skip
"""Attributes that lead from a value to the interpreter's own frames and code."""
