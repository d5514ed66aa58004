"""The rules for code and redaction, as a client meets them."""

import json
from pathlib import Path

import anyio
import pytest
from in_memory import in_memory
from mcp import Client, StdioServerParameters
from rlm_sandbox.availability import available
from scripted_server import in_turn, scripted_server

KEY = "AKIA" + "ABCDEFGH12345678"
SECRETS = (KEY, "ACME-4711", "jo@example.org")
LEAK = f"# jo@example.org on ACME-4711\nAWS_ID = '{KEY}'\ndef deploy_everything():\n    return 1\n"


def with_environ(server: StdioServerParameters, **environ: str) -> StdioServerParameters:
    return server.model_copy(update={"env": {**(server.env or {}), **environ}})


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
@pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")
async def test_strict_rules_and_redaction_hold_from_the_environment_to_the_model_and_the_client(
    repository: Path, server: StdioServerParameters
) -> None:
    (repository / "deploy.py").write_text(LEAK)
    script = in_turn(
        "```repl\nimport io\n```",
        "```repl\nimport tomllib\nprint(context['deploy.py'].text)\n```",
        "```repl\nFINAL(context['deploy.py'].text)\n```",
    )
    with scripted_server(script) as model, anyio.fail_after(90):
        started = with_environ(
            server,
            RLM_MODEL="root",
            RLM_ROUTE="loop",
            RLM_MODEL_URL=model.url,
            RLM_MODEL_KEY="any",
            RLM_PRICES='{"openai/root": [1, 1]}',
            RLM_CODE_PROFILE="strict",
            RLM_CODE_MODULES="tomllib",
            RLM_REDACT=r"ACME-\d+",
            RLM_REDACT_EMAILS="on",
        )
        async with Client(started) as client:
            asked = await client.call_tool("rlm_query", {"question": f"who has {KEY}?"})
            found = await client.call_tool("rlm_search", {"query": "deploy_everything"})
        heard = [json.dumps(request.messages) for request in model.requests]

    assert "there is no module 'io'" in heard[1]
    assert "deploy_everything" in heard[2]
    told = [json.dumps(result.model_dump(mode="json")) for result in (asked, found)]
    assert all("deploy_everything" in text for text in told)
    assert [secret for secret in SECRETS for text in (*heard, *told) if secret in text] == []


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_call_can_make_the_rules_stricter_and_never_laxer(
    repository: Path, home: Path
) -> None:
    async def change(client: Client, key: str, value: str) -> str:
        result = await client.call_tool("rlm_settings", {"key": key, "value": value})
        return result.content[0].text

    async with in_memory(repository, home, "auto") as client:
        strict = await change(client, "code_profile", "strict")
        emails = await change(client, "redact_emails", "on")
        back = await change(client, "code_profile", "standard")
        modules = await change(client, "code_modules", "tomllib")
        odd = await change(client, "code_profile", "lax")
    fixed = {"RLM_CODE_PROFILE": "strict", "RLM_REDACT_EMAILS": "1"}
    async with in_memory(repository, home, "auto", environ=fixed) as client:
        laxer = await change(client, "code_profile", "standard")
        clear = await change(client, "redact_emails", "off")
        listed = (await client.call_tool("rlm_settings", {})).content[0].text

    assert strict.startswith("code_profile = strict (default standard)")
    assert emails.startswith("redact_emails = True")
    assert back.startswith("code_profile = standard")
    assert "RLM_CODE_MODULES in the environment" in modules
    assert "'standard' or 'strict'" in odd
    assert "strict by the operator: RLM_CODE_PROFILE" in laxer
    assert "on by the operator: RLM_REDACT_EMAILS" in clear
    assert "code_profile = strict" in listed
