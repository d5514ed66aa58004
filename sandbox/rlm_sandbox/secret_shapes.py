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
_ALNUM = r"[A-Za-z0-9]"
_WORD = r"[A-Za-z0-9_-]"
_HEX = r"[0-9a-f]"

_ISSUED: Final[tuple[tuple[str, str, str], ...]] = (
    # label, the literals a key begins with, what follows one of them
    ("Anthropic key", "sk-ant-", _WORD + "{20,300}"),
    ("OpenRouter key", "sk-or-", _WORD + "{20,300}"),
    ("OpenAI key", "sk-proj- sk-svcacct- sk-admin- sk-None-", _WORD + "{20,300}"),
    ("API key", "sk-", r"(?=[A-Za-z]{0,200}[0-9])[A-Za-z0-9]{20,200}" + _END),
    ("GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", _ALNUM + "{30,255}"),
    ("GitHub token", "github_pat_", r"[A-Za-z0-9_]{22,255}"),
    (
        "GitLab token",
        "glpat- gldt- glrt- glrtr- glptt- glcbt- glft- glsoat- glimt- glagent- gloas- glffct-"
        " GR1348941",
        r"[A-Za-z0-9_.-]{20,255}",
    ),
    (
        "Slack token",
        "xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- xoxe. xoxc- xoxd-",
        r"[A-Za-z0-9.%-]{10,255}",
    ),
    ("Slack token", "xapp-", r"[A-Za-z0-9-]{20,255}"),
    ("Slack webhook", "hooks.slack.com/services/ hooks.slack.com/workflows/", r"[\w/]{30,120}"),
    (
        "Discord webhook",
        "discord.com/api/webhooks/ discordapp.com/api/webhooks/",
        r"\d{15,20}/[\w-]{40,120}",
    ),
    ("AWS access key", "AKIA ASIA ABIA ACCA", r"[A-Z0-9]{16}" + _END),
    ("AWS Bedrock key", "ABSK", r"[A-Za-z0-9+/]{80,260}={0,2}"),
    ("Google API key", "AIza", r"[0-9A-Za-z_-]{35}"),
    ("Google token", "ya29.", r"[0-9A-Za-z_-]{20,500}"),
    ("Google refresh token", "1//0", r"[0-9A-Za-z_-]{40,200}"),
    ("Google client secret", "GOCSPX-", r"[0-9A-Za-z_-]{20,60}"),
    ("Stripe key", "sk_live_ sk_test_ rk_live_ rk_test_", _ALNUM + "{16,255}"),
    ("Stripe webhook secret", "whsec_", r"[A-Za-z0-9+/=]{24,255}"),
    ("SendGrid key", "SG.", r"[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}"),
    ("Mailgun key", "key-", _HEX + "{32}" + _END),
    ("Brevo key", "xkeysib- xsmtpsib-", _HEX + "{64}-[A-Za-z0-9]{16}"),
    ("rlm-mcp token", "rlmt_", _WORD + "{43}(?![A-Za-z0-9_-])"),
    ("npm token", "npm_", _ALNUM + "{36}" + _END),
    ("PyPI token", "pypi-", _WORD + "{50,500}"),
    ("RubyGems key", "rubygems_", _HEX + "{48}" + _END),
    ("NuGet key", "oy2", r"[a-z0-9]{43}" + _END),
    ("Hugging Face token", "hf_ api_org_", _ALNUM + "{30,100}" + _END),
    ("Groq key", "gsk_", _ALNUM + "{30,100}"),
    ("Replicate token", "r8_", _ALNUM + "{30,60}"),
    ("Perplexity key", "pplx-", _ALNUM + "{30,100}"),
    ("xAI key", "xai-", _ALNUM + "{40,120}"),
    ("Fireworks key", "fw_", _ALNUM + "{24}" + _END),
    ("DigitalOcean token", "dop_v1_ doo_v1_ dor_v1_", _HEX + "{60,70}"),
    ("Docker token", "dckr_pat_ dckr_oat_", _WORD + "{20,80}"),
    ("Databricks token", "dapi", _HEX + "{32}(?:-\\d)?" + _END),
    ("Vault token", "hvs. hvb. hvr.", _WORD + "{24,300}"),
    ("Shopify token", "shpat_ shpca_ shppa_ shpss_", r"[a-fA-F0-9]{32}"),
    ("Square token", "sq0atp- sq0csp-", _WORD + "{20,60}"),
    ("Linear key", "lin_api_ lin_oauth_", _ALNUM + "{30,80}"),
    ("Atlassian token", "ATATT3 ATCTT3", r"[A-Za-z0-9_=-]{50,300}"),
    ("Notion token", "ntn_", _ALNUM + "{40,60}" + _END),
    ("Figma token", "figd_", _WORD + "{35,60}"),
    ("Postman key", "PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}"),
    ("Grafana token", "glsa_ glc_", r"[A-Za-z0-9_=+/]{32,300}"),
    ("Sentry token", "sntrys_ sntryu_", r"[A-Za-z0-9_=+/]{40,300}"),
    ("New Relic key", "NRAK-", r"[A-Z0-9]{27}" + _END),
    ("Cloudflare key", "v1.0-", _HEX + "{24}-" + _HEX + "{100,160}"),
    ("Supabase key", "sbp_ sb_secret_", r"[A-Za-z0-9_]{30,60}"),
    ("PlanetScale password", "pscale_pw_ pscale_tkn_", r"[A-Za-z0-9_.=-]{30,64}"),
    ("Heroku key", "HRKU-", r"[A-Za-z0-9_-]{36,70}"),
    ("Netlify token", "nfp_", _ALNUM + "{36,50}"),
    ("Doppler token", "dp.pt. dp.st. dp.ct.", r"[A-Za-z0-9._-]{40,80}"),
    ("Pulumi token", "pul-", _HEX + "{40}" + _END),
    ("Tailscale key", "tskey-", r"[a-z]{3,10}-[A-Za-z0-9-]{16,80}"),
    ("1Password token", "ops_eyJ", r"[A-Za-z0-9_=-]{50,2000}"),
    ("CircleCI token", "CCIPAT_", r"[A-Za-z0-9_]{30,80}"),
    ("Twilio key", "SK", _HEX + "{32}" + _END),
    ("age key", "AGE-SECRET-KEY-1", r"[0-9A-Z]{50,70}"),
    ("Azure key", "AccountKey= SharedAccessKey=", r"[A-Za-z0-9+/]{40,100}={0,2}"),
    ("Azure signature", "sig=", r"[A-Za-z0-9]{1,80}(?:%[0-9A-Fa-f]{2}[A-Za-z0-9]{0,80}){1,20}"),
    (
        "JSON web token",
        "eyJ",
        r"[A-Za-z0-9_-]{8,2000}+\.[A-Za-z0-9_-]{8,4000}+\.[A-Za-z0-9_-]{16,2000}+",
    ),
)
_WORDED: Final[tuple[tuple[str, str, str], ...]] = (
    # a word and a space are before these
    (
        "bearer token",
        "Bearer bearer BEARER",
        r"[ ](?=[A-Za-z._~+/-]{0,200}[0-9])[A-Za-z0-9._~+/=-]{20,2000}",
    ),
    (
        "basic credentials",
        "Basic",
        r"[ ](?=[A-Za-z+/]{0,200}[0-9=])[A-Za-z0-9+/]{16,500}={0,2}",
    ),
)


