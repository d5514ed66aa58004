"""Tokens of an authorization server: what opens the door, and what does not."""

import json
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import anyio
import anyio.to_thread
import jwt
import pytest
import rlm_server.web.oauth as oauth
from cryptography.hazmat.primitives.asymmetric import ec
from over_http import served_over_http
from rlm_server.principal import OWNER, Principal
from rlm_server.web.door import TooMany, told_to_wait
from rlm_server.web.issuer import Issuer
from rlm_server.web.oauth import IntrospectedTokens, SignedTokens
from starlette.requests import HTTPConnection

AUDIENCE = "https://rlm.example/mcp"
KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


@dataclass
class Authority:
    """An authorization server on the loopback."""

    url: str
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    asked_again: threading.Event = field(default_factory=threading.Event)
    answers: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    @property
    def issuer(self) -> Issuer:
        return Issuer(self.url, AUDIENCE, jwks=f"{self.url}/keys", owners=frozenset({"ann"}))

    def claims(self, **changed: Any) -> dict[str, Any]:
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "bob", "exp": time.time() + 60}
        return {k: v for k, v in {**claims, **changed}.items() if v is not None}

    def token(self, *, key: Any = KEY, kid: str = "k", alg: str = "ES256", **changed: Any) -> str:
        return jwt.encode(self.claims(**changed), key, algorithm=alg, headers={"kid": kid})


@pytest.fixture
def authority() -> Generator[Authority]:
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key()))
    keys = {"keys": [{**public, "kid": "k", "use": "sig"}]}
    found = Authority("")

    def answer(path: str, body: str) -> tuple[int, Any]:
        found.asked.append(path)
        if found.asked.count(path) > 1:
            found.asked_again.set()
        found.answers.wait(10)
        if path == "/keys":
            return 200, keys
        return 200, found.known.get(parse_qs(body).get("token", [""])[0], {"active": False})

    with serving(answer) as url:
        found.url = url
        yield found


@contextmanager
def serving(answer: Callable[[str, str], tuple[int, Any]]) -> Generator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            status, said = answer(self.path, body)
            told = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.asyncio
async def test_a_signed_token_opens_as_its_subject_and_holds_no_token(authority: Authority) -> None:
    door = SignedTokens(authority.issuer)
    access = await door.verify_token(authority.token(scope="read write", client_id="app"))
    assert access is not None
    assert (access.token, access.subject, access.scopes) == ("", "bob", ["read", "write"])
    assert door.principal_of(access) == Principal("bob")
    owner = await door.verify_token(authority.token(sub="ann"))
    assert owner is not None
    assert door.principal_of(owner) == OWNER
    service = await door.verify_token(authority.token(sub=None, client_id="ann"))
    assert service is not None
    assert door.principal_of(service) == Principal("client:ann")
    assert authority.asked == ["/keys"]


@pytest.mark.asyncio
async def test_a_token_that_is_not_signed_for_us_opens_nothing(authority: Authority) -> None:
    door = SignedTokens(authority.issuer)
    secret = jwt.encode(authority.claims(), "s" * 32, algorithm="HS256", headers={"kid": "k"})
    none = jwt.encode(authority.claims(), None, algorithm="none", headers={"kid": "k"})
    wrong = [
        authority.token(aud="https://other.example/mcp"),
        authority.token(iss="https://other.example"),
        authority.token(exp=time.time() - 60),
        authority.token(exp=None),
        authority.token(aud=None),
        authority.token(nbf=time.time() + 600),
        authority.token(key=OTHER),
        authority.token(kid="unknown"),
        authority.token(scope=7),
        *(secret, none, "", "a.b.c", "rlm_x", authority.token()[:-3]),
    ]
    assert [await door.verify_token(token) for token in wrong] == [None] * len(wrong)
    # A name that nobody could be given a grant under.
    strange = await door.verify_token(authority.token(sub="a\nb"))
    assert strange is None or door.principal_of(strange) is None
    assert authority.asked == ["/keys"]


