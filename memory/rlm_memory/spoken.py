"""Secrets as people say them, in several languages, and as programs note them down.

What has the shape of a key or a token is found by `rlm_sandbox.redact`. Here is what only its
surroundings tell: "the backup password is hunter2-77", a cookie, a part of a connection string.
A value of letters only may be any word and stays.
"""

# ruff: noqa: RUF001 - the wide colon is meant

import re
from dataclasses import dataclass
from typing import Final

_TAKEN_OUT: Final = r"\g<told>[redacted: secret]"
_QUOTES: Final = "[\"'`\u201e\u201c\u00ab\u300c]?"
# With a figure and something else in it, as words seldom are.
_VALUE: Final = r"(?=[^\s\"'`]*\d)(?=[^\s\"'`]*[^\d\s.,])"


@dataclass(frozen=True, slots=True)
class _Told:
    """Looked for in a text that has one of `needles` (in lower case), or one not in ASCII."""

    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    in_any_script: bool = False


_SPOKEN: Final = (
    _Told(
        ("pass", "pin", "secret", "token", "key"),
        re.compile(
            r"\b(?P<told>(?:password|passphrase|passcode|passwd|pin|secret|token|api key"
            r"|access key)(?:\s+[\w-]+){0,5}?(?:\s+(?:is|was|are|to|now|became)|\s*[:=])\s+"
            rf"[\"'`]?){_VALUE}[^\s\"'`,]{{6,}}(?<![.;:!?])",
            re.IGNORECASE,
        ),
    ),
    _Told(
        (
            *("passwort", "kennwort", "zugangscode", "mot de passe", "clave", "senha"),
            *("parola d'ordine", "wachtwoord"),
        ),
        re.compile(
            r"(?P<told>(?:passwort\w*|passwör\w*|kennwort\w*|zugangscode|mot de passe|contraseñ\w*"
            r"|clave|senha|parola d'ordine|wachtwoord|hasło|парол\w+|секрет\w*"
            r"|密码|密碼|口令|密钥|密鑰|令牌|パスワード|暗証番号|비밀번호|암호)"
            r"(?:[^\S\n]+[^\s:=]+){0,5}?\s*(?:\s(?:ist|lautet|war|heißt|est|es|é|è|jest|to|это"
            r"|теперь|был)(?=[\s:])|是|为|為|は|는|은|[:=：—])[\s:：]*"
            rf"{_QUOTES}){_VALUE}[!-~]{{6,}}(?<![.;:!?,])",
            re.IGNORECASE,
        ),
        in_any_script=True,
    ),
    _Told(
        ("cookie",),
        re.compile(
            r"(?P<told>\b(?:set-)?cookie\s*:\s*)(?=[^\n]{0,200}?=[^\s;]{12})[^\n]+",
            re.IGNORECASE,
        ),
    ),
    _Told(
        ("password", "pwd", "key", "secret"),
        re.compile(
            r"(?P<told>;\s*(?:password|pwd|accountkey|sharedaccesskey|sharedsecret)\s*=\s*[\"']?)"
            r"(?![$<{%*\[])[^\s;\"']{4,}",
            re.IGNORECASE,
        ),
    ),
)


def without_spoken(text: str) -> str:
    """The text with `[redacted: secret]` in the place of each."""
    lower = text.lower()
    plain = text.isascii()
    for told in _SPOKEN:
        if any(map(lower.__contains__, told.needles)) or (told.in_any_script and not plain):
            text = told.pattern.sub(_TAKEN_OUT, text)
    return text
