"""Which definition a call means, in each of the main languages, on small corpora made for it.

In each corpus two definitions are so called; the calls of one of them are told from those of the
other. A row is `path:line certainty`.
"""

from pathlib import Path

import pytest
from planting import plant
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal


def corpus(root: Path, files: dict[str, str]) -> Crystal:
    return build([plant(root, files)], workers=0)


def callers(crystal: Crystal, name: str, path: str = "") -> list[str]:
    return [f"{c.path}:{c.line} {c.certainty}" for c in crystal.callers(name, path=path)]


def callees(crystal: Crystal, name: str) -> dict[str, str]:
    return {c.name: c.target for c in crystal.callees(name)}


PYTHON = {
    "shop/__init__.py": "from .price import total as total\n",
    "shop/price.py": (
        "def total(items):\n    return sum(items)\n\n\n"
        "class Cart:\n"
        "    def __init__(self, lines):\n        self.lines = lines\n\n"
        "    def pay(self):\n        return self.check() + total(self.lines)\n\n"
        "    def check(self):\n        return 1\n\n\n"
        "class BigCart(Cart):\n"
        "    def twice(self):\n        super().pay()\n        return self.check()\n"
    ),
    "bank/account.py": (
        "class Account:\n"
        "    def pay(self):\n        return self.check()\n\n"
        "    def check(self):\n        return 2\n\n\n"
        "def total(rows):\n    return len(rows)\n"
    ),
    "use.py": (
        "import bank.account as ba\nfrom shop import total\nfrom shop.price import Cart as Basket\n"
        "from shop import price\nfrom json import loads\n\n\n"
        "def first(account: ba.Account, stranger):\n"
        "    cart = Basket([1])\n"
        "    cart.pay()\n"
        "    account.pay()\n"
        "    stranger.pay()\n"
        "    price.total([])\n"
        "    ba.total([])\n"
        "    return total([2])\n\n\n"
        "def second(total):\n    return loads('total(1)'), total(1)\n"
    ),
    "other.py": "def third(rows):\n    return total(rows)\n",
}


def test_python(tmp_path: Path) -> None:
    crystal = corpus(tmp_path, PYTHON)
    assert callers(crystal, "total", "shop/price.py") == [
        "other.py:2 by name",
        "shop/price.py:10 certain",
        "use.py:13 certain",
        "use.py:15 certain",
    ]
    assert callers(crystal, "total", "bank/account.py") == [
        "other.py:2 by name",
        "use.py:14 certain",
    ]
    assert callers(crystal, "Cart.pay") == [
        "shop/price.py:18 certain",
        "use.py:10 likely",
        "use.py:12 by name",
    ]
    assert callers(crystal, "Account.pay") == ["use.py:11 likely", "use.py:12 by name"]
    assert callers(crystal, "Cart.check") == [
        "shop/price.py:10 certain",
        "shop/price.py:19 certain",
    ]
    assert callers(crystal, "Account.check") == ["bank/account.py:3 certain"]
    # Under the name it was imported by; and a type is built by its own name.
    assert callers(crystal, "Cart") == ["shop/price.py:16 certain", "use.py:9 certain"]
    assert callees(crystal, "Cart.pay") == {
        "check": "shop/price.py:12",
        "total": "shop/price.py:1",
    }
    # What no definition is called by is given by its name alone.
    assert callers(crystal, "loads") == ["use.py:19 by name"]


SCRIPT = {
    "shop/price.ts": (
        "export function total(items: number[]) { return items.length }\n"
        "export class Cart {\n"
        "  pay() { return this.check() + total([]) }\n"
        "  check() { return 1 }\n"
        "}\n"
        "export default class Big extends Cart {\n"
        "  twice() { return this.check() }\n"
        "}\n"
    ),
    "shop/index.ts": "export { total } from './price'\n",
    "bank/account.ts": (
        "export class Account {\n"
        "  pay() { return 2 }\n"
        "}\n"
        "export const total = (rows: number[]) => { return rows.length }\n"
    ),
    "use.ts": (
        "import { total as sum } from './shop'\n"
        "import * as bank from './bank/account'\n"
        "import { Cart } from './shop/price'\n"
        "export function first(account: bank.Account, stranger: any) {\n"
        "  const cart = new Cart()\n"
        "  cart.pay()\n"
        "  account.pay()\n"
        "  stranger.pay()\n"
        "  bank.total([])\n"
        "  return sum([1])\n"
        "}\n"
    ),
}


