"""The fail-closed automaton: nothing is read or written unless the cipher works and the key fits.

    INIT --start--> CRYPTO_CHECK --crypto_available--> SECURE --request--> SECURE
                        |                                 |
                crypto_unavailable                      error
                        v                                 v
                    HALT_ERROR  <-------------------------+

Seed definition 5.1. Every pair not drawn leads to HALT_ERROR, and nothing leads out of it: there
is no degraded state. A process that halted is started again once its cause is gone.
"""

import logging
from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from rlm_crystal.atomic import create_once
from rlm_crystal.errors import HaltError, KeyRetired, KeyUnavailable
from rlm_crystal.home import Home, is_check
from rlm_crystal.keys import Keyring, StoredKey, load_keyring, require_fit
from rlm_crystal.seal import crypto_check
from rlm_crystal.succession import clear, finish, is_finished
from rlm_crystal.system_keyring import stored_key as system_stored_key

_log = logging.getLogger(__name__)


class GateState(Enum):
    INIT = "INIT"
    CRYPTO_CHECK = "CRYPTO_CHECK"
    SECURE = "SECURE"
    HALT_ERROR = "HALT_ERROR"


class Signal(Enum):
    START = "start"
    CRYPTO_AVAILABLE = "crypto_available"
    CRYPTO_UNAVAILABLE = "crypto_unavailable"
    REQUEST = "request"
    ERROR = "error"


TRANSITIONS: Final = MappingProxyType(
    {
        (GateState.INIT, Signal.START): GateState.CRYPTO_CHECK,
        (GateState.CRYPTO_CHECK, Signal.CRYPTO_AVAILABLE): GateState.SECURE,
        (GateState.CRYPTO_CHECK, Signal.CRYPTO_UNAVAILABLE): GateState.HALT_ERROR,
        (GateState.SECURE, Signal.REQUEST): GateState.SECURE,
        (GateState.SECURE, Signal.ERROR): GateState.HALT_ERROR,
    }
)


def next_state(state: GateState, signal: Signal) -> GateState:
    """Where `signal` leads from `state`; whatever the definition does not allow halts."""
    return TRANSITIONS.get((state, signal), GateState.HALT_ERROR)


class Gate:
    """Holds the keyring while SECURE, and the reason once in HALT_ERROR."""

    __slots__ = ("_failure", "_home", "_keyring", "_load", "_looked", "_state")

    def __init__(self, load: Callable[[], Keyring], home: Home) -> None:
        """Not open; `load` gives the keyring of what is in `home`."""
        self._load = load
        self._home = home
        self._state = GateState.INIT
        self._keyring: Keyring | None = None
        self._looked: tuple[int, ...] | None = None
        self._failure = HaltError("the gate was not opened")

    @classmethod
    def open(
        cls, environ: Mapping[str, str], home: Home, *, stored_key: StoredKey = system_stored_key
    ) -> "Gate":
        """A gate in SECURE or in HALT_ERROR; it raises nothing, so that a halt can be reported."""
        gate = cls(partial(_fitting_keyring, environ, home, stored_key), home)
        gate._signal(Signal.START)
        try:
            crypto_check()
            gate._keyring = gate._load()
            _finish_rotation(home, gate._keyring, environ)
        except HaltError as error:
            gate._halt(Signal.CRYPTO_UNAVAILABLE, error)
        except OSError as error:
            gate._halt(Signal.CRYPTO_UNAVAILABLE, KeyUnavailable(_unusable(error)))
        else:
            gate._signal(Signal.CRYPTO_AVAILABLE)
        return gate

    @property
    def state(self) -> GateState:
        return self._state

    @property
    def failure(self) -> HaltError | None:
        """Why it halted, or None while it did not."""
        return self._failure if self._state is GateState.HALT_ERROR else None

    @property
    def keyring(self) -> Keyring:
        """The keys, for one request; the same HaltError every time once halted.

        A key that was rotated since is followed where its source has the new one, else we halt.
        """
        self._signal(Signal.REQUEST)
        if self._state is GateState.SECURE and self._keyring is not None:
            look = _look_of_marker(self._home)
            if look is None or look != self._looked:
                try:
                    require_current(self._home, self._keyring)
                except KeyRetired as error:
                    self._follow(error)
                self._looked = look  # from before it was read: what changed since is read again
        if self._state is not GateState.SECURE or self._keyring is None:
            raise type(self._failure)(str(self._failure))
        return self._keyring

    def fail(self, error: HaltError) -> None:
        """Halt for good: the cipher or the key failed at work. The first reason is kept."""
        if self._state is not GateState.HALT_ERROR:
            self._halt(Signal.ERROR, error)

    def _follow(self, retired: KeyRetired) -> None:
        try:
            self._keyring = self._load()
        except (HaltError, OSError):
            self.fail(retired)
        else:
            _log.info("the key was rotated; going on with key %s", self._keyring.check)

    def _halt(self, signal: Signal, error: HaltError) -> None:
        self._signal(signal)
        self._keyring = None
        self._failure = error
        _log.error("halted: %s", error)

    def _signal(self, signal: Signal) -> None:
        self._state = next_state(self._state, signal)


