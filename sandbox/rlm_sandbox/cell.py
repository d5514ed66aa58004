"""Runs one cell in the child: parse, guard, execute, and describe how it ended."""

import ast
import builtins
import difflib
import linecache
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FrameType, TracebackType
from typing import Any, Final, cast

from rlm_sandbox import guard
from rlm_sandbox.code_rules import CodeRules
from rlm_sandbox.mending import Mending
from rlm_sandbox.output import BoundedOutput
from rlm_sandbox.plain import name_of_type
from rlm_sandbox.repl import CellTimeout, FinalReached, HostCallError, echoed
from rlm_sandbox.safe_builtins import ImportBlocked
from rlm_sandbox.types import CodeError
from rlm_sandbox.violation import Violation

_MESSAGE_CHARS_MAX: Final = 4_000


class Interrupt:
    """Turns the host's SIGINT into CellTimeout, but only where a cell's own code runs."""

    def __init__(self) -> None:
        self._open = False
        self._pending = False

    def handle(self, signum: int, frame: FrameType | None) -> None:
        """The signal handler."""
        del signum, frame
        if self._open:
            self._open = False
            raise CellTimeout
        self._pending = True

    def begin(self) -> None:
        """A cell starts; a signal that was meant for an earlier one is forgotten."""
        self._pending = False
        self._open = True

    def suspend(self) -> None:
        """Our own code runs now and must not be cut in the middle."""
        self._open = False

    def resume(self) -> None:
        """Back in the cell's code; a signal that came meanwhile takes effect."""
        if self._pending:
            raise CellTimeout
        self._open = True


@dataclass(frozen=True, slots=True)
class _Program:
    tree: ast.Module
    body: CodeType | None
    last: CodeType | None