@pytest.mark.parametrize("ending", ["ts", "js"])
def test_scripts(tmp_path: Path, ending: str) -> None:
    files = {
        path.replace(".ts", f".{ending}"): text
        if ending == "ts"
        else text.replace(": number[]", "").replace(": bank.Account", "").replace(": any", "")
        for path, text in SCRIPT.items()
    }
    crystal = corpus(tmp_path, files)
    assert callers(crystal, "total", f"shop/price.{ending}") == [
        f"shop/price.{ending}:3 certain",
        f"use.{ending}:10 certain",
    ]
    assert callers(crystal, "total", f"bank/account.{ending}") == [f"use.{ending}:9 certain"]
    assert callers(crystal, "Cart.check") == [
        f"shop/price.{ending}:3 certain",
        f"shop/price.{ending}:7 certain",
    ]
    assert callers(crystal, "Cart.pay")[0] == f"use.{ending}:6 likely"
    assert callers(crystal, "Account.pay")[0] == f"use.{ending}:7 likely"


def test_go(tmp_path: Path) -> None:
    crystal = corpus(
        tmp_path,
        {
            "go.mod": "module example.org/shop\n",
            "price/price.go": (
                "package price\n\ntype Cart struct{}\n\n"
                "func Total(n int) int { return n }\n\n"
                "func (c *Cart) Pay() int { return c.check() + Total(1) }\n\n"
                "func (c *Cart) check() int { return 1 }\n"
            ),
            "price/more.go": "package price\n\nfunc Twice() int { return Total(2) }\n",
            "bank/bank.go": (
                "package bank\n\ntype Account struct{}\n\n"
                "func (a *Account) Pay() int { return 2 }\n\nfunc Total(n int) int { return n }\n"
            ),
            "main.go": (
                'package main\n\nimport (\n\t"example.org/shop/bank"\n'
                '\tp "example.org/shop/price"\n)\n\n'
                "func main() {\n\tcart := &p.Cart{}\n\tcart.Pay()\n\tbank.Total(1)\n"
                "\tp.Total(2)\n}\n\n"
                "func pay(account *bank.Account) { account.Pay() }\n"
            ),
        },
    )
    assert callers(crystal, "Total", "price/price.go") == [
        "main.go:12 certain",
        "price/more.go:3 certain",
        "price/price.go:7 certain",
    ]
    assert callers(crystal, "Total", "bank/bank.go") == ["main.go:11 certain"]
    assert callers(crystal, "Cart.Pay") == ["main.go:10 likely"]
    assert callers(crystal, "Account.Pay") == ["main.go:15 likely"]
    assert callers(crystal, "Cart.check") == ["price/price.go:7 likely"]


def test_rust(tmp_path: Path) -> None:
    crystal = corpus(
        tmp_path,
        {
            "src/price.rs": (
                "pub struct Cart;\n\nimpl Cart {\n    pub fn new() -> Cart { Cart }\n"
                "    pub fn pay(&self) -> u32 { self.check() + total(1) }\n"
                "    fn check(&self) -> u32 { Self::rate() }\n    fn rate() -> u32 { 1 }\n}\n\n"
                "pub fn total(n: u32) -> u32 { n }\n"
            ),
            "src/bank.rs": (
                "pub struct Account;\n\nimpl Account {\n    pub fn new() -> Account { Account }\n"
                "    pub fn pay(&self) -> u32 { 2 }\n    fn rate() -> u32 { 2 }\n}\n\n"
                "pub fn total(n: u32) -> u32 { n }\n"
            ),
            "src/main.rs": (
                "mod bank;\nmod price;\nuse crate::bank::{total as sum, Account};\n"
                "use crate::price::Cart;\n\n"
                "fn main() {\n    let cart = Cart::new();\n    cart.pay();\n    sum(1);\n"
                "    price::total(2);\n}\n\nfn one(account: &Account) { account.pay(); }\n"
            ),
        },
    )
    assert callers(crystal, "total", "src/price.rs") == [
        "src/main.rs:10 likely",
        "src/price.rs:5 certain",
    ]
    assert callers(crystal, "total", "src/bank.rs")[0] == "src/main.rs:9 certain"
    assert callers(crystal, "Cart.new") == ["src/main.rs:7 certain"]
    assert callers(crystal, "Cart.pay") == ["src/main.rs:8 likely"]
    assert callers(crystal, "Account.pay") == ["src/main.rs:13 likely"]
    assert callers(crystal, "Cart.rate") == ["src/price.rs:6 certain"]


