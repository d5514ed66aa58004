"""Putting an answer together from paragraphs, within a length a person reads."""

# ruff: noqa: RUF001

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rlm_engine.extractive.cell import Conclusion
from rlm_engine.extractive.evidence import Line
from rlm_engine.extractive.finding import Vocabulary
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.quote import code, place
from rlm_engine.extractive.voice import Voice
from rlm_engine.extractive.words import Concept

_WORDS_MAX = 400


@dataclass(slots=True)
class Draft:
    """An answer being written; paragraphs that would make it too long are left out."""

    voice: Voice
    paragraphs: list[str] = field(default_factory=list[str])

    def say(self, *sentences: str) -> None:
        """A paragraph of sentences; empty ones are skipped."""
        text = " ".join(sentence for sentence in sentences if sentence)
        if text:
            self.paragraphs.append(text)

    def rows(self, heading: str, rows: Iterable[str]) -> None:
        """A heading and its rows, as many as fit."""
        kept: list[str] = []
        room = _WORDS_MAX - self.words
        for row in rows:
            room -= len(row.split())
            if room < 0 and kept:
                break
            kept.append(row if row.startswith("  ") else f"- {row}")
        if kept:
            self.paragraphs.append("\n".join(([heading] if heading else []) + kept))

    @property
    def words(self) -> int:
        return sum(len(paragraph.split()) for paragraph in self.paragraphs)

    def conclude(self) -> Conclusion:
        """The answer, with the line that tells how it was made."""
        return Conclusion("\n\n".join([*self.paragraphs, self.voice.closing()]))


def quoted_lines(path: str, lines: Iterable[Line], *, limit: int = 3) -> list[str]:
    """`path:n-n: code` for lines that say something, at most `limit`."""
    telling = [line for line in lines if any(character.isalnum() for character in line.text)]
    return [f"{place(path, line.number)}: {code(line.text)}" for line in telling[:limit]]


def named_words(concepts: Sequence[Concept]) -> str:
    """The words of some concepts between straight quotation marks, which quote no line."""
    return ", ".join(f'"{"/".join(concept)}"' for concept in concepts)


def refusal(vocabulary: Vocabulary, voice: Voice) -> str:
    """That there is no answer here, with the words of the question that no file has."""
    if not vocabulary.documents:
        return _nothing_indexed(vocabulary, voice)
    told = voice(
        "I cannot answer this from the indexed files",
        "По проиндексированным файлам ответить не могу",
    )
    if vocabulary.missing:
        words = named_words(vocabulary.missing)
        told += voice(f": nothing in them says {words}", f": в них нет слов {words}")
    else:
        told += voice(
            ": no place has most of the question's words",
            ": нет места, где было бы большинство слов вопроса",
        )
    return f"{told}. {untranslated(vocabulary, voice)}".strip()


def _nothing_indexed(vocabulary: Vocabulary, voice: Voice) -> str:
    if not vocabulary.left_out:
        return voice(
            "I cannot answer this: the folder that is served holds no files.",
            "Ответить не могу: в обслуживаемой папке нет файлов.",
        )
    return voice(
        "I cannot answer this: not one file is indexed.",
        "Ответить не могу: не проиндексирован ни один файл.",
    )


def unread(vocabulary: Vocabulary, voice: Voice) -> str:
    """What the index leaves out and why, since the answer may be there; empty where nothing is."""
    if not vocabulary.left_out:
        return ""
    told = "; ".join(
        f"{count} {reason} ({path}{', …' if count > 1 else ''})"
        for reason, count, path in vocabulary.left_out
    )
    return voice(
        f"Not read, as the index leaves them out: {told}. "
        "`rlm-mcp index --dry-run --verbose` names each.",
        f"Не прочитано, так как не входит в индекс: {told}. "
        "Каждый назовёт `rlm-mcp index --dry-run --verbose`.",
    )


def untranslated(vocabulary: Vocabulary, voice: Voice) -> str:
    """The words of another language that were left out of the search, or an empty string."""
    words = named_words(vocabulary.untranslated)
    if not words:
        return ""
    return voice(
        f"I could not translate {words} and searched without.",
        f"Слов {words} перевести не умею, без них и искал.",
    )


def spoken(question: Question) -> str:
    """What to know of an answer to a question in a language that is read word by word, or ""."""
    if not question.language:
        return ""
    understood = named_words(question.concepts)
    return (
        f"Without a language model I read English and Russian; of this question, in "
        f"{question.language}, I looked for {understood}."
    )


def nothing_found(
    question: Question, vocabulary: Vocabulary | None, trouble: str = ""
) -> Conclusion:
    """The answer when there is no evidence at all."""
    draft = Draft(Voice(question.russian))
    if vocabulary is not None:
        draft.say(spoken(question))
        draft.say(refusal(vocabulary, draft.voice), trouble)
        draft.say(unread(vocabulary, draft.voice))
    else:
        draft.say(
            draft.voice(
                "I cannot answer this: nothing in the indexed files matches the question.",
                "Ответить не могу: в проиндексированных файлах нет ничего по этому вопросу.",
            ),
            trouble,
        )
    return draft.conclude()


def joined(names: Sequence[str], *, limit: int = 8) -> str:
    """Names in backticks, with how many more there are."""
    text = ", ".join(f"`{name}`" for name in names[:limit])
    return text + (f" (+{len(names) - limit})" if len(names) > limit else "")
