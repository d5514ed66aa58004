"""The console script `rlm-mcp`. Nothing heavy is imported before the command is known."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from rlm_server.command_line import command_line, serve_line, with_command
from rlm_server.manner import Manner

if TYPE_CHECKING:
    from rlm_server.commands import Request, Told
    from rlm_server.terminal import ProgressBar

FINE, FAILED, MISUSED = 0, 1, 2
_INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit with its code."""
    os.environ["PYTHONSAFEPATH"] = "1"  # no child imports from the workspace it starts in
    # A second BLAS thread spins while it waits: a search takes twice the CPU and no less time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # while the command was still being read or imported
        sys.exit(_INTERRUPTED)


def run(arguments: Sequence[str]) -> int:
    """Perform one command line; return 0 when fine, 1 when it failed, 2 when it was misused."""
    said = with_command(arguments)
    parser = serve_line() if said[0] == "serve" else command_line()
    options = parser.parse_args(said)
    _log_to_stderr(verbose=options.verbose, serving=options.command == "serve")
    roots = tuple(Path(root) for root in options.root) or (_default_root(Path.cwd()),)
    if options.command == "serve" and options.http is None:
        from rlm_server.standard_streams import claimed

        streams = claimed()  # before any library can print
        serve = _imported_serve()
        serve(roots, os.environ, _manner(options), streams)
    return _performed(options, roots)


def _manner(options: argparse.Namespace) -> Manner:
    return Manner(
        allow_wide=options.allow_wide, toolset=options.toolset, read_only=options.read_only
    )


def _serve_page(options: argparse.Namespace, roots: tuple[Path, ...]) -> NoReturn:
    from rlm_server.ui.command import Opening, serve_page

    opening = Opening(options.port, browser=not options.no_open, json=options.json)
    serve_page(roots, os.environ, Manner(allow_wide=options.allow_wide), opening)


def _imported_serve() -> "Callable[..., NoReturn]":
    from rlm_server.lean_import import lean_import

    with lean_import():
        from rlm_server.stdio import serve
    return serve


def _performed(options: argparse.Namespace, roots: tuple[Path, ...]) -> int:
    from rlm_server.terminal import ProgressBar

    bar = ProgressBar()
    try:
        told = _told(options, roots, bar)
    except KeyboardInterrupt:
        bar.clear()
        return _INTERRUPTED
    except Exception as error:
        from rlm_server.errors import Misused
        from rlm_server.explaining import explained

        bar.clear()
        message = explained(error)
        _complain(message)
        if options.json:
            _print_json({"error": {"kind": type(error).__name__, "message": message}})
        return MISUSED if isinstance(error, Misused) else FAILED
    bar.clear()
    if options.json and told.aside:
        _complain(told.aside)
    if told.remark:
        _complain(told.remark)
    if options.json:
        shown = _print_json(told.fields)
    else:
        from rlm_server.visible import visible

        # Text of the corpus must not steer a terminal.
        shown = _print(told.text if told.harmless else visible(told.text))
    return FINE if shown and not told.failed else FAILED


def _told(options: argparse.Namespace, roots: tuple[Path, ...], bar: "ProgressBar") -> "Told":
    import anyio

    from rlm_server import commands

    if options.command == "ui":
        _serve_page(options, roots)
    request = commands.Request(roots, os.environ, allow_wide=options.allow_wide)
    match options.command:
        case "index" if options.dry_run:
            return commands.dry_run(request, bar, verbose=options.verbose)
        case "index":
            return anyio.run(commands.index, request, bar)
        case "search":
            search = partial(commands.search, mode=options.mode, now=options.now)
            return anyio.run(search, request, options.query, options.limit, bar)
        case "ask":
            return _told_of_question(options, request, bar)
        case "status":
            return commands.status(request)
        case "serve":
            from rlm_server.web.serving import Front, serve_http

            return serve_http(roots, os.environ, _manner(options), Front.of(options, os.environ))
        case "token":
            from rlm_server.web.token_commands import token_command

            return token_command(options, os.environ)
        case "key":
            return _told_of_key(options, bar)
        case "trace":
            return _told_of_trace(options, request)
        case "memory":
            from rlm_server.memory_commands import memory_command

            return memory_command(options, request)
        case "init":
            from rlm_server.clients.init import init

            named = tuple(map(Path, options.root))
            return init(
                options.client,
                roots[0],
                named,
                os.environ,
                file=options.file,
                dry_run=options.dry_run,
                remove=options.remove,
            )
        case "completion":
            from rlm_server.completion import completion

            return completion(options.shell)
        case "stats":
            from rlm_server.traces.stats import stats

            return stats(request, options.days)
        case "bench":
            from rlm_server.bench import localisation

            return localisation(roots[0], options.queries, bar, options.texts)
        case _:
            from rlm_server.doctor.examine import examine

            return examine(roots, os.environ, ask_models=options.ask_models)


def _told_of_question(
    options: argparse.Namespace, request: "Request", bar: "ProgressBar"
) -> "Told":
    import anyio

    from rlm_server import commands

    if options.explain_plan:
        return anyio.run(commands.explain_plan, request, options.question, options.model, bar)
    from rlm_server.traces.console import Console

    follow = Console(sys.stderr, bar.clear) if options.trace else None
    ask = partial(commands.ask, follow=follow)
    return anyio.run(ask, request, options.question, options.model, bar)


def _told_of_key(options: argparse.Namespace, bar: "ProgressBar") -> "Told":
    from rlm_server.key_commands import key_export, key_rotate, key_status

    match options.act:
        case "rotate":
            return key_rotate(os.environ, options.to, leave_damaged=options.leave_damaged, bar=bar)
        case "export":
            return key_export(os.environ, options.file, show=options.show, json=options.json)
        case _:
            return key_status(os.environ)


def _told_of_trace(options: argparse.Namespace, request: "Request") -> "Told":
    from rlm_server.traces.commands import trace_forget, trace_html, trace_list, trace_show

    match options.act:
        case "list":
            return trace_list(request, options.limit)
        case "show":
            return trace_show(request, options.id, full=options.full)
        case "forget":
            return trace_forget(
                request, options.ids, older_than=options.older_than, everything=options.all
            )
        case _:
            return trace_html(request, options.id, options.to, json=options.json)


def _print_json(fields: dict[str, Any]) -> bool:
    import json

    return _print(json.dumps(fields, ensure_ascii=False))


def _print(text: str) -> bool:
    """Print one result; False where standard output takes it not."""
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]
        return _complain("standard output is closed, so the result is lost")
    try:
        # A terminal that cannot show a character is no reason to fail.
        sys.stdout.buffer.write(text.encode(sys.stdout.encoding or "utf-8", "replace") + b"\n")
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has had enough, as `head` does
        _drop_stdout()
    except OSError as error:
        _drop_stdout()
        return _complain(f"the result cannot be written: {error.strerror or error}")
    return True


def _drop_stdout() -> None:
    """Let the interpreter's last flush go nowhere, or it would complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str) -> Literal[False]:
    print(f"rlm-mcp: {message}", file=sys.stderr)
    return False


def _default_root(folder: Path) -> Path:
    """The git root above the folder, or the folder itself."""
    return next((up for up in (folder, *folder.parents) if (up / ".git").exists()), folder)


def _log_to_stderr(*, verbose: bool, serving: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    if not (verbose or serving):
        # What ends a command is printed once, as its own last word.
        handler.addFilter(lambda record: record.levelno < logging.ERROR)
    logging.basicConfig(
        handlers=[handler],
        level=logging.INFO if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
