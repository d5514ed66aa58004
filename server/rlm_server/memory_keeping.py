"""`rlm-mcp memory`: keeping all of a memory: snapshots, rules, files, grants, the audit."""

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rlm_memory.admission import without_secrets
from rlm_memory.errors import SnapshotRefused
from rlm_memory.exchange import episodes_from, exported, is_export, memos_from
from rlm_memory.grants import RIGHTS, Grant, Right
from rlm_memory.memory import Memory
from rlm_memory.retention import Retention
from rlm_memory.types import Memo, iso

from rlm_server.commands import Told
from rlm_server.errors import Misused
from rlm_server.in_clear import write_to
from rlm_server.traces.opening import SECONDS_A_DAY
from rlm_server.visible import one_line

Act = Callable[[Memory, argparse.Namespace], Told]

_COLUMNS = 100


def whole_id(memory: Memory, begun: str) -> str:
    found = [row_id for row_id in memory.memos() if row_id.startswith(begun.lower())]
    if len(found) != 1:
        raise Misused(
            f"{len(found)} memories begin with {begun!r}; rlm-mcp memory search shows ids"
        )
    return found[0]


def known(memory: Memory, row_id: str) -> Memo:
    memo = memory.get(row_id)
    if memo is None:
        raise Misused(f"the memory {row_id} is gone")
    return memo


def _snapshot(memory: Memory, options: argparse.Namespace) -> Told:
    try:
        taken = memory.snapshots.take(options.name)
    except SnapshotRefused as refused:
        raise Misused(str(refused)) from refused
    count = sum(taken.memos.values())
    fields = {"name": taken.name, "time": iso(taken.time_s), "memories": count}
    return Told(fields, f"Kept {count} memories as {taken.name}.")


def _snapshots(memory: Memory, options: argparse.Namespace) -> Told:
    if options.drop:
        try:
            memory.snapshots.drop(options.drop)
        except SnapshotRefused as refused:
            raise Misused(str(refused)) from refused
    found = memory.snapshots.all()
    fields: dict[str, Any] = {
        "snapshots": [
            {"name": each.name, "time": iso(each.time_s), "write": each.seq, "memories": each.memos}
            for each in found
        ]
    }
    lines = [
        f"{each.name}  {iso(each.time_s)}  after write {each.seq}: "
        + (", ".join(f"{count} {zone}" for zone, count in each.memos.items()) or "nothing")
        for each in found
    ]
    return Told(fields, "\n".join(lines or ["No snapshots."]))


def _rollback(memory: Memory, options: argparse.Namespace) -> Told:
    try:
        done = memory.snapshots.rollback(options.name)
    except SnapshotRefused as refused:
        raise Misused(str(refused)) from refused
    fields = {"restored": done.restored, "removed": done.removed, "kept_as": done.kept_as}
    text = (
        f"As at {options.name}: {done.restored} put back, {done.removed} taken away. What was here"
        f" is kept as {done.kept_as}; rlm-mcp memory snapshots --drop {done.kept_as} gives it up."
    )
    return Told(fields, text)


def _retain(memory: Memory, options: argparse.Namespace) -> Told:
    if options.zone:
        if (options.days is None) == (not options.end):
            raise Misused("give --days N, or --end to keep them for good")
        if options.days is not None and not options.days > 0:
            raise Misused("--days takes a number above 0")
        memory.retain(Retention(options.zone, options.trust, options.days))
    rules = memory.retained()
    fields: dict[str, Any] = {
        "rules": [{"zone": each.zone, "trust": each.trust, "days": each.days} for each in rules]
    }
    lines = [
        f"{each.zone}, trust at most {each.trust}: forgotten {each.days:g} days after last said"
        for each in rules
    ]
    return Told(fields, "\n".join(lines or ["All is kept for good."]))


def _release(memory: Memory, options: argparse.Namespace) -> Told:
    row_id = whole_id(memory, options.id)
    memory.release(row_id)
    return Told({"id": row_id}, "Out of quarantine.")


def _promote(memory: Memory, options: argparse.Namespace) -> Told:
    row_id = whole_id(memory, options.id)
    try:
        memory.promote(row_id)
    except ValueError as error:
        raise Misused(str(error)) from error
    return Told({"id": row_id}, "Trusted as what an agent says.")