JAVA_LIKE = {
    "java": {
        "shop/Cart.java": (
            "package shop;\n\npublic class Cart extends Base {\n"
            "  public int pay() { return check() + Rates.total(1); }\n"
            "  int check() { return 1; }\n}\n"
        ),
        "shop/Base.java": "package shop;\n\nclass Base {\n  int twice() { return once(); }\n"
        "  int once() { return 1; }\n}\n",
        "shop/Rates.java": "package shop;\n\nclass Rates {\n"
        "  static int total(int n) { return n; }\n}\n",
        "bank/Account.java": (
            "package bank;\n\npublic class Account {\n  public int pay() { return 2; }\n"
            "  int check() { return 3; }\n  static int total(int n) { return n; }\n}\n"
        ),
        "app/Main.java": (
            "package app;\n\nimport shop.Cart;\nimport bank.Account;\n\nclass Main {\n"
            "  void run(Account account) {\n    Cart cart = new Cart();\n    cart.pay();\n"
            "    account.pay();\n    cart.once();\n  }\n}\n"
        ),
    },
    "cs": {
        "shop/Cart.cs": (
            "namespace Shop {\n  public class Cart : Base {\n"
            "    public int pay() { return check() + Rates.total(1); }\n"
            "    int check() { return 1; }\n  }\n}\n"
        ),
        "shop/Base.cs": "namespace Shop {\n  public class Base {\n"
        "    public int twice() { return once(); }\n    public int once() { return 1; }\n  }\n}\n",
        "shop/Rates.cs": "namespace Shop {\n  class Rates {\n"
        "    public static int total(int n) { return n; }\n  }\n}\n",
        "bank/Account.cs": (
            "namespace Bank {\n  public class Account {\n    public int pay() { return 2; }\n"
            "    int check() { return 3; }\n    static int total(int n) { return n; }\n  }\n}\n"
        ),
        "app/Main.cs": (
            "using Shop;\nusing Bank;\n\nclass Main {\n  void run(Account account) {\n"
            "    var cart = new Cart();\n    cart.pay();\n    account.pay();\n    cart.once();\n"
            "  }\n}\n"
        ),
    },
    "kt": {
        "shop/Cart.kt": (
            "package shop\n\nclass Cart : Base() {\n"
            "  fun pay(): Int { return check() + Rates.total(1) }\n"
            "  fun check(): Int { return 1 }\n}\n"
        ),
        "shop/Base.kt": "package shop\n\nopen class Base {\n  fun twice(): Int { return once() }\n"
        "  fun once(): Int { return 1 }\n}\n",
        "shop/Rates.kt": "package shop\n\nobject Rates {\n"
        "  fun total(n: Int): Int { return n }\n}\n",
        "bank/Account.kt": (
            "package bank\n\nclass Account {\n  fun pay(): Int { return 2 }\n"
            "  fun check(): Int { return 3 }\n  fun total(n: Int): Int { return n }\n}\n"
        ),
        "app/Main.kt": (
            "package app\n\nimport shop.Cart\nimport bank.Account\n\nclass Main {\n"
            "  fun run(account: Account) {\n    val cart = Cart()\n    cart.pay()\n"
            "    account.pay()\n    cart.once()\n  }\n}\n"
        ),
    },
    "swift": {
        "shop/Cart.swift": (
            "class Cart: Base {\n  func pay() -> Int { return check() + Rates.total(1) }\n"
            "  func check() -> Int { return 1 }\n}\n"
        ),
        "shop/Base.swift": "class Base {\n  func twice() -> Int { return self.once() }\n"
        "  func once() -> Int { return 1 }\n}\n",
        "shop/Rates.swift": "class Rates {\n  static func total(_ n: Int) -> Int { return n }\n}\n",
        "bank/Account.swift": (
            "class Account {\n  func pay() -> Int { return 2 }\n"
            "  func check() -> Int { return 3 }\n"
            "  static func total(_ n: Int) -> Int { return n }\n}\n"
        ),
        "app/Main.swift": (
            "class Main {\n  func run(account: Account) {\n    let cart = Cart()\n    cart.pay()\n"
            "    account.pay()\n    cart.once()\n  }\n}\n"
        ),
    },
    "php": {
        "shop/Cart.php": (
            "<?php\nnamespace Shop;\n\nclass Cart extends Base {\n"
            "  public function pay() { return $this->check() + Rates::total(1); }\n"
            "  function check() { return 1; }\n}\n"
        ),
        "shop/Base.php": "<?php\nnamespace Shop;\n\nclass Base {\n"
        "  function twice() { return $this->once(); }\n  function once() { return 1; }\n}\n",
        "shop/Rates.php": "<?php\nnamespace Shop;\n\nclass Rates {\n"
        "  static function total($n) { return $n; }\n}\n",
        "bank/Account.php": (
            "<?php\nnamespace Bank;\n\nclass Account {\n  function pay() { return 2; }\n"
            "  function check() { return 3; }\n  static function total($n) { return $n; }\n}\n"
        ),
        "app/Main.php": (
            "<?php\nuse Shop\\Cart;\nuse Bank\\Account;\n\nclass Main {\n"
            "  function run(Account $account) {\n    $cart = new Cart();\n    $cart->pay();\n"
            "    $account->pay();\n    $cart->once();\n  }\n}\n"
        ),
    },
}


