"""An OpenAI-form endpoint that answers each request after a fixed time, in a process of its own.

    python benchmarks/slow_models.py ours|rlms|dspy

The root says a script of 13 turns in the dialect of one loop; every other model answers "found".
The port is printed; GET /log tells when each request came and each reply went, and clears it.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

LATENCY_S = 0.05
TURNS = 13
SUBCALLS = 64
BATCH_TURN = 7
PIECE_CHARS = 2_000
ROOT = "root"

LOOK = "print(len(context))"
TRIVIAL = "x = {0}\nprint(x)"
BATCH = (
    "pieces = [{slice} for i in range(64)]\n"
    "prompts = ['What is in this?\\n' + piece for piece in pieces]\n"
    "replies = llm_query_batched(prompts)\n"
    "print(len(replies), sum('found' in reply for reply in replies))"
)
FINISH = "FINAL('done')"
RLMS_FINISH = "answer['content'] = 'done'\nanswer['ready'] = True"
DSPY_FINISH = "SUBMIT(answer='done')"
SLICE = f"context[i * {PIECE_CHARS}:(i + 1) * {PIECE_CHARS}]"
OUR_SLICE = f"context.text_slice(i * {PIECE_CHARS}, (i + 1) * {PIECE_CHARS})"


def ours(code: str | None) -> str:
    """A turn as our root says it."""
    return f"```repl\n{code or FINISH}\n```"


def rlms(code: str | None) -> str:
    """A turn as the root of rlms 0.1.3 says it."""
    return f"```repl\n{code or RLMS_FINISH}\n```"


def dspy(code: str | None) -> str:
    """A turn as the root of dspy 3.4.1 says it, in its chat form."""
    return (
        "[[ ## reasoning ## ]]\nnext\n\n"
        f"[[ ## code ## ]]\n```python\n{code or DSPY_FINISH}\n```\n\n"
        "[[ ## completed ## ]]"
    )


DIALECTS: dict[str, Callable[[str | None], str]] = {"ours": ours, "rlms": rlms, "dspy": dspy}


def script(dialect: str) -> list[str]:
    """The replies of the root, one for each turn."""
    batch = BATCH.replace("{slice}", OUR_SLICE if dialect == "ours" else SLICE)
    said: list[str] = []
    for turn in range(1, TURNS):
        code = LOOK if turn == 1 else batch if turn == BATCH_TURN else TRIVIAL.format(turn)
        said.append(DIALECTS[dialect](code))
    return [*said, DIALECTS[dialect](None)]


class Endpoint:
    """Answers requests, and remembers when."""

    def __init__(self, dialect: str) -> None:
        self._script = script(dialect)
        self._turn = 0
        self._log: list[dict[str, Any]] = []

    async def serve(self) -> None:
        """Print the port and answer until killed."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = head.partition("content-length:")[2].partition("\r\n")[0]
                body = await reader.readexactly(int(length or 0))
                answer = await self._answer(body) if body else self._told()
                payload = json.dumps(answer).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n" % len(payload) + payload
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, body: bytes) -> dict[str, Any]:
        came_s = time.monotonic()
        model = json.loads(body)["model"]
        text = "found"
        if model == ROOT:
            text = self._script[self._turn % TURNS]
            self._turn += 1
        await asyncio.sleep(LATENCY_S)
        self._log.append({"model": model, "came_s": came_s, "went_s": time.monotonic()})
        message = {"role": "assistant", "content": text}
        return {
            "id": "slow",
            "object": "chat.completion",
            "created": 0,
            "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 500, "completion_tokens": 20, "total_tokens": 520},
        }

    def _told(self) -> dict[str, Any]:
        told, self._log = self._log, []
        return {"log": told}


if __name__ == "__main__":
    asyncio.run(Endpoint(sys.argv[1]).serve())
