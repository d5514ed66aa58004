"""What can be said to `rlm-mcp`: its commands and their options."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from rlm_tools.toolset import Toolset

from rlm_server import __version__
from rlm_server.memory_options import add_memory
from rlm_server.web.options import add_http, add_token

ClientName = Literal["claude-code", "claude-desktop", "cursor", "vscode", "codex"]
Shell = Literal["bash", "zsh", "fish", "powershell"]

if TYPE_CHECKING:
    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # pyright: ignore[reportPrivateUsage]

_TOOLSETS: tuple[str, ...] = get_args(Toolset)


def command_line() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser, commands, common = _without_commands()
    _add_serve(commands, common)
    add_token(commands.add_parser("token", help="who may come in over HTTP"))
    indexed = commands.add_parser("index", parents=[common], help="index the roots")
    indexed.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would be indexed and what not, and why (every file with --verbose)",
    )
    found = commands.add_parser("search", parents=[common], help="find places")
    found.add_argument("query", metavar="QUERY", help="words; filters such as path:src kind:class")
    found.add_argument(
        "--mode",
        choices=["words", "literal", "regex"],
        default="words",
        help="rank by words (the default), or find every line with a text or regular expression",
    )
    found.add_argument(
        "--now",
        action="store_true",
        help="where nothing is indexed, answer within two seconds from a look at the files",
    )
    found.add_argument("--limit", type=_count, default=10, metavar="N", help="results (1 to 50)")
    asked = commands.add_parser("ask", parents=[common], help="answer a question")
    asked.add_argument("question", metavar="QUESTION")
    asked.add_argument("--model", default="", help="model to use (default: RLM_MODEL, else none)")
    asked.add_argument(
        "--explain-plan",
        action="store_true",
        help="say which way the question would go and its worst cost; asks no model, runs no code",
    )
    asked.add_argument("--trace", action="store_true", help="tell each step on standard error")
    commands.add_parser("status", parents=[common], help="say what is indexed")
    paged = commands.add_parser("ui", parents=[common], help="open the live page in a browser")
    paged.add_argument(
        "--port", type=_port, default=0, metavar="N", help="of this machine only (default: any)"
    )
    paged.add_argument("--no-open", action="store_true", help="print the address, open nothing")
    summed = commands.add_parser("stats", parents=[common], help="what past questions took")
    summed.add_argument("--days", type=_days, metavar="N", help="of the last N days (default: all)")
    measured = commands.add_parser("bench", parents=[common], help="measure on your own code")
    measured.add_argument("what", choices=["localisation"], help="commit message to changed file")
    measured.add_argument(
        "--queries", type=_many, default=150, metavar="N", help="commits asked (1 to 2000)"
    )
    measured.add_argument(
        "--texts",
        type=Path,
        metavar="FILE",
        help='ask these instead: JSON lines of {"text": ..., "commit": ...}',
    )
    configured = commands.add_parser("init", parents=[common], help="connect a client")
    configured.add_argument("client", choices=get_args(ClientName))
    configured.add_argument("--dry-run", action="store_true", help="show what would be written")
    configured.add_argument(
        "--file", default="", metavar="FILE", help="its configuration, if that lies elsewhere"
    )
    configured.add_argument("--remove", action="store_true", help="take our entry out again")
    examined = commands.add_parser("doctor", parents=[common], help="try every part, tell fixes")
    examined.add_argument(
        "--ask-models",
        action="store_true",
        help="put one short question to each model as well, which may cost a fraction of a cent",
    )
    completed = commands.add_parser(
        "completion", parents=[common], help="a script that completes commands in a shell"
    )
    completed.add_argument("shell", choices=get_args(Shell))
    _add_trace(commands.add_parser("trace", help="show what past questions did"), common)
    add_memory(commands.add_parser("memory", help="tend what is remembered"), common)
    _add_key(commands.add_parser("key", help="tell of the key, back it up, change it"))
    return parser


def serve_line() -> argparse.ArgumentParser:
    """The parser of `serve` alone: a client waits while it is made, and all take 14 ms of CPU."""
    parser, commands, common = _without_commands()
    _add_serve(commands, common)
    return parser


def _without_commands() -> tuple[argparse.ArgumentParser, "_Commands", argparse.ArgumentParser]:
    """The parser, where its commands are added, and the options that most of them share."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--root",
        action="append",
        default=[],
        metavar="DIR",
        help="folder to serve, may be repeated (default: the git root above the current folder)",
    )
    common.add_argument("--allow-wide", action="store_true", help="allow the home folder or /")
    common.add_argument("--json", action="store_true", help="print one JSON object")
    common.add_argument("--verbose", action="store_true", help="log more to standard error")

    parser = argparse.ArgumentParser(
        prog="rlm-mcp",
        description="Ask anything of code and text far larger than a context window.",
        epilog="Exit codes: 0 fine, 1 what was asked for failed, 2 usage.",
    )
    parser.add_argument("--version", action="version", version=f"rlm-mcp {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    return parser, commands, common


def _add_serve(commands: "_Commands", common: argparse.ArgumentParser) -> None:
    serve = commands.add_parser("serve", parents=[common], help="speak MCP (the default: stdio)")
    _add_offer(serve)
    add_http(serve)


def _add_offer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--toolset",
        type=_toolset,
        choices=_TOOLSETS,
        # A default that is a text goes through `type` like what is typed.
        default=os.environ.get("RLM_TOOLSET") or "core",
        help="tools to offer: the ten of core, those and memory's or the REPL's, or all"
        " (default: RLM_TOOLSET, else core)",
    )
    parser.add_argument(
        "--read-only",
        action="store_true",
        help="offer no tool that changes anything, and remember nothing",
    )