def require_current(home: Home, keyring: Keyring) -> None:
    """KeyRetired unless the data in `home` is, or can become, that of this key."""
    marker = _marker(home)
    if marker not in (None, keyring.check):
        raise KeyRetired(
            f"the key of this data was changed by `rlm-mcp key rotate`: it is key {marker} now, "
            f"and this process has key {keyring.check}. Put the new key where this program gets "
            "its key from (RLM_KEY or RLM_PASSPHRASE), and start it again"
        )


def parse_marker(data: bytes, path: Path) -> str:
    """The check value in the marker; KeyUnavailable where it holds something else."""
    text = data.decode("ascii", errors="replace").strip()
    if not is_check(text):
        raise KeyUnavailable(
            f"{path} should hold the 16 hex digits that name the key of this data and does not; "
            "put it back, or delete it if you are sure that the key in use is the right one"
        )
    return text


def _fitting_keyring(environ: Mapping[str, str], home: Home, stored_key: StoredKey) -> Keyring:
    """The keyring of the data in `home`, which from now on is marked as sealed under it."""
    marker = _marker(home)
    while True:
        try:
            keyring = load_keyring(
                environ,
                home.config,
                sealed_under=marker,
                may_create=not home.holds_data(),
                stored_key=stored_key,
            )
            break
        except KeyUnavailable:
            before, marker = marker, _marker(home)
            if marker == before:  # else it was rotated between our look at the data and at the key
                raise
    if marker is None:
        _require_only(home, keyring)
        written = create_once(home.key_marker, lambda: keyring.check.encode() + b"\n")
        require_fit(keyring, parse_marker(written, home.key_marker), home.config)
    return keyring


def _marker(home: Home) -> str | None:
    try:
        return parse_marker(home.key_marker.read_bytes(), home.key_marker)
    except FileNotFoundError:
        return None


def _look_of_marker(home: Home) -> tuple[int, ...] | None:
    """What the system says of the marker, another tuple once it is another file or was written."""
    try:
        told = home.key_marker.stat()
    except OSError:
        return None
    return told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns


def _require_only(home: Home, keyring: Keyring) -> None:
    """KeyUnavailable where data of another key lies here and no marker says which is the one."""
    others = [check for check in home.estates() if check != keyring.check]
    if others:
        raise KeyUnavailable(
            f"{home.key_marker} is missing, and here lies what was sealed under key "
            f"{' and '.join(others)}, while {keyring.check} is in use; write the name of the right "
            "one into that file"
        )


def _finish_rotation(home: Home, keyring: Keyring, environ: Mapping[str, str]) -> None:
    """Finish a rotation that was killed after its commit, unless one is at work right now."""
    if is_finished(home, keyring):
        return
    from filelock import FileLock, Timeout

    try:
        with FileLock(home.lock, timeout=0, mode=0o600):
            require_current(home, keyring)
            finish(home, keyring, environ)
            clear(home, keyring, environ)
    except (Timeout, KeyRetired, OSError) as error:
        _log.info("what a rotation left is not removed now: %s", type(error).__name__)


def _unusable(error: OSError) -> str:
    return (
        f"{error.filename or 'the home folder'} cannot be used: {error.strerror or error}; make it "
        "readable and writable for this user, or set RLM_HOME to a folder that is"
    )