def _settle(memory: Memory, _: argparse.Namespace) -> Told:
    dropped = memory.settle()
    text = f"Dropped {dropped} that could not be opened; what is left is taken for right."
    return Told({"dropped": dropped}, text)


def _export(memory: Memory, options: argparse.Namespace) -> Told:
    lines = list(exported(memory.memos()))
    text = "\n".join(lines)
    if not options.to:
        if sys.stdout.isatty() and not options.json:
            raise Misused("name a new file with --to, or send it to one: … memory export > FILE")
        fields: dict[str, Any] = {"memories": len(lines), "file": "", "lines": lines}
        return Told(fields, text, harmless=True)  # for a file: it must come as it is
    path = Path(options.to)
    write_to(path, (text + "\n").encode(errors="surrogatepass"))
    told = f"{len(lines)} memories in {path}, in clear: delete it when it is no longer needed."
    return Told({"memories": len(lines), "file": str(path)}, told)


def _import(memory: Memory, options: argparse.Namespace) -> Told:
    if is_export(options.file):
        restored = memory.restore(memos_from(options.file))
        return Told({"imported": restored}, f"Restored {restored} memories.")
    episodes = episodes_from(options.file, now_s=time.time())
    kept = memory.remember_all(
        [without_secrets(replace(each, zone=options.zone)) for each in episodes]
    )
    return Told({"imported": len(set(kept))}, f"Imported {len(set(kept))} memories.")


def _grant(memory: Memory, options: argparse.Namespace) -> Told:
    if options.agent:
        if options.zone is None:
            raise Misused("name the zone: rlm-mcp memory grant AGENT ZONE")
        if options.revoke:
            memory.revoke(options.agent, options.zone)
        else:
            memory.grant(_asked_grant(options))
    held = memory.grants()
    fields: dict[str, Any] = {
        "grants": [
            {
                "agent": grant.agent,
                "zone": grant.zone,
                "rights": sorted(grant.rights),
                "expires": iso(grant.expires_s),
            }
            for grant in held
        ]
    }
    lines = [
        f"{grant.agent}: {', '.join(sorted(grant.rights))} in {grant.zone}"
        + (f" until {iso(grant.expires_s)}" if grant.expires_s is not None else "")
        for grant in held
    ]
    return Told(fields, "\n".join(lines or ["No agent may anything."]))


def _asked_grant(options: argparse.Namespace) -> Grant:
    named = {each.strip() for each in options.rights.split(",")}
    rights = frozenset[Right](right for right in RIGHTS if right in named)
    if len(rights) != len(named):
        raise Misused(f"--rights takes {', '.join(RIGHTS)}, separated by commas")
    expires_s = None if options.days is None else time.time() + SECONDS_A_DAY * options.days
    return Grant(options.agent, options.zone, rights, expires_s)


def _audit(memory: Memory, options: argparse.Namespace) -> Told:
    broken = memory.broken_write()
    links = memory.writes() if broken is None else []
    shown = links[-max(1, options.limit) :]
    fields: dict[str, Any] = {
        "writes": len(links),
        "broken_at": broken,
        "entries": [
            {
                "number": link.seq,
                "time": iso(link.entry.time_s),
                "act": link.entry.act,
                "agent": link.entry.agent,
                "ids": list(link.entry.rows),
                "told": link.entry.told,
            }
            for link in shown
        ],
    }
    lines = [
        f"{link.seq}  {iso(link.entry.time_s)}  {link.entry.agent or 'owner'}  {link.entry.act}"
        f"  {' '.join(link.entry.rows[:3])}  {one_line(link.entry.told, _COLUMNS)}".rstrip()
        for link in shown
    ]
    whole = "The chain is whole." if broken is None else f"The chain is broken at write {broken}."
    return Told(fields, "\n".join([*lines, whole]), failed=broken is not None)


KEEPING: Mapping[str, Act] = MappingProxyType(
    {
        "snapshot": _snapshot,
        "snapshots": _snapshots,
        "rollback": _rollback,
        "retain": _retain,
        "release": _release,
        "promote": _promote,
        "settle": _settle,
        "export": _export,
        "import": _import,
        "grant": _grant,
        "audit": _audit,
    }
)
