"""One call of a tool: arguments in, a result for any transport out, errors that teach."""

import logging
import traceback
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from rlm_crystal.types import ProgressSink
from rlm_tools.host import JobState
from rlm_tools.tool import Arguments, Reply, Tool, structured

from rlm_server.errors import Indexing
from rlm_server.jobs import Jobs

if TYPE_CHECKING:
    from rlm_server.service import Service

_log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 45.0
_OUR_ROOMS = frozenset(
    {"rlm_server", "rlm_tools", "rlm_engine", "rlm_memory", "rlm_crystal", "rlm_sandbox"}
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a caller is shown, twice: as text and as fields. A failure has text only."""

    text: str
    fields: dict[str, Any] | None
    failed: bool = False


def jobs_of(service: "Service") -> Jobs[Reply]:
    """The jobs of a service that is running."""
    return Jobs(service.tasks, as_text=lambda reply: reply.text(), explain=explained)


async def call_tool(
    service: "Service", tool: Tool, arguments: dict[str, Any], progress: ProgressSink
) -> Outcome:
    """Perform a call; it raises nothing but cancellation."""
    outcome = await _outcome(service, tool, arguments, progress)
    await service.count_call(tool.name, failed=outcome.failed)
    return outcome


async def _outcome(
    service: "Service", tool: Tool, arguments: dict[str, Any], progress: ProgressSink
) -> Outcome:
    try:
        parsed = tool.arguments.model_validate(arguments)
    except ValidationError as error:
        return Outcome(_wrong_arguments(tool, error), None, failed=True)
    try:
        result = await _performed(service, tool, parsed, progress)
    except Indexing as indexing:
        return _not_ready(indexing)
    except Exception as error:  # the boundary: whatever it is, the caller is told something
        return Outcome(explained(error), None, failed=True)
    if isinstance(result, JobState):
        return _handed_over(result)
    return Outcome(result.text(), structured(result))


async def _performed(
    service: "Service", tool: Tool, arguments: Arguments, progress: ProgressSink
) -> Reply | JobState:
    async def work(report: ProgressSink) -> Reply:
        return await tool.run(service, arguments, report)

    if service.jobs is None:
        return await work(progress)
    return await service.jobs.run(tool.name, work, wait_s=ANSWER_WITHIN_S, progress=progress)


def explained(error: Exception) -> str:
    """The message of an error of ours; of any other only where it happened.

    What a library or a bug puts into its message may be text of the corpus.
    """
    if type(error).__module__.partition(".")[0] in _OUR_ROOMS:
        return str(error)
    where = "; ".join(
        f"{frame.name} ({frame.filename.rpartition('/')[2]}:{frame.lineno})"
        for frame in traceback.extract_tb(error.__traceback__)[-3:]
    )
    _log.error("unexpected %s in %s", type(error).__name__, where)
    return (
        f"An unexpected {type(error).__name__} in {where}. Nothing was lost; rlm_validate tells"
        " whether the index is sound. Please report it with these words."
    )


def _wrong_arguments(tool: Tool, error: ValidationError) -> str:
    wrong = "; ".join(
        f"{'.'.join(str(part) for part in issue['loc']) or 'arguments'}: {issue['msg']}"
        for issue in error.errors(include_url=False, include_context=False)
    )
    known = ", ".join(tool.arguments.model_fields) or "none"
    return f"{tool.name} was called wrongly: {wrong}. Its arguments are: {known}."


def _not_ready(indexing: Indexing) -> Outcome:
    fields = {
        "state": "indexing",
        **asdict(indexing.progress),
        "retry_after_s": indexing.retry_after_s,
        "message": str(indexing),
    }
    return Outcome(str(indexing), fields)


def _handed_over(job: JobState) -> Outcome:
    text = (
        f"{job.what} goes on as job {job.job_id} ({job.stage or 'working'}, {job.done} of"
        f' {job.total or "?"}). Call rlm_status(job_id="{job.job_id}") for its result.'
    )
    return Outcome(text, {**asdict(job), "message": text})
