"""The operating system's keyring: an entry the user put there is used.

`keyring set rlm-mcp master-key` stores one. A locked or absent keyring must not stop the start,
so the question is asked in a thread of its own and given up after three seconds. Only a rotation
writes: it keeps the key to come in an entry of its own until the data is sealed under it.
"""

import logging
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol, cast

from rlm_crystal.errors import KeyUnavailable

SERVICE: Final = "rlm-mcp"
ENTRY: Final = "master-key"

_ANSWER_WITHIN_S: Final = 3.0
# A person may have to unlock it first.
_WRITTEN_WITHIN_S: Final = 120.0
# keyring rates a backend fit for use 1 or more; plaintext files and the null backend are below.
_PRIORITY_MIN: Final = 1.0

_log = logging.getLogger(__name__)


class _Backend(Protocol):
    """What we use of a `keyring.backend.KeyringBackend`."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


def stored_key(environ: Mapping[str, str], entry: str = ENTRY) -> str | None:
    """The text of our entry, or None: no entry, no real keyring, or no answer in time."""
    if not _may_answer(environ):
        return None
    answers = _asked(lambda backend: backend.get_password(SERVICE, entry), _ANSWER_WITHIN_S)
    return answers[0] if answers else None


def store_key(environ: Mapping[str, str], entry: str, text: str) -> None:
    """Write the entry and read it back; KeyUnavailable where that cannot be done."""

    def write(backend: _Backend) -> str | None:
        backend.set_password(SERVICE, entry, text)
        return backend.get_password(SERVICE, entry)

    written = _asked(write, _WRITTEN_WITHIN_S) if _may_answer(environ) else []
    if written != [text]:
        raise KeyUnavailable(
            f"the system's keyring does not take the entry {SERVICE} / {entry}; unlock it, or "
            "choose another place for the key"
        )


def remove_key(environ: Mapping[str, str], entry: str) -> None:
    """Remove the entry where there is one."""
    if _may_answer(environ) and stored_key(environ, entry) is not None:
        _asked(lambda backend: backend.delete_password(SERVICE, entry), _WRITTEN_WITHIN_S)


def _asked(question: Callable[[_Backend], str | None], within_s: float) -> list[str | None]:
    """The answer as the only item; empty where there was none in time."""
    answers: list[str | None] = []
    asker = threading.Thread(target=lambda: answers.extend(_ask(question)), daemon=True)
    asker.start()
    asker.join(within_s)
    if asker.is_alive():
        _log.warning("the system keyring did not answer within %s s", within_s)
        return []
    return answers


def _may_answer(environ: Mapping[str, str]) -> bool:
    """Off macOS and Windows a keyring is reached over the session bus; without one, do not ask."""
    if sys.platform in ("darwin", "win32"):
        return True
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    has_socket = bool(runtime) and Path(runtime, "bus").exists()
    return has_socket or bool(environ.get("DBUS_SESSION_BUS_ADDRESS"))


def _ask(question: Callable[[_Backend], str | None]) -> list[str | None]:
    try:
        import keyring

        backend = keyring.get_keyring()
        return [] if backend.priority < _PRIORITY_MIN else [question(cast("_Backend", backend))]
    except Exception as error:  # any backend may raise anything: no answer is an answer
        _log.info("the system keyring cannot be used: %s", type(error).__name__)
        return []