def _add_trace(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    listed = acts.add_parser("list", parents=[common], help="the newest runs")
    listed.add_argument("--limit", type=_many, default=20, metavar="N", help="runs (1 to 2000)")
    wanted = argparse.ArgumentParser(add_help=False)
    wanted.add_argument("id", metavar="ID", help="an id, a unique beginning of one, or last")
    shown = acts.add_parser("show", parents=[common, wanted], help="one run as a tree")
    shown.add_argument("--full", action="store_true", help="leave nothing of the record out")
    paged = acts.add_parser("html", parents=[common, wanted], help="one run as a page, in clear")
    paged.add_argument("--to", default="", metavar="FILE", help="a new file (default: the output)")
    forgotten = acts.add_parser("forget", parents=[common], help="delete records")
    forgotten.add_argument("ids", nargs="*", metavar="ID", help="an id, or a beginning of one")
    forgotten.add_argument(
        "--older-than", type=_days, metavar="DAYS", help="those that ended so many days ago"
    )
    forgotten.add_argument("--all", action="store_true", help="all of these roots")


def _add_key(parser: argparse.ArgumentParser) -> None:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON object")
    common.add_argument("--verbose", action="store_true", help="log more to standard error")
    common.set_defaults(root=[], allow_wide=False)
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    acts.add_parser("status", parents=[common], help="where it comes from, what it opens")
    exported = acts.add_parser("export", parents=[common], help="write it down for a backup")
    exported.add_argument("file", nargs="?", default="", metavar="FILE", help="a new file")
    exported.add_argument("--show", action="store_true", help="show it on this terminal instead")
    rotated = acts.add_parser("rotate", parents=[common], help="seal everything under another key")
    rotated.add_argument(
        "--to",
        choices=["env", "passphrase", "file", "keyring"],
        help="where the new key is kept (default: where it is now)",
    )
    rotated.add_argument(
        "--leave-damaged", action="store_true", help="give up what cannot be opened any more"
    )


def with_command(arguments: Sequence[str]) -> list[str]:
    """`serve` is what is meant where no command is named."""
    told = {"-h", "--help", "--version"}
    if not arguments or (arguments[0].startswith("-") and not told.intersection(arguments)):
        return ["serve", *arguments]
    return list(arguments)


def _count(text: str, most: int = 50) -> int:
    count = int(text)
    if not 1 <= count <= most:
        raise argparse.ArgumentTypeError(f"{count} is not between 1 and {most}")
    return count


def _toolset(text: str) -> str:
    if text not in _TOOLSETS:
        told = f"{text!r} is no toolset; there are {', '.join(_TOOLSETS)} (see RLM_TOOLSET, too)"
        raise argparse.ArgumentTypeError(told)
    return text


def _many(text: str) -> int:
    return _count(text, 2_000)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise argparse.ArgumentTypeError(f"{port} is not between 0 and 65535")
    return port


def _days(text: str) -> int:
    days = int(text)
    if not 0 <= days <= 36_500:
        raise argparse.ArgumentTypeError(f"{days} is not between 0 and 36500")
    return days
