"""Secrets of every documented form are planted in all kinds of text: each is gone afterwards."""

import string
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rlm_sandbox.redact import redact

ALNUM = string.ascii_letters + string.digits
URLSAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits


def some(alphabet: str, least: int, most: int | None = None) -> st.SearchStrategy[str]:
    """A random text; made by a seed, since hypothesis takes long over long texts."""

    def made(seed: int) -> str:
        random = Random(seed)
        return "".join(random.choices(alphabet, k=random.randint(least, most or least)))

    return st.integers(0, 1 << 40).map(made)


def joined(*parts: str | st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    known = [st.just(part) if isinstance(part, str) else part for part in parts]
    return st.tuples(*known).map("".join)


def key_lines(width: int = 64) -> st.SearchStrategy[str]:
    return st.lists(some(BASE64, width), min_size=2, max_size=6).map("\n".join)


ISSUED = {
    "OpenAI": joined("sk-proj-", some(URLSAFE, 48, 160)),
    "OpenAI service": joined("sk-svcacct-", some(URLSAFE, 48, 160)),
    "OpenAI old": joined("sk-", some(ALNUM, 20), "T3BlbkFJ", some(ALNUM, 20)),
    "Anthropic": joined("sk-ant-api03-", some(URLSAFE, 93), "AA"),
    "OpenRouter": joined("sk-or-v1-", some(HEX, 64)),
    "AWS id": joined(st.sampled_from(["AKIA", "ASIA"]), some(UPPER, 16)),
    "Google key": joined("AIza", some(URLSAFE, 35)),
    "Google token": joined("ya29.", some(URLSAFE, 60, 200)),
    "Google client secret": joined("GOCSPX-", some(URLSAFE, 28)),
    "Google refresh token": joined("1//0", some(URLSAFE, 60, 100)),
    "Azure storage": joined("AccountKey=", some(BASE64, 86), "=="),
    "Azure bus": joined("SharedAccessKey=", some(BASE64, 43), "="),
    "Azure client secret": joined(some(ALNUM, 3), "8Q~", some(ALNUM + "_~.-", 34)),
    "Azure SAS": joined("sig=", some(ALNUM, 20), "%2B", some(ALNUM, 20), "%3D"),
    "GitHub": joined(st.sampled_from(["ghp_", "gho_", "ghu_", "ghs_", "ghr_"]), some(ALNUM, 36)),
    "GitHub fine": joined("github_pat_", some(ALNUM, 22), "_", some(ALNUM, 59)),
    "GitLab": joined(st.sampled_from(["glpat-", "gldt-", "glrt-", "glptt-"]), some(URLSAFE, 20)),
    "Slack": joined("xoxb-", some(string.digits, 12), "-", some(ALNUM, 24)),
    "Slack app": joined("xapp-1-A", some(UPPER, 10), "-", some(HEX, 64)),
    "Slack webhook": joined(
        "https://hooks.slack.com/services/T", some(UPPER, 8), "/B", some(UPPER, 8), "/",
        some(ALNUM, 24),
    ),
    "Discord webhook": joined(
        "https://discord.com/api/webhooks/", some("123456789", 18), "/", some(URLSAFE, 68)
    ),
    "Stripe": joined(
        st.sampled_from(["sk_live_", "rk_live_", "sk_test_"]), some(ALNUM, 24, 99)
    ),
    "Stripe webhook": joined("whsec_", some(ALNUM, 32)),
    "Hugging Face": joined("hf_", some(string.ascii_letters, 34)),
    "rlm-mcp": joined("rlmt_", some(URLSAFE, 43)),
    "npm": joined("npm_", some(ALNUM, 36)),
    "PyPI": joined("pypi-AgEIcHlwaS5vcmc", some(URLSAFE, 100, 160)),
    "RubyGems": joined("rubygems_", some(HEX, 48)),
    "Twilio": joined("SK", some(HEX, 32)),
    "SendGrid": joined("SG.", some(URLSAFE, 22), ".", some(URLSAFE, 43)),
    "Mailgun": joined("key-", some(HEX, 32)),
    "Mailchimp": joined(some(HEX, 32), "-us", some("123456789", 1, 2)),
    "Telegram": joined(some("123456789", 9, 10), ":AA", some(URLSAFE, 33)),
    "DigitalOcean": joined("dop_v1_", some(HEX, 64)),
    "Docker": joined("dckr_pat_", some(URLSAFE, 27)),
    "Databricks": joined("dapi", some(HEX, 32)),
    "Vault": joined("hvs.", some(URLSAFE, 90)),
    "Terraform": joined(some(ALNUM, 14), ".atlasv1.", some(URLSAFE, 67)),
    "Shopify": joined("shpat_", some(HEX, 32)),
    "Linear": joined("lin_api_", some(ALNUM, 40)),
    "Grafana": joined("glsa_", some(ALNUM, 32), "_", some(HEX, 8)),
    "Groq": joined("gsk_", some(ALNUM, 52)),
    "xAI": joined("xai-", some(ALNUM, 80)),
    "Tailscale": joined("tskey-auth-", some(ALNUM, 12), "-", some(ALNUM, 32)),
    "age": joined("AGE-SECRET-KEY-1", some(UPPER, 58)),
    "JWT": joined("eyJ", some(URLSAFE, 17, 60), ".eyJ", some(URLSAFE, 20, 90), ".",
                  some(URLSAFE, 43)),
    "SSN": joined(some("12345", 3), "-", some("123456789", 2), "-", some("123456789", 4)),
}  # fmt: skip
IN_A_HEADER = {
    "Bearer": joined("Authorization: Bearer ", some(URLSAFE, 30, 80), "7"),
    "bearer": joined("authorization: bearer ", some(URLSAFE, 30, 80), "7"),
    "Basic": joined("Authorization: Basic ", some(BASE64, 24, 60), "7=="),
    "token": joined("Authorization: token ", some(HEX, 38), "a7"),
    "JSON": joined('"Authorization": "ApiKey ', some(ALNUM, 38), 'a7"'),
}
PRIVATE_KEYS = {
    "PKCS": ("-----BEGIN PRIVATE KEY-----\n", "\n-----END PRIVATE KEY-----"),
    "RSA": ("-----BEGIN RSA PRIVATE KEY-----\n", "\n-----END RSA PRIVATE KEY-----"),
    "encrypted": (
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\n",
        "\n-----END RSA PRIVATE KEY-----",
    ),
    "OpenSSH": ("-----BEGIN OPENSSH PRIVATE KEY-----\n", "\n-----END OPENSSH PRIVATE KEY-----"),
    "PGP": ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n", "\n-----END PGP PRIVATE KEY BLOCK-----"),
    "SSH2": ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n", "\n---- END SSH2 PRIVATE KEY ----"),
    "PuTTY": ("PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 14\n", "\nPrivate-MAC: 0a1b"),
    "cut short": ("-----BEGIN PRIVATE KEY-----\n", ""),
    "head cut off": ("", "\n-----END PRIVATE KEY-----"),
}
FRAMES = [
    "{}", " {} ", "'{}'", '"{}"', "`{}`", "({})", "[{}],", "<b>{}</b>", "x = {}\n", "- {}\r\n",
    '{{"a": "{}"}}', "| {} |", "?a={}&b=1", "%3D{}%26", r"first\n{}\nlast", r"\t{}\r\n",
    "\x1b[31m{}\x1b[0m", "see {}.", "echo {} | cat", "key:{};", r"\u0026{}\u003d",
]  # fmt: skip
NAMES = [
    "password", "passwd", "db_password", "passphrase", "secret", "secret_key", "api_key", "apiKey",
    "access_token", "auth_token", "client_secret", "encryption_key", "private_key", "refreshToken",
]  # fmt: skip
ASSIGNMENTS = [
    '{} = "{}"', "{}: '{}'", '"{}": "{}",', "config['{}'] = '{}'", "{} := `{}`", "'{}' => '{}'",
    "{}={}", "export {}={}", "{}: {}", "f({}='{}', port=1)", "  {} = b'{}'", "<x {}=\"{}\"/>",
]  # fmt: skip
WITHIN = ["run --{}={} now", "curl -H 'X-{}: {}' url", "http://h/?{}={}&x=1", "A=1 {}={} cmd"]

around = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)
unhurried = settings(max_examples=8, deadline=None)


