import pytest
from rlm_crystal.errors import UnknownPath
from rlm_tools.errors import NothingFound
from rlm_tools.explain import ExplainArguments, explain
from rlm_tools.neighbours import Place

SHOP = {
    "shop/__init__.py": "",
    "shop/cart.py": (
        '"""Carts and what is in them."""\n'
        "from shop.money import rounded\n\n\n"
        "class Cart:\n"
        '    """Things somebody wants to buy."""\n\n'
        "    def total(self, rate: float) -> float:\n"
        '        """The price of everything, with tax."""\n'
        "        return rounded(self.net() * rate)\n\n"
        "    def net(self) -> float:\n"
        "        return 1.0\n"
    ),
    "shop/money.py": (
        'def rounded(x: float) -> float:\n    """To cents."""\n    return round(x, 2)\n'
    ),
    "shop/checkout.py": (
        "from shop.cart import Cart\n\n\n"
        "def pay(cart: Cart) -> float:\n    return cart.total(1.2)\n"
    ),
    "tests/test_cart.py": (
        "from shop.cart import Cart\n\n\ndef test_total():\n    assert Cart().total(1) == 1\n"
    ),
    "docs/guide.md": "# Guide\n\n## Carts\n\n`Cart.total` adds the tax.\n",
}


@pytest.mark.asyncio
async def test_a_method_is_explained_with_its_callers_needs_tests_and_docs(plant, host_of, silence):
    host = host_of(plant(SHOP))
    arguments = ExplainArguments(path="shop/cart.py", symbol="Cart.total")
    reply = await explain(host, arguments, silence)
    assert (reply.kind, reply.start_line, reply.end_line) == ("method", 8, 10)
    assert reply.signature == "def total(self, rate: float) -> float"
    assert reply.doc == "The price of everything, with tax."
    assert reply.callers == (Place("shop/checkout.py", 5, "in pay (likely)"),)
    assert reply.tests == (Place("tests/test_cart.py", 5, "in test_total"),)
    assert reply.callers_total == 2
    assert Place("shop/money.py", 1, "def rounded(x: float) -> float — To cents.") in reply.needs
    assert [place.line for place in reply.needs if place.path == "shop/cart.py"] == [12]
    assert Place("docs/guide.md", 5, "`Cart.total` adds the tax.") in reply.documents
    assert "shop/checkout.py:5 in pay" in reply.text()


@pytest.mark.asyncio
async def test_a_file_is_explained_with_its_outline_and_importers(plant, host_of, silence):
    host = host_of(plant(SHOP))
    reply = await explain(host, ExplainArguments(path="./shop/cart.py"), silence)
    assert (reply.role, reply.doc) == ("source", "Carts and what is in them.")
    assert [place.line for place in reply.outline] == [5]
    assert [place.path for place in reply.importers] == ["shop/checkout.py"]
    assert [place.path for place in reply.tests] == ["tests/test_cart.py"]
    assert [place.text for place in reply.imports] == ["shop.money, shop.money.rounded"]


@pytest.mark.asyncio
async def test_an_absolute_path_means_the_same_file(plant, host_of, silence):
    root = plant(SHOP)
    arguments = ExplainArguments(path=str(root / "shop" / "money.py"), symbol="rounded")
    reply = await explain(host_of(root), arguments, silence)
    assert reply.path == "shop/money.py"


@pytest.mark.asyncio
async def test_what_is_not_there_is_told_with_what_is(plant, host_of, silence):
    host = host_of(plant(SHOP))
    with pytest.raises(UnknownPath, match=r"shop/cart\.py"):
        await explain(host, ExplainArguments(path="shop/crat.py"), silence)
    with pytest.raises(NothingFound, match=r"Cart\.total"):
        await explain(host, ExplainArguments(path="shop/cart.py", symbol="Cart.totals"), silence)
    with pytest.raises(NothingFound, match=r"defined in shop/money\.py:1"):
        await explain(host, ExplainArguments(path="shop/cart.py", symbol="rounded"), silence)
    with pytest.raises(NothingFound, match=r"is a folder.*shop/cart\.py"):
        await explain(host, ExplainArguments(path="shop"), silence)
