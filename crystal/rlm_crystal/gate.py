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
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from rlm_crystal.atomic import create_once
from rlm_crystal.errors import HaltError, KeyUnavailable
from rlm_crystal.home import Home
from rlm_crystal.keys import Keyring, StoredKey, load_keyring, require_fit
from rlm_crystal.seal import crypto_check
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

    __slots__ = ("_failure", "_keyring", "_state")

    def __init__(self) -> None:
        self._state = GateState.INIT
        self._keyring: Keyring | None = None
        self._failure = HaltError("the gate was not opened")

    @classmethod
    def open(
        cls, environ: Mapping[str, str], home: Home, *, stored_key: StoredKey = system_stored_key
    ) -> "Gate":
        """A gate in SECURE or in HALT_ERROR; it raises nothing, so that a halt can be reported."""
        gate = cls()
        gate._signal(Signal.START)
        try:
            crypto_check()
            gate._keyring = _fitting_keyring(environ, home, stored_key)
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
        """The keys, for one request; the same HaltError every time once halted."""
        self._signal(Signal.REQUEST)
        if self._state is not GateState.SECURE or self._keyring is None:
            raise type(self._failure)(str(self._failure))
        return self._keyring

    def fail(self, error: HaltError) -> None:
        """Halt for good: the cipher or the key failed at work. The first reason is kept."""
        if self._state is not GateState.HALT_ERROR:
            self._halt(Signal.ERROR, error)

    def _halt(self, signal: Signal, error: HaltError) -> None:
        self._signal(signal)
        self._keyring = None
        self._failure = error
        _log.error("halted: %s", error)

    def _signal(self, signal: Signal) -> None:
        self._state = next_state(self._state, signal)


def _fitting_keyring(environ: Mapping[str, str], home: Home, stored_key: StoredKey) -> Keyring:
    """The keyring of the data in `home`, which from now on is marked as sealed under it."""
    path = home.key_marker
    marker = _parse_marker(path.read_bytes(), path) if path.exists() else None
    keyring = load_keyring(
        environ,
        home.config,
        sealed_under=marker,
        may_create=not home.holds_data(),
        stored_key=stored_key,
    )
    if marker is None:
        written = create_once(path, lambda: keyring.check.encode() + b"\n")
        require_fit(keyring, _parse_marker(written, path), home.config)
    return keyring


def _parse_marker(data: bytes, path: Path) -> str:
    text = data.decode("ascii", errors="replace").strip()
    if len(text) != 16 or not set(text) <= set("0123456789abcdef"):
        raise KeyUnavailable(
            f"{path} should hold the 16 hex digits that name the key of this data and does not; "
            "put it back, or delete it if you are sure that the key in use is the right one"
        )
    return text


def _unusable(error: OSError) -> str:
    return (
        f"{error.filename or 'the home folder'} cannot be used: {error.strerror or error}; make it "
        "readable and writable for this user, or set RLM_HOME to a folder that is"
    )
