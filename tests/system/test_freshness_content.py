"""What a reply names is compared with the disk by content before it is given."""

import os
from pathlib import Path

import pytest
from rlm_crystal.types import Progress
from rlm_engine.citations import Citation
from rlm_server.manner import Manner
from rlm_tools import confirming
from rlm_tools.explain import ExplainArguments, explain
from rlm_tools.review import ReviewArguments, review
from rlm_tools.test import WriteTestArguments, write_test
from workspace import EVENTS, UNWATCHED, served, silent

BOTH = pytest.mark.parametrize("manner", [EVENTS, UNWATCHED], ids=["events", "looking"])


def write_unnoticed(path: Path, text: str) -> None:
    """Write as many bytes as are there, and put the time of change back."""
    before = path.stat()
    assert len(text.encode()) == before.st_size
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@BOTH
@pytest.mark.asyncio
async def test_a_change_that_left_size_and_time_alone_is_seen_in_what_is_found(
    repository: Path, home: Path, manner: Manner
) -> None:
    cart = repository / "shop" / "cart.py"
    async with served(home, repository, manner=manner) as workspace:
        write_unnoticed(cart, cart.read_text().replace("total_price", "whole_price"))
        reply = await workspace.search("sum the prices of everything")
    snippets = "".join(hit.snippet for hit in reply.results if hit.path == "shop/cart.py")
    assert "def whole_price" in snippets
    assert "total_price" not in snippets
    assert reply.revision.caught_up


@BOTH
@pytest.mark.asyncio
async def test_a_definition_that_moved_is_found_on_its_new_lines(
    repository: Path, home: Path, manner: Manner
) -> None:
    cart = repository / "shop" / "cart.py"
    async with served(home, repository, manner=manner) as workspace:
        before = await workspace.lines_of("total_price")
        cart.write_text("\n" * 40 + cart.read_text())
        after = await workspace.lines_of("total_price")
    assert before
    assert after == [line + 40 for line in before]


@BOTH
@pytest.mark.asyncio
async def test_an_explanation_shows_the_source_as_it_is_on_disk(
    repository: Path, home: Path, manner: Manner
) -> None:
    cart = repository / "shop" / "cart.py"
    async with served(home, repository, manner=manner) as workspace:
        write_unnoticed(cart, cart.read_text().replace("return sum(", "return max("))
        arguments = ExplainArguments(path="shop/cart.py", symbol="total_price")
        reply = await explain(workspace.service, arguments, silent)
    assert "return max(" in reply.source
    assert reply.revision.caught_up


@BOTH
@pytest.mark.asyncio
async def test_a_review_points_at_callers_where_they_are_on_disk(
    repository: Path, home: Path, manner: Manner
) -> None:
    cart, checkout = repository / "shop" / "cart.py", repository / "shop" / "checkout.py"
    async with served(home, repository, manner=manner) as workspace:
        shorter = checkout.read_text().replace("money in the purse", "money in a purse")
        write_unnoticed(checkout, "\n\n" + shorter)
        cart.write_text(cart.read_text().replace("(cart: Cart)", "(cart: Cart, rate: float)"))
        reply = await review(workspace.service, ReviewArguments(), silent)
    line = checkout.read_text().splitlines().index("    rest = purse - total_price(cart)") + 1
    (broken,) = [found for found in reply.findings if found.evidence]
    assert broken.evidence == (f"shop/checkout.py:{line}",)


@BOTH
@pytest.mark.asyncio
async def test_a_test_is_written_for_the_signature_on_disk(
    repository: Path, home: Path, manner: Manner
) -> None:
    cart = repository / "shop" / "cart.py"
    async with served(home, repository, manner=manner) as workspace:
        write_unnoticed(cart, cart.read_text().replace("(cart: Cart)", "(card: Cart)"))
        arguments = WriteTestArguments(path="shop/cart.py", symbol="total_price")
        reply = await write_test(workspace.service, arguments, silent)
    assert "card" in reply.code


@pytest.mark.asyncio
async def test_a_file_that_changes_faster_than_it_is_read_makes_the_reply_stale(
    repository: Path, home: Path
) -> None:
    cart, text = repository / "shop" / "cart.py", (repository / "shop" / "cart.py").read_text()
    async with served(home, repository, manner=UNWATCHED) as workspace:

        def restless(reply: object) -> set[str]:
            with cart.open("a") as file:
                file.write("# again\n")
            return {"shop/cart.py"}

        made, view = await confirming.confirmed(
            workspace.service, silent, lambda view: view.crystal.text("shop/cart.py"), restless
        )
    assert made.startswith(text)
    assert (view.revision.pending, view.revision.caught_up) == (1, False)


@pytest.mark.asyncio
async def test_an_answer_cites_the_lines_as_they_are_when_it_is_given(
    repository: Path, home: Path
) -> None:
    cart = repository / "shop" / "cart.py"
    moved = False

    def move(step: Progress) -> None:
        nonlocal moved
        if not moved and step.stage == "Checking the citations":
            moved = True
            cart.write_text("\n" * 40 + cart.read_text())

    async with served(home, repository) as workspace:
        answer = await workspace.service.ask("how is the total price computed", move)
    lines = cart.read_text().splitlines()
    cited = [one for one in answer.citations if one.path == "shop/cart.py"]
    assert moved
    assert any(line.startswith("def total_price") for one in cited for line in span(one, lines))
    assert all(one.verified and one.start_line > 40 for one in cited)


def span(citation: Citation, lines: list[str]) -> list[str]:
    return lines[citation.start_line - 1 : citation.end_line]
