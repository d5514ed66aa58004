"""A sandbox's execution as an event of the run. Pure."""

import json

from rlm_sandbox.types import CodeError, Execution

from rlm_engine.clip import clip
from rlm_engine.errors import LimitWord
from rlm_engine.json_value import JsonObject, JsonValue
from rlm_engine.limits import Spent
from rlm_engine.repair import hint_for_error, remarks_for_run
from rlm_engine.run import CodeRan

_NAMES_TOLD = 30
_LINE_CHARS = 200
_LOST_NAMED = 30


def cell_event(
    execution: Execution, code: str, *, spent: Spent, elapsed_s: float, refused: LimitWord | None
) -> CodeRan:
    """What the `execution` of `code` means to the run."""
    error = execution.error
    return CodeRan(
        output=execution.output,
        spent=spent,
        elapsed_s=elapsed_s,
        fault="" if error is None else _fault(error, code),
        hint="" if error is None else error.hint,
        remarks=(*_remarks(execution), *_advice(execution, code)),
        final=None if execution.final is None else final_text(execution.final.value),
        refused=refused,
        endless=error is not None and error.kind == "timeout",
        variables=tuple(execution.variables.items()),
    )


def cell_fields(code: str, ran: CodeRan, execution: Execution) -> JsonObject:
    """A cell that ran, as a record tells it."""
    return {
        "code": code,
        "output": ran.output,
        "fault": ran.fault,
        "fault_line": execution.error.line if execution.error is not None else None,
        "hint": ran.hint,
        "final": ran.final,
        "truncated": execution.truncated,
        "redactions": execution.redactions,
        "state_lost": list(execution.state_lost[:_LOST_NAMED]),
        "seconds": execution.seconds,
        "at_s": ran.elapsed_s,
    }


def final_text(value: JsonValue) -> str:
    """An answer as text: a str as it is, None as nothing, anything else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2)


def _fault(error: CodeError, code: str) -> str:
    """A traceback of one place: the innermost line of the block itself, as it is written."""
    if error.line is None:
        return f"{error.kind}: {error.message}"
    lines = code.splitlines()
    line = lines[error.line - 1].strip() if 0 < error.line <= len(lines) else ""
    shown = f"\n    {error.line} | {clip(line, _LINE_CHARS)}" if line else ""
    return f"{error.kind} in line {error.line}: {error.message}{shown}"


def _advice(execution: Execution, code: str) -> tuple[str, ...]:
    """Our own words on how to write it instead; what the sandbox hints at is data."""
    error = execution.error
    if error is None:
        return () if execution.final is not None else remarks_for_run(code)
    hint = hint_for_error(code, error.message, error.line)
    return (hint,) if hint else ()


def _remarks(execution: Execution) -> tuple[str, ...]:
    remarks: list[str] = []
    if execution.truncated:
        remarks.append("The output was cut. Print less: counts, paths, short previews.")
    if execution.redactions:
        remarks.append(f"{execution.redactions} secrets were replaced in what it gave.")
    if execution.state_lost:
        lost = [name for name in execution.state_lost if name.isidentifier()]
        names = ", ".join(lost[:_NAMES_TOLD])
        remarks.append(f"The REPL was restarted. These variables are gone: {names}.")
    return tuple(remarks)
