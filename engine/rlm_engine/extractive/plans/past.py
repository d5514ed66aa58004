"""What changed, when and why: what git's messages say of it, then how the files are now."""

# ruff: noqa: RUF001

import re
from dataclasses import replace

from rlm_engine.extractive.aims import CHANGING
from rlm_engine.extractive.cell import Cell, Plan
from rlm_engine.extractive.evidence import Printed
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.quote import cut
from rlm_engine.extractive.voice import Voice

_ASK = """
for commit in crystal.commits(words, limit=4):
    show("commit", commit["id"], commit["date"], commit["subject"][:200], commit["share"],
         len(commit["paths"]), *commit["paths"][:1])
"""
# A message with less than this of the question's words speaks of something else; one that nobody
# asked for must have nearly all.
_SHARE_MIN = {"changes": 0.6, "reasons": 0.8}


def with_past(question: Question, now: Plan) -> Plan:
    """Ask git for commits that speak of it; then `now`, the plan for how things are."""
    words = [word for c in question.concepts if not CHANGING.match(c[0]) for word in c[:1]]
    told = yield Cell("Ask git which commits speak of it.", _ASK, {"words": words})
    conclusion = yield from now
    past = _told(question, told)
    return replace(conclusion, before=f"{past}\n\n{conclusion.before}") if past else conclusion


def _told(question: Question, printed: Printed) -> str:
    voice = Voice(question.russian)
    least = _SHARE_MIN[question.of_history or "changes"]
    commits = [row for row in printed.strings("commit") if float(row[3]) >= least]
    if not commits and question.of_history == "reasons":
        return ""
    if not commits:
        return voice(
            "No commit message in git speaks of it. The files as they are now:",
            "Ни одно сообщение коммита в git об этом не говорит. Файлы, какие они сейчас:",
        )
    rows = [_row(*row, voice=voice) for row in commits]
    head = voice("What git's messages say of it:", "Что об этом говорят сообщения git:")
    now = voice("The files as they are now:", "Файлы, какие они сейчас:")
    return "\n".join([head, *rows, "", now])


def _row(
    commit: str, date: str, subject: str, _share: str, count: str, *paths: str, voice: Voice
) -> str:
    # A place that a message names is of then, and would be checked against the files of now.
    said = re.sub(r":(?=\d)", ": ", cut(subject, 160)).replace("“", "'").replace("”", "'")
    others = int(count) - 1
    more = voice(f" and {others} more", f" и ещё {others}") if others > 0 else ""
    changed = voice(f", changed {paths[0]}{more}", f", изменил {paths[0]}{more}") if paths else ""
    return f"- {commit}, {date}: “{said}”{changed}"
