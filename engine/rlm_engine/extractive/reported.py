"""The error message that a pasted report is about: what its program says, not what Python does."""

import re

from rlm_crystal.report import Report, without_runtime

_WORDS_MIN = 3
_QUOTED = re.compile(r"\"([^\"\n]{8,300})\"|“([^”\n]{8,300})”|`([^`\n]{8,300})`")
_SAID = re.compile(
    r"(?:[\w.]{0,100}(?:Error|Exception|Warning|Failure|Fault)|(?i:panic|error|fatal|warning))\b"
    r"[\"']?\s{0,9}[:(=]\s{0,9}(?P<said>\S.{0,300})"
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_CODE = re.compile(r"[=(){}\[\];<>$]|\w\.\w|^\s*-")


def message_in(report: Report) -> str:
    """A message of the title, else the last that an output shows, else one told in prose.

    Empty where there is none of three words or more.
    """
    told = [run for run in report.told if run.part in ("title", "error", "prose", "span")]
    title = [found for run in told if run.part == "title" for found in _quoted(run.text)]
    shown = [found for run in reversed(told) if run.part == "error" for found in _said(run.text)]
    prose = [found for run in told if run.part == "prose" for found in _quoted(run.text)]
    spans = [run.text for run in told if run.part == "span" and not _CODE.search(run.text)]
    return next((found for found in (*title, *shown, *prose, *spans) if _is_message(found)), "")


def _quoted(text: str) -> list[str]:
    groups = (next(filter(None, found.groups())) for found in _QUOTED.finditer(text))
    return [phrase for phrase in groups if not _CODE.search(phrase)]


def _said(text: str) -> list[str]:
    return [found["said"].strip(" \"'`.)") for found in _SAID.finditer(text)]


def _is_message(text: str) -> bool:
    words = without_runtime(text).split()
    return sum(_WORD.search(word) is not None for word in words) >= _WORDS_MIN
