"""The life of the child: set up while trusted, seal, then run cells until the host is gone."""

import builtins
import gc
import json
import mmap
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from rlm_sandbox.cell import CellRunner, Interrupt
from rlm_sandbox.documents import Context
from rlm_sandbox.errors import ProtocolError
from rlm_sandbox.frames import (
    FROM_CHILD,
    FROM_HOST,
    KEY_BYTES,
    FrameReader,
    FrameWriter,
    Kind,
    Message,
)
from rlm_sandbox.jail.seal import LAYERS, LayerMissing, seal
from rlm_sandbox.output import BoundedOutput
from rlm_sandbox.preload import preload
from rlm_sandbox.region import SnapshotRegion
from rlm_sandbox.repl import Finals, HostCallError, host_names, show
from rlm_sandbox.safe_builtins import safe_builtins
from rlm_sandbox.snapshot import Snapshots
from rlm_sandbox.types import CodeError
from rlm_sandbox.virtual_files import VirtualFiles

_READ_BYTES: Final = 1 << 16
FINAL_CHARS_MAX: Final = 1_000_000


class Link:
    """The two pipes to the host; blocking, one message at a time."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        key = b""
        while len(key) < KEY_BYTES:
            key += os.read(read_fd, KEY_BYTES - len(key)) or _gone()
        self._reader = FrameReader(key, b"to-child", FROM_HOST)
        self._writer = FrameWriter(key, b"to-host", FROM_CHILD)

    def send(self, message: Message) -> None:
        """Send one message whole; raises ProtocolError, nothing sent, where it is too large."""
        for frame in self._writer.frames(message):
            rest = memoryview(frame)
            while rest:
                rest = rest[os.write(self._write_fd, rest) :]

    def receive(self) -> Message:
        """The next message; ends the process where the host is gone."""
        while (message := self._reader.next_message()) is None:
            self._reader.feed(os.read(self._read_fd, _READ_BYTES) or _gone())
        return message


class Server:
    """Answers the host's messages, one at a time."""

    def __init__(self, link: Link, setup: Mapping[str, Any], prelude: str) -> None:
        self._link = link
        self._interrupt = Interrupt()
        self._output = BoundedOutput(setup["output_chars"])
        context_fd = setup["context_fd"]
        self._context = Context(_mapped(context_fd)) if context_fd >= 0 else Context.empty()
        self._files = VirtualFiles(setup["virtual_files_bytes"], self._text_of)
        region = SnapshotRegion(mmap.mmap(setup["snapshot_fd"], setup["snapshot_bytes"]))
        self._snapshots = Snapshots(region, self._context, self._files)
        self._finals = Finals(lambda: self._runner.variables())
        namespace = self._namespace(setup["functions"], prelude)
        self._runner = CellRunner(
            namespace,
            self._output,
            self._interrupt,
            guarded=setup["guard"],
            on_defined=self._snapshots.defined,
        )
        if setup["guard"]:
            namespace["__builtins__"] = safe_builtins(self._files.open, self._runner.variables)
        signal.signal(signal.SIGINT, self._interrupt.handle)
        sys.stdout = sys.stderr = self._output  # type: ignore[assignment]

    def answer(self, message: Message) -> None:
        """Do what one message asks."""
        if message.kind is Kind.CELL:
            self._run(message.text)
        elif message.kind is Kind.RESTORE:
            lost = self._snapshots.restore(self._runner_namespace, self._runner.run_source)
            self._link.send(Message(Kind.RESTORED, {"lost": list(lost)}))
        else:
            raise ProtocolError(f"the host sent {message.kind.name} to a sealed child")

    def _namespace(self, functions: list[str], prelude: str) -> dict[str, Any]:
        self._runner_namespace: dict[str, Any] = {
            "__name__": "__main__",
            "__builtins__": builtins,
            "context": self._context,
            "files": self._files,
            "open": self._files.open,
            "HostCallError": HostCallError,
            "FINAL": self._finals.final,
            "FINAL_VAR": self._finals.final_var,
            "SHOW_VARS": lambda: show(self._runner.variables()),
            **host_names(functions, self._call),
        }
        code = compile(prelude, "<prelude>", "exec", dont_inherit=True)
        exec(code, self._runner_namespace)  # noqa: S102
        return self._runner_namespace

    def _run(self, code: str) -> None:
        self._output.clear()
        self._finals.clear()
        error = self._runner.run(code)
        self._send_final()
        variables = self._runner.variables()
        self._link.send(
            Message(
                Kind.DONE,
                {
                    "error": _fields(error),
                    "truncated": self._output.truncated,
                    "variables": dict(show(variables)),
                },
                self._output.getvalue(),
            )
        )
        self._output.clear()
        self._snapshots.take(variables)

    def _send_final(self) -> None:
        if self._finals.reached is None:
            return
        value, name = self._finals.reached
        if not isinstance(value, str):
            try:
                self._link.send(Message(Kind.FINAL, {"from": name, "json": True, "value": value}))
            except ProtocolError:
                value = json.dumps(value, ensure_ascii=False)
            else:
                return
        text = value[:FINAL_CHARS_MAX]
        self._link.send(Message(Kind.FINAL, {"from": name, "json": False}, text))

    def _call(self, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        self._interrupt.suspend()
        try:
            self._link.send(Message(Kind.CALL, {"name": name, "args": args, "kwargs": kwargs}))
            reply = self._link.receive().fields
        except ProtocolError as error:
            reply = {"error": f"{name}: the arguments are too large: {error}"}
        self._interrupt.resume()
        if "error" in reply:
            raise HostCallError(reply["error"])
        return reply["value"]

    def _text_of(self, path: str) -> str | None:
        document = self._context.get(path)
        return None if document is None else document.text


def serve(read_fd: int, write_fd: int, host_pid: int) -> None:
    """Set up, seal, and answer messages until the host closes the pipe."""
    link = Link(read_fd, write_fd)
    setup = link.receive()
    preload()
    try:
        server = Server(link, setup.fields, setup.text)
    except Exception as error:
        _give_up(link, "prelude", f"{type(error).__name__}: {error}")
    gc.collect()
    gc.freeze()
    try:
        seal(
            read_fd=read_fd,
            write_fd=write_fd,
            parent_pid=host_pid,
            memory_bytes=int(setup.fields["memory_bytes"]),  # type: ignore[arg-type]
        )
    except LayerMissing as missing:
        _give_up(link, missing.layer, missing.reason)
    _forget_tools()
    link.send(Message(Kind.SEALED, {"layers": list(LAYERS)}))
    while True:
        server.answer(link.receive())


def _mapped(fd: int) -> mmap.mmap:
    # Private, for before Linux 6.7 a write-sealed memfd cannot be mapped shared; nothing is
    # copied as nothing is written.
    return mmap.mmap(fd, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)


def _fields(error: CodeError | None) -> Any:
    if error is None:
        return None
    return {"kind": error.kind, "message": error.message, "line": error.line, "hint": error.hint}


def _forget_tools() -> None:
    # Not a barrier, only one thing less within easy reach: the seal holds with ctypes at hand.
    for name in [name for name in sys.modules if "ctypes" in name or "rlm_sandbox.jail" in name]:
        del sys.modules[name]


def _give_up(link: Link, layer: str, reason: str) -> NoReturn:
    link.send(Message(Kind.BROKEN, {"layer": layer, "reason": reason[:2000]}))
    _gone()


def _gone() -> NoReturn:
    os._exit(0)
