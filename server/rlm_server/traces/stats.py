"""`rlm-mcp stats`: what the recorded questions of some roots took together."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rlm_engine.kept_repl import CLIENT
from rlm_engine.recorded import Recorded
from rlm_engine.usage import ModelUsage, in_json, together

from rlm_server.commands import Request, Told
from rlm_server.traces.opening import SECONDS_A_DAY, Traces
from rlm_server.traces.text import counted


def stats(request: Request, days: int | None) -> Told:
    """Add up the runs that are recorded, of the last so many days or all."""
    read, unreadable = Traces.of(
        request.roots, request.environ, allow_wide=request.allow_wide
    ).newest_first()
    since = "" if days is None else _days_ago(days)
    runs = [run for run in read if run.started >= since]
    fields = {**added_up(runs), "unreadable": unreadable}
    return Told(fields, _text(fields, runs), failed=bool(unreadable))


def added_up(runs: Sequence[Recorded]) -> dict[str, Any]:
    """The sums of these runs; `since` is when the oldest began, in UTC, or empty."""
    models: dict[str, ModelUsage] = {}
    for run in runs:
        models = together(models, dict(run.models))
    asked = [run for run in runs if run.provider != CLIENT]
    return {
        "questions": len(asked),
        "cells": len(runs) - len(asked),
        "since": min((run.started for run in runs), default=""),
        "endings": dict(Counter(run.ending for run in asked).most_common()),
        "turns": sum(run.iterations for run in asked),
        "subcalls": sum(run.subcalls for run in runs),
        "depth": max((run.depth for run in runs), default=0),
        "seconds": round(sum(run.seconds for run in asked), 3),
        "tokens_in": sum(run.took.tokens_in for run in runs),
        "tokens_out": sum(run.took.tokens_out for run in runs),
        "cost_usd": round(sum(run.took.cost_usd for run in runs), 9),
        "cached": sum(one.cached for one in models.values()),
        "models": in_json(models),
    }


def _text(fields: dict[str, Any], runs: Sequence[Recorded]) -> str:
    if not runs:
        return "No question is recorded for these roots in that time."
    endings = ", ".join(f"{count} {ending}" for ending, count in fields["endings"].items())
    seconds = sorted(run.seconds for run in runs if run.provider != CLIENT) or [0.0]
    asked = counted(fields["questions"], "question")
    lines = [
        f"{asked} since {fields['since'][:10]}{f': {endings}' if endings else ''}",
        f"Time: {fields['seconds']:,.1f} s, half of them within {seconds[len(seconds) // 2]:.1f} s",
        f"Work: {fields['turns']} turns, {fields['subcalls']} sub-calls, {fields['cached']} of them"
        f" from the cache, depth {fields['depth']}",
        f"Cost: ${fields['cost_usd']:.4f}, {fields['tokens_in']:,} tokens in,"
        f" {fields['tokens_out']:,} out",
    ]
    lines += [
        f"  {name}: {one['calls']} calls, {one['failed']} failed, {one['tokens_in']:,} tokens in"
        f" ({one['tokens_cached']:,} cached by the provider), {one['tokens_out']:,} out,"
        f" ${one['cost_usd']:.4f}"
        for name, one in fields["models"].items()
    ]
    if fields["cells"]:
        cells = counted(fields["cells"], "cell")
        lines.insert(1, f"{cells} of code by rlm_exec, counted under cost only")
    if fields["unreadable"]:
        lines.append(f"{len(fields['unreadable'])} records cannot be read.")
    return "\n".join(lines)


def _days_ago(days: int) -> str:
    moment = datetime.fromtimestamp(time.time() - days * SECONDS_A_DAY, UTC)
    return moment.isoformat(timespec="milliseconds")
