"""The example in the room's README runs as it stands."""

import re
import textwrap
from pathlib import Path

import pytest
from rlm_sandbox.context import SharedContext
from rlm_sandbox.sandbox import Sandbox

README = Path(__file__).parents[2] / "sandbox" / "README.md"


async def ask(prompt: str) -> str:
    return prompt


@pytest.mark.asyncio
async def test_the_example_runs():
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names = {"Sandbox": Sandbox, "SharedContext": SharedContext, "ask": ask}
    exec("async def example():\n" + textwrap.indent(example, "    "), names)

    await names["example"]()  # type: ignore[operator]
