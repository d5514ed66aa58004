"""Questions asked from the page: each is a task of the service, told step by step while it runs."""

import secrets
from collections import OrderedDict
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio
from rlm_crystal.types import Progress
from rlm_engine.json_value import JsonObject
from rlm_tools import query

from rlm_server.errors import Misused, UnknownJob
from rlm_server.service import Service
from rlm_server.tool_call import call_tool
from rlm_server.traces.console import event_line

RUNNING_MAX = 4
_KEPT = 20
_LINES_MAX = 2_000
_LISTEN_S = 10.0


@dataclass(slots=True)
class Ask:
    """One question; `changed` is set, and replaced, whenever there is something new to tell."""

    question: str
    ask_id: str = field(default_factory=lambda: secrets.token_hex(6))
    state: Literal["running", "done", "failed", "cancelled"] = "running"
    stage: str = ""
    lines: list[str] = field(default_factory=list[str])
    text: str = ""
    reply: dict[str, Any] | None = None
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    changed: anyio.Event = field(default_factory=anyio.Event)

    def step(self, progress: Progress) -> None:
        """Note what is being done now."""
        self.stage = progress.in_words()
        self._tell()

    def event(self, event: JsonObject) -> None:
        """Note what was done."""
        line = event_line(event)
        if line and len(self.lines) < _LINES_MAX:
            self.lines.append(line)
            self._tell()

    def end(self, state: Literal["done", "failed", "cancelled"]) -> None:
        """There will be nothing new."""
        self.state, self.stage = state, ""
        self._tell()

    def _tell(self) -> None:
        self.changed.set()
        self.changed = anyio.Event()


_asking: ContextVar[Ask | None] = ContextVar("asking", default=None)


def follow(event: JsonObject) -> None:
    """A watch of all runs of this process: each event goes to the question it belongs to."""
    ask = _asking.get()
    if ask is not None:
        ask.event(event)


class Asks:
    """The questions of one page, the last twenty of them."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._asks: OrderedDict[str, Ask] = OrderedDict()

    def begin(self, question: str) -> Ask:
        """Start answering; Misused where four are being answered already."""
        running = [ask for ask in self._asks.values() if ask.state == "running"]
        if len(running) >= RUNNING_MAX:
            raise Misused(f"{RUNNING_MAX} questions are being answered; stop one or wait.")
        ask = Ask(question)
        self._asks[ask.ask_id] = ask
        over = [one.ask_id for one in self._asks.values() if one.state != "running"]
        for ask_id in over[: max(0, len(self._asks) - _KEPT)]:
            del self._asks[ask_id]
        self._service.tasks.start_soon(self._answer, ask)
        return ask

    def get(self, ask_id: str) -> Ask:
        """A question by its id; UnknownJob where there is none."""
        ask = self._asks.get(ask_id)
        if ask is None:
            raise UnknownJob("That question is not kept any more; Runs has its record.")
        return ask

    def all(self) -> list[Ask]:
        """The questions that are kept, oldest first."""
        return list(self._asks.values())

    async def news(self, ask_id: str, seen: int, stage: str) -> Ask:
        """The question once it has more than `seen` lines, another stage or an end; at most 10 s
        later in any case."""
        ask = self.get(ask_id)
        with anyio.move_on_after(_LISTEN_S):
            while ask.state == "running" and len(ask.lines) <= seen and ask.stage == stage:
                await ask.changed.wait()
        return ask

    async def _answer(self, ask: Ask) -> None:
        _asking.set(ask)
        with ask.scope:
            arguments = {"question": ask.question, "response_format": "detailed"}
            outcome = await call_tool(self._service, query.TOOL, arguments, ask.step)
            ask.text, ask.reply = outcome.text, outcome.fields
            ask.end("failed" if outcome.failed else "done")
        if ask.state == "running":
            ask.end("cancelled")
