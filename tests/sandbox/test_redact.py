"""Redaction: every shape of secret goes, ordinary source stays as it is, and no text is slow."""

import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_sandbox.errors import PatternRefused
from rlm_sandbox.redact import Redacted, Redactor, redact

LETTERS = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY"
HEX = "0123456789abcdef"

SECRETS = [
    "sk-ant-api03-" + LETTERS,
    "sk-proj-" + LETTERS,
    "sk-" + LETTERS,
    "ghp_" + LETTERS + "abcd",
    "github_pat_" + LETTERS,
    "glpat-" + LETTERS[:20],
    "xoxb-1234567890-abcdefghij",
    "AKIA" + "ABCDEFGH12345678",
    "AIza" + LETTERS + "abc",
    "sk_live_" + LETTERS,
    "SG." + LETTERS[:22] + "." + LETTERS + "abcdefghijk",
    "npm_" + LETTERS + "abcd",
    "hf_" + LETTERS,
    "dop_v1_" + HEX * 4,
    "SK" + HEX * 2,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + LETTERS,
    "Authorization: Bearer " + LETTERS,
    "123-45-6789",
    "password = 'hunter2'",
    'db_password="Tr0ub4dor&3"',
    "PASSWORD=letmein99\n",
    "password: s3cr3t!pw\n",
    "config['secret_key'] = 'q8$kd02!mz'",
    "api_key := `9f8e7d6c5b4a`",
    '{"client_secret": "9f8e-7d6c-5b4a-XY"}',
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYzz\n",
    "postgres://app:pa55w0rd@db.internal/x",
    "-----BEGIN RSA PRIVATE KEY-----\n" + LETTERS * 2 + "\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\\n" + LETTERS * 2 + "\\ncut here",
]

ORDINARY = [
    "password = get_password()",
    "password = request.POST['password']",
    "password: str",
    "password = None",
    'PASSWORD_FIELD = "password"',
    "form.password1 = 'new_password1'",
    'template = "registration/password_reset_form.html"',
    "token: u64,",
    "token = self.next_token2",
    "api_key = os.environ['API_KEY']",
    "api_key: ${API_KEY}",
    'password = "<your password>"',
    "sha1 = '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12'",
    "id = '0ad1d2a0-4d11-11e0-9207-0800200c9a66'",
    "task-1234567890abcdef1234567890abcdef",
    ".sk-spinner-fading-circle-dot-large-animated",
    "2024-01-2024 555-1234 1234-56-7890 000-12-3456",
    "if line.startswith('-----BEGIN PRIVATE KEY-----'):",
    "http://localhost:8000/@user",
]


@pytest.mark.parametrize("text", SECRETS, ids=range(len(SECRETS)))
def test_a_secret_is_taken_out_wherever_it_stands(text: str):
    for around in ("{}", "before {} after", "x = 1\n{}\ny = 2"):
        if text.endswith("\n"):
            around = "{}"
        done = redact(around.format(text))

        assert done.count == 1
        assert "[redacted: " in done.text


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays_as_it_is(text: str):
    assert redact(text) == redact(text).__class__(text, 0)


def test_what_surrounds_a_secret_stays():
    done = redact("db = connect(user='me', password='hunter2', port=5432)")

    assert done.text == "db = connect(user='me', password='[redacted: password]', port=5432)"


def test_ordinary_source_has_less_than_one_alarm_a_megabyte():
    alarms = characters = 0
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        alarms += redact(text).count
        characters += len(text)

    assert characters > 2_000_000
    assert alarms <= characters / 1_000_000


def test_the_source_of_this_repository_has_no_alarm_but_the_secrets_its_tests_make_up():
    rooms = Path(__file__).parents[2]
    for room in ("server", "tools", "engine", "memory", "crystal", "sandbox", "benchmarks", "docs"):
        for path in (rooms / room).rglob("*.*"):
            if path.suffix in {".py", ".md", ".json"}:
                assert redact(path.read_text(encoding="utf-8")).count == 0, path


def test_e_mail_addresses_go_when_asked():
    text = "write to a.b+c@example.org"

    assert redact(text).count == 0
    assert redact(text, emails=True).text == "write to [redacted: e-mail address]"


def test_patterns_of_the_users_own_are_taken_out():
    done = redact("ticket ACME-4711", patterns=[r"ACME-\d+"])

    assert done.text == "ticket [redacted: custom pattern]"


@pytest.mark.parametrize("expression", ["(a+)+$", "(a+a+)+b"])
def test_a_text_on_which_an_own_pattern_takes_for_ever_is_withheld(
    expression: str, monkeypatch: pytest.MonkeyPatch
):
    # For ever is as long in a tenth of the time, and the suite stays short.
    monkeypatch.setattr("rlm_sandbox.redact._OWN_S", 0.1)
    done = redact("a" * 5_000 + "!", patterns=[r"ACME-\d+", expression])

    assert done == Redacted("[redacted: text on which a custom pattern takes too long]", 1)
    assert redact(done.text, patterns=[expression]).text == done.text


@pytest.mark.parametrize("expression", ["(", "a{2,1}", "[z-a]"])
def test_an_own_pattern_that_is_none_is_refused(expression: str):
    with pytest.raises(PatternRefused, match="it is no regular expression"):
        redact("x", patterns=[expression])


def test_an_own_pattern_knows_lines_and_what_stands_around_a_match():
    done = redact("id: 77\nvoid: 88", patterns=[r"(?<=^id: )\d+$"])

    assert done.text == "id: [redacted: custom pattern]\nvoid: 88"


def test_a_pattern_that_fits_our_marks_leaves_them_and_a_mark_hides_nothing():
    pattern = [r"[\w-]+"]
    once = redact("[redacted: ACME] x", patterns=pattern).text

    assert "ACME" not in once
    assert redact(once, patterns=pattern) == Redacted(once, 0)


def test_values_are_redacted_within_json_and_by_their_keys():
    redactor = Redactor()
    value = redactor.value({"password": "hunter2", "list": ["AKIAABCDEFGH12345678", 7]})

    assert value == {"password": "[redacted: password]", "list": ["[redacted: AWS access key]", 7]}
    assert redactor.count == 2


@given(st.text())
def test_text_without_needles_is_returned_as_it_is(text: str):
    assert redact(text).text == text or redact(text).count > 0


@pytest.mark.parametrize(
    "unit",
    [
        "password=",
        "password='",
        "-----BEGIN PRIVATE KEY-----",
        "eyJ",
        "eyJa.",
        "://a:",
        "sk-",
        "1-",
        "Private-Lines: 1\n",
        "-----END PRIVATE KEY-----",
        "A" * 64 + "\n",
        "authorization: ",
        "1234567890:AA",
        "sig=a%",
    ],
)
def test_hostile_repetition_takes_linear_time(unit: str):
    redact(unit * 20_000 + " PRIVATE KEY -us")
