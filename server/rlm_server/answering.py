"""One question through the loop: models, limits, memory and trace put together."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from rlm_crystal.types import Progress, ProgressSink
from rlm_crystal.vault import Vault
from rlm_engine.answer import Answer
from rlm_engine.loop import ask
from rlm_tools.host import View

from rlm_server.opening import Opened
from rlm_server.providers import limits_for, models_for
from rlm_server.settings import Settings

Answering: TypeAlias = Callable[
    [str, View, Opened, Settings, Mapping[str, str], ProgressSink], Awaitable[Answer]
]


async def answer(
    question: str,
    view: View,
    opened: Opened,
    settings: Settings,
    environ: Mapping[str, str],
    progress: ProgressSink,
) -> Answer:
    """Answer, seal the record of the run, and remember what was answered in full."""
    root, sub = models_for(settings, environ)
    record = _Record(opened.archive.traces())
    steps = 0

    def say(what: str) -> None:
        nonlocal steps
        steps += 1
        progress(Progress(what, steps, 0))

    answered = await ask(
        question,
        crystal=view.crystal,
        root=root,
        sub=sub,
        limits=limits_for(settings),
        recall=opened.recollection.recall if settings.remember else None,
        progress=say,
        tracer=record.keep,
    )
    if settings.remember and not answered.partial:
        await opened.recollection.keep(answered, view.revision.head)
    return replace(answered, notes=(*answered.notes, *record.problems))


class _Record:
    """The record of one run; an answer does not fail because it cannot be written down."""

    def __init__(self, traces: Vault) -> None:
        self._traces = traces
        self.problems: list[str] = []

    def keep(self, name: str, record: bytes) -> None:
        try:
            self._traces.put(name, record)
        except OSError as error:
            self.problems.append(
                f"This run could not be recorded ({error.strerror or type(error).__name__});"
                " make RLM_HOME writable and see that its disk has room."
            )
