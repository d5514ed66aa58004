"""Everything cells may ever need is loaded here, before the seal: after it no file opens."""

import ast
import codecs
import datetime
import importlib
import traceback
from collections.abc import Iterable
from typing import Final

from rlm_sandbox.guard_rules import ALLOWED_MODULES, IMPORTED_BY_C

_CODECS: Final = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "ascii",
    "cp1252", "unicode_escape", "raw_unicode_escape", "hex", "base64", "rot13", "idna",
)  # fmt: skip


def preload() -> None:
    """Import the allowed modules and what they themselves would import late."""
    preload_modules(ALLOWED_MODULES | IMPORTED_BY_C)
    for name in _CODECS:
        codecs.lookup(name)
    datetime.datetime.strptime("2000-01-01", "%Y-%m-%d").replace(tzinfo=datetime.UTC)
    ast.unparse(ast.parse("f'{x!r:>3}'"))
    try:
        raise NameError("warm-up", name="wram")
    except NameError as error:
        "".join(traceback.format_exception(error))


def preload_modules(names: Iterable[str]) -> None:
    """Import these; before the seal, like everything else."""
    for name in sorted(names):
        importlib.import_module(name)
