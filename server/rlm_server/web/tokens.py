"""The bearer tokens of this machine: whose they are and until when, kept by their digests only.

    <config>/http-tokens.json    {"tokens": [{"name", "digest", "made_s", "expires_s"}]}

A server that runs reads the file anew whenever it has changed, so what is revoked is refused at the
next request.
"""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError
from rlm_crystal.atomic import private_folder, replace_file
from rlm_crystal.home import Home

from rlm_server.errors import Misused, TokensDamaged
from rlm_server.principal import OWNER, Principal
from rlm_server.web.bearer import digest, matching, new_token

OWNERS: Final = "owner"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LOCK_WAIT_S = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """A token but for itself; times in seconds since the epoch, `expires_s` None for never."""

    name: str
    digest: str
    made_s: float
    expires_s: float | None = None

    def expired(self, now_s: float) -> bool:
        """Whether it opens nothing any more."""
        return self.expires_s is not None and self.expires_s <= now_s


def holder(name: str) -> Principal:
    """Who comes with the token of this name."""
    return OWNER if name == OWNERS else Principal(name)


_FILE = TypeAdapter(dict[str, tuple[Kept, ...]])


class TokenBook:
    """The tokens in one file; TokensDamaged where it is not one of ours."""

    def __init__(self, home: Home) -> None:
        self._path = home.config / "http-tokens.json"
        self._seen: tuple[int, int, int] | None = None
        self._kept: tuple[Kept, ...] = ()

    def tokens(self) -> tuple[Kept, ...]:
        """All of them, also expired ones, as the file has them now."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._seen, self._kept = None, ()
            return ()
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen != self._seen:
            self._kept, self._seen = _read(self._path), seen
        return self._kept

    def whose(self, token: str) -> Kept | None:
        """The one that this is, if it is known and has not expired."""
        kept = self.tokens()
        found = matching(token, [each.digest for each in kept])
        now_s = time.time()
        return next((k for k in kept if k.digest == found and not k.expired(now_s)), None)

    def new(self, name: str = OWNERS, *, days: float | None = None) -> str:
        """Make a token for the owner or the agent of this name and return it, this once.

        Misused where the name cannot be one or has a token still.
        """
        if not _NAME.fullmatch(name):
            raise Misused(
                f"{name!r} cannot name a token: up to 64 letters, digits, dots, hyphens and"
                " underscores."
            )
        token, now_s = new_token(), time.time()
        expires_s = None if days is None else now_s + 86_400 * days
        made = Kept(name, digest(token), round(now_s, 3), expires_s)
        with self._alone():
            kept = [each for each in self.tokens() if not each.expired(now_s)]
            if any(each.name == name for each in kept):
                raise Misused(
                    f"{name} has a token, which cannot be shown again; revoke it first:"
                    f" rlm-mcp token revoke {name}"
                )
            self._write((*kept, made))
        return token

    def revoke(self, name: str) -> None:
        """Take a token away; Misused where there is none of that name."""
        with self._alone():
            kept = self.tokens()
            left = tuple(each for each in kept if each.name != name)
            if len(left) == len(kept):
                known = ", ".join(each.name for each in kept) or "none"
                raise Misused(f"There is no token of {name!r}; there are: {known}.")
            self._write(left)

    def _write(self, kept: Sequence[Kept]) -> None:
        fields = {"tokens": [asdict(each) for each in kept]}
        replace_file(self._path, json.dumps(fields, indent=1).encode())
        self._seen = None

    def _alone(self) -> FileLock:
        private_folder(self._path.parent)
        return FileLock(self._path.with_suffix(".lock"), timeout=_LOCK_WAIT_S, mode=0o600)


def _read(path: Path) -> tuple[Kept, ...]:
    try:
        return _FILE.validate_json(path.read_bytes())["tokens"]
    except (ValidationError, KeyError):
        raise TokensDamaged(
            f"{path} cannot be read as a list of tokens, so none is accepted; delete it and make"
            " new ones: rlm-mcp token new"
        ) from None
