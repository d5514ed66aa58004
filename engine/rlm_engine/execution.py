"""A sandbox's execution as an event of the run. Pure."""

import json

from rlm_sandbox.types import CodeError, Execution

from rlm_engine.errors import LimitWord
from rlm_engine.json_value import JsonValue
from rlm_engine.limits import Spent
from rlm_engine.run import CodeRan

_NAMES_TOLD = 30


def cell_event(
    execution: Execution, *, spent: Spent, elapsed_s: float, refused: LimitWord | None
) -> CodeRan:
    """What `execution` means to the run."""
    error = execution.error
    return CodeRan(
        output=execution.output,
        spent=spent,
        elapsed_s=elapsed_s,
        fault="" if error is None else _fault(error),
        hint="" if error is None else error.hint,
        remarks=_remarks(execution),
        final=None if execution.final is None else final_text(execution.final.value),
        refused=refused,
        endless=error is not None and error.kind == "timeout",
        variables=tuple(execution.variables.items()),
    )


def final_text(value: JsonValue) -> str:
    """An answer as text: a str as it is, None as nothing, anything else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2)


def _fault(error: CodeError) -> str:
    where = "" if error.line is None else f" in line {error.line}"
    return f"{error.kind}{where}: {error.message}"


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
