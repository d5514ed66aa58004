"""The parts of the program itself: Python, cipher, key, sandbox, embedder, grammars."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rlm_crystal.errors import HaltError
from rlm_crystal.home import cache_folder

from rlm_server.clients.init import own_command
from rlm_server.doctor.finding import Finding
from rlm_server.errors import Misused
from rlm_server.settings import Operator, backend_named

if TYPE_CHECKING:
    from rlm_sandbox.types import Availability

_INSTALL_AGAIN: Final = "pip install --force-reinstall rlm-mcp"
_REINSTALL_CIPHER: Final = "pip install --force-reinstall cryptography"
_EMBEDDER_FIX: Final = "pip install 'rlm-mcp[neural]', or unset RLM_EMBEDDER for the built-in table"
_KEY_FIX: Final = "Give the key that the data is sealed under, or set RLM_HOME to an empty folder."


def python(environ: Mapping[str, str]) -> Finding:
    """The interpreter and the script that starts us in it."""
    seen = f"{sys.version.split()[0]} at {sys.executable}"
    try:
        script = own_command()
    except Misused as error:
        told = f"{seen}; {error}"
        return Finding("python", ok=False, seen=told, fix=_INSTALL_AGAIN, needed=False)
    found = shutil.which("rlm-mcp", path=environ.get("PATH"))
    if found is None:
        seen += f"; {script} is not on your PATH"
    elif Path(found).resolve() != Path(script).resolve():
        seen += f"; on your PATH is another installation, {found}"
    return Finding("python", ok=True, seen=seen)


def crypto(_: Mapping[str, str]) -> Finding:
    """The cipher, held to known answers."""
    from rlm_crystal.seal import crypto_check

    try:
        crypto_check()
    except HaltError as error:
        return Finding.of_error("crypto", error, _REINSTALL_CIPHER)
    return Finding("crypto", ok=True, seen="AES-256-GCM and HKDF pass their known answers")


def key(environ: Mapping[str, str]) -> Finding:
    """The key, and that it is the one of the data."""
    from rlm_crystal.gate import Gate
    from rlm_crystal.home import Home

    try:
        keyring = Gate.open(environ, Home.from_environ(environ)).keyring
    except HaltError as error:
        return Finding.of_error("key", error, _KEY_FIX)
    return Finding("key", ok=True, seen=f"from {keyring.source}, check {keyring.check}")


def sandbox(environ: Mapping[str, str]) -> Finding:
    """The layers in which code is run, of the backend in use first."""
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


def embedder(environ: Mapping[str, str]) -> Finding:
    """What makes vectors of texts."""
    from rlm_crystal.embed import embedder_named
    from rlm_crystal.errors import EmbedderUnavailable

    try:
        used = embedder_named(Operator.from_environ(environ).embedder)
        vector = used.embed(["known answer"])[0]
    except EmbedderUnavailable as error:
        return Finding("embedder", ok=False, seen=str(error), fix=_EMBEDDER_FIX)
    seen = f"{used.identity}, {len(vector)} dimensions"
    return Finding("embedder", ok=bool(vector.any()), seen=seen, fix=_INSTALL_AGAIN)


def grammar(_: Mapping[str, str]) -> Finding:
    """What parses code."""
    from rlm_crystal.chunk import parse
    from rlm_crystal.types import Document

    text = "def known_answer():\n    return 42\n"
    parsed = parse(Document("a.py", text, "python", "0" * 32, len(text), 0))
    ok = [definition.symbol for definition in parsed.definitions] == ["known_answer"]
    fix = "pip install --force-reinstall 'tree-sitter-language-pack>=0.13,<0.14'"
    return Finding("grammar", ok=ok, seen="tree-sitter parses" if ok else "no parse", fix=fix)
