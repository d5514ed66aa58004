"""Runs git so that nothing a repository says of itself makes it start another program.

Its settings, attributes and hooks belong to whoever wrote the repository; a monitor, a hook, a
signature check, a diff filter or the transport of a missing object would be run with our rights.
"""

import logging
import os
import shutil
import subprocess
from pathlib import Path

_log = logging.getLogger(__name__)
_KEPT_ENVIRONMENT = (
    "PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "XDG_CONFIG_HOME", "APPDATA", "TMPDIR", "TEMP",
)  # fmt: skip
_SETTINGS = (
    "core.fsmonitor=false", f"core.hooksPath={os.devnull}", "core.untrackedCache=false",
    "submodule.recurse=false", "log.showSignature=false", "core.pager=cat", "gc.auto=0",
    "maintenance.auto=false",
)  # fmt: skip


def run_git(folder: Path, *arguments: str, timeout_s: float) -> bytes | None:
    """What git prints in `folder`; None where it is missing, fails or takes too long.

    Never takes locks, asks nobody and reaches no other machine.
    """
    program = _program(folder)
    if program is None:
        return None
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    environment = {key: os.environ[key] for key in _KEPT_ENVIRONMENT if key in os.environ}
    environment |= {
        "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
        "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_LFS_SKIP_SMUDGE": "1",
    }  # fmt: skip
    try:
        done = subprocess.run(
            [program, *settings, *arguments], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.info("git %s did not end well (%s)", arguments[0], type(error).__name__)
        return None
    if done.returncode != 0:
        _log.info("git %s ended with exit code %d", arguments[0], done.returncode)
        return None
    return done.stdout


def _program(folder: Path) -> str | None:
    """Git as it is installed; never one that lies in the corpus."""
    found = shutil.which("git")
    # Windows looks in the working directory first, and then the answer is a relative path.
    if found is None or not Path(found).is_absolute():
        return None
    return None if Path(found).resolve().is_relative_to(folder.resolve()) else found
