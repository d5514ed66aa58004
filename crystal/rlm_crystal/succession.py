"""One master key after another: the key to come has a slot of its own until the data is under it.

    prepared    the new key lies in its slot beside the one in use, which still opens everything
    committed   the marker of the data names the new key: it is found in its slot, and in place
    finished    it stands in its place; the key before and what was sealed under it are gone

The commit is one rename. Killed before it, the data opens under the old key; after it, under the
new one, and the next start finishes. A key given by the environment has no slot: its owner holds
both until the rotation says that it is done.
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from rlm_crystal.atomic import private_folder, replace_file, sync_folder
from rlm_crystal.errors import KeyMalformed, KeyUnavailable
from rlm_crystal.home import Home
from rlm_crystal.key_file import read_private
from rlm_crystal.keys import KEY_FILE, SALT_FILE, UPCOMING, Keyring, KeySource, decoded_key
from rlm_crystal.passphrase import Salting, checked_passphrase
from rlm_crystal.seal import KEY_BYTES
from rlm_crystal.system_keyring import ENTRY, remove_key, store_key, stored_key


def prepared(source: KeySource, secret: str, environ: Mapping[str, str], config: Path) -> Keyring:
    """The key to come, in its slot. `secret` is the key or passphrase where its owner chooses it.

    KeyMalformed for a secret that is none, KeyUnavailable where the slot cannot be written.
    """
    match source:
        case "env":
            return Keyring("env", decoded_key(secret, "the new key"))
        case "passphrase":
            checked_passphrase(secret, "the new passphrase")
            salting = Salting.fresh()
            keyring = Keyring("passphrase", salting.stretch(secret))
            _put(config / (SALT_FILE + UPCOMING), salting.serialized(check=keyring.check))
            return keyring
        case "file":
            keyring = Keyring("file", os.urandom(KEY_BYTES))
            _put(config / (KEY_FILE + UPCOMING), keyring.text.encode() + b"\n")
            return keyring
        case "keyring":
            keyring = Keyring("keyring", os.urandom(KEY_BYTES))
            store_key(environ, ENTRY + UPCOMING, keyring.text)
            return keyring


def commit(home: Home, keyring: Keyring) -> None:
    """From here on the data is that of `keyring`; whatever it holds must be on the disk."""
    replace_file(home.key_marker, keyring.check.encode() + b"\n")


def finish(home: Home, keyring: Keyring, environ: Mapping[str, str]) -> None:
    """Put `keyring`, under which the data is, in its place, and remove what it replaced.

    For who holds the lock of the home. Keys of other data, and keys never used here, stay.
    """
    retired = frozenset(home.estates()) - {keyring.check}
    if retired:
        _forget(retired, keyring, environ, home.config)
    _promote(keyring, environ, home.config)
    for check in retired:
        shutil.rmtree(home.estate_dir(check), ignore_errors=True)


def clear(home: Home, keyring: Keyring, environ: Mapping[str, str]) -> None:
    """Remove what a rotation left that did not come to its commit; the lock as for `finish`."""
    for folder in home.unfinished():
        shutil.rmtree(folder)
    for name in (KEY_FILE, SALT_FILE):
        (home.config / (name + UPCOMING)).unlink(missing_ok=True)
    if keyring.source == "keyring":
        remove_key(environ, ENTRY + UPCOMING)


def is_finished(home: Home, keyring: Keyring) -> bool:
    """Whether nothing of a rotation is left over, as far as a look at the folders tells."""
    slots = (home.config / (name + UPCOMING) for name in (KEY_FILE, SALT_FILE))
    others = frozenset(home.estates()) - {keyring.check}
    return not (others or home.unfinished() or any(slot.exists() for slot in slots))


def _put(path: Path, data: bytes) -> None:
    try:
        private_folder(path.parent)
        replace_file(path, data)
    except OSError as error:
        raise KeyUnavailable(
            f"{path} cannot be written: {error.strerror or error}; nothing was changed"
        ) from error


def _promote(keyring: Keyring, environ: Mapping[str, str], config: Path) -> None:
    """Move what gives this key out of its slot, if it is there."""
    match keyring.source:
        case "env":
            pass
        case "passphrase":
            if _salted_for(config / (SALT_FILE + UPCOMING)) == keyring.check:
                _move(config / SALT_FILE)
        case "file":
            if _check_of(config / (KEY_FILE + UPCOMING)) == keyring.check:
                _move(config / KEY_FILE)
        case "keyring":
            entry = stored_key(environ, ENTRY + UPCOMING)
            if entry is not None and _check_in(entry) == keyring.check:
                store_key(environ, ENTRY, entry)
                remove_key(environ, ENTRY + UPCOMING)


def _move(place: Path) -> None:
    place.with_name(place.name + UPCOMING).replace(place)
    sync_folder(place.parent)


def _forget(
    retired: frozenset[str], keyring: Keyring, environ: Mapping[str, str], config: Path
) -> None:
    """Remove a stored key of the retired ones that does not stand where the new one goes."""
    path = config / KEY_FILE
    if keyring.source != "file" and _check_of(path) in retired:
        path.unlink()
        sync_folder(config)
    if keyring.source != "keyring":
        entry = stored_key(environ, ENTRY)
        if entry is not None and _check_in(entry) in retired:
            remove_key(environ, ENTRY)


def _check_of(path: Path) -> str:
    """Which key the file holds; empty where it holds none that could be used."""
    try:
        return _check_in(read_private(path))
    except KeyUnavailable:
        return ""


def _check_in(text: str) -> str:
    try:
        return Keyring("file", decoded_key(text, "a key")).check
    except KeyMalformed:
        return ""


def _salted_for(path: Path) -> str:
    """Which key comes out of the passphrase with this salt, as its maker wrote down."""
    try:
        return str(json.loads(path.read_bytes()).get("check", ""))
    except (OSError, ValueError, AttributeError):
        return ""