@pytest.mark.asyncio
async def test_a_known_key_waits_for_nobody_who_names_an_unknown_one(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlm_server.web.oauth._ASKED_AGAIN_S", -1.0)
    door = SignedTokens(authority.issuer)
    assert await door.verify_token(authority.token()) is not None
    told: list[object] = []

    async def stranger() -> None:
        told.append(await door.verify_token(authority.token(kid="unknown")))

    authority.answers.clear()
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stranger)
            await anyio.to_thread.run_sync(authority.asked_again.wait, 5)
            known = await door.verify_token(authority.token())
            still_waiting = told == []
            authority.answers.set()
    finally:
        authority.answers.set()
    assert (known is not None, still_waiting, told) == (True, True, [None])


@pytest.mark.asyncio
async def test_an_issuer_says_what_a_token_is_worth(authority: Authority) -> None:
    issuer = replace(authority.issuer, jwks="", introspection=f"{authority.url}/ask")
    door = IntrospectedTokens(replace(issuer, client_id="rlm", client_secret="s"))
    good = authority.claims(active=True, exp=int(time.time()) + 60)
    authority.known = {
        "good": good,
        "listed": good | {"aud": ["x", AUDIENCE]},
        "inactive": good | {"active": "yes"},
        "another's": good | {"aud": "x"},
        "past": good | {"exp": 1},
        "foreign": good | {"iss": "https://other.example"},
    }
    came = {token: await door.verify_token(token) for token in (*authority.known, "unknown")}
    assert {token for token, access in came.items() if access} == {"good", "listed"}
    asked = len(authority.asked)
    assert await door.verify_token("good") is not None
    assert await door.verify_token("unknown") is None
    assert len(authority.asked) == asked


@pytest.mark.asyncio
async def test_tokens_made_up_keep_out_neither_good_ones_nor_those_of_another_address(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering, waiting = anyio.Event(), list[str]()

    async def asked(
        _: str, *, form: Mapping[str, str] | None = None, login: tuple[str, str] | None = None
    ) -> Mapping[str, Any]:
        token = (form or {})["token"]
        if token.startswith("junk"):
            waiting.append(token)
            await answering.wait()
        return authority.claims(active=token.startswith("good"), exp=int(time.time()) + 60)

    monkeypatch.setattr(oauth, "fetched", asked)
    monkeypatch.setattr(oauth, "_KNOWN_S", 0.0)
    door = IntrospectedTokens(replace(authority.issuer, jwks="", introspection="https://x.example"))
    assert [await door.verify_token("good", "one") is not None for _ in range(30)] == [True] * 30
    assert await door.verify_token("good-2", "one") is not None
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(door.verify_token, f"junk-{number}", "one")
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(TooMany):
                await door.verify_token("junk-20", "one")
            assert await door.verify_token("good", "one") is not None
            assert len(waiting) == 8
            answering.set()
    with pytest.raises(TooMany) as refused:
        await door.verify_token("good-3", "one")
    assert await door.verify_token("good-3", "another") is not None
    answer = told_to_wait(HTTPConnection({"type": "http"}), refused.value)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


@pytest.mark.asyncio
async def test_an_issuer_that_is_away_opens_nothing(authority: Authority) -> None:
    door = SignedTokens(replace(authority.issuer, jwks="http://127.0.0.1:9/keys"))
    assert await door.verify_token(authority.token()) is None


@pytest.mark.asyncio
async def test_who_comes_without_a_token_is_told_whose_it_takes(
    authority: Authority, repository: Path, environ: dict[str, str]
) -> None:
    told = {
        "RLM_OAUTH_ISSUER": authority.url,
        "RLM_OAUTH_AUDIENCE": AUDIENCE,
        "RLM_OAUTH_JWKS": f"{authority.url}/keys",
        "RLM_OAUTH_SCOPES": "rlm:use",
    }
    async with served_over_http(repository, environ | told) as served:
        async with served.http() as http:
            refused = await http.post(served.url, json={})
            where = served.url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp")
            metadata = (await http.get(where)).json()
        narrow, wide = authority.token(scope="other"), authority.token(scope="rlm:use")
        async with served.http(narrow) as http:
            assert (await http.post(served.url, json={})).status_code == 403
        async with served.client(wide) as client:
            assert (await client.list_tools()).tools
    assert refused.status_code == 401
    metadata_url = "https://rlm.example/.well-known/oauth-protected-resource/mcp"
    assert f'resource_metadata="{metadata_url}"' in refused.headers["www-authenticate"]
    assert metadata["resource"] == AUDIENCE
    assert [each.rstrip("/") for each in metadata["authorization_servers"]] == [authority.url]
