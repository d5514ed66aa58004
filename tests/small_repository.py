"""A small repository in git, real enough for every tool."""

import os
import subprocess
from pathlib import Path

GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")

CART = '''"""The shopping cart."""


class Cart:
    """Holds what a customer wants to buy."""

    def __init__(self) -> None:
        self.items: list[tuple[str, float]] = []

    def add(self, name: str, price: float) -> None:
        """Put one thing into the cart."""
        self.items.append((name, price))


def total_price(cart: Cart) -> float:
    """Sum the prices of everything in the cart."""
    return sum(price for _, price in cart.items)
'''

CHECKOUT = '''"""Paying for a cart."""

from shop.cart import Cart, total_price


def pay(cart: Cart, purse: float) -> float:
    """Return what is left in the purse; ValueError when it does not hold enough."""
    rest = purse - total_price(cart)
    if rest < 0:
        raise ValueError("not enough money in the purse")
    return rest
'''

README = """# Shop

A shop with a cart and a checkout. Prices are in euros.

## Paying

The checkout takes the total price of the cart out of the purse.
"""


def make_repository(folder: Path) -> Path:
    """Write and commit the shop below `folder`; return its root."""
    root = folder / "shop-repository"
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "__init__.py").write_text("")
    (root / "shop" / "cart.py").write_text(CART)
    (root / "shop" / "checkout.py").write_text(CHECKOUT)
    (root / "README.md").write_text(README)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "A shop")
    return root


def git(root: Path, *arguments: str) -> str:
    """Run git in the repository, whatever the person's own configuration says."""
    quiet = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run([*GIT, *arguments], cwd=root, env=quiet, check=True, capture_output=True)
    return done.stdout.decode().strip()
