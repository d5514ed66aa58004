"""Secrets taken out of what leaves the sandbox: keys, tokens, passwords, private keys, SSN.

Works by shape, so it finds what providers issue and what is assigned to a name like `password`.
It does not find a secret that was encoded, split or described, and it is no egress filter: a
model that wants to leak a word can spell it. Our own patterns run in time linear in the text;
the user's may not, so they get a second of CPU a text, and a text that takes longer is withheld.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from rlm_sandbox.errors import PatternRefused
from rlm_sandbox.secret_shapes import (
    ASSIGNED_NAME,
    ASSIGNED_QUOTED,
    ASSIGNED_STEMS,
    ASSIGNED_UNQUOTED,
    ASSIGNED_WITHIN,
    AUTHORIZATION,
    EMAIL,
    KEY_LINES_REVERSED,
    PRIVATE_KEY,
    PRIVATE_KEY_END,
    PUTTY_KEY,
    RUN,
    SHAPES,
    SSN_TAIL,
    URL_PASSWORD,
    WITHIN,
    WORDED,
    is_password,
    is_private_key,
    is_social_security_number,
    is_token,
    stands_alone,
)
from rlm_sandbox.types import JsonValue

_DEPTH_MAX: Final = 64
_KEY_CHARS_MAX: Final = 50_000
_SECRET_CHARS_MIN: Final = 6  # not even `a@b.de` is shorter
_SHORT_CHARS_MAX: Final = 160
_CLEAN_MAX: Final = 4096
# Short texts in which nothing of a known shape was found.
_clean: Final = set[str]()
_NAME_PART: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. \t\"'"
_LED_CHARS_MAX: Final = 1_000
_OWN_S: Final = 1.0
_OWN_MARK: Final = "[redacted: custom pattern]"
_WITHHELD: Final = "[redacted: text on which a custom pattern takes too long]"
_LABELS: Final = (
    *sorted({shape.label for shape in (*SHAPES, *WORDED, *WITHIN)}), "credentials",
    "custom pattern", "e-mail address", "password", "private key", "social security number",
    "text on which a custom pattern takes too long",
)  # fmt: skip
_MARK: Final = re.compile(rf"(\[redacted: (?:{'|'.join(_LABELS)})\])")


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its secrets, and how many there were."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is taken out besides the built-in shapes: e-mail addresses, and the user's patterns.

    `redactor()` raises PatternRefused for a pattern that cannot be used.
    """

    emails: bool = False
    patterns: tuple[str, ...] = ()

    def redactor(self) -> "Redactor":
        """A redactor that counts from zero."""
        return Redactor(emails=self.emails, patterns=[_compiled(one) for one in self.patterns])

    def text(self, text: str) -> str:
        """The text without secrets."""
        return self.redactor().text(text)


def redact(text: str, *, emails: bool = False, patterns: Sequence[str] = ()) -> Redacted:
    """The text with each secret replaced by `[redacted: what it was]`.

    `patterns` are further secrets of the user's own; the whole match goes. PatternRefused for one
    that is no regular expression.
    """
    redactor = Redaction(emails, tuple(patterns)).redactor()
    return Redacted(redactor.text(text), redactor.count)


