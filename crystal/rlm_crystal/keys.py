"""Where the master key comes from, and the keys derived from it.

The first source that is given decides, and the others are not asked:

1. `RLM_KEY`: 32 bytes in base64
2. `RLM_PASSPHRASE`: Argon2id over a salt kept in the config folder
3. the key file in the config folder, mode 0600
4. the operating system's keyring, if it holds an entry `rlm-mcp` / `master-key`
5. none of them: a new key file, unless data sealed under an older key is there

A source that is given and cannot be used is an error and never a reason to try the next one. The
key file protects against whoever gets the data without the config folder: a copied disk image of
the data, a backup, another user. It does not protect against programs run by the same user.

Beside each of 2 to 4 there is a slot for the key to come (`succession.py`). What is in it is used
where the data is sealed under it already, as a rotation that was killed can leave things.
"""

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from rlm_crystal.atomic import create_once
from rlm_crystal.errors import KeyMalformed, KeyUnavailable
from rlm_crystal.header import KEY_CHECK_BYTES
from rlm_crystal.key_file import read_private
from rlm_crystal.passphrase import Salting, checked_passphrase
from rlm_crystal.seal import KEY_BYTES, Sealer, derive
from rlm_crystal.system_keyring import ENTRY
from rlm_crystal.system_keyring import stored_key as system_stored_key

StoredKey = Callable[[Mapping[str, str], str], str | None]
KeySource = Literal["env", "passphrase", "file", "keyring"]

KEY_FILE: Final = "rlm-mcp.key"
SALT_FILE: Final = "passphrase.json"
UPCOMING: Final = ".next"


@dataclass(frozen=True, slots=True)
class Keyring:
    """The master key of this process; hands out keys for one purpose each."""

    source: KeySource
    master: bytes = field(repr=False)

    def purpose(self, name: str) -> bytes:
        """The 32-byte key for `name`; other names have unrelated keys."""
        return derive(self.master, "purpose/" + name)

    def sealer(self, purpose: str) -> Sealer:
        return Sealer(self.purpose(purpose))

    def handle(self, label: str) -> str:
        """32 hex digits for a folder name: they tell nothing of `label` without the key."""
        return self.sealer("handle").handle(label)

    @property
    def check(self) -> str:
        """16 hex digits that tell this key from others and help nobody to find it."""
        return _check_of(self.master)

    @property
    def text(self) -> str:
        """The key itself, in the form that `RLM_KEY` and the key file take."""
        return base64.b64encode(self.master).decode()


@lru_cache(maxsize=4)
def _check_of(master: bytes) -> str:
    """Every request looks whether its key is still the one of the data."""
    return derive(master, "key-check", size=KEY_CHECK_BYTES).hex()


def load_keyring(
    environ: Mapping[str, str],
    config: Path,
    *,
    sealed_under: str | None = None,
    may_create: bool = True,
    stored_key: StoredKey = system_stored_key,
) -> Keyring:
    """The keyring of this user; KeyUnavailable and its kinds say what to do where there is none.

    `sealed_under` is the check value of the key that sealed the data already there, where that is
    known. `may_create` allows a new key or salt when there is none. `stored_key` reads the
    operating system's keyring.
    """
    sources = _Sources(environ, config, stored_key)
    if sealed_under is None:
        keyring = sources.first() or (_created(config) if may_create else None)
    else:
        keyring = sources.fitting(sealed_under)
    if keyring is None:
        named = f"key {sealed_under}" if sealed_under else "a key of its own"
        raise KeyUnavailable(
            f"the data here was sealed under {named} and no key was found in RLM_KEY, "
            f"RLM_PASSPHRASE, {config / KEY_FILE} or the system's keyring; give that key, or set "
            "RLM_HOME to an empty folder to begin anew"
        )
    if sealed_under is not None:
        require_fit(keyring, sealed_under, config)
    return keyring


