"""What can be said to `rlm-mcp memory`."""

import argparse
from pathlib import Path

_ZONES = ("public", "internal", "confidential", "secret")
_TRUSTS = ("untrusted", "agent", "user")
_LEVELS = ("episode", "trace", "category", "domain")


def add_memory(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """The acts of `rlm-mcp memory` and their options."""
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    added = acts.add_parser("add", parents=[common], help="state a fact")
    added.add_argument("text", metavar="TEXT")
    added.add_argument("--zone", choices=_ZONES, default="internal")
    added.add_argument("--trust", choices=_TRUSTS, default="user")
    added.add_argument("--speaker", default="user", help="who said it (default: user)")
    added.add_argument("--subject", default="", help="with --attribute and --value: exact")
    added.add_argument("--attribute", default="", help="what of the subject is stated")
    added.add_argument("--value", default="", help="what it is")
    found = acts.add_parser("search", parents=[common], help="recall what bears on a question")
    found.add_argument("query", metavar="QUERY")
    found.add_argument("--limit", type=int, default=5, metavar="N", help="results (default 5)")
    found.add_argument("--zone", choices=_ZONES, action="append", help="only these (default: all)")
    found.add_argument("--level", choices=_LEVELS, action="append", help="default: episode")
    found.add_argument("--speaker", help="only what they said")
    found.add_argument("--as-of", metavar="DATE", help="what was believed then (ISO date or time)")
    found.add_argument("--trust", choices=_TRUSTS, default="agent", help="at least (default agent)")
    shown = acts.add_parser("show", parents=[common], help="one memory, or how many there are")
    shown.add_argument("id", nargs="?", default="", metavar="ID")
    acts.add_parser("consolidate", parents=[common], help="derive traces, categories, the domain")
    acts.add_parser("conflicts", parents=[common], help="what contradicts each other")
    resolved = acts.add_parser("resolve", parents=[common], help="settle a conflict")
    resolved.add_argument("new", metavar="NEW")
    resolved.add_argument("old", metavar="OLD")
    resolved.add_argument("verdict", choices=["merge", "supersede", "keep", "reject"])
    gone = acts.add_parser("forget", parents=[common], help="delete, with what was derived from it")
    gone.add_argument("id", nargs="?", default="", metavar="ID")
    gone.add_argument("--subject", default="", help="all about a subject")
    gone.add_argument("--agent", default="", help="all that an agent wrote")
    gone.add_argument("--zone", choices=_ZONES, help="all of a zone; its key is destroyed")
    written = acts.add_parser("export", parents=[common], help="all as lines of JSON, in clear")
    written.add_argument(
        "--to", default="", metavar="FILE", help="a new file (default: the output)"
    )
    read = acts.add_parser("import", parents=[common], help="notes, a chat, a memory of another")
    read.add_argument("file", type=Path, metavar="PATH")
    read.add_argument("--zone", choices=_ZONES, default="internal")
    granted = acts.add_parser("grant", parents=[common], help="what an agent may do in a zone")
    granted.add_argument("agent", nargs="?", default="", metavar="AGENT", help="none: list them")
    granted.add_argument("zone", nargs="?", choices=_ZONES, metavar="ZONE")
    granted.add_argument("--rights", default="read", help="of read,write,consolidate,admin")
    granted.add_argument("--days", type=float, metavar="N", help="how long (default: for good)")
    granted.add_argument("--revoke", action="store_true", help="take all rights there away")
    point = acts.add_parser("snapshot", parents=[common], help="keep all as it is under a name")
    point.add_argument("name", metavar="NAME")
    points = acts.add_parser("snapshots", parents=[common], help="the snapshots there are")
    points.add_argument("--drop", default="", metavar="NAME", help="give one up")
    back = acts.add_parser("rollback", parents=[common], help="make all what it was at a snapshot")
    back.add_argument("name", metavar="NAME")
    kept = acts.add_parser("retain", parents=[common], help="how long memories of a zone are kept")
    kept.add_argument(
        "zone", nargs="?", choices=_ZONES, metavar="ZONE", help="none: list the rules"
    )
    kept.add_argument(
        "--trust", choices=_TRUSTS, default="user", help="at most (default: user, all)"
    )
    kept.add_argument("--days", type=float, metavar="N", help="so long after they were last said")
    kept.add_argument("--end", action="store_true", help="keep them for good again")
    released = acts.add_parser("release", parents=[common], help="let one out of quarantine")
    released.add_argument("id", metavar="ID")
    trusted = acts.add_parser("promote", parents=[common], help="trust what two sources said")
    trusted.add_argument("id", metavar="ID")
    acts.add_parser("settle", parents=[common], help="drop what cannot be opened, accept the rest")
    audited = acts.add_parser("audit", parents=[common], help="who did what, and if it is whole")
    audited.add_argument("--limit", type=int, default=20, metavar="N", help="newest (default 20)")
