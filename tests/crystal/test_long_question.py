"""Whole issues pasted as a question: what of them is asked, and where it leads."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planting import plant
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_crystal.frames import files_of, frames_in, innermost_first
from rlm_crystal.long_question import DEFAULT, question_in
from rlm_crystal.report import is_long, read_report

FILES = {
    "src/shop/cart.py": "class Cart:\n    def total(self):\n        return sum(self.prices)\n",
    "src/shop/tax.py": "def add_tax(amount, rate):\n    return amount * (1 + rate)\n",
    "src/shop/checkout.py": (
        "from shop.cart import Cart\n\n\ndef checkout(cart):\n"
        '    """Pay for what is in the cart."""\n    return charge(cart.total())\n'
    ),
    "src/shop/settings.py": "CURRENCY = 'EUR'\nLOGGING = 'info'\n",
    "tests/test_checkout.py": "def test_checkout_pays():\n    assert checkout(Cart()) == 0\n",
    "docs/checkout.md": "# Checkout\n\nHow to pay for a cart at checkout.\n",
    "web/bundle/drawer.ts": "export function openDrawer(side) {\n  return side\n}\n",
}

FILLER = "\n\n### Environment\n\n" + "\n".join(f"- package-{n}: {n}.{n}.1" for n in range(40))

PYTHON = """It broke after the upgrade

Some words on what I did, and what I thought that it would do, which it did not.