class Redactor:
    """Redacts texts and JSON values, and counts what it took out of all of them."""

    def __init__(self, *, emails: bool = False, patterns: Sequence[Any] = ()) -> None:
        self.count = 0
        self._emails = emails
        self._patterns = patterns

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._patterns or self._emails or len(text) > _SHORT_CHARS_MAX:
            return self._searched(text)
        if len(text) < _SECRET_CHARS_MIN or text in _clean:
            return text
        before = self.count
        shown = self._searched(text)
        if self.count == before:
            _remember_clean(text)
        return shown

    def _searched(self, text: str) -> str:
        if "PRIVATE KEY" in text:
            text = self._replace(PRIVATE_KEY, text, "private key", is_private_key)
            text = self._key_tails(text)
        if "Private-Lines" in text:
            text = self._replace_group(PUTTY_KEY, "body", text, "private key", _whole)
        runs = "\n".join(RUN.findall(text))
        for shape in SHAPES:
            if shape.needle in runs:
                text = self._replace(shape.pattern, text, shape.label, _alone)
        for shape in WORDED:
            if shape.needle in text:
                text = self._replace(shape.pattern, text, shape.label, _alone)
        for shape in WITHIN:
            if shape.needle in text:
                text = self._replace(shape.pattern, text, shape.label, _always)
        if "://" in text:
            text = self._replace_group(URL_PASSWORD, "secret", text, "password", _in_url)
        if "uthorization" in text:
            text = self._replace_group(AUTHORIZATION, "secret", text, "credentials", is_token)
        text = self._assignments(text)
        if "-" in text:
            text = self._numbers(text)
        if self._emails and "@" in text:
            text = self._replace(EMAIL, text, "e-mail address", _always)
        return self._without_own(text) if self._patterns else text

    def value(self, value: JsonValue, depth: int = 0) -> JsonValue:
        """A JSON value with every text and key in it redacted."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list) and depth < _DEPTH_MAX:
            return [self.value(item, depth + 1) for item in value]
        if isinstance(value, dict) and depth < _DEPTH_MAX:
            return {self.text(key): self._entry(key, item, depth) for key, item in value.items()}
        return value

    def _entry(self, key: str, item: JsonValue, depth: int) -> JsonValue:
        # {"password": "..."}: the name that tells is the key, not part of the text.
        accept = _what_it_names(key) if isinstance(item, str) else None
        if accept is not None and accept(str(item)):
            self.count += 1
            return "[redacted: password]"
        return self.value(item, depth + 1)

    def _replace(
        self,
        pattern: re.Pattern[str],
        text: str,
        label: str,
        accept: Callable[[re.Match[str]], bool],
    ) -> str:
        def marked(match: re.Match[str]) -> str:
            if not match.group() or not accept(match):
                return match.group()
            self.count += 1
            return f"[redacted: {label}]"

        return pattern.sub(marked, text)

    def _replace_group(
        self,
        pattern: re.Pattern[str],
        group: str,
        text: str,
        label: str,
        accept: Callable[[str], bool],
    ) -> str:
        def marked(match: re.Match[str]) -> str:
            whole, start = match.group(), match.start()
            if not accept(match.group(group)):
                return whole
            self.count += 1
            begin, end = (position - start for position in match.span(group))
            return f"{whole[:begin]}[redacted: {label}]{whole[end:]}"

        return pattern.sub(marked, text)

    def _without_own(self, text: str) -> str:
        began_s = time.thread_time()
        for pattern in self._patterns:
            # A pattern that fits our own marks would grow a text that is redacted twice.
            pieces = _MARK.split(text)
            for at in range(0, len(pieces), 2):
                left_s = max(0.001, _OWN_S - (time.thread_time() - began_s))
                try:
                    pieces[at] = pattern.sub(self._own_mark, pieces[at], timeout=left_s)
                except TimeoutError:
                    self.count += 1
                    return _WITHHELD
            text = "".join(pieces)
        return text

    def _own_mark(self, match: Any) -> str:
        if not match.group():
            return ""
        self.count += 1
        return _OWN_MARK

    def _key_tails(self, text: str) -> str:
        """The text without the lines of keys of which only the end is there."""
        pieces: list[str] = []
        done = seen = 0
        for end in PRIVATE_KEY_END.finditer(text):
            tail = text[max(seen, end.start() - _KEY_CHARS_MAX) : end.start()]
            seen = end.end()
            lines = KEY_LINES_REVERSED.match(tail[::-1])
            if lines is not None:
                self.count += 1
                pieces += [text[done : end.start() - lines.end()], "[redacted: private key]"]
                done = end.end()
        return "".join((*pieces, text[done:])) if pieces else text

    def _numbers(self, text: str) -> str:
        pieces: list[str] = []
        done = 0
        for tail in SSN_TAIL.finditer(text):
            start = tail.start() - 3
            if start >= done and is_social_security_number(text, start):
                self.count += 1
                pieces += [text[done:start], "[redacted: social security number]"]
                done = tail.end()
        return "".join((*pieces, text[done:])) if pieces else text

    def _assignments(self, text: str) -> str:
        pieces: list[str] = []
        done = 0
        for name in _names(text):
            if name.start() < done:
                continue
            span = _assigned_secret(text, name)
            if span is not None:
                self.count += 1
                pieces += [text[done : span[0]], "[redacted: password]"]
                done = span[1]
        return "".join((*pieces, text[done:])) if pieces else text


def _remember_clean(text: str) -> None:
    """Names, paths and headings come again with every reply."""
    if len(_clean) >= _CLEAN_MAX:
        _clean.clear()
    _clean.add(text)


@lru_cache(maxsize=1024)
def _what_it_names(key: str) -> Callable[[str], bool] | None:
    """How to tell a secret among the values under this key; None where it names no secret."""
    named = ASSIGNED_NAME.search(key)
    if named is None or named.end() != len(key):
        return None
    return is_password if named.lastgroup == "strong" else is_token


def _assigned_secret(text: str, name: re.Match[str]) -> tuple[int, int] | None:
    accept = is_password if name.lastgroup == "strong" else is_token
    quoted = ASSIGNED_QUOTED.match(text, name.end())
    if quoted is not None:
        return quoted.span("secret") if accept(quoted.group("secret")) else None
    begins_line = _begins_line(text, name.start())
    unquoted = ASSIGNED_UNQUOTED.match(text, name.end()) if begins_line else None
    if unquoted is not None and any(map(str.isdigit, unquoted.group("secret"))):
        return unquoted.span("secret") if accept(unquoted.group("secret")) else None
    within = ASSIGNED_WITHIN.match(text, name.end())
    if within is not None and is_token(within.group("secret")):
        return within.span("secret")
    return None


def _begins_line(text: str, position: int) -> bool:
    """Whether only parts of a name stand before it in its line; of a long line they are not all."""
    earliest = max(0, position - _LED_CHARS_MAX)
    start = text.rfind("\n", earliest, position) + 1
    return (start > 0 or earliest == 0) and not text[start:position].strip(_NAME_PART)


def _names(text: str) -> Iterator[re.Match[str]]:
    # Substring searches first: a case-blind alternation over the whole text is ten times slower.
    lowered = text.lower()
    if len(lowered) != len(text):
        yield from ASSIGNED_NAME.finditer(text)
        return
    found = (match for stem in ASSIGNED_STEMS for match in _at_each(lowered, stem, text))
    yield from sorted(found, key=lambda match: match.start())


def _at_each(lowered: str, stem: str, text: str) -> Iterator[re.Match[str]]:
    position = lowered.find(stem)
    while position >= 0:
        match = ASSIGNED_NAME.match(text, position)
        if match is not None:
            yield match
        position = lowered.find(stem, position + 1)


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> Any:
    """The pattern in the package `regex`, whose language is that of `re` and which keeps time."""
    regex: Any = import_module("regex")
    try:
        return regex.compile(pattern, regex.VERSION0 | regex.MULTILINE)
    except (regex.error, RecursionError, OverflowError) as error:
        raise PatternRefused(pattern, f"it is no regular expression: {error}") from None


def _in_url(password: str) -> bool:
    return is_password(password, length_min=4)


def _whole(_: str) -> bool:
    return True


def _alone(match: re.Match[str]) -> bool:
    return stands_alone(match.string, match.start())


def _always(match: re.Match[str]) -> bool:
    return bool(match.group())
