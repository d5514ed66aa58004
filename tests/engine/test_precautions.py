"""No secret leaves a run on any way, and the code of a run is held to the rules that were set."""

import json
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_engine.limits import RunLimits
from rlm_engine.loop import ask
from rlm_engine.model import Completion, Message
from rlm_engine.precautions import USUAL, Precautions
from rlm_engine.trace import Tracing
from rlm_sandbox.availability import available
from rlm_sandbox.code_rules import CodeRules
from rlm_sandbox.redact import Redaction

pytestmark = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")

KEY = "AKIA" + "ABCDEFGH12345678"
TICKET, ADDRESS = "ACME-4711", "jo@example.org"
SECRETS = (KEY, TICKET, ADDRESS)
GUARDED = Precautions(redaction=Redaction(emails=True, patterns=(r"ACME-\d+",)))


class Scripted:
    """A model that says these things in turn, the last one for ever, and keeps what it heard."""

    name = "scripted"

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.heard: list[str] = []

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
        self.heard.append("\n".join(message.content for message in messages))
        text = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return Completion(text, 1, 1, 0.0)

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:
        return 0.0


def repl(code: str) -> str:
    return f"```repl\n{code}\n```"


@pytest.fixture(scope="module")
def crystal(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    root: Path = tmp_path_factory.mktemp("corpus")
    (root / "deploy.py").write_text(f"# {TICKET}, ask {ADDRESS}\nAWS = '{KEY}'\n" + "#\n" * 3000)
    return build([root], workers=0)


@pytest.mark.asyncio
async def test_no_secret_of_the_corpus_reaches_a_model_the_answer_or_the_trace(crystal: Crystal):
    read = "secrets = context['deploy.py'].text[:90]\n"
    root = Scripted(
        repl(read + "print(secrets); asked = rlm_query('deeper ' + secrets, [[secrets, 'text']])"),
        repl("llm_query(secrets, secrets); llm_query_batched(['x' + secrets], [secrets])"),
        repl("raise ValueError(secrets)"),
        repl("files.path(secrets).write_text(secrets); FINAL({secrets: [secrets]})"),
    )
    deeper = Scripted(repl("FINAL(context[0].path)"))

    class Either(Scripted):
        async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
            is_deeper = "QUESTION\ndeeper" in messages[1].content
            return await (deeper if is_deeper else root).complete(messages, max_tokens=max_tokens)

    sub = Scripted("seen")
    records: dict[str, bytes] = {}
    with anyio.fail_after(60):
        answer = await ask(
            "What is deployed?",
            crystal=crystal,
            root=Either("unused"),
            sub=sub,
            limits=RunLimits(max_depth=2),
            tracing=Tracing(keep=records.__setitem__),
            precautions=GUARDED,
        )

    assert (len(root.heard), len(deeper.heard), len(sub.heard)) == (4, 1, 2)
    assert answer.limit_hit is None
    left = [*root.heard, *deeper.heard, *sub.heard, *map(bytes.decode, records.values())]
    left.append(json.dumps(answer.to_json()))
    assert [secret for secret in SECRETS for text in left if secret in text] == []
    assert all("[redacted: AWS access key]" in text for text in left[1:])


@pytest.mark.asyncio
async def test_what_the_person_or_the_root_model_says_is_kept_without_secrets(crystal: Crystal):
    root = Scripted(repl(f"# {KEY}\nlen(context)"), repl("FINAL(context.paths[0])"))
    records: dict[str, bytes] = {}
    with anyio.fail_after(60):
        await ask(
            f"Who uses {KEY} for {TICKET}?",
            crystal=crystal,
            root=root,
            sub=root,
            tracing=Tracing(keep=records.__setitem__),
            precautions=GUARDED,
        )

    (record,) = map(bytes.decode, records.values())
    assert [secret for secret in SECRETS if secret in record] == []
    assert "[redacted: custom pattern]" in json.loads(record)["question"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("precautions", "told"),
    [
        (USUAL, "tomllib"),
        (Precautions(CodeRules("strict", ("tomllib",))), "import of 'os' is blocked"),
    ],
)
async def test_the_rules_for_code_hold_in_a_run_and_are_told(
    crystal: Crystal, precautions: Precautions, told: str
):
    root = Scripted(
        repl("import tomllib\nimport os"), repl("len(context); FINAL(tomllib.loads('a = 1'))")
    )
    with anyio.fail_after(60):
        await ask("?", crystal=crystal, root=root, sub=root, precautions=precautions)

    strict = precautions.rules.profile == "strict"
    assert ("STRICT RULES" in root.heard[0]) is strict
    assert ("besides the usual ones: tomllib" in root.heard[0]) is strict
    assert told in root.heard[1]
