"""The shapes of secrets: what providers issue, and what is given to a name like `password`.

Shapes are those the providers document for secret scanning. Each pattern begins with its literal
needle, which a text is searched for first: a text without secrets costs a few substring scans.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of key: its name, a literal it begins with, and its pattern."""

    label: str
    needle: str
    pattern: re.Pattern[str]


def _shape(label: str, needle: str, rest: str) -> Shape:
    return Shape(label, needle, re.compile(re.escape(needle) + rest))


_END = r"(?![A-Za-z0-9])"

SHAPES: Final = (
    _shape("Anthropic key", "sk-ant-", r"[A-Za-z0-9_-]{20,300}"),
    _shape("OpenRouter key", "sk-or-", r"[A-Za-z0-9_-]{20,300}"),
    _shape("OpenAI key", "sk-proj-", r"[A-Za-z0-9_-]{20,300}"),
    _shape("OpenAI key", "sk-svcacct-", r"[A-Za-z0-9_-]{20,300}"),
    _shape("OpenAI key", "sk-admin-", r"[A-Za-z0-9_-]{20,300}"),
    _shape("API key", "sk-", r"(?=[A-Za-z]{0,200}[0-9])[A-Za-z0-9]{20,200}" + _END),
    _shape("GitHub token", "ghp_", r"[A-Za-z0-9]{30,255}"),
    _shape("GitHub token", "gho_", r"[A-Za-z0-9]{30,255}"),
    _shape("GitHub token", "ghu_", r"[A-Za-z0-9]{30,255}"),
    _shape("GitHub token", "ghs_", r"[A-Za-z0-9]{30,255}"),
    _shape("GitHub token", "ghr_", r"[A-Za-z0-9]{30,255}"),
    _shape("GitHub token", "github_pat_", r"[A-Za-z0-9_]{22,255}"),
    _shape("GitLab token", "glpat-", r"[A-Za-z0-9_-]{20,255}"),
    _shape("GitLab token", "gldt-", r"[A-Za-z0-9_-]{20,255}"),
    _shape("GitLab token", "glrt-", r"[A-Za-z0-9_-]{20,255}"),
    _shape("Slack token", "xox", r"[abeoprs]-[A-Za-z0-9-]{10,255}"),
    _shape("Slack token", "xapp-", r"[A-Za-z0-9-]{20,255}"),
    _shape("Slack webhook", "hooks.slack.com/services/", r"[A-Za-z0-9/]{30,120}"),
    _shape("AWS access key", "AKIA", r"[A-Z0-9]{16}" + _END),
    _shape("AWS access key", "ASIA", r"[A-Z0-9]{16}" + _END),
    _shape("Google API key", "AIza", r"[0-9A-Za-z_-]{35}"),
    _shape("Google token", "ya29.", r"[0-9A-Za-z_-]{20,500}"),
    _shape("Google client secret", "GOCSPX-", r"[0-9A-Za-z_-]{20,60}"),
    _shape("Stripe key", "sk_live_", r"[A-Za-z0-9]{16,255}"),
    _shape("Stripe key", "sk_test_", r"[A-Za-z0-9]{16,255}"),
    _shape("Stripe key", "rk_live_", r"[A-Za-z0-9]{16,255}"),
    _shape("Stripe key", "rk_test_", r"[A-Za-z0-9]{16,255}"),
    _shape("Stripe webhook secret", "whsec_", r"[A-Za-z0-9+/=]{24,255}"),
    _shape("SendGrid key", "SG.", r"[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}"),
    _shape("npm token", "npm_", r"[A-Za-z0-9]{36}" + _END),
    _shape("PyPI token", "pypi-", r"[A-Za-z0-9_-]{50,500}"),
    _shape("Hugging Face token", "hf_", r"[A-Za-z0-9]{30,100}" + _END),
    _shape("Groq key", "gsk_", r"[A-Za-z0-9]{30,100}"),
    _shape("Replicate token", "r8_", r"[A-Za-z0-9]{30,60}"),
    _shape("Perplexity key", "pplx-", r"[A-Za-z0-9]{30,100}"),
    _shape("xAI key", "xai-", r"[A-Za-z0-9]{40,120}"),
    _shape("DigitalOcean token", "dop_v1_", r"[a-f0-9]{60,70}"),
    _shape("Docker token", "dckr_pat_", r"[A-Za-z0-9_-]{20,80}"),
    _shape("Databricks token", "dapi", r"[a-f0-9]{32}" + _END),
    _shape("Vault token", "hvs.", r"[A-Za-z0-9_-]{24,300}"),
    _shape("Shopify token", "shpat_", r"[a-fA-F0-9]{32}"),
    _shape("Linear key", "lin_api_", r"[A-Za-z0-9]{30,80}"),
    _shape("Atlassian token", "ATATT3", r"[A-Za-z0-9_=-]{50,300}"),
    _shape("Twilio key", "SK", r"[0-9a-f]{32}" + _END),
    _shape("age key", "AGE-SECRET-KEY-1", r"[0-9A-Z]{50,70}"),
    _shape("Azure storage key", "AccountKey=", r"[A-Za-z0-9+/]{60,100}={0,2}"),
    _shape(
        "JSON web token",
        "eyJ",
        r"[A-Za-z0-9_-]{8,2000}+\.[A-Za-z0-9_-]{8,4000}+\.[A-Za-z0-9_-]{16,2000}+",
    ),
    _shape("bearer token", "Bearer ", r"(?=[A-Za-z._~+/-]{0,200}[0-9])[A-Za-z0-9._~+/=-]{20,2000}"),
    _shape(
        "basic credentials", "Basic ", r"(?=[A-Za-z+/]{0,200}[0-9=])[A-Za-z0-9+/]{16,500}={0,2}"
    ),
)

PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----"
    r"(?P<body>(?:[A-Za-z0-9+/=\s:,.\\\"'()]|-(?!----))*+)"
    r"(?:-----END [A-Z0-9 ]{1,60}-----)?"
)

SSN: Final = re.compile(
    r"(?<![\w.-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])(?!\.\d)"
)

EMAIL: Final = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}+@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}"
)

URL_PASSWORD: Final = re.compile(r"://[^\s:/@\"'<>\[\]{}]{0,100}:(?P<secret>[^\s/@\"'<>]{1,200})@")

ASSIGNED_NAME: Final = re.compile(
    r"(?P<strong>passw(?:or)?d|passphrase|passwort|pwd|secret(?:[_-]?(?:access[_-]?)?key)?"
    r"|api[_-]?(?:key|secret|token)|access[_-]?(?:key|token)|auth[_-]?(?:key|token)"
    r"|encryption[_-]?key|signing[_-]?key|refresh[_-]?token|client[_-]?secret)"
    r"|(?P<weak>token|credentials?|apikey)",
    re.IGNORECASE,
)
ASSIGNED_STEMS: Final = (
    "passw", "passphrase", "pwd", "secret", "api", "access", "auth", "encryption", "signing",
    "refresh", "client", "token", "credential",
)  # fmt: skip
"""Every name begins with one of these.

`strong` names want a password, `weak` ones something that looks random.
"""

_ASSIGN = r"[\"']?\]?[ \t]{0,8}(?:=>|:=|=(?!=)|:(?![:=]))[ \t]{0,8}"
ASSIGNED_QUOTED: Final = re.compile(
    _ASSIGN + r"[rbuf]{0,2}(?P<quote>[\"'`])(?P<secret>[^\"'`\n]{4,300})(?P=quote)"
)
ASSIGNED_UNQUOTED: Final = re.compile(
    _ASSIGN + r"(?P<secret>[A-Za-z0-9!#%&*+./:?@^_~$=-]{6,200})[ \t]{0,8}(?=\r?\n|\Z)"
)

_BASE64_RUN: Final = re.compile(r"[A-Za-z0-9+/]{30}")
_PLACEHOLDER: Final = re.compile(
    r"[<\[({$%*]|.*(?:\$\{|\{\{|%\(|\.\.\.|xxx|XXX|\*\*\*"
    r"|example|placeholder|change_?me|CHANGE_?ME|your[-_ ]|YOUR[-_ ])",
    re.DOTALL,
)
_NAMES: Final = re.compile(
    # snake_case and kebab-case words, dotted names, paths and calls are code, not secrets.
    r"[A-Za-z]+\d?|[A-Za-z]+(?:[_.:/ -][A-Za-z]*\d?)+|[A-Za-z_][\w.]*\(.*|/.*|"
    r"(?i:u?int|float|utf|base|sha|md|bytes|string|vec|char|pbkdf|argon|bcrypt)[-_]?\d+.{0,3}"
)
_SINGLE_WORD: Final = re.compile(r"[A-Za-z]+\d?")
_TELLING: Final = re.compile(r"passw|secret|token|key|pwd|user|test|pass|foo|bar", re.IGNORECASE)


def is_password(value: str, *, length_min: int = 6) -> bool:
    """Whether a literal given to `password` and the like is one, and no name or placeholder."""
    if len(value) < length_min or _PLACEHOLDER.match(value) or any(map(str.isspace, value)):
        return False
    if _SINGLE_WORD.fullmatch(value):
        return value[-1].isdigit() and not _TELLING.search(value)
    return not _NAMES.fullmatch(value)


def is_token(value: str) -> bool:
    """Whether a literal looks random: long, letters and digits, many different characters."""
    return (
        len(value) >= 16
        and is_password(value)
        and any(map(str.isdigit, value))
        and any(map(str.isalpha, value))
        and len(set(value)) >= 8
    )


def is_private_key(match: re.Match[str]) -> bool:
    """Whether key material follows the header; a mere mention of the header is no secret."""
    return bool(_BASE64_RUN.search(match.group("body")))
