"""`rlm_review`: what is wrong with a change or a file, with severity and line.

Checked findings hold without a model: parse errors, callers that a changed signature breaks,
secrets, risky calls, slips, missing tests. With a model its review is added to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from rlm_crystal.types import ProgressSink

from rlm_tools.confirming import confirmed
from rlm_tools.fitting import ASK_FOR_MORE, longest, tokens_allowed
from rlm_tools.host import Host, Revision, View
from rlm_tools.reviewing.finding import ORDER, Finding
from rlm_tools.search import revision_line
from rlm_tools.tool import Arguments, MaxTokens, ResponseFormat, Tool

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

    from rlm_tools.reviewing.changes import Selection

    _Checked = tuple[Selection, list[Finding]]

CONCISE_FINDINGS = 25
DETAILED_FINDINGS = 100
FILES_NAMED = 40


class ReviewArguments(Arguments):
    """A file, a folder or a diff; nothing at all means every uncommitted change."""

    path: Annotated[str, Field(max_length=1_000, description="File or folder; empty: all")] = ""
    diff: Annotated[
        str, Field(max_length=400_000, description="Unified diff; empty: uncommitted changes")
    ] = ""
    response_format: ResponseFormat = "concise"
    max_tokens: MaxTokens = 0


@dataclass(frozen=True, slots=True)
class ReviewReply:
    """Findings, the worst first; `findings_total` counts those that were not shown, too."""

    basis: str
    files: tuple[str, ...]
    findings: tuple[Finding, ...]
    findings_total: int
    reviewer: str
    notes: tuple[str, ...]
    revision: Revision

    def text(self) -> str:
        """Return the findings, one a line, each with its place."""
        files = ", ".join(self.files[:10]) + (" …" if len(self.files) > 10 else "")
        rows = [_row(finding) for finding in self.findings] or ["Nothing found."]
        left = self.findings_total - len(self.findings)
        rows += [f"… and {left} more of lower severity; {ASK_FOR_MORE}."] if left else []
        notes = [f"Note: {note}" for note in self.notes]
        head = f"Reviewed {self.basis}: {files}. By {self.reviewer}."
        return "\n".join([head, *rows, *notes, revision_line(self.revision)])


async def review(host: Host, arguments: ReviewArguments, progress: ProgressSink) -> ReviewReply:
    """Check the change, and let the model judge it where there is one."""
    check_view = partial(_checked, roots=host.roots, arguments=arguments)
    (selection, findings), view = await confirmed(host, progress, check_view, _paths_in)
    notes = list(selection.notes)
    model = await host.model()
    if model is not None:
        from rlm_tools.reviewing.judge import judged

        more, note = await judged(model, view.crystal, selection.changes, findings)
        findings = _worst_first([*findings, *more])
        notes += [note] if note else []
    paths = [change.path for change in selection.changes]
    if len(paths) > FILES_NAMED:
        notes.append(f"{len(paths)} files were reviewed, of which {FILES_NAMED} are named.")

    def make(count: int) -> ReviewReply:
        return ReviewReply(
            basis=selection.basis,
            files=tuple(paths[:FILES_NAMED]),
            findings=tuple(findings[:count]),
            findings_total=len(findings),
            reviewer=f"rules and {model.name}" if model else "rules alone (no model is configured)",
            notes=tuple(notes),
            revision=view.revision,
        )

    limit = CONCISE_FINDINGS if arguments.response_format == "concise" else DETAILED_FINDINGS
    allowed = tokens_allowed(arguments.response_format, arguments.max_tokens)
    return longest(make, min(limit, len(findings)), allowed)


def check(crystal: Crystal, selection: Selection) -> list[Finding]:
    """Everything that holds without a model, the worst first."""
    from rlm_tools.reviewing.breaks import broken_callers
    from rlm_tools.reviewing.line_rules import line_findings
    from rlm_tools.reviewing.missing_tests import untested_changes
    from rlm_tools.reviewing.syntax_errors import syntax_findings

    findings: list[Finding] = []
    for change in selection.changes:
        findings += syntax_findings(change)
        findings += broken_callers(crystal, change)
        findings += line_findings(change)
        findings += untested_changes(crystal, change)
    return _worst_first(findings)


TOOL = Tool(
    name="rlm_review",
    title="Review a change",
    description=(
        "Use before committing, or on a unified diff, to find broken callers, parse errors,"
        " secrets, risky calls and missing tests, each with severity and path:line."
    ),
    arguments=ReviewArguments,
    run=review,
)


def _checked(view: View, *, roots: Sequence[Path], arguments: ReviewArguments) -> _Checked:
    selection = _select(view.crystal, roots, arguments)
    return selection, check(view.crystal, selection)


def _paths_in(checked: _Checked) -> set[str]:
    """Every file that was reviewed or that a finding points at."""
    selection, findings = checked
    pointed = {place.rpartition(":")[0] for finding in findings for place in finding.evidence}
    return {change.path for change in selection.changes} | pointed


def _select(crystal: Crystal, roots: Sequence[Path], arguments: ReviewArguments) -> Selection:
    from rlm_tools.reviewing.changes import changes_of_diff, uncommitted

    if arguments.diff:
        return changes_of_diff(crystal, roots, arguments.path, arguments.diff)
    return uncommitted(crystal, roots, arguments.path)


def _worst_first(findings: Sequence[Finding]) -> list[Finding]:
    unique = list(dict.fromkeys(findings))
    return sorted(unique, key=lambda item: (ORDER[item.severity], item.path, item.line))


def _row(finding: Finding) -> str:
    evidence = f" [{', '.join(finding.evidence)}]" if finding.evidence else ""
    origin = "" if finding.origin == "checked" else " (model)"
    return (
        f"{finding.path}:{finding.line} {finding.severity} {finding.rule}{origin}:"
        f" {finding.message}{evidence}"
    )
