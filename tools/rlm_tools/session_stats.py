"""`rlm_session_stats`: what this process did and what it cost."""

from dataclasses import dataclass

from rlm_crystal.types import ProgressSink

from rlm_tools.host import Host, MemoryHeld, ModelTook, SessionStats
from rlm_tools.tool import Arguments, Tool


class SessionStatsArguments(Arguments):
    """Nothing to say."""


@dataclass(frozen=True, slots=True)
class SessionStatsReply:
    """The figures since the process started."""

    stats: SessionStats

    def text(self) -> str:
        """Return one figure a line."""
        stats = self.stats
        calls = ", ".join(f"{name} {count}" for name, count in sorted(stats.calls.items()))
        return "\n".join(
            [
                f"Up for {stats.uptime_s} s, {stats.rss_mib} MiB of memory",
                f"Calls: {calls or 'none'}; errors: {stats.errors}",
                f"Questions: {stats.questions} in {stats.asked_s} s, depth {stats.depth}",
                f"Tokens: {stats.tokens_in} in, {stats.tokens_out} out; cost: ${stats.cost_usd}",
                *(f"- {name}: {_took(took)}" for name, took in stats.models.items()),
                *([] if stats.memory is None else [_held(stats.memory)]),
                f"Index: {stats.refreshes} refreshes, {stats.rebuilds} builds or openings",
            ]
        )


def _held(memory: MemoryHeld) -> str:
    levels = ", ".join(f"{count} {level}" for level, count in memory.levels.items()) or "empty"
    return (
        f"Memory: {levels}; {memory.superseded} superseded, {memory.quarantined} in quarantine,"
        f" {memory.conflicts} contradictions open, {memory.snapshots} snapshots,"
        f" {memory.sealed_bytes} bytes sealed"
    )


def _took(took: ModelTook) -> str:
    return (
        f"{took.calls} calls, {took.failed} failed, {took.cached} from the cache,"
        f" {took.tokens_in} tokens in ({took.tokens_cached} cached by the provider),"
        f" {took.tokens_out} out, ${took.cost_usd}"
    )


async def session_stats(
    host: Host, _arguments: SessionStatsArguments, _progress: ProgressSink
) -> SessionStatsReply:
    """Add up what was done."""
    return SessionStatsReply(await host.session_stats())


TOOL = Tool(
    name="rlm_session_stats",
    title="Cost and calls of this session",
    description="Use to see what this session cost so far: calls, tokens, dollars, memory.",
    arguments=SessionStatsArguments,
    run=session_stats,
    quick=True,
)
