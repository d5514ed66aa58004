"""Writes what a model said of derived memos, within a transaction that the caller began."""

from collections.abc import Mapping

from rlm_memory.summaries import Draft, checked, told_by
from rlm_memory.writer import Writer


def keep_told(writer: Writer, replies: Mapping[Draft, str], model: str) -> int:
    """Keep what is borne out of the replies, where the memo is still the one that was asked about;
    how many were kept."""
    told = 0
    for draft, reply in replies.items():
        memo, text = writer.held.memos.get(draft.row_id), checked(reply, draft.pieces)
        if text and memo is not None and memo.digest == draft.digest:
            writer.note("derive", "", draft.row_id, told=model)
            writer.put(draft.row_id, told_by(memo, text, model))
            told += 1
    return told