def require_fit(keyring: Keyring, sealed_under: str, config: Path) -> None:
    """KeyUnavailable unless `keyring` is the one whose check value is `sealed_under`."""
    if keyring.check == sealed_under:
        return
    raise KeyUnavailable(
        f"the data here was sealed under key {sealed_under}, and {origin(keyring, config)} gives "
        f"key {keyring.check}; give the key it is sealed under, after a rotation the new one "
        "(RLM_KEY, RLM_PASSPHRASE, the key file or the system's keyring: the first one set "
        "decides), or set RLM_HOME to an empty folder to begin anew"
    )


@dataclass(frozen=True, slots=True)
class _Sources:
    """All places a key can come from; `upcoming` asks their slots for the key to come."""

    environ: Mapping[str, str]
    config: Path
    stored_key: StoredKey

    def fitting(self, check: str) -> Keyring | None:
        """The key of this check value, else whatever the first source has."""
        first = self.first(may_salt=False)
        if first is not None and first.check == check:
            return first
        # A rotation may move the key from its slot to its place between two looks.
        for upcoming in (True, False):
            found = self.first(upcoming=upcoming, may_salt=False)
            if found is not None and found.check == check:
                return found
        return first

    def first(self, *, upcoming: bool = False, may_salt: bool = True) -> Keyring | None:
        if "RLM_KEY" in self.environ:
            return Keyring("env", decoded_key(self.environ["RLM_KEY"], "RLM_KEY"))
        if "RLM_PASSPHRASE" in self.environ:
            return self._from_passphrase(upcoming=upcoming, may_salt=may_salt)
        path = self.config / (KEY_FILE + UPCOMING if upcoming else KEY_FILE)
        if path.exists():
            return Keyring("file", decoded_key(read_private(path), str(path)))
        entry = self.stored_key(self.environ, ENTRY + UPCOMING if upcoming else ENTRY)
        if entry is None:
            return None
        return Keyring("keyring", decoded_key(entry, "the system's keyring entry rlm-mcp"))

    def _from_passphrase(self, *, upcoming: bool, may_salt: bool) -> Keyring | None:
        passphrase = checked_passphrase(self.environ["RLM_PASSPHRASE"], "RLM_PASSPHRASE")
        path = self.config / (SALT_FILE + UPCOMING if upcoming else SALT_FILE)
        if upcoming and not path.exists():
            return None
        if not may_salt and not path.exists():
            raise KeyUnavailable(
                f"RLM_PASSPHRASE is given but its salt {path} is missing, and data sealed earlier "
                "is there; put the salt file back, or set RLM_HOME to an empty folder to begin anew"
            )
        salting = Salting.parse(create_once(path, Salting.fresh().serialized), path)
        return Keyring("passphrase", salting.stretch(passphrase))


def _created(config: Path) -> Keyring:
    path = config / KEY_FILE
    create_once(path, lambda: Keyring("file", os.urandom(KEY_BYTES)).text.encode() + b"\n")
    return Keyring("file", decoded_key(read_private(path), str(path)))


def origin(keyring: Keyring, config: Path) -> str:
    """Where the key comes from, in words."""
    match keyring.source:
        case "env":
            return "RLM_KEY"
        case "passphrase":
            return f"RLM_PASSPHRASE with {config / SALT_FILE}"
        case "file":
            return str(config / KEY_FILE)
        case "keyring":
            return "the system's keyring"


def decoded_key(text: str, origin: str) -> bytes:
    """32 bytes out of standard or URL-safe base64."""
    plain = text.strip().translate(str.maketrans("-_", "+/"))
    try:
        key = base64.b64decode(plain, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES or not any(key):
        raise KeyMalformed(
            f"{origin} must hold {KEY_BYTES} random bytes in base64 (44 characters); make them "
            'with: python -c "import base64, os; print(base64.b64encode(os.urandom(32)).decode())"'
        )
    return key
