"""Running `rlm-mcp` as a person or a script does."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlm_server.cli import run

RLM_MCP = Path(sys.executable).with_name("rlm-mcp")


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


def run_here(*arguments: str | Path, home: Path, **environ: str) -> Ran:
    """Run the command line in this process, which spares a second of imports."""
    out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update({**plain_environment(kept), "RLM_HOME": str(home), **environ})
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([str(argument) for argument in arguments])
    except SystemExit as misuse:
        code = int(str(misuse.code))
    finally:
        os.environ.clear()
        os.environ.update(kept)
    return Ran(code, out.buffer.getvalue().decode(), err.getvalue())


def rlm_mcp(*arguments: str | Path, home: Path, cwd: Path | None = None, **environ: str) -> Ran:
    """Run the console script with a home of its own."""
    done = subprocess.run(
        [RLM_MCP, *map(str, arguments)],
        env={**plain_environment(os.environ), "RLM_HOME": str(home), **environ},
        cwd=cwd or home.parent,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def plain_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what the person may have set for rlm-mcp."""
    return {name: value for name, value in environ.items() if not name.startswith("RLM_")}
