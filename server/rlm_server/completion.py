"""`rlm-mcp completion SHELL`: the script that completes our commands and options.

The script knows them all, so that pressing TAB starts no Python.
"""

import argparse
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, cast

from rlm_server.command_line import Shell, command_line
from rlm_server.commands import Told
from rlm_server.errors import Misused


def completion(shell: Shell) -> Told:
    """The script for this shell; Misused where the package that writes it is missing."""
    try:
        shtab: Any = import_module("shtab")
    except ImportError:
        raise Misused("completion needs the package shtab: pip install shtab") from None
    places: dict[str, Any] = {
        "DIR": shtab.DIRECTORY, "FILE": shtab.FILE, "PATH": shtab.FILE,
    }  # fmt: skip
    parser = command_line()
    for action in _actions(parser):
        if isinstance(action.metavar, str) and action.metavar in places:
            action.complete = places[action.metavar]  # pyright: ignore[reportAttributeAccessIssue]
    script = shtab.complete(parser, shell)
    return Told({"shell": shell, "script": script}, script, harmless=True)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every option and argument of a parser and of those below it."""
    for action in parser._actions:  # pyright: ignore[reportPrivateUsage]
        yield action
        if isinstance(action.choices, Mapping):  # the commands, each with its parser
            for below in cast("Mapping[str, argparse.ArgumentParser]", action.choices).values():
                yield from _actions(below)
