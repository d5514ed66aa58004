"""Texts that read like instructions to whoever recalls them, and are kept out of recall for it.

A memory is text that comes back into prompts, so who may write to it may try to give orders there.
What a person says is not looked at: they may well tell an agent what to do. False alarms are told
where the text is added, and a person can let it out again. It is one fence of several: recalled
text is data to the engine, whatever it says.
"""

import re
from typing import Final

_FLAGS: Final = re.IGNORECASE
_SHAPES: Final = (
    (
        "tells to ignore what was said before",
        r"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier"
        r"|preceding|system|all (?:other|your))\b[^.\n]{0,30}\b(?:instruction|prompt|rule|message"
        r"|context|guideline|direction|polic)",
    ),
    (
        "speaks in the voice of a prompt",
        r"(?:^|\n)\s*(?:#+\s*)?(?:system|assistant|developer)\s*(?:prompt|message|note)?\s*:"
        r"|<\|?/?(?:system|im_start|im_end|assistant|tool_call|function_call)\b|\[/?INST\]",
    ),
    (
        "gives a new role",
        r"\byou are (?:now|no longer)\b|\bfrom now on,? you (?:are|will|must|should)\b"
        r"|\b(?:act|behave|pretend) as (?:if you|though you|an?\b[^.\n]{0,30}\bwithout)",
    ),
    (
        "asks to keep something from the user",
        r"\b(?:do not|don't|never)\b[^.\n]{0,20}\b(?:tell|inform|mention|reveal|show|alert)\b"
        r"[^.\n]{0,30}\b(?:the )?(?:user|human|owner|anyone|operator)\b"
        r"|\bwithout (?:telling|informing|asking|the knowledge of) the (?:user|human|owner)",
    ),
    (
        "asks for secrets or to send something away",
        r"\b(?:send|post|upload|forward|exfiltrate|leak|email|transmit)\b[^.\n]{0,60}\b(?:password|secret"
        r"|token|credential|api[ _-]?key|private key|env(?:ironment)? variable|source code"
        r"|conversation)s?\b[^.\n]{0,60}(?:\bto\b|https?://)|\b(?:reveal|print|repeat|output)\b[^.\n]{0,30}"
        r"\b(?:system prompt|hidden instruction|your instructions)",
    ),
    (
        "asks to run something",
        r"\b(?:you must|you should|immediately)\b[^.\n]{0,30}\b(?:run|execute|call|invoke)\b"
        r"[^.\n]{0,30}(?:\btool\b|\bfunction\b|\bshell\b|\bcommand\b|curl |rm -|sudo )"
        r"|\bcurl\b[^|\n]{0,80}\|\s*(?:ba|z)?sh\b|\bFINAL(?:_VAR)?\s*\(",
    ),
    (
        "asks to be believed over others",
        r"\bwhen(?:ever)? (?:you are |anyone )?asked\b[^.\n]{0,60}"
        r"\b(?:answer|respond|say|recommend|reply)\b"
        r"|\bthis (?:memory|entry|note) (?:overrides|supersedes all)",
    ),
)  # fmt: skip
_HIDDEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\U000e0000-\U000e007f]")
_COMPILED: Final = tuple((why, re.compile(shape, _FLAGS)) for why, shape in _SHAPES)


def instruction_in(text: str) -> str:
    """Why a text reads like an instruction, or nothing."""
    bare = _HIDDEN.sub("", text)
    for why, shape in _COMPILED:
        if shape.search(bare):
            return why
    return "hides characters" if len(text) - len(bare) > 3 else ""
