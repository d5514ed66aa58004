"""What an index would hold and what not, and why; nothing is written and no key is needed."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rlm_crystal.reading import read
from rlm_crystal.types import Document, Progress, ProgressSink, Skipped
from rlm_crystal.walk import walk

_EXAMPLES = 5


def preview(
    roots: Sequence[Path], progress: ProgressSink, *, allow_wide: bool, verbose: bool
) -> tuple[dict[str, Any], str]:
    """The form of `rlm-mcp index --dry-run --json`, and the same for a person.

    Reads every file, as some reasons (binary, generated, a private key) stand in its content.
    `verbose` names every file to the person too.
    """
    found = walk(roots, allow_wide=allow_wide)
    documents: list[Document] = []
    skipped = list(found.skipped)
    for number, source in enumerate(found.sources):
        progress(Progress("reading files", number, len(found.sources)))
        outcome = read(source)
        if isinstance(outcome, Document):
            documents.append(outcome)
        else:
            skipped.append(outcome)
    skipped.sort(key=lambda skip: (skip.path, skip.reason))
    fields = {
        "files": len(documents),
        "bytes_source": sum(document.size_bytes for document in documents),
        "languages": dict(Counter(document.language for document in documents).most_common()),
        "indexed": [document.path for document in documents],
        "skipped": len(skipped),
        "left_out": [{"path": skip.path, "reason": skip.reason} for skip in skipped],
    }
    return fields, "\n".join(_told(documents, skipped, verbose=verbose))


def grouped(skipped: Sequence[Skipped]) -> dict[str, list[str]]:
    """The paths left out by each reason, the most frequent reason first; details of it aside."""
    groups: dict[str, list[str]] = {}
    for skip in skipped:
        groups.setdefault(skip.reason.partition(" (")[0], []).append(skip.path)
    return dict(sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])))


def _told(documents: Sequence[Document], skipped: Sequence[Skipped], *, verbose: bool) -> list[str]:
    languages = Counter(document.language for document in documents).most_common()
    of_what = ", ".join(f"{count} {language}" for language, count in languages)
    lines = [f"Would index {len(documents)} files{f': {of_what}' if of_what else ''}."]
    if verbose:
        lines += [f"  {document.path}" for document in documents]
    lines.append(f"Would leave out {len(skipped)}, a folder counted once:")
    for reason, paths in grouped(skipped).items():
        shown = paths if verbose else paths[:_EXAMPLES]
        more = f" and {len(paths) - len(shown)} more" if len(paths) > len(shown) else ""
        lines.append(f"  {len(paths)} {reason}: {', '.join(shown)}{more}")
    return lines
