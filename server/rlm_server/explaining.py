"""What an error may say to whoever called: our own words, and of a stranger's only the place."""

import logging
import os
import traceback

from rlm_crystal.errors import FormatUnknown, SealError, WrongKey

_log = logging.getLogger(__name__)

_OUR_ROOMS = frozenset(
    {"rlm_server", "rlm_tools", "rlm_engine", "rlm_memory", "rlm_crystal", "rlm_sandbox"}
)


def explained(error: Exception) -> str:
    """The message of an error of ours; of any other only where it happened.

    What a library or a bug puts into its message may be text of the corpus. What the system
    refused is told with its file, which the caller can do something about.
    """
    if isinstance(error, SealError) and not isinstance(error, (WrongKey, FormatUnknown)):
        return f"The sealed data is damaged: {error} (rlm-mcp index, or the tool rlm_reindex)."
    if type(error).__module__.partition(".")[0] in _OUR_ROOMS:
        return str(error)
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return (
            f"{os.fsdecode(error.filename)}: {error.strerror}. Nothing was lost; make it readable"
            " and writable for this user, or free some space, and try again."
        )
    where = "; ".join(
        f"{frame.name} ({frame.filename.rpartition('/')[2]}:{frame.lineno})"
        for frame in traceback.extract_tb(error.__traceback__)[-3:]
    )
    _log.error("unexpected %s in %s", type(error).__name__, where)
    return (
        f"An unexpected {type(error).__name__} in {where}. Nothing was lost; rlm_validate tells"
        " whether the index is sound. Please report it with these words."
    )
