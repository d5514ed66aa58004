"""The errors of the server.

ServerError
├── ActorStopped        the service is going down
├── MailboxFull         too many calls wait already
├── Indexing            the first index is not finished
├── BuildFailed         a build ended without a crystal
├── Misused             a command was given a value that cannot be meant
├── RotationRefused     the key cannot be rotated now, and nothing was changed
├── UnknownJob          no job of that id
├── UnknownHandle       no REPL of that handle was ever handed out by this process
├── ReplsBusy           as many REPLs as may be open run code
├── NoTrace             no record of a run by that name
├── NothingThere        nothing of that id is kept, or it is not the caller's to see
├── NotYours            only the owner may do that
├── CannotListen        the address is taken, or its certificate cannot be used
├── TokensDamaged       the file of tokens for HTTP is not one of ours
└── SettingRefused      a setting that does not exist, a value it cannot have, or one that is locked
    └── SettingsDamaged the stored settings cannot be used
"""

from typing import cast

from rlm_crystal.types import Progress


class ServerError(Exception):
    """Base of all errors of this room; the message says what to do."""


class ActorStopped(ServerError):
    """The service is going down and takes no more calls."""


class MailboxFull(ServerError):
    """Too many calls wait already; the caller should come back a little later."""


class Indexing(ServerError):
    """The first index is not finished; `progress` says how far it is."""

    def __init__(self, progress: Progress, retry_after_s: int) -> None:
        super().__init__(
            f"Indexing for the first time: {progress.in_words()}."
            f" Try again in {retry_after_s} s; rlm_status shows how far it is."
        )
        self.progress = progress
        self.retry_after_s = retry_after_s


class BuildFailed(ServerError):
    """A build ended without a crystal; the one before still serves."""


class Misused(ServerError):
    """A command was given a value that cannot be meant; it exits as for any other misuse."""


class RotationRefused(ServerError):
    """The key cannot be rotated now; everything is as it was before."""


class UnknownJob(ServerError):
    """There is no job of that id, or its result was fetched too late."""


class UnknownHandle(ServerError):
    """No REPL of that handle was handed out by this process."""


class ReplsBusy(ServerError):
    """No REPL can be opened now, or this one is in use."""


class NoTrace(ServerError):
    """There is no record of a run by that name, or more than one."""


class CannotListen(ServerError):
    """The address cannot be listened at, or the certificate not be shown."""


class TokensDamaged(ServerError):
    """The file of tokens for HTTP is not one of ours; none is accepted."""


class NothingThere(ServerError):
    """Nothing of that id is kept; the same for what the caller may not see."""


class NotYours(ServerError):
    """Only the owner may do that."""


class SettingRefused(ServerError):
    """The setting does not exist, cannot have this value, or may not be changed by a call."""


class SettingsDamaged(SettingRefused):
    """The stored settings were written by something else, or by a later version."""


def sole(error: BaseException) -> BaseException:
    """The one error inside a group, as whoever uses the service raised it."""
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return sole(group.exceptions[0]) if len(group.exceptions) == 1 else group
    return error
