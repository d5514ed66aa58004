"""What an episode has to be before it is kept, and what is taken out of it."""

from dataclasses import replace
from typing import Final

from rlm_memory.spoken import without_spoken
from rlm_memory.types import Episode

TEXT_CHARS_MAX: Final = 1_000_000


def check(episode: Episode) -> None:
    """ValueError without text or with too much."""
    if not episode.text.strip() or len(episode.text) > TEXT_CHARS_MAX:
        raise ValueError(f"an episode has 1 to {TEXT_CHARS_MAX} characters of text")


def all_told(episode: Episode) -> str:
    """All of an episode that may come back into a prompt."""
    slots = (episode.subject, episode.attribute, episode.value, episode.speaker, episode.source)
    return "\n".join(filter(None, (episode.text, *slots)))


def without_secrets(episode: Episode) -> Episode:
    """The episode with keys, tokens and passwords taken out of what it says."""
    from rlm_sandbox.redact import Redaction

    shaped = Redaction().redactor().text

    def text(told: str) -> str:
        return shaped(without_spoken(told)) if told else told

    return replace(
        episode,
        text=text(episode.text),
        question=text(episode.question),
        answer=text(episode.answer),
        subject=text(episode.subject),
        attribute=text(episode.attribute),
        value=text(episode.value),
    )