@pytest.mark.parametrize("ending", list(JAVA_LIKE))
def test_languages_of_classes(tmp_path: Path, ending: str) -> None:
    files = JAVA_LIKE[ending]
    crystal = corpus(tmp_path, files)
    main = f"app/Main.{ending}"

    def line(path: str, text: str) -> int:
        return next(n for n, row in enumerate(files[path].split("\n"), 1) if text in row)

    def at(text: str) -> str:
        return f"{main}:{line(main, text)} likely"

    cart = f"shop/Cart.{ending}"
    inside = f"{cart}:{line(cart, 'check()')} certain"
    assert callers(crystal, "Cart.pay") == [
        next(at(t) for t in ("cart.pay()", "cart->pay()") if t in files[main])
    ]
    assert callers(crystal, "Account.pay") == [
        next(at(t) for t in ("account.pay()", "account->pay()") if t in files[main])
    ]
    assert callers(crystal, "Cart.check") == [inside]
    assert callers(crystal, "Account.check") == []
    assert callers(crystal, "Rates.total") == [inside]
    assert callers(crystal, "Account.total") == []
    assert len(callers(crystal, "Base.once")) == 2


def test_c(tmp_path: Path) -> None:
    crystal = corpus(
        tmp_path,
        {
            "price.h": "int total(int n);\n",
            "price.c": (
                '#include "price.h"\n\nstatic int check(int n) {\n  return n;\n}\n\n'
                "int total(int n) {\n  return check(n);\n}\n"
            ),
            "bank.c": "static int check(int n) {\n  return -n;\n}\n\n"
            "int pay(void) {\n  return check(2);\n}\n",
            "main.c": '#include "price.h"\n\nint main(void) {\n  return total(1);\n}\n',
        },
    )
    assert callers(crystal, "check", "price.c") == ["price.c:8 certain"]
    assert callers(crystal, "check", "bank.c") == ["bank.c:6 certain"]
    assert [row.split()[0] for row in callers(crystal, "total")] == ["main.c:4"]


def test_cpp(tmp_path: Path) -> None:
    crystal = corpus(
        tmp_path,
        {
            "cart.hpp": (
                "namespace shop {\nclass Cart {\n public:\n  int pay();\n  int check();\n};\n"
                "int total(int n);\n}\n"
            ),
            "cart.cpp": (
                '#include "cart.hpp"\nnamespace shop {\nint Cart::pay() {\n'
                "  return check() + total(1);\n}\nint Cart::check() {\n  return 1;\n}\n"
                "int total(int n) {\n  return n;\n}\n}\n"
            ),
            "account.hpp": "class Account {\n public:\n  int pay() { return 2; }\n"
            "  int check() { return 3; }\n};\n",
            "main.cpp": (
                '#include "cart.hpp"\n#include "account.hpp"\n\n'
                "int run(Account& account) {\n  shop::Cart cart;\n  cart.pay();\n"
                "  account.pay();\n  return shop::total(2);\n}\n"
            ),
        },
    )
    assert callers(crystal, "Cart.pay") == ["main.cpp:6 likely"]
    assert callers(crystal, "Account.pay") == ["main.cpp:7 likely"]
    assert callers(crystal, "Account.check") == []
    assert [row.split()[0] for row in callers(crystal, "Cart.check")] == ["cart.cpp:4"]
    assert [row.split()[0] for row in callers(crystal, "total")] == ["cart.cpp:4", "main.cpp:8"]


def test_ruby(tmp_path: Path) -> None:
    crystal = corpus(
        tmp_path,
        {
            "cart.rb": (
                "class Cart < Base\n  def pay\n    check() + Rates.total(1)\n  end\n\n"
                "  def check\n    1\n  end\nend\n"
            ),
            "base.rb": "class Base\n  def once\n    1\n  end\n\n  def twice\n    self.once()\n"
            "  end\nend\n",
            "rates.rb": "module Rates\n  def self.total(n)\n    n\n  end\nend\n",
            "account.rb": (
                "class Account\n  def pay\n    2\n  end\n\n  def check\n    3\n  end\nend\n"
            ),
            "main.rb": (
                "require_relative 'cart'\n\ndef run(account)\n  cart = Cart.new\n"
                "  cart.pay()\n  account.pay()\nend\n"
            ),
        },
    )
    assert callers(crystal, "Cart.check") == ["cart.rb:3 certain"]
    assert callers(crystal, "Account.check") == []
    assert callers(crystal, "Cart.pay") == ["main.rb:5 likely"]
    assert callers(crystal, "Account.pay") == ["main.rb:6 likely"]
    assert [row.split()[0] for row in callers(crystal, "Rates.total")] == ["cart.rb:3"]
    assert callers(crystal, "Base.once") == ["base.rb:7 certain"]
