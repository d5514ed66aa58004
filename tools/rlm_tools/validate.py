"""`rlm_validate`: what is wrong with the index and its surroundings, and the fix for each."""

from dataclasses import dataclass

from rlm_crystal.types import ProgressSink

from rlm_tools.host import Host, Issue
from rlm_tools.tool import Arguments, Tool

ISSUES_SHOWN = 50


class ValidateArguments(Arguments):
    """Nothing to say."""


@dataclass(frozen=True, slots=True)
class ValidateReply:
    """`ok` when nothing is an error; `issues` are the worst ones first, `hidden` the rest."""

    ok: bool
    issues: tuple[Issue, ...]
    hidden: int

    def text(self) -> str:
        """Return one issue and its fix a line."""
        lines = ["Sound: no errors." if self.ok else "Not sound: there are errors."]
        lines += [
            f"{issue.severity} {issue.check}: {issue.message} Fix: {issue.fix}"
            for issue in self.issues
        ]
        if self.hidden:
            lines.append(f"{self.hidden} more issues.")
        return "\n".join(lines)


async def validate(
    host: Host, _arguments: ValidateArguments, _progress: ProgressSink
) -> ValidateReply:
    """Check everything that can be checked."""
    order = {"error": 0, "warning": 1, "note": 2}
    issues = sorted(await host.validate(), key=lambda issue: order[issue.severity])
    return ValidateReply(
        ok=not any(issue.severity == "error" for issue in issues),
        issues=tuple(issues[:ISSUES_SHOWN]),
        hidden=max(0, len(issues) - ISSUES_SHOWN),
    )


TOOL = Tool(
    name="rlm_validate",
    title="Check index, key and settings",
    description=(
        "Use when results look wrong or a tool fails: checks the sealed index, key, settings,"
        " memory, sandbox and drift from the disk, and tells the fix for each issue."
    ),
    arguments=ValidateArguments,
    run=validate,
)
