"""The REPLs that clients work in, by handle: few at a time, at rest and then closed when idle.

A handle is an argument and no session of a transport. One that is idle has its process ended, and
its variables come back with the next cell; later it is closed, and what the next cell then finds is
an empty REPL that says which variables are gone.
"""

import secrets
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Final

import anyio
from anyio.abc import TaskGroup
from rlm_tools.host import ReplState, View

from rlm_server.errors import ReplsBusy, UnknownHandle
from rlm_server.principal import Principal, acting

if TYPE_CHECKING:
    from rlm_engine.kept_repl import KeptRepl

OPEN_MAX: Final = 8
AWAKE_MAX: Final = 4
REST_AFTER_S: Final = 300.0
CLOSE_AFTER_S: Final = 3_600.0
_CLOSED_KNOWN: Final = 64
_LOOK_EVERY_S: Final = 30.0


@dataclass(slots=True)
class OpenRepl:
    """One REPL and what was seen of it last; `lost` is what an earlier one of the handle held."""

    handle: str
    repl: "KeptRepl"
    view: View
    stack: AsyncExitStack
    lost: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict[str, str])
    output: str = ""
    recorded: list[str] = field(default_factory=list[str])
    used_s: float = field(default_factory=monotonic)
    busy: bool = False
    awake: bool = True
    whose: Principal = field(default_factory=acting)
    resting: anyio.Lock = field(default_factory=anyio.Lock)

    def state(self) -> ReplState:
        """How it stands."""
        idle_s = round(monotonic() - self.used_s, 1)
        return ReplState(self.handle, idle_s, self.variables, self.output)


@dataclass(frozen=True, slots=True)
class _Closed:
    """What a REPL held when it was closed, and whose it was."""

    lost: tuple[str, ...]
    whose: Principal


Opening = Callable[[], "AbstractAsyncContextManager[tuple[KeptRepl, View]]"]


class Repls:
    """All REPLs of a process; one task at a time uses one."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, OpenRepl] = OrderedDict()
        self._closed: OrderedDict[str, _Closed] = OrderedDict()
        self._turn = anyio.Lock()
        self._tended = False

    @asynccontextmanager
    async def used(self, handle: str, opening: Opening, *, reset: bool) -> AsyncGenerator[OpenRepl]:
        """The REPL of `handle` for the time of a block, opened where there is none."""
        found = self._found(handle)
        if found is None or reset:
            found = await self._opened(handle, opening, reset=reset)
        found.busy = True
        try:
            async with found.resting:
                found.awake = True
            yield found
        finally:
            found.busy = False
            found.used_s = monotonic()
            if found.handle in self._open:
                self._open.move_to_end(found.handle)

    def state(self, handle: str) -> ReplState:
        """How the REPL of `handle` stands; UnknownHandle."""
        found = self._open.get(handle)
        if found is None or found.whose != acting():
            raise self._unknown(handle)
        return found.state()

    def states(self) -> tuple[ReplState, ...]:
        """How those of the caller stand that are open, the one used last at the end."""
        mine = acting()
        return tuple(each.state() for each in self._open.values() if each.whose == mine)

    def held(self) -> tuple[OpenRepl, ...]:
        """All that are open, whoever has them."""
        return tuple(self._open.values())

    def tended_in(self, tasks: TaskGroup) -> None:
        """See to idle ones in a task, for as long as there are any."""
        if not self._tended:
            self._tended = True
            tasks.start_soon(self._tend)

    async def look(self, now_s: float) -> None:
        """Close what was idle for an hour; end the processes of what was for minutes, or is
        too much."""
        for each in list(self._open.values()):
            if not each.busy and now_s - each.used_s >= CLOSE_AFTER_S:
                await self._close(each)
        awake = [each for each in self._open.values() if each.awake and not each.busy]
        too_many = max(0, len(awake) - AWAKE_MAX)
        for number, each in enumerate(awake):
            if number < too_many or now_s - each.used_s >= REST_AFTER_S:
                async with each.resting:
                    if not each.busy:
                        each.awake = False
                        await each.repl.rest()

    async def close(self) -> None:
        """Close all, as the process ends."""
        for each in list(self._open.values()):
            await self._close(each)

    async def _tend(self) -> None:
        while self._open:
            await anyio.sleep(_LOOK_EVERY_S)
            await self.look(monotonic())
        self._tended = False

    def _found(self, handle: str) -> OpenRepl | None:
        """The REPL of a handle that is free; None where one is to be opened."""
        found = self._open.get(handle)
        known = found or self._closed.get(handle)
        if handle and (known is None or known.whose != acting()):
            raise self._unknown(handle)
        if found is not None and found.busy:
            raise ReplsBusy(
                f"The REPL {handle} runs a cell still (rlm_status lists jobs); wait for it, or"
                " leave `handle` out for another REPL."
            )
        return found

    async def _opened(self, handle: str, opening: Opening, *, reset: bool) -> OpenRepl:
        async with self._turn:
            found = self._found(handle)
            if found is not None:
                if not reset:
                    return found
                await self._close(found)
            await self._make_room()
            closed = self._closed.pop(handle, None)
            async with AsyncExitStack() as stack:
                repl, view = await stack.enter_async_context(opening())
                made = OpenRepl(
                    handle or secrets.token_hex(8),
                    repl,
                    view,
                    stack.pop_all(),
                    lost=() if reset or closed is None else closed.lost,
                )
            self._open[made.handle] = made
            return made

    async def _make_room(self) -> None:
        while len(self._open) >= OPEN_MAX:
            free = [each for each in self._open.values() if not each.busy]
            mine = [each for each in free if each.whose == acting()]
            idle = next(iter(mine or free), None)
            if idle is None:
                raise ReplsBusy(f"{OPEN_MAX} REPLs run code; wait until one is done.")
            await self._close(idle)
        await self.look(monotonic())

    async def _close(self, each: OpenRepl) -> None:
        self._open.pop(each.handle, None)
        self._closed[each.handle] = _Closed(tuple(each.variables), each.whose)
        while len(self._closed) > _CLOSED_KNOWN:
            self._closed.popitem(last=False)
        await each.stack.aclose()

    def _unknown(self, handle: str) -> UnknownHandle:
        return UnknownHandle(
            f"There is no REPL {handle!r}: it was never handed out, or by a server that has ended"
            " since. Leave `handle` out to open one; rlm_exec without arguments lists those there"
            " are."
        )
