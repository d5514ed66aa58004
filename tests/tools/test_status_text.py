"""What rlm_status says in every state: nothing that is not so."""

import json
from dataclasses import asdict, replace

import pytest
from rlm_tools.host import JobState, Revision, Status
from rlm_tools.search import revision_line
from rlm_tools.status import StatusReply
from rlm_tools.tool import structured

SERVING = Status(
    state="secure",
    message="",
    roots=("/src/shop",),
    generation=3,
    files=40,
    chunks=200,
    clusters=7,
    skipped=2,
    revision=Revision("abc", 0, True),
    stage="",
    done=0,
    total=0,
    provider="extractive",
    key_source="file",
    sandbox=("guard", "kernel"),
    watching="events",
    jobs=(),
)
NOTHING_YET = replace(
    SERVING,
    state="indexing",
    generation=0,
    files=0,
    chunks=0,
    clusters=0,
    skipped=0,
    revision=Revision("", 0, False),
)


def text(status: Status) -> str:
    return StatusReply(status).text()


def test_while_the_first_index_runs_it_says_how_far_it_is_and_claims_no_crystal() -> None:
    told = text(replace(NOTHING_YET, stage="reading files", done=120, total=480))
    assert "Indexing for the first time: reading files: 120 of 480 (25%)" in told
    assert "none yet" in told
    assert "generation" not in told
    assert "Indexed" not in told


def test_a_stage_without_a_known_end_is_told_without_figures() -> None:
    told = text(replace(NOTHING_YET, stage="looking at files"))
    assert "Indexing for the first time: looking at files\n" in told


def test_an_index_that_failed_says_why_and_what_to_do() -> None:
    told = text(replace(NOTHING_YET, state="empty", message="Memory ran out while building."))
    assert "Reason: Memory ran out while building." in told
    assert "Crystal: none. Put right what the reason names, then call rlm_reindex." in told
    assert "Indexed" not in told


def test_a_served_crystal_that_is_built_anew_says_that_it_serves() -> None:
    told = text(replace(SERVING, stage="clustering", done=0, total=200))
    assert "the crystal below still serves: clustering: 0 of 200 (0%)" in told
    assert "Crystal: generation 3, 40 files, 200 chunks, 7 clusters, 2 skipped" in told


def test_a_running_job_says_how_far_it_is() -> None:
    job = JobState("a1", "running", "rlm_query", "asking", 3, 12, "")
    assert "Job a1 (rlm_query): running: asking: 3 of 12 (25%)" in text(
        replace(SERVING, jobs=(job,))
    )


@pytest.mark.parametrize(
    ("revision", "told"),
    [
        (Revision("abc", 0, True), "Indexed at abc, caught up with the disk."),
        (Revision("", 0, True), "Indexed, caught up with the disk."),
        (Revision("", 1, False), "Indexed; STALE: 1 file on disk is not in it as it is now."),
        (
            Revision("abc", 9, False),
            "Indexed at abc; STALE: 9 files on disk are not in it as they are now.",
        ),
        (Revision("", 0, False), "Indexed; what changed on disk since is being looked at."),
    ],
)
def test_a_revision_says_only_what_is_known(revision: Revision, told: str) -> None:
    assert revision_line(revision) == told


def test_the_fields_are_those_of_the_reply_and_of_what_it_holds() -> None:
    reply = StatusReply(
        replace(SERVING, jobs=(JobState("a1", "done", "rlm_query", "", 0, 0, "x"),))
    )
    assert json.dumps(structured(reply)) == json.dumps(asdict(reply))
