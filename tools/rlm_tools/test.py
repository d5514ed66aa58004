"""`rlm_test`: a test file for a symbol that runs as it is.

Without a model it is a scaffold: real imports, the signature asserted, an empty table of cases.
With a model full tests, checked to parse and to import the subject; else the scaffold again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from anyio.to_thread import run_sync
from pydantic import Field
from rlm_crystal.types import Definition, ProgressSink

from rlm_tools.clip import clip
from rlm_tools.confirming import confirmed
from rlm_tools.errors import BadArgument
from rlm_tools.fitting import TOKENS_MAX, size_tokens
from rlm_tools.host import Host, Revision, View
from rlm_tools.search import revision_line
from rlm_tools.subject import Subject, subject_of
from rlm_tools.tool import Arguments, Tool

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

    from rlm_tools.testing.scaffold import Scaffold

_SCRIPTS = frozenset({"javascript", "typescript", "tsx"})
_KINDS = frozenset({"function", "class", "method", "interface", "struct", "enum", "constant"})


class WriteTestArguments(Arguments):
    """A file, and the definition in it to test; without one, all its public names."""

    path: Annotated[str, Field(min_length=1, max_length=1_000)]
    symbol: Annotated[
        str, Field(max_length=300, description="e.g. Cart.total; empty: the file")
    ] = ""


@dataclass(frozen=True, slots=True)
class WrittenTest:
    """A test file to be saved as `test_path` and run by `command`; nothing was written to disk."""

    path: str
    symbol: str
    framework: str
    author: str
    test_path: str
    code: str
    command: str
    notes: tuple[str, ...]
    revision: Revision

    def text(self) -> str:
        """Return the file and how to run it."""
        head = (
            f"{self.framework} test by {self.author}; save as {self.test_path}, run: {self.command}"
        )
        notes = [f"Note: {note}" for note in self.notes]
        return "\n".join([head, *notes, "", self.code, revision_line(self.revision)])


async def write_test(
    host: Host, arguments: WriteTestArguments, progress: ProgressSink
) -> WrittenTest:
    """Write a test file for the subject."""
    begin = partial(_begun, roots=host.roots, arguments=arguments)
    (subject, scaffold), view = await confirmed(host, progress, begin, _paths_in)
    notes = list(scaffold.notes)
    author = "the signature (no model is configured)"
    model = await host.model()
    if model is not None:
        from rlm_tools.testing.author import written

        source = await run_sync(view.crystal.text, subject.path, abandon_on_cancel=True)
        better, reason = await written(model, view.crystal, subject, scaffold, source)
        author = model.name if better else "the signature"
        notes += [reason] if reason else []
        scaffold = better or scaffold
    reply = WrittenTest(
        path=subject.path,
        symbol=subject.definition.symbol if subject.definition else "",
        framework=scaffold.framework,
        author=author,
        test_path=scaffold.test_path,
        code=scaffold.code,
        command=scaffold.command,
        notes=tuple(notes),
        revision=view.revision,
    )
    if (size := size_tokens(reply)) > TOKENS_MAX:
        names = dict.fromkeys(item.symbol for item in _definitions(view.crystal, subject))
        raise BadArgument(
            f"The test of {subject.path} is too long for one reply ({size} tokens, {TOKENS_MAX} are"
            f" sent); name a symbol of it: {clip(', '.join(names), 600)}"
        )
    return reply


def scaffold_of(crystal: Crystal, subject: Subject) -> Scaffold:
    """The scaffold in the framework of the subject's language and project."""
    from rlm_tools.testing import other_scaffolds as others
    from rlm_tools.testing.python_scaffold import python_scaffold

    text = crystal.text(subject.path)
    language = subject.entry.language
    symbol = subject.definition.symbol if subject.definition else ""
    if language == "python":
        paths = {entry.path for entry in crystal.files}
        return python_scaffold(subject.path, text, symbol, paths)
    definitions = _definitions(crystal, subject)
    if language in _SCRIPTS:
        return others.script_scaffold(subject.path, text, definitions, _package(crystal, subject))
    if language == "go":
        return others.go_scaffold(subject.path, text, definitions)
    if language == "rust":
        return others.rust_scaffold(subject.path, definitions)
    if language == "java":
        return others.java_scaffold(subject.path, text, definitions)
    raise BadArgument(
        f"no test scaffold for {language} ({subject.path}); there is one for Python, JavaScript,"
        " TypeScript, Go, Rust and Java."
    )


TOOL = Tool(
    name="rlm_test",
    title="Write a test",
    description=(
        "Use to get a test file for a function, method, class or file, with real imports, in the"
        " project's framework. Nothing is written to disk."
    ),
    arguments=WriteTestArguments,
    run=write_test,
)


def _begun(
    view: View, *, roots: Sequence[Path], arguments: WriteTestArguments
) -> tuple[Subject, Scaffold]:
    subject = subject_of(view.crystal, roots, arguments.path, arguments.symbol)
    return subject, scaffold_of(view.crystal, subject)


def _paths_in(begun: tuple[Subject, Scaffold]) -> set[str]:
    return {begun[0].path}


def _definitions(crystal: Crystal, subject: Subject) -> Sequence[Definition]:
    outline = [item for item in crystal.outline(subject.path) if item.kind in _KINDS]
    if subject.definition is None:
        return outline
    wanted = subject.definition.symbol
    return [
        item for item in outline if item.symbol == wanted or item.symbol.startswith(f"{wanted}.")
    ]


def _package(crystal: Crystal, subject: Subject) -> str:
    """The package.json nearest above the subject; empty where there is none."""
    known = {entry.path for entry in crystal.files}
    for folder in Path(subject.path).parents:
        candidate = (folder / "package.json").as_posix()
        if candidate in known:
            return crystal.text(candidate)
    return ""
