"""What the page may ask, one name each: arguments that are checked, and a JSON object back.

What a tool does already is done by that tool. The rest reads the crystal of the moment, the records
of runs and the memory. `Api.answer` takes secrets out of everything, as replies of tools have it.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args

from anyio.to_thread import run_sync
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rlm_crystal.errors import CrystalError, HaltError, NoCrystal
from rlm_crystal.types import Progress
from rlm_tools import explain, reindex, search, session_stats, settings, validate
from rlm_tools.host import Setting
from rlm_tools.tool import Tool

from rlm_server.errors import Misused
from rlm_server.explaining import explained
from rlm_server.providers import redaction_of
from rlm_server.service import Service
from rlm_server.settings import Settings
from rlm_server.tool_call import call_tool
from rlm_server.ui.asks import Ask, Asks
from rlm_server.ui.picture import picture_of
from rlm_server.ui.readings import listed, outlined, record_page
from rlm_server.wrong_values import told_wrong

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal
    from rlm_memory.memory import Memory
    from rlm_sandbox.redact import Redactor

LINES_MAX = 400
_TOOLS: dict[str, Tool] = {
    module.TOOL.name: module.TOOL
    for module in (explain, reindex, search, session_stats, settings, validate)
}
T = TypeVar("T")


class Wanted(BaseModel):
    """Base of what is asked; `Wanted` itself takes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class PictureWanted(Wanted):
    seen: Annotated[str, Field(max_length=40)] = ""


class LinesWanted(Wanted):
    path: Annotated[str, Field(max_length=4_096)]
    first: Annotated[int, Field(ge=1)] = 1
    last: Annotated[int, Field(ge=1)] = LINES_MAX


class CallWanted(Wanted):
    tool: Annotated[str, Field(max_length=40)]
    arguments: dict[str, Any] = {}


class Question(Wanted):
    question: Annotated[str, Field(min_length=1, max_length=20_000)]


class Named(Wanted):
    id: Annotated[str, Field(max_length=80)]


class NewsWanted(Named):
    seen: Annotated[int, Field(ge=0)] = 0
    stage: Annotated[str, Field(max_length=1_000)] = ""


class Verdict(Wanted):
    new: Annotated[str, Field(max_length=80)]
    old: Annotated[str, Field(max_length=80)]
    verdict: Literal["merge", "supersede", "keep", "reject"]


class Recollected(Wanted):
    query: Annotated[str, Field(min_length=1, max_length=2_000)]


@dataclass(frozen=True, slots=True)
class Answered:
    """A status of HTTP and a JSON text."""

    status: int
    body: bytes


@dataclass(slots=True)
class _Drawn:
    """The picture of one crystal, ready to be sent."""

    crystal: "Crystal"
    stamp: str
    body: bytes


