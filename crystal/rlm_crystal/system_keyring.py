"""The operating system's keyring, read only: an entry the user put there is used, none is made.

`keyring set rlm-mcp master-key` stores one. A locked or absent keyring must not stop the start,
so the question is asked in a thread of its own and given up after three seconds.
"""

import logging
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

SERVICE: Final = "rlm-mcp"
USER: Final = "master-key"

_ANSWER_WITHIN_S: Final = 3.0
# keyring rates a backend fit for use 1 or more; plaintext files and the null backend are below.
_PRIORITY_MIN: Final = 1.0

_log = logging.getLogger(__name__)


def stored_key(environ: Mapping[str, str]) -> str | None:
    """The text of our entry, or None: no entry, no real keyring, or no answer in time."""
    if not _may_answer(environ):
        return None
    answers: list[str | None] = []
    asker = threading.Thread(target=lambda: answers.append(_ask()), daemon=True)
    asker.start()
    asker.join(_ANSWER_WITHIN_S)
    if not answers:
        _log.warning("the system keyring did not answer within %s s", _ANSWER_WITHIN_S)
        return None
    return answers[0]


def _may_answer(environ: Mapping[str, str]) -> bool:
    """Off macOS and Windows a keyring is reached over the session bus; without one, do not ask."""
    if sys.platform in ("darwin", "win32"):
        return True
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    has_socket = bool(runtime) and Path(runtime, "bus").exists()
    return has_socket or bool(environ.get("DBUS_SESSION_BUS_ADDRESS"))


def _ask() -> str | None:
    try:
        import keyring

        backend = keyring.get_keyring()
        if backend.priority < _PRIORITY_MIN:
            return None
        return backend.get_password(SERVICE, USER)
    except Exception as error:  # any backend may raise anything: no answer is an answer
        _log.info("the system keyring cannot be used: %s", type(error).__name__)
        return None