class CellRunner:
    """Runs cells one after the other in one namespace that persists."""

    def __init__(
        self,
        namespace: dict[str, Any],
        output: BoundedOutput,
        interrupt: Interrupt,
        *,
        rules: CodeRules | None,
        on_defined: Callable[[ast.Module], None],
    ) -> None:
        self._namespace = namespace
        self._output = output
        self._interrupt = interrupt
        self._rules = rules
        self._on_defined = on_defined
        self._number = 0
        self._base = dict(namespace)
        self._mending = Mending()
        self._reaches = rules is None
        self._builtins: Any = None

    def restrict(self, names: dict[str, Any]) -> None:
        """From now on cells see these builtins; each a copy of its own, for it may spoil it."""
        self._builtins = names

    def variables(self) -> dict[str, Any]:
        """What cells have set, without what they found."""
        missing = object()
        return {
            name: value
            for name, value in self._namespace.items()
            if type(name) is str
            and self._base.get(name, missing) is not value
            and not name.startswith("__")
        }

    def run(self, code: str) -> CodeError | None:
        """Run one cell to its end, whatever end that is."""
        self._number += 1
        filename = f"<cell {self._number}>"
        linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
        try:
            return self._run_open(code, filename)
        except FinalReached:
            return None
        except CellTimeout:
            self._interrupt.suspend()
            return CodeError("timeout", "the cell was stopped at its time limit")
        except MemoryError:
            return _memory_error()
        except BaseException:
            # Its own methods, called to describe it, raised again.
            return CodeError("exception", "the cell raised what cannot be shown")
        finally:
            self._mending.settle()

    def run_source(self, source: str) -> None:
        """Run source that a restore brings back, as guarded as a cell; exceptions pass."""
        try:
            self._interrupt.begin()
            program = _compiled(source, "<restored>")
            if self._rules is not None and guard.check(program.tree, self._rules):
                raise PermissionError("a snapshot with source that no cell could have run")
            self._prepare(program)
            exec(compile(source, "<restored>", "exec", dont_inherit=True), self._namespace)  # noqa: S102
        finally:
            self._interrupt.suspend()

    def mend(self) -> None:
        """Put back what the cells so far may have changed for those to come; runs no code."""
        namespace = self._namespace
        if set(map(id, map(type, namespace))) != {id(str)}:
            # Cleared whole, because looking one up would run its own methods.
            clean = {name: value for name, value in namespace.items() if type(name) is str}
            namespace.clear()
            namespace.update(clean)
        if self._reaches:
            self._mending.mend()

    def _run_open(self, code: str, filename: str) -> CodeError | None:
        try:
            self._interrupt.begin()
            return self._run_described(code, filename)
        finally:
            self._interrupt.suspend()

    def _prepare(self, program: _Program) -> None:
        self._reaches = (
            self._reaches
            or self._mending.reaches(program.body)
            or self._mending.reaches(program.last)
        )
        for name, value in self._base.items():
            self._namespace.setdefault(name, value)
        if self._builtins is not None:
            self._namespace["__builtins__"] = dict(self._builtins)
        sys.stdout = sys.stderr = self._output  # type: ignore[assignment]

    def _run_described(self, code: str, filename: str) -> CodeError | None:
        try:
            program = _compiled(code, filename)
            if self._rules is not None:
                violations = guard.check(program.tree, self._rules)
                if violations:
                    return _guard_error(violations)
            self._prepare(program)
            self._on_defined(program.tree)
            if program.body is not None:
                exec(program.body, self._namespace)  # noqa: S102
            if program.last is not None:
                self._echo(eval(program.last, self._namespace))  # noqa: S307
        except (FinalReached, CellTimeout):
            raise
        except MemoryError as error:
            _forget_frames(error)
            return _memory_error()
        except BaseException as error:
            return self._describe(error, filename)
        return None

    def _echo(self, value: Any) -> None:
        if value is not None:
            self._output.write(echoed(value) + "\n")

    def _describe(self, error: BaseException, filename: str) -> CodeError:
        kind = type(error)
        line = _line_of(error.__traceback__, filename)
        if line is None and issubclass(kind, SyntaxError):
            return CodeError("syntax", f"SyntaxError: {error.msg}", error.lineno)  # type: ignore[attr-defined]
        message = f"{name_of_type(error)}: {_text_of(error)}"[:_MESSAGE_CHARS_MAX]
        _forget_frames(error)
        return CodeError(
            "host" if issubclass(kind, HostCallError) else "exception",
            message,
            line,
            self._hint(error),
        )

    def _hint(self, error: BaseException) -> str:
        if isinstance(error, ImportBlocked):
            return error.hint
        if isinstance(error, NameError) and isinstance(error.name, str):
            names = [*self._namespace, *dir(builtins)]
            near = difflib.get_close_matches(error.name, names, n=3)
            return f"did you mean {', '.join(near)}?" if near else ""
        if isinstance(error, RecursionError):
            return f"calls may nest {sys.getrecursionlimit()} deep; use a loop"
        return ""


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except (CellTimeout, FinalReached):
        raise
    except BaseException as another:
        return f"(its text cannot be had: {name_of_type(another)})"


def _compiled(code: str, filename: str) -> _Program:
    tree = cast("ast.Module", compile(code, filename, "exec", ast.PyCF_ONLY_AST, dont_inherit=True))
    body, last = tree.body, None
    if body and isinstance(body[-1], ast.Expr):
        expression = ast.Expression(body[-1].value)
        last = compile(expression, filename, "eval", dont_inherit=True)
        body = body[:-1]
    if not body:
        return _Program(tree, None, last)
    module = ast.Module(body=body, type_ignores=[])
    return _Program(tree, compile(module, filename, "exec", dont_inherit=True), last)


def _guard_error(violations: list[Violation]) -> CodeError:
    first = violations[0]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return CodeError("guard", first.message + more, first.line, first.hint)


def _memory_error() -> CodeError:
    return CodeError(
        "memory",
        "MemoryError: the cell needed more memory than the limit; variables stay",
        hint="work on one document at a time and keep only what you need",
    )


def _line_of(traceback: TracebackType | None, filename: str) -> int | None:
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == filename:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _forget_frames(error: BaseException | None) -> None:
    # Frames of a failed cell would keep its locals, and so its memory, alive.
    seen = 0
    while error is not None and seen < 100:
        error.__traceback__ = None
        error, seen = error.__context__, seen + 1