class Api:
    """The answers for one page; `answer` raises nothing but cancellation."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._asks = Asks(service)
        self._crystals = 0
        self._last: Crystal | None = None
        self._drawn: _Drawn | None = None
        self._acts: dict[str, tuple[type[Wanted], Callable[[Any], Awaitable[Any]]]] = {
            "status": (Wanted, self._status),
            "picture": (PictureWanted, self._picture),
            "outline": (LinesWanted, self._outline),
            "lines": (LinesWanted, self._lines),
            "call": (CallWanted, self._call),
            "settings": (Wanted, self._settings),
            "ask": (Question, self._ask),
            "asks": (Wanted, self._all_asks),
            "news": (NewsWanted, self._news),
            "stop": (Named, self._stop),
            "runs": (Wanted, self._runs),
            "run": (Named, self._run),
            "memory": (Wanted, self._memory),
            "memo": (Named, self._memo),
            "recall": (Recollected, self._recall),
            "resolve": (Verdict, self._resolve),
            "consolidate": (Wanted, self._consolidate),
        }

    async def answer(self, name: str, body: bytes) -> Answered:
        """Do what is asked; a failure is {"error": why} with a status of its own."""
        if name not in self._acts:
            return _failed(404, "There is nothing of that name.")
        kind, act = self._acts[name]
        try:
            wanted = kind.model_validate_json(body or b"{}")
        except ValidationError as error:
            return _failed(400, f"{name}: {told_wrong(error)}")
        try:
            told = await act(wanted)
            if isinstance(told, bytes):  # redacted already
                return Answered(200, told)
            return Answered(200, await run_sync(_sent, told, self._redactor()))
        except HaltError as error:
            return _failed(503, str(error), halted=True)
        except KeyError:
            return _failed(404, "It is not there any more.")
        except Exception as error:  # the boundary: whatever it is, the page is told something
            return _failed(422, self._redactor().text(explained(error)))

    def _redactor(self) -> "Redactor":
        return redaction_of(self._service.state.book.settings).redactor()

    async def _status(self, _: Wanted) -> dict[str, Any]:
        status = await self._service.status()
        stats = await self._service.session_stats()
        return {
            **asdict(status),
            "picture": self._stamp(self._service.state.crystal),
            "stats": asdict(stats),
        }

    def _stamp(self, crystal: "Crystal | None") -> str:
        """Another text for each crystal that is served."""
        if crystal is not self._last:
            self._last = crystal
            self._crystals += 1
        return "" if crystal is None else str(self._crystals)

    async def _picture(self, wanted: PictureWanted) -> bytes:
        await self._service.status()
        crystal = self._service.state.crystal
        if crystal is None:
            raise NoCrystal("Nothing is indexed yet.")
        stamp = self._stamp(crystal)
        if self._drawn is None or self._drawn.crystal is not crystal:
            body = await run_sync(_picture_sent, crystal, stamp, self._redactor())
            self._drawn = _Drawn(crystal, stamp, body)
            # Who looks at the map will search it: what that reads is read now.
            self._service.tasks.start_soon(_read_ahead, crystal)
        return b"{}" if wanted.seen == self._drawn.stamp else self._drawn.body

    async def _outline(self, wanted: LinesWanted) -> dict[str, Any]:
        view = await self._service.view(_silence)
        return await run_sync(outlined, view.crystal, wanted.path)

    async def _lines(self, wanted: LinesWanted) -> dict[str, Any]:
        view = await self._service.view(_silence)
        last = min(wanted.last, wanted.first + LINES_MAX - 1)
        text = await run_sync(view.crystal.read, wanted.path, wanted.first, last)
        return {"path": wanted.path, "first": wanted.first, "text": text}

    async def _call(self, wanted: CallWanted) -> dict[str, Any]:
        tool = _TOOLS.get(wanted.tool)
        if tool is None:
            raise Misused(f"The page has no tool {wanted.tool!r}.")
        return asdict(await call_tool(self._service, tool, wanted.arguments, _silence))

    async def _settings(self, _: Wanted) -> dict[str, Any]:
        return {"settings": [_offered(one) for one in await self._service.settings()]}

    async def _ask(self, wanted: Question) -> dict[str, Any]:
        return _ask_told(self._asks.begin(wanted.question), 0)

    async def _all_asks(self, _: Wanted) -> dict[str, Any]:
        return {"asks": [_ask_told(ask, 0) for ask in self._asks.all()]}

    async def _news(self, wanted: NewsWanted) -> dict[str, Any]:
        return _ask_told(await self._asks.news(wanted.id, wanted.seen, wanted.stage), wanted.seen)

    async def _stop(self, wanted: Named) -> dict[str, Any]:
        self._asks.get(wanted.id).scope.cancel()
        return {}

    async def _runs(self, _: Wanted) -> dict[str, Any]:
        return await run_sync(listed, (await self._service.use()).archive.traces)

    async def _run(self, wanted: Named) -> bytes:
        records = (await self._service.use()).archive.traces
        told = await run_sync(record_page, records, wanted.id, self._redactor())
        return _encoded(told)  # redacted before it became a page

    async def _memory(self, _: Wanted) -> dict[str, Any]:
        from rlm_server.ui.remembered import levels_of

        return await self._with_memory(levels_of)

    async def _memo(self, wanted: Named) -> dict[str, Any]:
        from rlm_server.ui.remembered import memo_of

        return await self._with_memory(lambda memory: memo_of(memory, wanted.id))

    async def _recall(self, wanted: Recollected) -> dict[str, Any]:
        from rlm_server.ui.remembered import found_in

        return await self._with_memory(lambda memory: found_in(memory, wanted.query))

    async def _resolve(self, wanted: Verdict) -> dict[str, Any]:
        await self._with_memory(
            lambda memory: memory.resolve(wanted.new, wanted.old, wanted.verdict)
        )
        return {}

    async def _consolidate(self, _: Wanted) -> dict[str, Any]:
        return asdict(await self._with_memory(lambda memory: memory.consolidate()))

    async def _with_memory(self, use: "Callable[[Memory], T]") -> T:
        return await (await self._service.use()).recollection.as_owner(use)


def _offered(setting: Setting) -> dict[str, Any]:
    """A setting and the values it can have, where they are few; no call sets a `locked` one."""
    choices: tuple[str, ...] = get_args(Settings.model_fields[setting.key].annotation)
    if setting.bound.startswith("one of "):
        choices = tuple(setting.bound.removeprefix("one of ").split(", "))
    return {**asdict(setting), "choices": choices, "locked": " by RLM_" in setting.bound}


def _ask_told(ask: Ask, seen: int) -> dict[str, Any]:
    return {
        "id": ask.ask_id,
        "question": ask.question,
        "state": ask.state,
        "stage": ask.stage,
        "seen": len(ask.lines),
        "lines": ask.lines[seen:],
        "text": ask.text,
        "reply": ask.reply,
    }


async def _read_ahead(crystal: "Crystal") -> None:
    with suppress(CrystalError, OSError):  # a search will say why
        await run_sync(crystal.search, "read ahead")


def _picture_sent(crystal: "Crystal", stamp: str, redactor: "Redactor") -> bytes:
    return _sent({"stamp": stamp, **picture_of(crystal.atlas())}, redactor)


def _sent(told: Any, redactor: "Redactor") -> bytes:
    """As JSON without secrets. Tuples become lists on the way, which the redactor looks into."""
    return _encoded(redactor.value(json.loads(_encoded(told))))


def _encoded(told: Any) -> bytes:
    # What is no Unicode, as names of files may be, is written as an escape.
    return json.dumps(told, separators=(",", ":")).encode()


def _failed(status: int, why: str, *, halted: bool = False) -> Answered:
    return Answered(status, _encoded({"error": why, "halted": halted}))


def _silence(_: Progress) -> None:
    """Progress that the page reads off the status."""