@st.composite
def planted(draw: st.DrawFn, secret: st.SearchStrategy[str]) -> tuple[str, str]:
    """A secret, and a text it stands in."""
    value = draw(secret)
    frame = draw(st.sampled_from(FRAMES))
    return value, f"{draw(around)}\n{frame.format(value)}\n{draw(around)}"


@pytest.mark.parametrize("form", ISSUED)
@given(data=st.data())
@unhurried
def test_what_providers_issue_is_gone_from_any_line(form: str, data: st.DataObject):
    value, text = data.draw(planted(ISSUED[form]))
    # An old OpenAI key without one digit in its first letters looks like a hyphenated word.
    assume(form != "OpenAI old" or any(map(str.isdigit, value.partition("T3BlbkFJ")[0])))
    assume(form != "Azure SAS" or "%3D{}" not in text)

    gone(value.split("/")[-1], text)


@pytest.mark.parametrize("form", IN_A_HEADER)
@given(data=st.data())
@unhurried
def test_credentials_of_a_header_are_gone(form: str, data: st.DataObject):
    header = data.draw(IN_A_HEADER[form])
    assume(len(set(header)) > 20)
    value = header.strip('"').rpartition(" ")[2]

    gone(value, f"{data.draw(around)}\n{header}\n{data.draw(around)}")


