"""A question to a model, as a person asks it: on each wire form, and with a key to be kept."""

import base64
import json
from pathlib import Path

import pytest
from command_line import run_here
from rlm_crystal.seal import PageContext, Sealer
from rlm_sandbox.availability import available
from scripted_server import Reply, Request, by_model, in_turn, scripted_server

pytestmark = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")

# Of no shape that a redaction would know.
KEY, PASSWORD, STORED = "windowsill-marmalade-77", "harbour-lantern-12", "gravel-orchid-orbit"

BASIC = base64.b64encode(f"me:{PASSWORD}".encode()).decode()


def repl(*lines: str) -> str:
    return "\n".join(("```repl", *lines, "```"))


LOOKS = repl("hits = crystal.search('total price')", "print(hits[0].path)")
READS = repl("said = llm_query('What is it?', context['shop/cart.py'].text)")
ENDS = repl("FINAL(said + ', see shop/cart.py:16')")


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
def test_a_question_is_answered_on_each_wire_form_and_what_it_took_is_told(
    provider: str, repository: Path, home: Path
) -> None:
    script = by_model(
        root=in_turn(LOOKS, READS, Reply(ENDS, tokens_cached=40)), sub=in_turn("A sum")
    )
    with scripted_server(script) as server:
        ran = run_here(
            "ask", "what is the total price", "--trace", "--json", "--root", repository, home=home,
            RLM_ROUTE="loop", RLM_MODEL=f"{provider}/root", RLM_SUB_MODEL=f"{provider}/sub",
            RLM_MODEL_URL=server.root, RLM_MODEL_KEY=KEY,
            RLM_PRICES=json.dumps({f"{provider}/root": [10, 10], f"{provider}/sub": [1, 1]}),
        )  # fmt: skip
    assert ran.code == 0, ran.err
    answer = ran.json
    assert (answer["answer"], answer["provider"]) == (
        "A sum, see shop/cart.py:16", f"{provider}/root",
    )  # fmt: skip
    assert (answer["tokens_in"], answer["tokens_out"], answer["subcalls"]) == (400, 80, 1)
    assert answer["cost_usd"] == pytest.approx(3 * 120e-5 + 120e-6)
    asked = [(request.model, bool(request.body.get("stream"))) for request in server.requests]
    assert asked == [("root", True), ("root", True), ("sub", False), ("root", True)]


def test_a_key_is_in_nothing_that_is_told_or_kept_however_calls_fail(
    repository: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = {"Retry-After": "3600"}
    told = f"your key {KEY} at http://u:{PASSWORD}@host/?key={STORED}"
    failures = {
        "refused": Reply(told, status=401),
        "unknown": Reply(told, status=404),
        "busy": Reply(told, status=429, headers=later),
        "failing": Reply(told, status=500, headers=later),
        "too long": Reply(f"prompt is too long for {told}", status=400),
        "withheld": Reply("", refusal=told),
        "malformed": Reply(raw=f"<html>{told}</html>"),
    }

    def sub(request: Request) -> Reply:
        return next(reply for name, reply in failures.items() if name in request.last)

    code = f"said = llm_query_batched({list(failures)})"
    root = in_turn(LOOKS, repl(code, "print(said)"), repl("FINAL(str(said))"))
    kept = sealed_from_now_on(monkeypatch)
    with scripted_server(by_model(root=root, sub=sub)) as server:
        environ = {
            "RLM_MODEL": "openai/root", "RLM_SUB_MODEL": "openai/sub", "OPENAI_API_KEY": KEY,
            "RLM_MODEL_URL": server.url.replace("://", f"://me:{PASSWORD}@"),
            "OTHER_SECRET": STORED, "RLM_PRICES": '{"openai/root": [1, 1], "openai/sub": [1, 1]}',
            "RLM_TRACE_PROMPTS": "full", "RLM_ROUTE": "loop",
        }  # fmt: skip
        asked = ("ask", "what is the total price", "--trace", "--verbose", "--root", repository)
        ran = run_here(*asked, "--json", home=home, **environ)
        shown = run_here("trace", "show", "last", "--full", "--root", repository, home=home)
    with scripted_server(in_turn(failures["refused"])) as server:
        environ["RLM_MODEL_URL"] = server.url + f"?key={STORED}"
        refused = run_here(*asked, home=home, **environ)
    unreachable = run_here(*asked, home=home, **environ)
    stats = run_here("stats", "--json", "--root", repository, home=home)

    assert ran.code == 0, ran.err
    answer = ran.json["answer"]
    for kind in ("model_refused", "model_busy", "context_too_long", "reply_filtered"):
        assert kind in answer
    assert (refused.code, "Check the provider's key" in refused.err) == (1, True)
    assert (unreachable.code, "cannot be reached" in unreachable.err) == (1, True)
    assert any(b"context_too_long" in data for data in kept)
    assert "openai/sub" in stats.out
    everything = [*kept, *(one.encode() for each in (ran, shown, refused, unreachable, stats)
                           for one in (each.out, each.err))]  # fmt: skip
    secrets = [secret.encode() for secret in (KEY, PASSWORD, STORED, BASIC)]
    assert [
        around(secret, data) for data in everything for secret in secrets if secret in data
    ] == []


def around(secret: bytes, data: bytes) -> bytes:
    at = data.index(secret)
    return data[max(0, at - 100) : at + 100]


def sealed_from_now_on(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What this process seals, as it is before: the home opened."""
    kept: list[bytes] = []
    seal = Sealer.seal

    def kept_and_sealed(self: Sealer, page: bytes, *, context: PageContext) -> bytes:
        kept.append(page)
        return seal(self, page, context=context)

    monkeypatch.setattr(Sealer, "seal", kept_and_sealed)
    return kept
