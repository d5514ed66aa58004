"""Giving a question up in the middle of a batch hangs up on the provider, at once and for all."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import anyio.abc
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_engine.loop import ask
from rlm_engine.models.litellm_model import close_clients, models_from_environ
from rlm_sandbox.availability import available

pytestmark = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")

BATCH = "```repl\nllm_query_batched([f'question {n}' for n in range(20)])\n```"
AT_ONCE = 8


class Silent:
    """Answers the root, takes the calls of others and never answers; counts those still open."""

    def __init__(self) -> None:
        self.taken = self.open = 0
        self.changed = anyio.Event()

    async def until(self, taken: int, *, open_: int) -> None:
        """Wait until so many calls have come, and so many of them still wait."""
        while (self.taken, self.open) != (taken, open_):
            await self.changed.wait()

    async def connection(self, stream: anyio.abc.SocketStream) -> None:
        """Answer one caller until it hangs up."""
        async with stream:
            reader = BufferedByteReceiveStream(stream)
            with suppress(anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError):
                while await self._answered(stream, reader):
                    pass

    async def _answered(
        self, stream: anyio.abc.SocketStream, reader: BufferedByteReceiveStream
    ) -> bool:
        head = (await reader.receive_until(b"\r\n\r\n", 65_536)).decode().lower()
        length = head.partition("content-length:")[2].partition("\r\n")[0]
        body = json.loads(await reader.receive_exactly(int(length)))
        if body["model"] == "sub":
            self._count(1, 1)
            try:
                await reader.receive(1)
            finally:
                self._count(0, -1)
            return False
        message = {"role": "assistant", "content": BATCH}
        said = {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
        payload = json.dumps(said).encode()
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(payload) + payload)
        return True

    def _count(self, taken: int, open_: int) -> None:
        self.taken += taken
        self.open += open_
        self.changed.set()
        self.changed = anyio.Event()


@asynccontextmanager
async def listening(silent: Silent) -> AsyncGenerator[str]:
    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(listener.serve, silent.connection)
        yield f"http://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}/v1"
        tasks.cancel_scope.cancel()


@pytest.fixture(scope="module")
def crystal(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    root: Path = tmp_path_factory.mktemp("corpus")
    (root / "app.py").write_text("def handler():\n    return 1\n" * 500)
    return build([root], workers=0)


@pytest.mark.asyncio
async def test_a_cancelled_question_hangs_up_on_every_call_in_flight(crystal: Crystal):
    silent = Silent()
    async with listening(silent) as url:
        root, sub = models_from_environ(
            {
                "RLM_MODEL": "vllm/root",
                "RLM_SUB_MODEL": "vllm/sub",
                "RLM_MODEL_URL": url,
                "RLM_MODEL_KEY": "k",
            }
        )
        with anyio.fail_after(120):
            async with anyio.create_task_group() as tasks:

                async def question() -> None:
                    await ask("What?", crystal=crystal, root=root, sub=sub)

                tasks.start_soon(question)
                await silent.until(AT_ONCE, open_=AT_ONCE)
                tasks.cancel_scope.cancel()
            await silent.until(AT_ONCE, open_=0)
        await close_clients()
