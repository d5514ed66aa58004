"""How things stand for some roots, told without building or changing anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlm_crystal.errors import CrystalError, FormatUnknown, HaltError, NoCrystal
from rlm_sandbox.availability import available

from rlm_server.archive import Archive
from rlm_server.errors import SettingsDamaged
from rlm_server.settings import Operator, load_settings


@dataclass(frozen=True, slots=True)
class Standing:
    """The form of `rlm-mcp status --json`, and why nothing can be served as it is, else ""."""

    fields: dict[str, Any]
    reason: str = ""


def standing_of(roots: Sequence[Path], environ: Mapping[str, str], *, allow_wide: bool) -> Standing:
    """Return how things stand; raises only for roots that cannot be meant.

    `state` is secure, empty (nothing indexed yet by this version and embedder), damaged or halt.
    """
    operator = Operator.from_environ(environ)
    fields: dict[str, Any] = {
        "state": "halt",
        "roots": [str(root) for root in roots],
        "generation": 0,
        "files": 0,
        "chunks": 0,
        "provider": operator.model,
        "key_source": "",
        "sandbox": list(available(operator.sandbox).layers),
    }
    try:
        archive = Archive.from_environ(
            environ, roots, allow_wide=allow_wide, embedder=operator.embedder
        )
    except HaltError as error:
        return Standing(fields, str(error))
    fields["key_source"] = archive.keyring.source
    fields["roots"] = [str(root) for root in archive.roots]
    try:
        fields["provider"] = _model(archive, operator)
        sealed = archive.sealed()
    except NoCrystal:
        return Standing(fields | {"state": "empty"})
    except FormatUnknown as error:
        return Standing(fields | {"state": "empty"}, str(error))
    except CrystalError as error:
        return Standing(fields | {"state": "damaged"}, str(error))
    held = {
        "state": "secure",
        "generation": sealed.generation.number,
        "files": sealed.crystal.file_count,
        "chunks": sealed.crystal.chunk_count,
    }
    return Standing(fields | held)


def _model(archive: Archive, operator: Operator) -> str:
    """Who would answer: where the stored settings cannot be read, what the operator set holds."""
    try:
        return load_settings(archive.settings(), operator).settings.model
    except (CrystalError, SettingsDamaged):
        return operator.model
