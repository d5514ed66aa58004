"""What can be wrong, each with its fix: crystal, drift, memory, settings, sandbox, model."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from anyio.to_thread import run_sync
from rlm_crystal.errors import CrystalError, NoCrystal
from rlm_tools.host import Issue

from rlm_server.archive import Archive
from rlm_server.opening import Opened
from rlm_server.providers import troubles_of
from rlm_server.settings import Settings
from rlm_server.state import State

if TYPE_CHECKING:
    from rlm_sandbox.backend import BackendName

_INDEX_AGAIN = "Call rlm_reindex, or run: rlm-mcp index"


async def issues_of(opened: Opened, state: State, environ: Mapping[str, str]) -> tuple[Issue, ...]:
    """Return everything wrong with what is served; opens every page of the crystal."""
    keeper = opened.keeper
    if state.crystal is None and not keeper.ready.is_set():
        told = f"the first index is not finished: {keeper.progress.in_words()}"
        crystal = [Issue("crystal", "note", told, "Wait; rlm_status shows how far it is.")]
    else:
        crystal = await run_sync(crystal_issues, opened.archive, abandon_on_cancel=True)
    return (
        *crystal,
        *await run_sync(drift_issues, state, abandon_on_cancel=True),
        *await run_sync(cluster_issues, state, abandon_on_cancel=True),
        *await memory_issues(opened),
        *settings_issues(opened),
        *await run_sync(sandbox_issues, state.book.operator.sandbox, abandon_on_cancel=True),
        *await run_sync(model_issues, state.book.settings, environ, abandon_on_cancel=True),
        *_watch_issues(opened, state.book.settings),
    )


def crystal_issues(archive: Archive) -> list[Issue]:
    """Pages on disk that cannot be opened."""
    try:
        wrong = archive.store().verify()
    except NoCrystal as error:
        return [Issue("crystal", "warning", str(error), _INDEX_AGAIN)]
    except CrystalError as error:
        return [Issue("crystal", "error", str(error), _INDEX_AGAIN)]
    return [
        Issue("crystal", "error", f"{page}: {why}", _INDEX_AGAIN) for page, why in wrong.items()
    ]


def drift_issues(state: State) -> list[Issue]:
    """Files that differ from the crystal that is served."""
    from rlm_crystal.build import drift_of

    if state.crystal is None:
        return []
    try:
        drift = drift_of(state.crystal)
    except CrystalError as error:
        return [Issue("drift", "error", str(error), "Bring the folder back, or start with --root.")]
    if not drift:
        return []
    told = (
        f"{len(drift.changed)} changed, {len(drift.added)} added, {len(drift.removed)} removed"
        " since the crystal was made"
    )
    return [Issue("drift", "note", told, "The next search takes them over by itself.")]


def cluster_issues(state: State) -> list[Issue]:
    """How far the clusters are from what a full index would find."""
    if state.crystal is None or not state.crystal.files_unclustered:
        return []
    drift = state.crystal.cluster_drift
    told = (
        f"{drift.assigned:.1%} of the chunks were given to the nearest cluster since the last full"
        f" index, {drift.gone:.1%} of those it clustered are gone; the newcomers fit less closely"
        f" by {drift.looser:.2f} of cosine"
    )
    fix = "Nothing to do: it is made anew after 64 files; rlm_reindex with scope full does it now."
    return [Issue("clusters", "note", told, fix)]


async def memory_issues(opened: Opened) -> list[Issue]:
    """Episodes that cannot be opened, or were taken away by somebody else."""
    damaged, altered = await opened.recollection.check()
    failure = opened.recollection.failure
    if failure is not None:
        return [Issue("memory", "error", str(failure), "Answers go on without it.")]
    issues: list[Issue] = []
    if damaged:
        told = f"{damaged} episodes cannot be opened"
        fix = "They are skipped; restore a backup, or drop them with rlm-mcp memory settle."
        issues.append(Issue("memory", "error", told, fix))
    if altered:
        told = "episodes were removed, added or put back by something else than rlm-mcp"
        fix = "Find out who wrote to RLM_HOME; rlm-mcp memory settle accepts what is left."
        issues.append(Issue("memory", "warning", told, fix))
    return issues


def settings_issues(opened: Opened) -> list[Issue]:
    """Stored settings that are not in force."""
    if not opened.settings_problem:
        return []
    fix = "Set them again with rlm_settings; until then the operator's defaults hold."
    return [Issue("settings", "warning", opened.settings_problem, fix)]


def sandbox_issues(backend: "BackendName | None") -> list[Issue]:
    """Layers without which no code is run."""
    from rlm_sandbox.availability import available

    availability = available(backend)
    if availability.ok:
        return []
    told = f"no code can be run: {', '.join(availability.missing)} missing"
    return [Issue("sandbox", "warning", told, availability.advice)]


def model_issues(settings: Settings, environ: Mapping[str, str]) -> list[Issue]:
    """A model that is named and lacks its key, its package or a provider."""
    return [Issue("model", "error", told, fix) for told, fix in troubles_of(settings, environ)]


def _watch_issues(opened: Opened, settings: Settings) -> list[Issue]:
    lookout = opened.keeper.lookout
    if not settings.watch or not lookout.problem:
        return []
    told = f"changes are not told but looked for: {lookout.problem}"
    fix = "Nothing need be done: every answer looks at the disk first, which takes a moment more."
    return [Issue("watch", "note", told, fix)]
