"""The live page's answers: to whom they are given, what is in them, and what a failure says."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from rlm_memory.memory import Memory
from rlm_memory.types import Episode
from rlm_server.manner import Manner
from rlm_server.ui.api import Api
from rlm_server.ui.app import page_app
from rlm_server.ui.asks import follow
from rlm_server.ui.remembered import found_in, levels_of, memo_of
from services import serving

TOKEN = "rlm_" + "t" * 43
PORT = 8123
PAGE = Manner(ready_wait_s=60, fresh_wait_s=60, watch=False, spares=False, follow=follow)
SECRET = "ghp_" + "a1B2" * 9


@asynccontextmanager
async def page(root: Path, environ: dict[str, str]) -> AsyncGenerator[httpx2.AsyncClient]:
    async with serving(root, environ, PAGE) as service:
        door = httpx2.ASGITransport(app=page_app(service, token=TOKEN, port=PORT))
        async with httpx2.AsyncClient(
            transport=door,
            base_url=f"http://127.0.0.1:{PORT}",
            headers={"authorization": f"Bearer {TOKEN}"},
        ) as client:
            yield client


async def told(client: httpx2.AsyncClient, act: str, **wanted: Any) -> dict[str, Any]:
    reply = await client.post(f"/api/{act}", json=wanted)
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_the_page_is_told_what_it_asks_and_nobody_else_is(
    repository: Path, environ: dict[str, str]
) -> None:
    (repository / "shop" / "keys.py").write_text(f'TOKEN_OF_SHOP = "{SECRET}"\n')
    async with page(repository, environ) as client:
        # Who may ask.
        for headers, status in (
            ({"authorization": ""}, 401),
            ({"authorization": f"Bearer {TOKEN}x"}, 401),
            ({"host": "evil.example"}, 421),
            ({"host": f"127.0.0.1:{PORT + 1}"}, 421),
            ({"origin": "http://evil.example"}, 403),
            ({"origin": f"http://localhost:{PORT + 1}"}, 403),
        ):
            refused = await client.post("/api/status", headers=headers)
            assert refused.status_code == status
            assert "shop" not in refused.text
            assert "access-control-allow-origin" not in refused.headers
        assert (await client.get("/api/status")).status_code == 405
        # The files of the page need no token, and their policy allows no script of a text.
        for path in ("/", "/page/app.js", "/page/frame.css", "/page/icon.svg"):
            file = await client.get(path, headers={"authorization": ""})
            assert file.status_code == 200
            assert "unsafe" not in file.headers["content-security-policy"]
        assert (await client.get("/page/..%2fapp.py")).status_code == 404
        # The tools, the map, a file.
        outline = await told(client, "outline", path="shop/cart.py")
        assert [one["symbol"] for one in outline["definitions"]][:2] == ["Cart", "Cart.__init__"]
        found = await told(client, "call", tool="rlm_search", arguments={"query": "sum the prices"})
        assert found["fields"]["results"][0]["path"] == "shop/cart.py"
        assert (await client.post("/api/call", json={"tool": "rlm_query"})).status_code == 422
        status = await told(client, "status")
        assert (status["state"], status["files"]) == ("secure", 5)
        picture = await told(client, "picture")
        assert picture["stamp"] == status["picture"]
        assert "shop/checkout.py" in picture["files"]["path"]
        assert await told(client, "picture", seen=picture["stamp"]) == {}
        lines = await told(client, "lines", path="shop/keys.py")
        assert lines["text"].startswith("TOKEN_OF_SHOP")
        assert SECRET not in json.dumps(lines)
        missing = await client.post("/api/lines", json={"path": f"../{SECRET}/etc/passwd"})
        assert (missing.status_code, "no file" in missing.text) == (422, True)
        assert SECRET not in missing.text
        # What is asked wrongly.
        assert (await client.post("/api/nothing")).status_code == 404
        assert (await client.post("/api/lines", json={"path": 1})).status_code == 400
        assert (await client.post("/api/lines", content=b"{" * 99)).status_code == 400
        assert (await client.post("/api/memo", json={"id": "none"})).status_code == 404
        # Settings.
        settings = {one["key"]: one for one in (await told(client, "settings"))["settings"]}
        assert settings["route"]["choices"] == ["auto", "loop"]
        assert settings["redact"]["locked"]
        assert not settings["max_depth"]["locked"]
        change = {"key": "max_cost_usd", "value": "1000"}
        refused = await told(client, "call", tool="rlm_settings", arguments=change)
        assert refused["failed"]
        assert "RLM_MAX_COST_USD" in refused["text"]


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_question_is_told_step_by_step_kept_and_leaves_its_record(
    repository: Path, environ: dict[str, str]
) -> None:
    async with page(repository, environ) as client:
        ask = await told(client, "ask", question="where is the total price computed?")
        lines = list[str](ask["lines"])
        while ask["state"] == "running":
            ask = await told(client, "news", id=ask["id"], seen=ask["seen"], stage=ask["stage"])
            lines += ask["lines"]
        assert ask["state"] == "done", ask["text"]
        assert any("turn 1" in line for line in lines)
        assert "shop/cart.py" in {one["path"] for one in ask["reply"]["citations"]}
        (kept,) = (await told(client, "asks"))["asks"]
        assert kept["lines"] == lines
        (run,) = (await told(client, "runs"))["runs"]
        assert run["trace_id"] == ask["reply"]["trace_id"]
        record = await told(client, "run", id=run["trace_id"])
        assert "where is the total price computed?" in record["html"]
        assert (await told(client, "memory"))["levels"][0] == {"level": "episode", "count": 1}
        (found,) = (await told(client, "recall", query="total price"))["found"]
        assert "total price" in found["text"]
        # One that is stopped says so.
        begun = await told(client, "ask", question="how does paying work?")
        await told(client, "stop", id=begun["id"])
        stopped = await told(client, "news", id=begun["id"], seen=999)
        assert stopped["state"] == "cancelled"


@pytest.mark.asyncio
async def test_without_a_key_that_fits_the_page_is_told_why(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, {**environ, "RLM_KEY": "not a key"}, PAGE) as service:
        answers = [await Api(service).answer(act, b"") for act in ("status", "picture", "runs")]
    assert {answer.status for answer in answers} == {503}
    assert len({answer.body for answer in answers}) == 1
    why = json.loads(answers[0].body)
    assert why["halted"]
    assert "RLM_KEY" in why["error"]


def test_the_memory_is_told_by_levels_and_its_conflicts_can_be_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rlm_crystal.keys import load_keyring

    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    memory = Memory.open(tmp_path / "m", load_keyring({}, tmp_path / "config"), scope="s")
    slots = {"subject": "API", "attribute": "port"}
    old = memory.add(Episode("port 80 it is", 1.0, value="80", **slots)).id
    new = memory.add(Episode("port 90 now", 2.0, value="90", trust="agent", **slots)).id
    (conflict,) = levels_of(memory)["conflicts"]
    assert (conflict["new"]["id"], conflict["old"]["text"]) == (new, "port 80 it is")
    memory.resolve(new, old, "supersede")
    memory.consolidate()
    told = levels_of(memory)
    assert told["conflicts"] == []
    assert [each["count"] for each in told["levels"]][:2] == [2, 1]
    (top, *_) = told["top"]
    while top["inside"]:
        whole = memo_of(memory, top["id"])
        assert whole["inside_total"] == top["inside"]
        top = whole["inside"][0]
    assert top["level"] == "episode"
    assert found_in(memory, "which port")["found"][0]["id"]
    with pytest.raises(KeyError):
        memo_of(memory, "gone")
    memory.close()
