"""`rlm_status`: how the service stands, or how far a job is."""

from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field
from rlm_crystal.types import Progress, ProgressSink

from rlm_tools.clip import clip
from rlm_tools.errors import BadArgument
from rlm_tools.fitting import TOKENS_MAX
from rlm_tools.host import Host, JobState, Status
from rlm_tools.parts import chars_within
from rlm_tools.search import revision_line
from rlm_tools.tool import Arguments, Tool

# Around the result of a job stand its id and its figures.
JOB_RESULT_TOKENS = TOKENS_MAX - 500
_LISTED_RESULT_CHARS = 200
_ABOUT_WORK = {
    "secure": "Indexing again, the crystal below still serves",
    "indexing": "Indexing for the first time",
    "empty": "Indexing",
}


class StatusArguments(Arguments):
    """Which job, and whether to end it, or none for the service."""

    job_id: Annotated[str, Field(max_length=40)] = ""
    wait_s: Annotated[int, Field(ge=0, le=40, description="for its end")] = 0
    cancel: bool = False


@dataclass(frozen=True, slots=True)
class StatusReply:
    """The service, its jobs cut short."""

    status: Status

    def text(self) -> str:
        """Return one fact a line."""
        status = self.status
        lines = [f"State: {status.state}"]
        if status.message:
            lines.append(f"Reason: {status.message}")
        if status.stage:
            work = Progress(status.stage, status.done, status.total).in_words()
            lines.append(f"{_ABOUT_WORK[status.state]}: {work}")
        lines += [
            f"Roots: {', '.join(status.roots)}",
            *_about_crystal(status),
            f"Changes on disk: {status.watching or 'not followed yet'}",
            f"Answers by: {status.provider}",
            f"Key from: {status.key_source or 'none'}",
            f"Sandbox: {', '.join(status.sandbox) or 'none, so no code is run'}",
        ]
        return "\n".join(lines + [_job_line(job) for job in status.jobs])


@dataclass(frozen=True, slots=True)
class JobReply:
    """One job."""

    job: JobState

    def text(self) -> str:
        """Return how far it is, and its result when it is over."""
        return f"{_job_line(self.job)}\n\n{self.job.result}".rstrip()


async def status(
    host: Host, arguments: StatusArguments, _progress: ProgressSink
) -> StatusReply | JobReply:
    """Say how the service stands, without waiting, or a job, waiting for it where asked to."""
    if arguments.cancel and not arguments.job_id:
        raise BadArgument(
            "cancel=true needs the job_id of what is to end; without it jobs are listed."
        )
    if arguments.job_id:
        job = await host.job(arguments.job_id, wait_s=arguments.wait_s, cancel=arguments.cancel)
        chars = chars_within(job.result, JOB_RESULT_TOKENS)
        return JobReply(replace(job, result=clip(job.result, chars)))
    now = await host.status()
    jobs = tuple(replace(job, result=clip(job.result, _LISTED_RESULT_CHARS)) for job in now.jobs)
    return StatusReply(replace(now, jobs=jobs))


TOOL = Tool(
    name="rlm_status",
    title="Status of the index and of jobs",
    description=(
        "Use to see whether the index is ready and caught up, or to fetch the result of a job_id."
    ),
    arguments=StatusArguments,
    run=status,
    quick=True,
)


def _about_crystal(status: Status) -> list[str]:
    if status.state == "empty":
        return ["Crystal: none. Put right what the reason names, then call rlm_reindex."]
    if status.state == "indexing":
        return ["Crystal: none yet. Search answers from a look at the files, questions wait."]
    return [
        f"Crystal: generation {status.generation}, {status.files} files,"
        f" {status.chunks} chunks, {status.clusters} clusters, {status.skipped} skipped",
        *_about_clusters(status),
        *_about_skipped(status),
        revision_line(status.revision),
    ]


def _about_clusters(status: Status) -> list[str]:
    if not status.files_unclustered:
        return []
    return [
        f"Clusters: {status.files_unclustered} new or changed files were given to the nearest one;"
        " a full index clusters them"
    ]


def _about_skipped(status: Status) -> list[str]:
    if not status.skipped_why:
        return []
    told = ", ".join(status.skipped_why)
    return [f"Skipped: {told} (rlm-mcp index --dry-run names each)"]


def _job_line(job: JobState) -> str:
    begun = job.state == "running" and job.stage
    so_far = f": {Progress(job.stage, job.done, job.total).in_words()}" if begun else ""
    return f"Job {job.job_id} ({job.what}): {job.state}{so_far}"
