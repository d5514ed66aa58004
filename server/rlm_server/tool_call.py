"""One call of a tool: arguments in, a result for any transport out, errors that teach."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import anyio
from pydantic import ValidationError
from rlm_crystal.types import Progress, ProgressSink
from rlm_tools.host import JobState
from rlm_tools.tool import Arguments, Reply, Tool, structured

from rlm_server.errors import Indexing
from rlm_server.explaining import explained
from rlm_server.jobs import Jobs
from rlm_server.providers import redaction_of
from rlm_server.redaction import redacted
from rlm_server.wrong_values import told_arguments, told_wrong

if TYPE_CHECKING:
    from rlm_server.service import Service

ANSWER_WITHIN_S = 45.0


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
    service: "Service",
    tool: Tool,
    arguments: dict[str, Any],
    progress: ProgressSink,
    patience: anyio.CancelScope | None = None,
) -> Outcome:
    """Perform a call; it raises nothing but cancellation.

    What takes longer than 45 s, or than the deadline of `patience`, goes on as a job.
    """
    outcome = await _outcome(service, tool, arguments, progress, patience)
    await service.count_call(tool.name, failed=outcome.failed)
    text, fields = redacted(outcome.text, outcome.fields, redaction_of(service.state.book.settings))
    return Outcome(text, fields, outcome.failed)


async def _outcome(
    service: "Service",
    tool: Tool,
    arguments: dict[str, Any],
    progress: ProgressSink,
    patience: anyio.CancelScope | None,
) -> Outcome:
    try:
        parsed = tool.arguments.model_validate(arguments)
    except ValidationError as error:
        return Outcome(_wrong_arguments(tool, error), None, failed=True)
    try:
        result = await _performed(service, tool, parsed, progress, patience)
    except Indexing as indexing:
        return _not_ready(indexing)
    except Exception as error:  # the boundary: whatever it is, the caller is told something
        return Outcome(explained(error), None, failed=True)
    if isinstance(result, JobState):
        return _handed_over(result)
    return Outcome(result.text(), structured(result))


async def _performed(
    service: "Service",
    tool: Tool,
    arguments: Arguments,
    progress: ProgressSink,
    patience: anyio.CancelScope | None,
) -> Reply | JobState:
    async def work(report: ProgressSink) -> Reply:
        return await tool.run(service, arguments, report)

    if tool.quick or service.jobs is None:
        return await work(progress)
    return await service.jobs.run(
        tool.name, work, wait_s=ANSWER_WITHIN_S, progress=progress, patience=patience
    )


def _wrong_arguments(tool: Tool, error: ValidationError) -> str:
    wrong = told_wrong(error, tool.arguments)
    known = told_arguments(tool.arguments)
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
    so_far = Progress(job.stage or "working", job.done, job.total).in_words()
    text = (
        f"{job.what} goes on as job {job.job_id} ({so_far})."
        f' Call rlm_status(job_id="{job.job_id}", wait_s=40) for its result;'
        " cancel=true ends it."
    )
    return Outcome(text, {**asdict(job), "message": text})
