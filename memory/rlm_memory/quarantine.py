"""Texts that read like instructions to whoever recalls them, and are kept out of recall for it.

A memory is text that comes back into prompts, so who may write to it may try to give orders there.
What a person says is not looked at: they may well tell an agent what to do. False alarms are told
where the text is added, and a person can let it out again. It is one fence of several: recalled
text is data to the engine, whatever it says. English is here, other languages in `orders`,
disguises are taken off in `unmasking`. An order in words that are in none of them passes.
"""

import re
from typing import Final

from rlm_memory.orders import (
    AWAY,
    IGNORES,
    KEEPS_STILL,
    ORDERS,
    RUNS,
    UNSPACED,
    UNSPACED_SCRIPT,
    VOICE,
    Order,
)
from rlm_memory.unmasking import HIDDEN, readings, spelt_out

_BEGINS: Final = r"(?:^|[\n.!]\s*|<!--\s*)"
_AGENTS: Final = "ai assistant agent model llm chatbot bot ais assistants agents models llms bots"
_ENGLISH: Final = (
    Order.of(
        IGNORES,
        "ignore disregard forget override bypass discard skip disable turn follow following"
        " obey obeying apply comply set put lay void safety",
        r"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:previous|prior|above"
        r"|earlier|preceding|system|all (?:other|your))\b[^.\n]{0,30}\b(?:instruction|prompt|rule"
        r"|message|context|guideline|direction|polic)"
        r"|\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,15}\byour\b[^.\n]{0,20}"
        r"\b(?:instruction|prompt|rule|guideline|training|polic)"
        r"|\b(?:ignore|disregard|forget|discard)\b[^.\n]{0,15}\b(?:everything|anything|all"
        r"|whatever)\b[^.\n]{0,15}\b(?:you (?:were|have been|know)"
        r"|(?:said|written|stated) (?:above|before))"
        r"|\b(?:skip|bypass|disable|turn off)\b[^.\n]{0,12}\b(?:safety|guardrails?|moderation)\b"
        r"|\bsafety (?:filter|check|guard|measure)\w* (?:is|are) (?:now )?(?:off|disabled|lifted)\b"
        r"|\b(?:do not|don't|never|no longer|stop|(?:set|put|lay) aside)\b[^.\n]{0,15}"
        r"(?:\b(?:follow|obey|apply|comply with)(?:ing)?\b[^.\n]{0,10})?"
        r"\b(?:your|previous|prior|earlier|system|original|whatever|any)\b[^.\n]{0,15}"
        r"\b(?:instruction|prompt|rule|guideline|guidance|direction)s?\b(?! (?:in|of|from|for)\b)"
        r"|\byour\b[^.\n]{0,20}\b(?:instruction|prompt|rule|guideline|direction)s? (?:above )?"
        r"(?:no longer appl|(?:is|are|were) (?:now )?"
        r"(?:void|null|cancel|suspend|lifted|revoked|a test))"
        r"|\b(?:instruction|rule|guideline)s? (?:above )?(?:no longer apply|are (?:now )?"
        r"(?:void|cancelled|suspended|lifted|revoked))[^\n]{0,4}\byou (?:will|must|shall|are)\b",
    ),
    Order.of(
        VOICE,
        "system assistant developer im_start im_end tool_call function_call inst",
        r"(?:^|\n)\s*(?:#+\s*)?(?:system|assistant|developer)\s*(?:prompt|message|note)?\s*:"
        r"|<\|?/?(?:system|im_start|im_end|assistant|tool_call|function_call)\b|\[/?INST\]"
        r"|[\"']role[\"']\s*:\s*[\"']system[\"'][^\n]{0,40}\byou\b"
        r"|\bbegin(?:ning)?(?: of)? system (?:message|prompt|note)\b",
    ),
    Order.of(
        VOICE,
        _AGENTS,
        _BEGINS + r"(?:(?:\w+ )?(?:note|message|instructions?|attention|reminder)"
        r" (?:to|for) |dear |attention,? )(?:the |all |any |every )?"
        r"(?:ai|assistant|agent|(?:language )?model|llm|chatbot|bot)s?\b[^\n]{0,40}\b(?:always"
        r"|never|must|do not|don't|when|call|run|send|delete|ignore|please|you|transfer|output"
        r"|print|forward|include|respond|reply|answer|copy|upload|reveal)\b|"
        + _BEGINS
        + r"(?:assistant|agent|ai)\s*[,:]\s*(?:you|please|always|never|do not|don't|send|delete"
        r"|run|call|ignore|reveal|forget)\b"
        r"|\b(?:ai|assistant|agent|model|llm|chatbot|bot)s? (?:that |who )?(?:is |are )?"
        r"(?:reading|processing) this\b"
        r"|\bas an? (?:ai|assistant|agent|llm|(?:language )?model|bot)\b"
        r"[^.\n]{0,10}\byou (?:must|will|should|have to|are (?:required|obliged))\b"
        r"|\bhuman\s*:[^\n]{0,200}\bassistant\s*:",
    ),
    Order.of(
        "gives a new role",
        "you your act behave pretend unrestricted uncensored jailbroken",
        r"\byou (?:will |must |shall |now |always ){0,2}obey\b|\byou (?:will|must|shall) (?:now )?"
        r"comply with\b[^.\n]{0,20}\b(?:command|order|instruction)s?\b"
        r"|\byour (?:new|real|true|only) (?:task|role|goal|objective|job|mission|instructions?)"
        r" (?:is|are)\b"
        r"|\b(?:unrestricted|uncensored|jailbroken) (?:ai|assistant|agent|model|mode)\b"
        r"|\byou are (?:now|no longer)\b|\bfrom now on,? you (?:are|will|must|should)\b"
        r"|\b(?:act|behave|pretend) as (?:if you|though you|an?\b[^.\n]{0,30}\bwithout)",
    ),
    Order.of(
        IGNORES,
        "directive directives instruction instructions rule rules guidelines developer override",
        r"\b(?:model|assistant|ai|agent|llm)s?\b[^.\n]{0,20}\b(?:discard|ignore|disregard|forget|drop)"
        r"\w*[^.\n]{0,15}\b(?:its|their|previous|earlier|all)\b[^.\n]{0,15}"
        r"\b(?:directive|instruction|rule|guideline)"
        r"|\b(?:regardless of|no matter) what (?:the |your )?(?:developer|system|operator)s?\b"
        r"|(?:^|\n)\s*(?:system )?override:\s|\bdeveloper mode (?:is )?(?:enabled|on|active)\b",
    ),
    Order.of(
        "gives an order to its reader",
        "if above approved agreed confirmed authorised authorized",
        r"\bif you are an? (?:ai|assistant|agent|llm|bot|(?:language )?model)\b"
        r"|\b(?:print|repeat|output|reveal)\b[^.\n]{0,10}\b(?:everything|all)\b[^.\n]{0,12}\babove\b"
        r"|\bthe user (?:has )?already (?:approved|agreed|confirmed|authori[sz]ed)\b",
    ),
    Order.of(
        KEEPS_STILL,
        "hide conceal",
        r"\b(?:hide|conceal)\b[^.\n]{0,30}\bfrom (?:the |your )(?:user|human|owner|operator)\b",
    ),
    Order.of(
        KEEPS_STILL,
        "user human owner anyone operator",
        r"\b(?:do not|don't|never)\b[^.\n]{0,20}\b(?:tell|inform|mention|reveal|show|alert)\b"
        r"[^.\n]{0,30}\b(?:the )?(?:user|human|owner|anyone|operator)\b"
        r"|\bwithout (?:telling|informing|asking|the knowledge of) the (?:user|human|owner)",
    ),
    Order.of(
        AWAY,
        "send post upload forward exfiltrate leak email transmit copy reveal print repeat output"
        " dump delete erase wipe",
        r"\b(?:send|post|upload|forward|exfiltrate|leak|email|transmit)\b[^.\n]{0,60}"
        r"\b(?:password|secret|token|credential|api[ _-]?key|private key"
        r"|env(?:ironment)? variable|source code|conversation)s?\b[^.\n]{0,60}(?:\bto\b|https?://)"
        r"|\b(?:reveal|print|repeat|output)\b[^.\n]{0,30}"
        r"\b(?:(?:system|hidden|secret|initial|internal) (?:prompt|instruction|message)"
        r"|your (?:instructions|prompt))"
        r"|\b(?:reveal|print|dump|output|send|delete|erase|wipe)\b[^.\n]{0,12}\b(?:all|every)\b"
        r"[^.\n]{0,20}\b(?:memor(?:y|ies)|audit (?:entr|log|trail|record)|secrets|passwords"
        r"|credentials)"
        r"|\b(?:delete|erase|wipe|dump)\b[^.\n]{0,8}\b(?:the|your)"
        r" (?:memory|memories|audit (?:log|trail))\b"
        r"|\b(?:send|post|upload|forward|email|transmit|copy)\b[^\n]{0,40}(?:/\.ssh|id_rsa"
        r"|id_ed25519|/etc/(?:passwd|shadow)|\.aws/|\.env\b)[^\n]{0,30}(?:\bto\b|https?://)",
    ),
    Order.of(
        RUNS,
        "run execute call invoke curl final final_var",
        r"\b(?:you must|you should|immediately)\b[^.\n]{0,30}\b(?:run|execute|call|invoke)\b"
        r"[^.\n]{0,30}(?:\btool\b|\bfunction\b|\bshell\b|\bcommand\b|curl |rm -|sudo )"
        r"|\bcurl\b[^|\n]{0,80}\|\s*(?:ba|z)?sh\b|\bFINAL(?:_VAR)?\s*\(",
    ),
    Order.of(
        "asks to be believed over others",
        "asked overrides supersedes",
        r"\bwhen(?:ever)? (?:you are |anyone )?asked\b[^.\n]{0,60}"
        r"\b(?:answer|respond|say|recommend|reply)\b"
        r"|\bthis (?:memory|entry|note) (?:overrides|supersedes all)",
    ),
    Order.of(
        "gives an order to its reader",
        "when whenever",
        r"\bwhen(?:ever)? you (?:read|see|recall|process|find) this\b",
    ),
)
_ORDERS: Final = (*_ENGLISH, *ORDERS)
_WORD: Final = re.compile(r"\w+")
_HIDDEN_MAX: Final = 3


def instruction_in(text: str) -> str:
    """Why a text reads like an instruction, or nothing."""
    for told in readings(text):
        words = frozenset(_WORD.findall(told.lower()))
        for order in _ORDERS:
            if not order.words.isdisjoint(words) and order.pattern.search(told):
                return order.why
        if not told.isascii() and UNSPACED_SCRIPT.search(told):
            for order in UNSPACED:
                if order.pattern.search(told):
                    return order.why
    if spelt_out(text):
        return "spells its words out"
    return "hides characters" if len(HIDDEN.findall(text)) > _HIDDEN_MAX else ""
