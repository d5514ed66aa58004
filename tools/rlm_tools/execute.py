"""`rlm_exec`: Python over the whole corpus, written by the client's own model.

The host's model is the root of the loop here: it decides what to look at, our sandbox runs what it
writes, and what it sets stays under a handle that it passes with each call.
"""

from dataclasses import dataclass, replace
from typing import Annotated, TypeVar

from pydantic import Field
from rlm_crystal.types import ProgressSink

from rlm_tools.errors import BadArgument
from rlm_tools.fitting import TOKENS_MAX, size_tokens
from rlm_tools.host import Cell, CellRan, Host, ReplState, Revision
from rlm_tools.parts import part_of
from rlm_tools.search import revision_line
from rlm_tools.tool import Arguments, Effects, Tool

VARIABLES_SHOWN = 40
_FINAL_TOKENS = 1_000
_LEAST_TOKENS = 200
# The line that tells how to get more, and what newlines take as JSON.
_AROUND_TOKENS = 600


_R = TypeVar("_R", "ExecReply", "OutputReply")


class ExecArguments(Arguments):
    """The code and the handle of the REPL it runs in."""

    code: Annotated[
        str, Field(max_length=100_000, description="Python; empty: what there is in a REPL")
    ] = ""
    handle: Annotated[
        str, Field(max_length=40, description="of the last reply; empty: a new REPL")
    ] = ""
    reset: Annotated[bool, Field(description="empty it first and take changed files over")] = False
    timeout_s: Annotated[int, Field(ge=1, le=300, description="of computing")] = 30
    cursor: Annotated[str, Field(max_length=12, description="next_cursor: more of the output")] = ""
    max_tokens: Annotated[int, Field(ge=200, le=8_000, description="of the output")] = 4_000


@dataclass(frozen=True, slots=True)
class ExecReply:
    """What the code did; `final` is what it handed to FINAL, as JSON or text.

    `error` says why it failed. `state_lost` names variables that are gone without the code having
    removed them. `subcalls` and `cost_usd` are those of the handle so far.
    """

    handle: str
    output: str
    next_cursor: str
    error: str
    hint: str
    final: str
    notes: tuple[str, ...]
    state_lost: tuple[str, ...]
    variables: dict[str, str]
    seconds: float
    subcalls: int
    cost_usd: float
    revision: Revision
    trace_id: str

    def text(self) -> str:
        """Return the output first, then what is to be known of it."""
        parts = [f"handle: {self.handle}", self.output.rstrip("\n") or "(nothing was printed)"]
        parts += _more(self.handle, self.next_cursor)
        parts += [f"Failed: {self.error}"] if self.error else []
        parts += [f"Hint: {self.hint}"] if self.hint else []
        parts += [f"FINAL: {self.final}"] if self.final else []
        parts += [f"Note: {note}" for note in self.notes]
        parts += [f"Lost: {', '.join(self.state_lost)}"] if self.state_lost else []
        parts += _variables(self.variables)
        took = f"{self.seconds} s of computing"
        if self.subcalls:
            took += f", {self.subcalls} calls to models so far, ${self.cost_usd}"
        return "\n".join([*parts, f"{took}, trace {self.trace_id}. {revision_line(self.revision)}"])


@dataclass(frozen=True, slots=True)
class OutputReply:
    """A part of what the last code of a handle printed, and what it left."""

    handle: str
    output: str
    next_cursor: str
    variables: dict[str, str]
    idle_s: float

    def text(self) -> str:
        """Return the part and the variables."""
        parts = [f"handle: {self.handle}, used {self.idle_s} s ago", self.output.rstrip("\n")]
        parts += _more(self.handle, self.next_cursor)
        return "\n".join([*parts, *_variables(self.variables)])


@dataclass(frozen=True, slots=True)
class GuideReply:
    """What there is in a REPL, and the handles of those that are open."""

    guide: str
    handles: dict[str, str]

    def text(self) -> str:
        """Return the guide and the handles."""
        rows = [f"- {handle}: {held}" for handle, held in self.handles.items()]
        return "\n".join([self.guide, "Open handles:" if rows else "No REPL is open.", *rows])


