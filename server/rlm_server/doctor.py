"""`rlm-mcp doctor`: every part the work needs, tried, with the fix for what fails."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlm_crystal.errors import CrystalError, HaltError
from rlm_crystal.home import cache_folder

from rlm_server.commands import Told
from rlm_server.errors import ServerError
from rlm_server.providers import troubles_of
from rlm_server.settings import EXTRACTIVE, Operator, backend_named

if TYPE_CHECKING:
    from rlm_sandbox.types import Availability

_INOTIFY_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")
_WATCHES_WANTED = 8_192


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: whether it works, what was seen, and what to do if it does not.

    `needed` is false for parts without which the rest goes on.
    """

    part: str
    ok: bool
    seen: str
    fix: str = ""
    needed: bool = True


def examine(environ: Mapping[str, str]) -> Told:
    """Try everything; fails when a part that is needed does not work."""
    findings = [_tried(part, try_it, environ) for part, try_it in _PARTS.items()]
    failed = any(not finding.ok and finding.needed for finding in findings)
    fields: dict[str, Any] = {"ok": not failed, "findings": [asdict(each) for each in findings]}
    return Told(fields, "\n".join(_line(finding) for finding in findings), failed=failed)


def _tried(part: str, try_it: "_Try", environ: Mapping[str, str]) -> Finding:
    try:
        return try_it(environ)
    except (CrystalError, ServerError, ImportError, OSError) as error:
        return Finding(part, ok=False, seen=str(error), fix="pip install --upgrade rlm-mcp")


def _python(_: Mapping[str, str]) -> Finding:
    seen = f"{sys.version.split()[0]} at {sys.executable}"
    fix = "" if sys.version_info >= (3, 11) else "Use Python 3.11 or later."
    return Finding("python", ok=not fix, seen=seen, fix=fix)


def _crypto(_: Mapping[str, str]) -> Finding:
    from rlm_crystal.seal import crypto_check

    try:
        crypto_check()
    except HaltError as error:
        return Finding("crypto", ok=False, seen=str(error))
    return Finding("crypto", ok=True, seen="AES-256-GCM and HKDF pass their known answers")


def _key(environ: Mapping[str, str]) -> Finding:
    from rlm_crystal.gate import Gate
    from rlm_crystal.home import Home

    try:
        keyring = Gate.open(environ, Home.from_environ(environ)).keyring
    except HaltError as error:
        return Finding("key", ok=False, seen=str(error))
    return Finding("key", ok=True, seen=f"from {keyring.source}, check {keyring.check}")


def _sandbox(environ: Mapping[str, str]) -> Finding:
    from rlm_sandbox.availability import available
    from rlm_sandbox.backend import BACKENDS

    found = available(backend_named(environ))
    others = [available(name) for name in BACKENDS if name != found.backend]
    seen = "; ".join(_backend(each, environ) for each in (found, *others))
    return Finding("sandbox", ok=found.ok, seen=seen, fix=found.advice, needed=False)


def _backend(found: "Availability", environ: Mapping[str, str]) -> str:
    if not found.ok:
        return f"{found.backend} is missing: {', '.join(found.missing)}"
    told = f"{found.backend}: {', '.join(found.layers)}"
    if found.backend == "wasm":
        from rlm_sandbox.wasm.component import place

        if not place(cache_folder(environ)).exists():
            told += " (the first question builds its component, half a minute of work)"
    return told


def _embedder(environ: Mapping[str, str]) -> Finding:
    from rlm_crystal.embed import embedder_named
    from rlm_crystal.errors import EmbedderUnavailable

    try:
        embedder = embedder_named(Operator.from_environ(environ).embedder)
        vector = embedder.embed(["known answer"])[0]
    except EmbedderUnavailable as error:
        return Finding("embedder", ok=False, seen=str(error))
    seen = f"{embedder.identity}, {len(vector)} dimensions"
    return Finding("embedder", ok=bool(vector.any()), seen=seen, fix="Install rlm-mcp again.")


def _grammar(_: Mapping[str, str]) -> Finding:
    from rlm_crystal.chunk import parse
    from rlm_crystal.types import Document

    text = "def known_answer():\n    return 42\n"
    parsed = parse(Document("a.py", text, "python", "0" * 32, len(text), 0))
    ok = [definition.symbol for definition in parsed.definitions] == ["known_answer"]
    fix = "pip install --force-reinstall 'tree-sitter-language-pack>=0.13,<0.14'"
    return Finding("grammar", ok=ok, seen="tree-sitter parses" if ok else "no parse", fix=fix)


def _model(environ: Mapping[str, str]) -> Finding:
    operator = Operator.from_environ(environ)
    root, sub = operator.model, operator.sub_model
    if (root, sub) == (EXTRACTIVE, EXTRACTIVE):
        seen = "none named, answers are extractive; RLM_MODEL names one"
        return Finding("model", ok=True, seen=seen, needed=False)
    for told, fix in troubles_of(operator, environ):
        return Finding("model", ok=False, seen=told, fix=fix)
    return Finding("model", ok=True, seen=root if sub == root else f"{root}; {sub} reads for it")


def _watch(_: Mapping[str, str]) -> Finding:
    if not _INOTIFY_LIMIT.exists():
        return Finding("watch", ok=True, seen="by the system", needed=False)
    limit = int(_INOTIFY_LIMIT.read_text())
    fix = f"sudo sysctl fs.inotify.max_user_watches={_WATCHES_WANTED * 16}"
    return Finding(
        "watch",
        ok=limit >= _WATCHES_WANTED,
        seen=f"inotify gives {limit} watches",
        fix=fix,
        needed=False,
    )


def _home(environ: Mapping[str, str]) -> Finding:
    from rlm_crystal.home import Home

    folder = Home.from_environ(environ).data
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    ok = os.access(existing, os.W_OK)
    return Finding(
        "home", ok=ok, seen=str(folder), fix=f"Make {existing} writable or set RLM_HOME."
    )


_Try = Callable[[Mapping[str, str]], Finding]
_PARTS: dict[str, _Try] = {
    "python": _python,
    "crypto": _crypto,
    "home": _home,
    "key": _key,
    "sandbox": _sandbox,
    "embedder": _embedder,
    "grammar": _grammar,
    "model": _model,
    "watch": _watch,
}


def _line(finding: Finding) -> str:
    mark = "ok  " if finding.ok else "FAIL" if finding.needed else "warn"
    fix = f"\n      fix: {finding.fix}" if not finding.ok and finding.fix else ""
    return f"{mark}  {finding.part}: {finding.seen}{fix}"
