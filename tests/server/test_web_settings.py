"""What is decided before a server listens over HTTP: addresses, names, tokens, issuers, rates."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.home import Home
from rlm_server.command_line import command_line
from rlm_server.errors import CannotListen, Misused, TokensDamaged
from rlm_server.principal import OWNER, Principal
from rlm_server.web.address import Address
from rlm_server.web.issuer import Issuer
from rlm_server.web.pace import Pace, Rate
from rlm_server.web.serving import Front
from rlm_server.web.tokens import TokenBook, holder

OAUTH = {
    "RLM_OAUTH_ISSUER": "https://issuer.example",
    "RLM_OAUTH_AUDIENCE": "https://rlm.example/mcp",
    "RLM_OAUTH_JWKS": "https://issuer.example/keys",
}


def front(*options: str, **environ: str) -> Front:
    return Front.of(command_line().parse_args(["serve", "--http", *options]), environ)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:80", Address("127.0.0.1", 80)),
        ("[::1]:0", Address("::1", 0)),
        ("8000", Address("127.0.0.1", 8000)),
        ("rlm.example:443", Address("rlm.example", 443)),
    ],
)
def test_an_address_is_read(text: str, address: Address) -> None:
    assert Address.parse(text) == address


@pytest.mark.parametrize(
    "text", ["", "host", ":80", "host:", "host:x", "::1:80", "h:65536", "a:b:1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Misused, match=r"HOST:PORT"):
        Address.parse(text)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.8.8.8", True), ("::1", True), ("LocalHost", True), ("0.0.0.0", False), ("::", False),
     ("192.0.2.1", False), ("localhost.example", False)],
)  # fmt: skip
def test_only_numbers_of_the_loopback_and_its_name_are_it(host: str, loopback: bool) -> None:
    assert Address(host, 1).is_loopback == loopback


def test_an_address_that_others_reach_needs_a_token_and_tls_or_a_proxy() -> None:
    with pytest.raises(Misused, match="would see the token"):
        front("0.0.0.0:80")
    with pytest.raises(Misused, match="--no-token is for the loopback"):
        front("0.0.0.0:80", "--behind-proxy", "--no-token")
    with pytest.raises(Misused, match="--no-token is for the loopback"):
        front("--no-token", **OAUTH)
    assert not front("0.0.0.0:80", "--behind-proxy").open
    assert front("--no-token").open
    assert front("0.0.0.0:80", "--behind-proxy").url(80) == "http://localhost:80/mcp"


def test_names_are_the_loopback_the_address_and_what_is_allowed() -> None:
    names = front("192.0.2.1:80", "--behind-proxy", "--allow-host", "Rlm.example").names
    assert names.knows("192.0.2.1:80")
    assert names.knows("rlm.example")
    assert not front("0.0.0.0:80", "--behind-proxy").names.knows("0.0.0.0:80")
    with pytest.raises(Misused, match="--allow-origin"):
        front("--allow-origin", "*")
    with pytest.raises(Misused, match="--allow-host"):
        front("--allow-host", "https://rlm.example")


def test_an_address_in_use_is_told() -> None:
    with Address("127.0.0.1", 0).listening() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"^127.0.0.1:{port}: "):
            Address("127.0.0.1", port).listening()


def test_a_token_is_kept_by_its_digest_and_opens_until_it_is_revoked(tmp_path: Path) -> None:
    home = Home(tmp_path / "data", tmp_path / "config")
    book, running = TokenBook(home), TokenBook(home)
    owner, agent = book.new(), book.new("reviewer", days=1)
    kept = running.whose(agent)
    assert kept is not None
    assert (holder("owner"), holder(kept.name)) == (OWNER, Principal("reviewer"))
    [file] = [file for file in (tmp_path / "config").iterdir() if file.suffix == ".json"]
    assert owner not in file.read_text()
    assert agent not in file.read_text()
    with pytest.raises(Misused, match="revoke it first"):
        book.new("reviewer")
    book.revoke("reviewer")
    assert running.whose(agent) is None
    assert running.whose(owner) is not None
    with pytest.raises(Misused, match="there are: owner"):
        book.revoke("reviewer")


def test_an_expired_token_opens_nothing_and_can_be_made_anew(tmp_path: Path) -> None:
    book = TokenBook(Home(tmp_path, tmp_path))
    expired = book.new(days=0)
    assert book.whose(expired) is None
    assert book.whose(book.new()) is not None


def test_a_file_of_tokens_that_is_none_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "http-tokens.json").write_text('{"tokens": [{"name": 1}]}')
    with pytest.raises(TokensDamaged, match="delete it"):
        TokenBook(Home(tmp_path, tmp_path)).whose("rlm_x")


@pytest.mark.parametrize("name", ["", " ", "../x", "a b", "a" * 65, ".a", "ä"])
def test_a_token_is_not_made_for_a_name_that_is_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(Misused, match="cannot name a token"):
        TokenBook(Home(tmp_path, tmp_path)).new(name)


def test_an_issuer_is_read_whole_or_not_at_all() -> None:
    issuer = Issuer.from_environ(OAUTH | {"RLM_OAUTH_OWNERS": "ann bob"})
    assert issuer is not None
    assert (issuer.jwks, issuer.owners) == (OAUTH["RLM_OAUTH_JWKS"], {"ann", "bob"})
    assert Issuer.from_environ({}) is None
    wrong = [
        {k: v for k, v in OAUTH.items() if k != "RLM_OAUTH_ISSUER"},
        {k: v for k, v in OAUTH.items() if k != "RLM_OAUTH_AUDIENCE"},
        {k: v for k, v in OAUTH.items() if k != "RLM_OAUTH_JWKS"},
        OAUTH | {"RLM_OAUTH_JWKS": "http://issuer.example/keys"},
        OAUTH | {"RLM_OAUTH_ISSUER": "https://[bad"},
        OAUTH | {"RLM_OAUTH_INTROSPECTION": "https://issuer.example/introspect"},
    ]
    for environ in wrong:
        with pytest.raises(Misused, match="RLM_OAUTH"):
            Issuer.from_environ(environ)


@given(
    burst=st.integers(1, 5),
    gaps=st.lists(st.floats(0, 3), min_size=1, max_size=30),
    per_second=st.floats(0.5, 4),
)
def test_no_more_is_taken_than_the_burst_and_what_the_time_gives(
    burst: int, gaps: list[float], per_second: float
) -> None:
    pace, now_s, taken = Pace(Rate(per_second, burst)), 0.0, 0
    for gap_s in gaps:
        now_s += gap_s
        wait_s = pace.take("one", now_s)
        if wait_s:
            now_s += wait_s + 1e-6
            assert pace.take("one", now_s) == 0
        taken += 1
    assert taken <= burst + now_s * per_second + 1e-3
    assert pace.take("other", now_s) == 0
