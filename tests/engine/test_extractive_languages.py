"""Counting and listing in other languages than Python: real parsers, real sandbox, no model."""

from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio
from planting import plant
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_engine.extractive import ExtractiveReader, ExtractiveRoot
from rlm_engine.loop import ask
from rlm_sandbox.availability import available

FILES = {
    "till/till.go": """\
package till

// Sink takes receipts.
type Sink interface {
\tWrite(line string) error
\tClose() error
}

type Paper struct{ left int }

func (p *Paper) Write(line string) error { return nil }
func (p *Paper) Close() error            { return nil }

type Screen struct{}

func (s Screen) Write(line string) error { return nil }

// Open opens a till.
func Open(name string) (*Paper, error) { return nil, nil }

func lock(paper *Paper) {}
""",
    "java/Shop.java": """\
/** interface Fake extends Priced in a comment. */
public abstract class Shop implements Priced {
  public static final int LIMIT = 4;

  public Shop() {}

  private int hidden() { return 1; }

  public static Shop open(String name) {
    if (name == null) { throw new StockException("no name was given to the shop"); }
    return null;
  }

  enum Colour { RED }
  @interface Stamped {}
}

interface Priced { int price(); }

class StockException extends RuntimeException {
  StockException(String text) { super(text); }
}

@SuppressWarnings("all") // kept for old callers
class Kiosk extends Shop {
  public int price() { return 1; }
}
""",
    "rust/lib.rs": """\
pub trait Shape { fn area(&self) -> f64; }
pub struct Circle { r: f64 }
struct Square;
impl Shape for Circle { fn area(&self) -> f64 { 1.0 } }
impl<'a> Shape for Square { fn area(&self) -> f64 { 2.0 } }
impl Circle { pub fn grow(&mut self) {} }
""",
    "java.tools/Extra.java": "class Extra {}\n",
    "js/settings.js": """\
exports.configure = function (app) {
  app.set('basket size', 12);
};
""",
    "js/view.js": """\
/**
 * Draw the basket for the customer.
 */

view.draw = function draw(basket) {
  return basket.length;
};
""",
}

sandboxed = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")
Told = Callable[[str], Awaitable[str]]


@pytest.fixture(scope="module")
def crystal(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    return build([plant(tmp_path_factory.mktemp("languages"), FILES)], workers=0)


@pytest_asyncio.fixture
async def told(crystal: Crystal) -> Told:
    async def text(question: str) -> str:
        answer = await ask(question, crystal=crystal, root=ExtractiveRoot(), sub=ExtractiveReader())
        assert [citation for citation in answer.citations if not citation.verified] == []
        return answer.answer

    return text


@sandboxed
@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("question", "begins", "named"),
    [
        ("how many interfaces are there", "2 interfaces", ["Sink", "Priced"]),
        ("list all annotations", "1 annotation", ["Shop.Stamped"]),
        (
            "how many classes are in the java folder",
            "3 classes",
            ["Shop", "StockException", "Kiosk"],
        ),
        ("how many Java classes are there", "4 classes in Java", ["Extra", "Kiosk"]),
        ("how many classes are in till/till.go", "2 structs", ["Paper", "Screen"]),
        ("list methods of Paper", "2 methods of `Paper`", ["Paper.Write", "Paper.Close"]),
        (
            "list public functions in till/till.go",
            "6 public functions in `till/till.go`: 1 function outside classes, 5 methods",
            ["Open"],
        ),
        ("which functions take Paper", "1 function that takes `Paper`", ["lock"]),
        ("which functions return Paper", "1 function that returns `Paper`", ["Open"]),
        ("which types implement Sink", "1 class built directly on `Sink`", ["Paper"]),
        ("which classes extend Shop", "1 class built directly on `Shop`", ["Kiosk"]),
        ("list implementations of Shape", "2 classes", ["Circle", "Square"]),
        ("how many abstract classes are there", "1 abstract class", ["Shop"]),
        ("where is StockException thrown", "1 place that raises", ["java/Shop.java:10"]),
        ("сколько трейтов в проекте", "Найдено 1", ["Shape"]),
        ("how many methods does Bazaar have", "None: nothing named `Bazaar`", []),
    ],
)
async def test_definitions_are_counted_by_their_own_headers(
    told: Told, question: str, begins: str, named: list[str]
) -> None:
    text = await told(question)
    assert text.startswith(begins)
    assert [name for name in named if name not in text] == []


@sandboxed
@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("what is the default basket size", ["js/settings.js:2", "12"]),
        ("how is the basket drawn for the customer", ["`view.draw`"]),
        ('why do I get "no name was given to the shop"?', ["Shop.open", "if (name == null)"]),
        ("which methods are slow", []),
    ],
)
async def test_answers_stand_on_the_place_that_says_so(
    told: Told, question: str, parts: list[str]
) -> None:
    text = await told(question)
    assert [part for part in parts if part not in text] == []


@sandboxed
@pytest.mark.asyncio
async def test_a_condition_no_header_decides_is_not_answered_by_a_list_of_all(told: Told) -> None:
    assert "5 methods" not in await told("which methods are slow")
