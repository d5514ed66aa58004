"""The sub-model of the extractive provider: it answers a prompt by quoting the prompt.

It reads no code and draws no conclusion. Given a question and a text it returns the lines that
share most with the question, word for word and with their numbers where the text has them; and it
says so when no line does.
"""

import re
from collections.abc import Sequence

from rlm_engine.extractive.evidence import Line
from rlm_engine.extractive.lines import rank_lines
from rlm_engine.extractive.words import concepts_of
from rlm_engine.model import Completion, Message
from rlm_engine.prompt import data_in

NOTHING_FOUND = "Not found in the text:"
_NUMBERED = re.compile(r"^\s*(\d+)\| ?(.*)$")
_QUESTION = re.compile(r"(?im)^\s*(?:question|query|task|вопрос|задача)\s*:\s*(.+)$")
_UNFENCED = re.compile(r"(?m)^<data \w+>$")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZА-ЯЁ\"“«`])")  # noqa: RUF001
_LINES_MAX = 5


class ExtractiveReader:
    """A Model that needs no model: deterministic, free, and honest about what it is."""

    name = "extractive"

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
        request = next((m for m in reversed(messages) if m.role == "user"), Message("user", ""))
        prompt = "\n\n".join((_UNFENCED.split(request.content)[0], *data_in(request)))
        text = answer_from(prompt)[: max(1, max_tokens) * 4]
        return Completion(text, len(prompt) // 4, len(text) // 4, 0.0)

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:  # noqa: ARG002
        return 0.0


def answer_from(prompt: str) -> str:
    """The lines of the prompt's text that bear on its question, or that there are none."""
    question, text = split_prompt(prompt)
    concepts = concepts_of(question)
    rows = [_NUMBERED.match(row) for row in text.split("\n")]
    numbered = [Line(int(row[1]), row[2]) for row in rows if row]
    if numbered:
        chosen = rank_lines(numbered, concepts, limit=_LINES_MAX)
        quoted = "\n".join(f"{line.number}| {line.text}" for line in chosen)
    else:
        sentences = [Line(n, sentence) for n, sentence in enumerate(_sentences(text))]
        chosen = rank_lines(sentences, concepts, limit=_LINES_MAX)
        quoted = "\n".join(f"“{line.text.strip()}”" for line in chosen)
    if quoted:
        return quoted
    wanted = ", ".join(concept[0] for concept in concepts) or "no telling word in the question"
    return f"{NOTHING_FOUND} {wanted}."


def split_prompt(prompt: str) -> tuple[str, str]:
    """The question and the text of a prompt.

    The question is what follows "Question:", else the first or last paragraph that asks, else the
    first paragraph; the text is all the rest.
    """
    labelled = _QUESTION.search(prompt)
    if labelled:
        return labelled[1], prompt[: labelled.start()] + prompt[labelled.end() :]
    paragraphs = [part for part in re.split(r"\n\s*\n", prompt) if part.strip()]
    if len(paragraphs) < 2:
        head, _, rest = prompt.partition("\n")
        return head, rest or prompt
    asking = next((p for p in (paragraphs[0], paragraphs[-1]) if "?" in p[-200:]), paragraphs[0])
    return asking, "\n\n".join(part for part in paragraphs if part is not asking)


def _sentences(text: str) -> list[str]:
    return [
        sentence
        for row in text.split("\n")
        for sentence in _SENTENCE_END.split(row)
        if sentence.strip()
    ]
