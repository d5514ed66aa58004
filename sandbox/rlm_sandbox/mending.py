"""What a cell changed in the interpreter that it shares with the runner, put back after it.

Not a barrier: code that means it can lie for ever (README). It keeps one careless or half-hearted
cell from spoiling the next: `json.dumps = None`, a trace function, a recursion limit of 20.
"""

import builtins
import gc
import importlib
import sys
from operator import is_
from sys import getrecursionlimit, setprofile, setrecursionlimit, settrace
from types import CodeType, ModuleType
from typing import Final

from rlm_sandbox.documents import Context, Document, Match
from rlm_sandbox.guard_rules import ALLOWED_MODULES
from rlm_sandbox.output import BoundedOutput
from rlm_sandbox.repl import HostNamespace
from rlm_sandbox.virtual_files import VirtualFiles

_CLASSES: Final = (BoundedOutput, Context, Document, HostNamespace, Match, VirtualFiles)
_OURS: Final = frozenset({"json.decoder", "json.encoder", "linecache", "os"})
_REACHES: Final = frozenset({"setattr", "delattr", "vars", "locals", "globals"})
_WRITES: Final = frozenset({"STORE_ATTR", "DELETE_ATTR"})


class Mending:
    """The state of the interpreter as it was sealed; `mend` brings it back."""

    def __init__(self) -> None:
        import opcode

        modules = [importlib.import_module(name) for name in sorted(ALLOWED_MODULES | _OURS)]
        self._kept = [_Kept(owner) for owner in (builtins, *modules, *_CLASSES)]
        self._loaded = dict(sys.modules)
        self._recursion = getrecursionlimit()
        self._writes = {opcode.opmap[name] for name in _WRITES}

    def reaches(self, code: CodeType | None) -> bool:
        """Whether this code, or a function in it, may change attributes of anything at all."""
        if code is None:
            return False
        if not _REACHES.isdisjoint(code.co_names) or not self._writes.isdisjoint(code.co_code[::2]):
            return True
        return any(self.reaches(part) for part in code.co_consts if type(part) is CodeType)

    def settle(self) -> None:
        """Put back what costs nothing to put back."""
        settrace(None)
        setprofile(None)
        setrecursionlimit(self._recursion)
        gc.enable()

    def mend(self) -> None:
        """Put back every attribute of the modules and classes that the runner and cells share."""
        for kept in self._kept:
            kept.mend()
        loaded = sys.modules
        if not all(map(is_, map(loaded.get, self._loaded), self._loaded.values())):
            loaded.update(self._loaded)


class _Kept:
    """The attributes of one module or class."""

    def __init__(self, owner: ModuleType | type) -> None:
        self._owner = owner
        self._live = vars(owner)
        self._names = tuple(self._live)
        self._values = tuple(self._live.values())

    def mend(self) -> None:
        live = self._live
        if len(live) == len(self._values) and all(map(is_, live.values(), self._values)):
            return
        if isinstance(self._owner, ModuleType):
            live.clear()
            live.update(zip(self._names, self._values, strict=True))
            return
        for name in [name for name in live if name not in self._names]:
            type.__delattr__(self._owner, name)
        for name, value in zip(self._names, self._values, strict=True):
            if live.get(name) is not value:
                type.__setattr__(self._owner, name, value)
