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
"""

import base64
import json
import os
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from rlm_crystal.atomic import create_once
from rlm_crystal.errors import KeyMalformed, KeyUnavailable
from rlm_crystal.header import KEY_CHECK_BYTES
from rlm_crystal.key_file import read_private
from rlm_crystal.seal import KEY_BYTES, Sealer, derive
from rlm_crystal.system_keyring import stored_key as system_stored_key

StoredKey = Callable[[Mapping[str, str]], str | None]
KeySource = Literal["env", "passphrase", "file", "keyring"]

KEY_FILE: Final = "rlm-mcp.key"
SALT_FILE: Final = "passphrase.json"

_PASSPHRASE_CHARS_MIN: Final = 8


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
        return derive(self.master, "key-check", size=KEY_CHECK_BYTES).hex()


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
    may_create = may_create and sealed_under is None
    keyring = _found(environ, config, stored_key, may_create=may_create)
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
        f"the data here was sealed under key {sealed_under}, and {_origin(keyring, config)} gives "
        f"key {keyring.check}; give the older key (RLM_KEY, RLM_PASSPHRASE, the key file or the "
        "system's keyring: the first one set decides), or set RLM_HOME to an empty folder to "
        "begin anew"
    )


def _found(
    environ: Mapping[str, str],
    config: Path,
    stored_key: StoredKey,
    *,
    may_create: bool,
) -> Keyring | None:
    if "RLM_KEY" in environ:
        return Keyring("env", _decoded(environ["RLM_KEY"], "RLM_KEY"))
    if "RLM_PASSPHRASE" in environ:
        return _from_passphrase(environ["RLM_PASSPHRASE"], config, may_create=may_create)
    path = config / KEY_FILE
    if path.exists():
        return Keyring("file", _decoded(read_private(path), str(path)))
    if (entry := stored_key(environ)) is not None:
        return Keyring("keyring", _decoded(entry, "the system's keyring entry rlm-mcp"))
    if may_create:
        create_once(path, lambda: base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
        return Keyring("file", _decoded(read_private(path), str(path)))
    return None


def _origin(keyring: Keyring, config: Path) -> str:
    match keyring.source:
        case "env":
            return "RLM_KEY"
        case "passphrase":
            return f"RLM_PASSPHRASE with {config / SALT_FILE}"
        case "file":
            return str(config / KEY_FILE)
        case "keyring":
            return "the system's keyring"


def _decoded(text: str, origin: str) -> bytes:
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


def _from_passphrase(passphrase: str, config: Path, *, may_create: bool) -> Keyring:
    if len(passphrase) < _PASSPHRASE_CHARS_MIN:
        raise KeyMalformed(f"RLM_PASSPHRASE is shorter than {_PASSPHRASE_CHARS_MIN} characters")
    path = config / SALT_FILE
    if not may_create and not path.exists():
        raise KeyUnavailable(
            f"RLM_PASSPHRASE is given but its salt {path} is missing, and data sealed earlier is "
            "there; put the salt file back, or set RLM_HOME to an empty folder to begin anew"
        )
    salting = _Salting.parse(create_once(path, _Salting.fresh().serialized), path)
    return Keyring("passphrase", salting.stretch(passphrase))


@dataclass(frozen=True, slots=True)
class _Salting:
    """Argon2id's salt and costs. The defaults are the second choice of RFC 9106, section 4."""

    salt: bytes
    time_cost: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4

    @classmethod
    def fresh(cls) -> "_Salting":
        return cls(salt=os.urandom(16))

    @classmethod
    def parse(cls, data: bytes, path: Path) -> "_Salting":
        """What the file holds; costs out of bounds are refused as they would weaken or hang."""
        try:
            stored = json.loads(data)
            salting = cls(
                salt=base64.b64decode(stored["salt"], validate=True),
                time_cost=int(stored["time_cost"]),
                memory_kib=int(stored["memory_kib"]),
                lanes=int(stored["lanes"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise KeyMalformed(f"the salt file {path} is damaged ({error}); put it back") from error
        if not salting.sane():
            raise KeyMalformed(f"the salt file {path} has costs out of bounds; put it back")
        return salting

    def sane(self) -> bool:
        return (
            len(self.salt) >= 16
            and 1 <= self.time_cost <= 64
            and 19 * 1024 <= self.memory_kib <= 2 * 1024 * 1024
            and 1 <= self.lanes <= 16
        )

    def serialized(self) -> bytes:
        stored = {
            "kdf": "argon2id",
            "salt": base64.b64encode(self.salt).decode(),
            "time_cost": self.time_cost,
            "memory_kib": self.memory_kib,
            "lanes": self.lanes,
        }
        return json.dumps(stored, indent=1).encode() + b"\n"

    def stretch(self, passphrase: str) -> bytes:
        try:
            from argon2.exceptions import HashingError
            from argon2.low_level import Type, hash_secret_raw
        except ImportError as error:
            raise KeyUnavailable(
                f"RLM_PASSPHRASE needs Argon2 ({error}); run: pip install argon2-cffi"
            ) from error
        try:
            return hash_secret_raw(
                unicodedata.normalize("NFC", passphrase).encode(errors="surrogateescape"),
                self.salt,
                time_cost=self.time_cost,
                memory_cost=self.memory_kib,
                parallelism=self.lanes,
                hash_len=KEY_BYTES,
                type=Type.ID,
            )
        except HashingError as error:
            raise KeyUnavailable(f"Argon2 cannot run ({error}); free some memory") from error
