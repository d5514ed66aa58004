"""How things stand for some roots, told without building or changing anything."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlm_crystal.errors import CrystalError, HaltError, NoCrystal
from rlm_crystal.gate import Gate
from rlm_crystal.home import Home
from rlm_crystal.walk import check_root
from rlm_sandbox import available

from rlm_server.archive import Archive, settings_vault
from rlm_server.settings import Operator, load_settings


def standing_of(
    roots: Sequence[Path], environ: Mapping[str, str], *, allow_wide: bool
) -> dict[str, Any]:
    """Return the form of `rlm-mcp status --json`; raises only for roots that cannot be meant.

    `state` is secure, empty (nothing indexed yet), damaged or halt.
    """
    home = Home.from_environ(environ)
    gate = Gate.open(environ, home)
    operator = Operator.from_environ(environ)
    fields: dict[str, Any] = {
        "state": "halt",
        "roots": [str(root) for root in roots],
        "generation": 0,
        "files": 0,
        "chunks": 0,
        "provider": operator.model,
        "key_source": "",
        "sandbox": list(available().layers),
    }
    try:
        keyring = gate.keyring
    except HaltError:
        return fields
    resolved = [check_root(root, allow_wide=allow_wide) for root in roots]
    fields["key_source"] = keyring.source
    try:
        fields["provider"] = load_settings(settings_vault(home, keyring), operator).settings.model
        crystal = Archive.of(home, keyring, resolved).crystal()
    except NoCrystal:
        return fields | {"state": "empty"}
    except CrystalError:
        return fields | {"state": "damaged"}
    return fields | {
        "state": "secure",
        "generation": crystal.generation,
        "files": len(crystal.files),
        "chunks": crystal.chunk_count,
    }