@pytest.mark.parametrize("kind", PRIVATE_KEYS)
@pytest.mark.parametrize("escaped", [False, True])
@given(data=st.data())
@unhurried
def test_no_line_of_a_private_key_is_left(kind: str, escaped: bool, data: st.DataObject):
    head, end = PRIVATE_KEYS[kind]
    lines = data.draw(key_lines())
    key = f"{head}{lines}{end}"
    if escaped:
        key = key.replace("\n", "\\n")
    clean = redact(f"key = '''\n{key}\n'''\nafter = 1\n").text

    assert [line for line in lines.splitlines() if line in clean] == []
    assert redact(clean).text == clean
    assert kind == "cut short" or "after = 1" in clean


@given(
    st.sampled_from(NAMES),
    st.sampled_from(ASSIGNMENTS),
    joined(some(ALNUM, 3, 12), some("!#%*+?@^", 1), some(ALNUM, 3, 12), some(string.digits, 1)),
    around,
)
@settings(max_examples=150, deadline=None)
def test_what_is_given_to_a_telling_name_is_gone(name: str, form: str, value: str, before: str):
    assume(not any(word in value for word in ("xxx", "XXX")))

    gone(value, f"{before}\n{form.format(name, value)}\nafter\n")


@given(st.sampled_from(NAMES), st.sampled_from(WITHIN), some(ALNUM, 20, 60), around)
@settings(max_examples=100, deadline=None)
def test_a_long_value_in_the_middle_of_a_line_is_gone(
    name: str, form: str, value: str, before: str
):
    assume(len(set(value)) >= 8)
    assume(any(map(str.isdigit, value)) and any(map(str.isalpha, value)))
    assume(any(value[i].isdigit() and value[i + 1].isalpha() for i in range(len(value) - 1)))
    assume("xxx" not in value and "XXX" not in value)

    gone(value, f"{before}\n{form.format(name, value)}\n")


@given(st.sampled_from(["postgres", "mysql+pymysql", "redis", "amqp", "https"]),
       joined(some(ALNUM, 3, 20), "7", some("!$%*+.~-", 1), some(ALNUM, 1, 9)), around)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_a_password_in_a_url_is_gone(scheme: str, value: str, before: str):
    assume("xxx" not in value and "XXX" not in value and "..." not in value)

    gone(value, f"{before}\n{scheme}://app:{value}@db.internal:5432/x\n")


fragments = st.sampled_from([
    "password", "token", " = ", ": ", "'", '"', "`", "\n", "://a:", "@h", "sk-", "AKIA", "eyJ", ".",
    "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "Private-Lines: 3", "Bearer ", "=",
    "[redacted: password]", "Authorization: ", "a7" * 20, "\\n", "%3D", "123-45-6789", "sig=", "{",
]) | st.text(max_size=5)  # fmt: skip


@given(st.lists(fragments, max_size=30).map("".join), st.booleans())
@settings(max_examples=200, deadline=None)
def test_redacting_again_changes_nothing_and_no_text_grows_beyond_its_marks(
    text: str, emails: bool
):
    once = redact(text, emails=emails)
    again = redact(once.text, emails=emails)

    assert again.text == once.text
    assert len(once.text) <= len(text) + 40 * once.count


def gone(value: str, text: str) -> None:
    done = redact(text)

    assert value not in done.text
    assert done.count >= 1
    assert redact(done.text).text == done.text
