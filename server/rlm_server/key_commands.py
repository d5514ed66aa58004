"""What `rlm-mcp key` does: tell of the key, write it down for a backup, change it.

No key is ever taken from the arguments, which every user of the machine can see, nor printed where
a file or a program would catch it.
"""

import getpass
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rlm_crystal.errors import NoCrystal, SealError
from rlm_crystal.estate import Corpus, Estate
from rlm_crystal.gate import Gate
from rlm_crystal.home import Home
from rlm_crystal.keys import KeySource, origin
from rlm_crystal.types import ProgressSink

from rlm_server.commands import Told
from rlm_server.errors import Misused
from rlm_server.in_clear import place_for, write_to
from rlm_server.rotation import Rotated, rotate

_VARIABLES: Mapping[KeySource, str] = {"env": "RLM_KEY", "passphrase": "RLM_PASSPHRASE"}
_NEW: Mapping[KeySource, str] = {"env": "RLM_NEW_KEY", "passphrase": "RLM_NEW_PASSPHRASE"}
_WARNING = (
    "Whoever has this key can read all that is sealed under it. Keep it apart from the data and"
    " from its backups; without it a backup of the data opens for nobody."
)


def key_status(environ: Mapping[str, str]) -> Told:
    """Tell where the key comes from, its fingerprint, its age, and what is sealed under it."""
    home = Home.from_environ(environ)
    keyring = Gate.open(environ, home).keyring
    estate = Estate(home, keyring)
    corpora, unreadable = estate.corpora()
    since = datetime.fromtimestamp(home.key_marker.stat().st_mtime, UTC).isoformat("T", "seconds")
    held = [_held(estate, corpus) for corpus in corpora]
    fields: dict[str, Any] = {
        "source": keyring.source,
        "place": origin(keyring, home.config),
        "fingerprint": keyring.check,
        "since": since,
        "data": str(estate.folder),
        "corpora": held,
        "settings": len(estate.settings().names()),
        "unreadable": sorted(unreadable),
    }
    lines = [
        f"Key {keyring.check}, from {fields['place']}, in use since {since}.",
        f"Sealed under it, in {estate.folder}, corpora: {len(held)}.",
        *(
            f"  {' '.join(corpus['roots'])}: crystal {_kib(corpus['crystal_bytes'])}, generation"
            f" {corpus['generation']}; memory {_kib(corpus['memory_bytes'])};"
            f" {corpus['traces']} traces{corpus['problem'] and '; ' + corpus['problem']}"
            for corpus in held
        ),
        *(f"  cannot be opened: {folder}" for folder in sorted(unreadable)),
    ]
    failed = bool(unreadable) or any(corpus["problem"] for corpus in held)
    return Told(fields, "\n".join(lines), failed=failed)


def key_export(environ: Mapping[str, str], file: str, *, show: bool, json: bool) -> Told:
    """Write the key into a new file that only its owner can read, or show it on a terminal."""
    home = Home.from_environ(environ)
    keyring = Gate.open(environ, home).keyring
    if bool(file) == show:
        raise Misused("name a file for the key, or give --show to see it on this terminal")
    if show:
        if json or not sys.stdout.isatty():
            raise Misused("--show is for a terminal, so that no file or program keeps the key")
        return Told({}, f"{keyring.text}\n{_WARNING}")
    path = place_for(file, environ)
    write_to(path, keyring.text.encode() + b"\n")
    use = (
        "To open the data with it, put it into RLM_KEY, or as rlm-mcp.key with mode 0600 into"
        f" {home.config}."
    )
    fields = {"file": str(path), "fingerprint": keyring.check, "source": keyring.source}
    return Told(fields, f"Key {keyring.check} is in {path}. {use}\n{_WARNING}", aside=_WARNING)


def key_rotate(
    environ: Mapping[str, str], to: KeySource | None, *, leave_damaged: bool, bar: ProgressSink
) -> Told:
    """Seal everything under another key."""
    rotated = rotate(
        environ,
        to=to,
        secret=lambda source: _new_secret(source, environ),
        leave_damaged=leave_damaged,
        progress=bar,
    )
    advice = _advice(rotated)
    fields: dict[str, Any] = {
        "source": rotated.now.source,
        "fingerprint": rotated.now.check,
        "before": rotated.before.check,
        "corpora": rotated.corpora,
        "left_out": list(rotated.left_out),
    }
    lines = [
        f"Everything (corpora: {rotated.corpora}) is sealed under key {rotated.now.check} now, and"
        f" nothing here under {rotated.before.check} any more.",
        *(f"Left out, as it could not be opened: {what}" for what in rotated.left_out),
        *advice,
    ]
    return Told(fields, "\n".join(lines), aside=" ".join(advice))


def _advice(rotated: Rotated) -> list[str]:
    before, now = rotated.before.source, rotated.now.source
    advice: list[str] = []
    if now in _VARIABLES:
        advice.append(
            f"Put the new one into {_VARIABLES[now]} wherever rlm-mcp is started. Servers that run"
            " now refuse to work until they are started again with it."
        )
    else:
        advice.append("Servers that run now go on with it by themselves.")
    if before != now and before in _VARIABLES:
        advice.append(f"Unset {_VARIABLES[before]}: as long as it is set, it decides.")
    advice.append("Backups made before this open with the key before only.")
    return advice


def _new_secret(source: KeySource, environ: Mapping[str, str]) -> str:
    """The key or passphrase to come: from the environment, a terminal, or standard input."""
    name = _NEW[source]
    if name in environ:
        return environ[name]
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison]
        raise Misused(f"give the new one in {name}, or on standard input")
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    secret = getpass.getpass(f"New value for {_VARIABLES[source]}: ")
    if getpass.getpass("Once more: ") != secret:
        raise Misused("the two are not the same; nothing was changed")
    return secret


def _held(estate: Estate, corpus: Corpus) -> dict[str, Any]:
    store = estate.crystal(corpus)
    try:
        generation, problem = store.current(), ""
    except NoCrystal:
        generation, problem = 0, ""
    except SealError as error:
        generation, problem = 0, str(error)
    return {
        "roots": [str(root) for root in corpus.roots],
        "generation": generation,
        "problem": problem,
        "crystal_bytes": store.size_bytes(),
        "memory_bytes": _size_bytes(estate.memory_folder(corpus)),
        "traces": sum(name.startswith("trace-") for name in estate.traces(corpus).names()),
    }


def _size_bytes(folder: Path) -> int:
    return sum(entry.stat().st_size for entry in os.scandir(folder)) if folder.exists() else 0


def _kib(size_bytes: int) -> str:
    return f"{size_bytes / 1024:,.0f} KiB"