```
Traceback (most recent call last):
  File "/home/me/project/settings.py", line 3, in <module>
    checkout(cart)
  File "/home/me/venv/lib/python3.12/site-packages/shop/checkout.py", line 6, in checkout
    return charge(cart.total())
  File "/home/me/venv/lib/python3.12/site-packages/shop/tax.py", line 2, in add_tax
    return amount * (1 + rate)
  File "/usr/lib/python3.12/decimal.py", line 90, in __mul__
    raise TypeError
TypeError: unsupported operand type(s) for *: 'NoneType' and 'float'
```
"""


@pytest.fixture(scope="module")
def crystal(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    return build([plant(tmp_path_factory.mktemp("corpus"), FILES)])


def first(crystal: Crystal, text: str) -> str:
    return crystal.search(text, limit=1)[0].path


@pytest.mark.parametrize(
    ("line", "path", "function"),
    [
        ('  File "/a/shop/tax.py", line 2, in add_tax', ("a", "shop", "tax.py"), "add_tax"),
        ("C:\\lib\\shop\\tax.py:12: in add_tax", ("C:", "lib", "shop", "tax.py"), "add_tax"),
        ("\t/srv/shop/tax.go:181 +0x4f9", ("srv", "shop", "tax.go"), ""),
        ("    at openDrawer (app/drawer.js:35:8)", ("app", "drawer.js"), "openDrawer"),
        ("             at src/tax.rs:10:5", ("src", "tax.rs"), ""),
        ("from lib/tax.rb:10:in `add_tax'", ("lib", "tax.rb"), "add_tax"),
        ("see `src/shop/tax.py:9`, I think", ("src", "shop", "tax.py"), ""),
    ],
)  # fmt: skip
def test_a_place_is_read_in_the_writing_of_any_language(
    line: str, path: tuple[str, ...], function: str
) -> None:
    (frame,), _ = frames_in(line)
    assert (frame.path, frame.function) == (path, function)


def test_several_places_of_a_line_are_all_read() -> None:
    frames, rest = frames_in("oh: Error at a (x/one.js:1:2) at b (x/two.js:3:4) and so on")
    assert [(frame.path[-1], frame.function) for frame in frames] == [
        ("one.js", "a"), ("two.js", "b"),
    ]  # fmt: skip
    assert "Error" in rest and "and so on" in rest


def test_tracebacks_end_where_python_went_wrong_and_begin_where_others_did() -> None:
    python = read_report(PYTHON).frames
    assert [python[at].path[-1] for at in innermost_first(python)][:2] == ["decimal.py", "tax.py"]
    others, _ = frames_in("at a (x/one.js:1:2) at b (x/two.js:3:4)")
    assert innermost_first(others) == [0, 1]


def test_a_file_of_the_writer_is_not_taken_for_one_of_the_corpus() -> None:
    paths = ["src/shop/settings.py", "src/shop/tax.py", "a/x/index.ts", "b/x/index.ts"]
    ours, users = ("site-packages", "shop", "tax.py"), ("home", "me", "settings.py")
    many, bare = ("y", "index.ts"), ("tax.py",)
    assert files_of([ours, users, many, bare], paths) == {
        ours: ("src/shop/tax.py",), bare: ("src/shop/tax.py",),
    }  # fmt: skip


def test_the_innermost_frame_of_the_corpus_is_found_first(crystal: Crystal) -> None:
    question = question_in(PYTHON, crystal.view)
    assert list(question.places) == ["src/shop/tax.py", "src/shop/checkout.py"]
    assert first(crystal, PYTHON) == "src/shop/tax.py"


def test_what_the_runtime_says_and_foreign_frames_show_is_not_asked(crystal: Crystal) -> None:
    words = {group.word for group in question_in(PYTHON, crystal.view).groups}
    assert words.isdisjoint({"unsupported", "operand", "typeerror", "decimal", "settings"})


def test_functions_of_a_bundle_are_looked_for(crystal: Crystal) -> None:
    text = (
        "Uncaught error on the start page\n\n" + FILLER + "\n    at openDrawer (dist/app.js:1:88)\n"
    )
    assert first(crystal, text) == "web/bundle/drawer.ts"


@pytest.mark.parametrize(
    "named",
    ["https://github.com/me/shop/blob/1a2b3c/src/shop/tax.py#L2", "`shop/tax.py`",
     "+++ b/src/shop/tax.py"],
)  # fmt: skip
def test_a_file_that_is_linked_or_patched_is_found(crystal: Crystal, named: str) -> None:
    text = f"Wrong amount at the end\n\nIt comes from here, I think:\n\n{named}\n{FILLER}"
    assert first(crystal, text) == "src/shop/tax.py"


def test_the_title_outweighs_a_page_about_something_else(crystal: Crystal) -> None:
    noise = "\n".join("My settings are those of the docs and tests." for _ in range(20))
    assert first(crystal, f"checkout charges twice\n\n{noise}{FILLER}") == "src/shop/checkout.py"


def test_tests_are_no_answer_to_a_report_that_speaks_of_tests(crystal: Crystal) -> None:
    text = f"checkout pays nothing\n\nI test it with `test_checkout` in my tests.\n{FILLER}"
    assert first(crystal, text) == "src/shop/checkout.py"


def test_code_in_a_report_is_no_filter(crystal: Crystal) -> None:
    text = f"checkout fails\n\nkind:Pod path:elsewhere callers:nobody lang:none\n{FILLER}"
    assert first(crystal, text) == "src/shop/checkout.py"
    assert first(crystal, f"path:web/** drawer\n{text}") == "web/bundle/drawer.ts"


@pytest.mark.parametrize("text", ["where is tax added", "cart total\nand tax", "x" * 300])
def test_a_question_is_not_taken_for_a_report(text: str) -> None:
    assert not is_long(text)


def test_a_page_asks_for_no_more_words_than_a_long_sentence(crystal: Crystal) -> None:
    text = "\n".join(f"checkout cart tax total prices rate amount charge {n}" for n in range(999))
    question = question_in(text, crystal.view)
    assert len(question.groups) <= DEFAULT.words
    assert len(question.text) <= DEFAULT.gist_chars


def test_of_a_megabyte_the_two_ends_are_read() -> None:
    report = read_report("the title\n" + "lorem ipsum dolor\n" * 60_000 + "the last line\n")
    assert report.title == "the title"
    assert "the last line" in report.told[-1].text
    assert sum(len(run.text) for run in report.told) < 51_000


@settings(max_examples=30, deadline=None)
@given(text=st.text(alphabet="ab1._/\\:`'\"<>()[]#-*~ \n\tFileatin", max_size=600))
def test_any_text_can_be_asked(crystal: Crystal, text: str) -> None:
    crystal.search(text + "\n\n\n\n\ncart", limit=3)