async def run_code(
    host: Host, arguments: ExecArguments, progress: ProgressSink
) -> ExecReply | OutputReply | GuideReply:
    """Run code, or show more of what it printed, or say what can be written."""
    if arguments.code.strip():
        cell = Cell(
            arguments.code,
            handle=arguments.handle,
            reset=arguments.reset,
            seconds=float(arguments.timeout_s),
        )
        return _reply(await host.workbench.run(cell, progress), arguments.max_tokens)
    if arguments.reset:
        raise BadArgument("reset=true needs code, to run in the emptied REPL.")
    if arguments.handle:
        return _output(await host.workbench.state(arguments.handle), arguments)
    if arguments.cursor:
        raise BadArgument("cursor needs the handle whose output is to be continued.")
    open_now = {state.handle: _held(state) for state in await host.workbench.states()}
    return GuideReply(await host.workbench.guide(), open_now)


TOOL = Tool(
    name="rlm_exec",
    title="Run Python over the corpus",
    description=(
        "Use to work through more text than you can read, by code: Python in a sandbox (no network,"
        " no files of the machine) that has the whole corpus as `context`, `crystal.search(words)`,"
        " `crystal.read(path, start, end)`, `crystal.callers(name)`, `context.search(regex)` and"
        " `llm_query(prompt, text)`. Variables stay under the handle it returns: pass it with the"
        " next call. Print little. Called without code it lists all functions and open handles."
    ),
    arguments=ExecArguments,
    run=run_code,
    effects=Effects(idempotent=False, open_world=True),
    lends_model=True,
)


def _reply(ran: CellRan, tokens_max: int) -> ExecReply:
    final = part_of(ran.final or "", tokens_max=_FINAL_TOKENS)
    cut = "FINAL was cut; print the variable in parts." if final.next_cursor else ""
    reply = ExecReply(
        handle=ran.handle,
        output="",
        next_cursor="",
        error=ran.fault,
        hint=ran.hint,
        final=final.text,
        notes=(*ran.remarks, cut) if cut else ran.remarks,
        state_lost=ran.state_lost[:VARIABLES_SHOWN],
        variables=_some(ran.variables),
        seconds=ran.seconds,
        subcalls=ran.subcalls,
        cost_usd=ran.cost_usd,
        revision=ran.revision,
        trace_id=ran.trace_id,
    )
    return _with_output(reply, ran.output, tokens_max)


def _output(state: ReplState, arguments: ExecArguments) -> OutputReply:
    reply = OutputReply(state.handle, "", "", _some(state.variables), state.idle_s)
    return _with_output(reply, state.output, arguments.max_tokens, arguments.cursor)


def _with_output(reply: _R, output: str, tokens_max: int, cursor: str = "") -> _R:
    """The reply with as much of the output as was asked for and it has room for."""
    room = max(_LEAST_TOKENS, min(tokens_max, TOKENS_MAX - size_tokens(reply) - _AROUND_TOKENS))
    part = part_of(output, tokens_max=room, cursor=cursor)
    return replace(reply, output=part.text, next_cursor=part.next_cursor)


def _held(state: ReplState) -> str:
    return f"{len(state.variables)} variables, used {state.idle_s} s ago"


def _some(variables: dict[str, str]) -> dict[str, str]:
    """The variables set last; SHOW_VARS() in the REPL prints all."""
    return dict(list(variables.items())[-VARIABLES_SHOWN:])


def _more(handle: str, cursor: str) -> list[str]:
    if not cursor:
        return []
    return [f"[cut; for more call rlm_exec with handle={handle!r}, cursor={cursor!r} and no code]"]


def _variables(variables: dict[str, str]) -> list[str]:
    rows = [f"  {name}: {shown}" for name, shown in variables.items()]
    return ["Variables:", *rows] if rows else []
