"""What a question is after besides its type: a thing by its name, documents, or what was changed."""

# ruff: noqa: E501, RUF001

import re
from typing import Literal

from rlm_crystal.terms import parts

History = Literal["", "changes", "reasons"]


def proper_in(text: str, language: str) -> frozenset[str]:
    """Words written as names of something: with a capital, not only since a sentence begins.

    In a heading of capitals none stands out, and German gives one to every noun. What the question
    is asked of may be the project itself, by a name its files need not have. `text` is without what it quotes.
    """
    words = _WORD.findall(text)
    capital = [w for w in words[1:] if w[0].isupper()]
    if language == "German" or len(capital) * 2 > len(words):
        return frozenset()
    subject = _SUBJECT.match(text)
    named = [w for w in capital if w.isascii() and (len(w) >= _PROPER_CHARS or w.isupper())]
    named = [w for w in named if subject is None or w != subject[1]]
    return frozenset(part for word in named for part in (word.lower(), *parts(word)))


def compounds_in(text: str, proper: frozenset[str]) -> tuple[tuple[str, ...], ...]:
    """The parts of the names that are made of several: `GraphQL` is neither a graph nor `ql`."""
    words = dict.fromkeys(w for w in _WORD.findall(text) if w.lower() in proper and w.isalnum())
    return tuple(made for word in words if len(made := tuple(parts(word))) > 1)


def history_asked(text: str) -> History:
    """Whether a question is about changes, or about reasons, which a commit may tell too."""
    if _OF_HISTORY.search(text):
        return "changes"
    return "reasons" if _OF_REASONS.match(text) else ""


# A shorter word is a name only in capitals throughout.
_PROPER_CHARS = 4
_WORD = re.compile(r"[^\W\d_][\w-]*")
_SUBJECT = re.compile(r"(?i)\w+ (?:does|do|did|can|will|is) ([\w-]+)")
OF_DOCUMENTS = re.compile(
    r"(?i)\b(?:documented|documentation)\b|\b(?:in|of) the (?:docs?|guides?|manual|tutorial|readme)\b"
    r"|документ(?:аци|ирова)|руководств|\b(?:dokumentiert|dokumentation|anleitung)\b"
)
# Words for a change, which say nothing of what was changed.
CHANGING = re.compile(
    r"(?i)(?:add|remov|delet|introduc|chang|renam|replac|deprecat|drop|mov|fix|releas|longer|since"
    r"|version|commit|histor|start|stop|becom|became|wrote|author|recent|last)(?:e?[sd]|ing)?$"
)
_CHANGED = (
    r"(?:added|removed|deleted|introduced|changed|renamed|replaced|deprecated|dropped|moved|fixed"
    r"|merged|rewritten|released)"
)
_OF_HISTORY = re.compile(
    rf"(?i)^\s*(?:when|why|in what|in which|by whom)\b.* (?:was|were|been|got) .*\b{_CHANGED}\b"
    r"|^\s*(?:when|why) did\b|\bwhat (?:has |was |have )?(?:recently )?changed\b|\bno longer\b"
    r"|\b(?:which|what) (?:commit|release|version|pull request|pr)\b|\bsince (?:when|which|what)\b"
    rf"|^\s*who (?:wrote|{_CHANGED})\b|\bhistory of\b|^\s*(?:was|were) .* {_CHANGED}\b"
    r"|^\s*(?:когда|кто|почему|зачем) .*(?:добавил|удалил|убрал|изменил|заменил|переименовал|появил|исправил)"
    r"|\bчто изменил|\bв как(?:ом коммите|ой версии|ом релизе)|\bс какой версии"
)
_OF_REASONS = re.compile(r"(?i)\s*(?:why|почему|зачем|warum|weshalb|wieso)\b")
