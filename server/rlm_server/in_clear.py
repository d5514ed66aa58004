"""Files that hold in clear what is sealed otherwise: new ones only, never among the sealed data."""

from collections.abc import Mapping
from pathlib import Path

from rlm_crystal.atomic import write_new
from rlm_crystal.home import Home

from rlm_server.errors import Misused


def place_for(to: str, environ: Mapping[str, str]) -> Path:
    """Where such a file goes; Misused for a place among the sealed data."""
    path = Path(to).absolute()
    if path.resolve().is_relative_to(Home.from_environ(environ).data.resolve()):
        raise Misused(f"{path} lies with the sealed data, where nothing is in clear")
    return path


def write_to(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read; Misused where there is one already."""
    try:
        write_new(path, data)
    except FileExistsError:
        raise Misused(f"{path} exists already; name a new file") from None
