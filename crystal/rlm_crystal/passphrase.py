"""A key out of a passphrase: Argon2id over a salt that lies in the config folder."""

import base64
import json
import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from rlm_crystal.errors import KeyMalformed, KeyUnavailable
from rlm_crystal.seal import KEY_BYTES

_CHARS_MIN = 8


def checked_passphrase(passphrase: str, origin: str) -> str:
    """The passphrase; KeyMalformed for one that is too short to be any good."""
    if len(passphrase) < _CHARS_MIN:
        raise KeyMalformed(f"{origin} is shorter than {_CHARS_MIN} characters")
    return passphrase


@dataclass(frozen=True, slots=True)
class Salting:
    """Argon2id's salt and costs. The defaults are the second choice of RFC 9106, section 4."""

    salt: bytes
    time_cost: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4

    @classmethod
    def fresh(cls) -> "Salting":
        return cls(salt=os.urandom(16))

    @classmethod
    def parse(cls, data: bytes, path: Path) -> "Salting":
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

    def serialized(self, *, check: str = "") -> bytes:
        """The bytes of the file; `check` says which key comes out, where that is known already."""
        stored = {
            "kdf": "argon2id",
            "salt": base64.b64encode(self.salt).decode(),
            "time_cost": self.time_cost,
            "memory_kib": self.memory_kib,
            "lanes": self.lanes,
        } | ({"check": check} if check else {})
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
