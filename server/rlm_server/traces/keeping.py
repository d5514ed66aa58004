"""The record of a run that has ended: sealed, and sent as spans where that is wanted."""

import time
from collections.abc import Callable

from rlm_crystal.errors import CrystalError
from rlm_crystal.vault import Vault
from rlm_engine.errors import SpansUnavailable
from rlm_engine.record_reading import read_record, record_object
from rlm_engine.spans import listened_to, send_spans

from rlm_server.settings import Recording
from rlm_server.traces.opening import SECONDS_A_DAY, Traces


class RunRecord:
    """The record of one run; an answer does not fail because it cannot be written down.

    `problems` says for a person what could not be done.
    """

    def __init__(self, vault: Callable[[], Vault], recording: Recording) -> None:
        self._vault = vault
        self._recording = recording
        self.problems: list[str] = []

    def keep(self, name: str, record: bytes) -> None:
        """Seal it under this name, let go of those that are too old, then send its spans."""
        self._seal(name, record)
        wanted = self._recording.spans
        if not listened_to(wanted=wanted):
            return
        try:
            send_spans(read_record(record_object(record)), wanted=wanted)
        except SpansUnavailable as error:
            self.problems.append(str(error))

    def _seal(self, name: str, record: bytes) -> None:
        try:
            vault = self._vault()
            vault.put(name, record)
            kept_s = self._recording.days * SECONDS_A_DAY
            Traces(vault).forget_before(time.time() - kept_s)
        except CrystalError as error:
            self.problems.append(f"This run could not be recorded: {error}.")
        except OSError as error:
            self.problems.append(
                f"This run could not be recorded ({error.strerror or type(error).__name__});"
                " make RLM_HOME writable and see that its disk has room."
            )
