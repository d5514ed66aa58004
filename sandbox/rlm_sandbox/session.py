"""A session as the child holds it: the REPL's names, one cell after the other, what is kept.

Pure of the system it runs on: the link to the host, the corpus and the place of the snapshot are
handed in, so the same session runs in the kernel's jail and in a WebAssembly machine.
"""

import builtins
import json
import sys
from collections.abc import Mapping
from typing import Any, Final, Protocol

from rlm_sandbox.cell import CellRunner, Interrupt
from rlm_sandbox.code_rules import CodeRules
from rlm_sandbox.documents import Context
from rlm_sandbox.errors import ProtocolError
from rlm_sandbox.frames import Kind, Message
from rlm_sandbox.output import BoundedOutput
from rlm_sandbox.preload import preload_modules
from rlm_sandbox.repl import Finals, HostCallError, host_names, show
from rlm_sandbox.reports import NAMES_MAX
from rlm_sandbox.safe_builtins import safe_builtins
from rlm_sandbox.snapshot import Region, Snapshots
from rlm_sandbox.types import CodeError
from rlm_sandbox.virtual_files import VirtualFiles

FINAL_CHARS_MAX: Final = 1_000_000


class Link(Protocol):
    """The way to the host: blocking, one message at a time."""

    def send(self, message: Message) -> None:
        """Send one message whole; raises ProtocolError, nothing sent, where it is too large."""
        ...

    def receive(self) -> Message:
        """The next message; ends the process where the host is gone."""
        ...


class Session:
    """Answers the host's messages, one at a time."""

    def __init__(
        self,
        link: Link,
        setup: Message,
        *,
        context: Context,
        region: Region,
        interrupt: Interrupt,
    ) -> None:
        fields: Mapping[str, Any] = setup.fields
        self._link = link
        self._context = context
        self._interrupt = interrupt
        self._output = BoundedOutput(fields["output_chars"])
        self._files = VirtualFiles(
            fields["virtual_files_bytes"], self._text_of, lambda: context.paths
        )
        self._snapshots = Snapshots(region, context, self._files)
        self._finals = Finals(lambda: self._runner.variables())
        rules = _rules(fields["rules"])
        namespace = self._namespace(fields["functions"], setup.text)
        self._runner = CellRunner(
            namespace,
            self._output,
            interrupt,
            rules=rules,
            on_defined=self._snapshots.defined,
        )
        if rules is not None:
            preload_modules(rules.modules)
            self._runner.restrict(safe_builtins(self._files.open, self._runner.variables, rules))
        sys.stdout = sys.stderr = self._output  # type: ignore[assignment]

    def answer(self, message: Message) -> None:
        """Do what one message asks."""
        if message.kind is Kind.CELL:
            self._run(message)
        elif message.kind is Kind.RESTORE:
            code = message.fields.get("code") is not False
            lost = self._snapshots.restore(
                self._runner_namespace, self._runner.run_source, code=code
            )
            self._runner.mend()
            kept = list(self._runner.variables())[-NAMES_MAX:]
            told: dict[str, Any] = {"lost": lost[:NAMES_MAX], "kept": kept}
            self._link.send(Message(Kind.RESTORED, told))
        else:
            raise ProtocolError(f"the host sent {message.kind.name} to a sealed child")

    def _namespace(self, functions: list[str], prelude: str) -> dict[str, Any]:
        self._runner_namespace: dict[str, Any] = {
            "__name__": "__main__",
            "__builtins__": builtins,
            "context": self._context,
            "files": self._files,
            "open": self._files.open,
            "Path": self._files.path,
            "HostCallError": HostCallError,
            "FINAL": self._finals.final,
            "FINAL_VAR": self._finals.final_var,
            "SUBMIT": self._finals.submit,
            "SHOW_VARS": lambda: show(self._runner.variables()),
            **host_names(functions, self._call),
        }
        code = compile(prelude, "<prelude>", "exec", dont_inherit=True)
        exec(code, self._runner_namespace)  # noqa: S102
        return self._runner_namespace

    def _run(self, cell: Message) -> None:
        self._output.clear()
        self._finals.clear()
        error = self._runner.run(cell.text)
        self._runner.mend()
        self._send_final()
        variables = self._runner.variables()
        # Before the host is told, so that what it knows to be set no kill takes away; but where
        # that takes long, its answer does not wait, and the host waits before the next cell.
        later = self._snapshots.takes_long(variables)
        if not later:
            self._snapshots.take(variables)
        self._link.send(
            Message(
                Kind.DONE,
                {
                    "cell": cell.fields.get("cell"),
                    "error": _fields(error),
                    "truncated": self._output.truncated,
                    "variables": dict(show(variables)),
                    "keeping": later,
                },
                self._output.getvalue(),
            )
        )
        self._output.clear()
        if later:
            self._snapshots.take(variables)
            self._link.send(Message(Kind.KEPT))

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


def _rules(told: list[Any] | None) -> CodeRules | None:
    return None if told is None else CodeRules(told[0], tuple(told[1:]))


def _fields(error: CodeError | None) -> Any:
    if error is None:
        return None
    return {"kind": error.kind, "message": error.message, "line": error.line, "hint": error.hint}