def _shapes(table: tuple[tuple[str, str, str], ...]) -> tuple[Shape, ...]:
    return tuple(
        _shape(label, needle, rest) for label, needles, rest in table for needle in needles.split()
    )


SHAPES: Final = _shapes(_ISSUED)
WORDED: Final = _shapes(_WORDED)
RUN: Final = re.compile(r"[A-Za-z0-9_./+=~%:-]{15,}")
"""What every key of SHAPES is or lies in. A fifth of ordinary source: needles are sought there."""


WITHIN: Final = (
    # Keys whose telling part is not at their beginning; what is before it has a length of its own.
    Shape("Telegram bot token", ":AA", re.compile(r"\d{8,10}:AA[A-Za-z0-9_-]{32,35}" + _END)),
    Shape(
        "Azure client secret",
        "Q~",
        re.compile(r"[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}"),
    ),
    Shape(
        "Terraform token",
        ".atlasv1.",
        re.compile(r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{40,100}"),
    ),
    Shape("Mailchimp key", "-us", re.compile(r"[0-9a-f]{32}-us\d{1,2}" + _END)),
)

_KEY_BODY = r"(?P<body>(?:[A-Za-z0-9+/=\s:,.\\\"'()>|#]|-(?!---))*+)"
PRIVATE_KEY: Final = re.compile(
    r"-{4,5} ?BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)? ?-{4,5}"
    + _KEY_BODY
    + r"(?:-{4,5} ?END [A-Z0-9 ]{1,60}-{4,5})?"
)
PRIVATE_KEY_END: Final = re.compile(r"-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
KEY_LINES_REVERSED: Final = re.compile(r"(?:(?:\s|[nr]\\){1,8}[A-Za-z0-9+/=]{16,80}(?!\\))++")
"""The lines of a key before its end, read from the back: their head may have been cut off."""

PUTTY_KEY: Final = re.compile(
    r"(?P<head>Private-Lines: \d{1,4})(?P<body>(?:(?:\s|\\[nr])+[A-Za-z0-9+/=]{20,80}){1,200})"
)

SSN_TAIL: Final = re.compile(
    # Sought by its first hyphen, which is a hundred times faster than by three digits.
    r"-(?<=[0-9]{3}-)(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![\w-])(?!\.\d)"
)

EMAIL: Final = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}+@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}"
)

