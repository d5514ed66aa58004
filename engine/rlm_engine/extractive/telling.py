"""A finding in words: what it is, and the lines of it that bear on the question."""

from rlm_engine.extractive.compose import quoted_lines
from rlm_engine.extractive.evidence import Line
from rlm_engine.extractive.finding import Finding
from rlm_engine.extractive.quote import first_sentence, introduction, place
from rlm_engine.extractive.voice import Voice


def introduce(finding: Finding, voice: Voice) -> str:
    """The definition of a finding in its own words, or its bare place."""
    if finding.definition is not None:
        return introduction(finding.definition, voice.kind(finding.definition.kind))
    passage = finding.passage
    return place(passage.path, passage.start_line, passage.end_line)


def telling_lines(finding: Finding, *, limit: int) -> list[str]:
    """The lines the reader chose, without those the introduction has already quoted."""
    return quoted_lines(
        finding.passage.path,
        (line for line in finding.passage.lines if not _quoted_already(line, finding)),
        limit=limit,
    )


def _quoted_already(line: Line, finding: Finding) -> bool:
    definition = finding.definition
    if definition is None:
        return False
    text = " ".join(line.text.split()).strip("\"'# /*")
    if line.number == definition.start_line and definition.kind != "constant":
        return True
    return bool(text) and any(
        text in introduced or introduced in text
        for introduced in (first_sentence(definition), " ".join(definition.signature.split()))
        if introduced
    )
