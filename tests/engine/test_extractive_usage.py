"""Who calls a name that two classes share, and what a call means, without a model."""

from pathlib import Path

import pytest
from planting import plant
from rlm_crystal.build import build
from rlm_engine.extractive import ExtractiveReader, ExtractiveRoot
from rlm_engine.loop import ask
from rlm_sandbox.availability import available

pytestmark = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")

FILES = {
    "cart.py": 'class Cart:\n    """Holds items."""\n\n    def save(self):\n        return 1\n',
    "note.py": 'class Note:\n    """Holds text."""\n\n    def save(self):\n        return 2\n',
    "use.py": """\
from cart import Cart
from note import Note


def keep_all(thing):
    cart = Cart()
    cart.save()
    Note().save()
    thing.save()
""",
    # Of a corpus smaller than what a cell prints, not all is shown.
    "README.md": "# Shop\n\n" + "What a cart holds is told here at some length.\n" * 100,
}


async def told(root: Path, question: str) -> str:
    crystal = build([plant(root, FILES)], workers=0)
    answer = await ask(question, crystal=crystal, root=ExtractiveRoot(), sub=ExtractiveReader())
    return answer.answer


@pytest.mark.asyncio
async def test_calls_of_another_class_are_left_out_and_a_guess_is_called_one(
    tmp_path: Path,
) -> None:
    answer = await told(tmp_path, "who calls Cart.save")

    assert "called at 2 places in 1 file" in answer
    assert "1 of the calls by the name alone" in answer
    assert "- use.py:7: `cart.save()` (in keep_all)\n" in answer
    assert "use.py:8" not in answer
    assert "- use.py:9: `thing.save()` (in keep_all), by name" in answer


@pytest.mark.asyncio
async def test_what_a_function_calls_leads_to_the_definition_meant(tmp_path: Path) -> None:
    answer = await told(tmp_path, "what does keep_all call")

    assert "- use.py:7: `cart.save()` → save, cart.py:4" in answer


@pytest.mark.asyncio
async def test_a_definition_counts_its_own_uses(tmp_path: Path) -> None:
    answer = await told(tmp_path, "what is Note.save")

    assert "Used: 2 calls in 1 files (1 by the name alone), 0 imports." in answer