URL_PASSWORD: Final = re.compile(r"://[^\s:/@\"'<>\[\]{}]{0,100}:(?P<secret>[^\s/@\"'<>]{1,200})@")

ASSIGNED_NAME: Final = re.compile(
    r"(?P<strong>passw(?:or)?d|passphrase|passwort|pwd|secret(?:[_-]?(?:access[_-]?)?key)?"
    r"|api[_-]?(?:key|secret|token)|access[_-]?(?:key|token)|auth[_-]?(?:key|token)"
    r"|encryption[_-]?key|signing[_-]?key|private[_-]?key|refresh[_-]?token|client[_-]?secret)"
    r"|(?P<weak>token|credentials?|apikey)",
    re.IGNORECASE,
)
ASSIGNED_STEMS: Final = (
    "passw", "passphrase", "pwd", "secret", "api", "access", "auth", "encryption", "signing",
    "refresh", "client", "private", "token", "credential",
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

ASSIGNED_WITHIN: Final = re.compile(
    _ASSIGN + r"(?P<secret>[A-Za-z0-9!#%*+./:?@^_~$-]{16,200})(?=[\s\"'`;&|,)]|\Z)"
)
"""An unquoted value in the middle of a line, as in a shell, a header or the query of a URL."""

AUTHORIZATION: Final = re.compile(
    r"uthorization[\"']?[ \t]{0,4}[:=,][ \t]{0,4}[\"']?(?:[A-Za-z]{2,20} {1,2})?"
    r"(?P<secret>[A-Za-z0-9._~+/=:-]{16,2000})",
    re.IGNORECASE,
)

_ESCAPED_BEFORE: Final = re.compile(
    r"(?:\\[nrtfv0]|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2}"
    r"|\x1b\[[0-9;]{0,8}m)\Z"
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


def stands_alone(text: str, start: int) -> bool:
    """Whether no word runs into what starts here; the end of an escape (`\\n`, %3D) is none."""
    if start == 0 or not (text[start - 1].isalnum() or text[start - 1] == "_"):
        return True
    return bool(_ESCAPED_BEFORE.search(text[max(0, start - 12) : start]))


def is_social_security_number(text: str, start: int) -> bool:
    """Whether three digits that are issued start here, and no longer number."""
    area = text[start : start + 3]
    issued = area not in ("000", "666") and area[0] != "9"
    return issued and text[start - 1 : start] not in (".", "-") and stands_alone(text, start)


def is_private_key(match: re.Match[str]) -> bool:
    """Whether key material follows the header; a mere mention of the header is no secret."""
    return bool(_BASE64_RUN.search(match.group("body")))
