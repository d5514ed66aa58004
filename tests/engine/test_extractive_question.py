"""What the extractive root makes of a question's wording, in English and in Russian."""

import pytest
from rlm_engine.extractive.listing import parse_listing
from rlm_engine.extractive.query import Listing
from rlm_engine.extractive.question import QuestionType, names_in, understand
from rlm_engine.extractive.words import concepts_of, matched


@pytest.mark.parametrize(
    ("text", "kind", "subjects"),
    [
        ("What is the MigrationAutodetector?", "definition", ("MigrationAutodetector",)),
        ("where is url_for defined", "definition", ("url_for",)),
        ("Flask.run", "definition", ("Flask.run",)),
        ("where is the class Session", "definition", ("Session",)),
        ("что такое Blueprint", "definition", ("Blueprint",)),
        ("где определён класс Flask?", "definition", ("Flask",)),
        ("who calls get_commands", "usage", ("get_commands",)),
        ("where is escape used?", "usage", ("escape",)),
        ("кто вызывает get_commands", "usage", ("get_commands",)),
        ("what does full_dispatch_request call", "calls", ("full_dispatch_request",)),
        ("where are database migrations autodetected", "where", ()),
        ("how does the development server reload when files change", "how", ()),
        ("как сравниваются CSRF токены", "how", ()),
        ("difference between `A` and `B`?", "compare", ("A", "B")),
        ("чем Flask отличается от Blueprint", "compare", ("Flask", "Blueprint")),
        ("where is the default for SESSION_COOKIE_AGE set", "config", ("SESSION_COOKIE_AGE",)),
        ("which setting controls the session cookie name", "config", ("session cookie name",)),
        ("где задаётся значение по умолчанию для TIMEOUT", "config", ("TIMEOUT",)),
        ('why do I get "no such table here"?', "error", ("no such table here",)),
        ("RuntimeError: Working outside of context.", "error", ("Working outside of context",)),
        ("AppNotReady: Apps aren't loaded yet.", "error", ("Apps aren't loaded yet",)),
        ("Received unregistered task of type 'foo.bar'.", "error",
         ("Received unregistered task of type 'foo.bar'",)),
        ("which files handle authentication", "where", ()),
    ],
)  # fmt: skip
def test_the_type_and_subject_of_a_question(
    text: str, kind: QuestionType, subjects: tuple[str, ...]
) -> None:
    question = understand(text)
    assert (question.type, question.subjects) == (kind, subjects)


@pytest.mark.parametrize(
    ("text", "listing"),
    [
        ("how many files import json", Listing("file", "files", "import", "json", "", "", True)),
        ("which files use the re module", Listing("file", "files", "import", "re", "", "", False)),
        ("сколько файлов импортируют json",
         Listing("file", "файлов", "import", "json", "", "", True)),
        ("how many classes subclass `Field`?",
         Listing("class", "classes", "subclass", "Field", "", "", True)),
        ("what are the subclasses of Field",
         Listing("class", "", "subclass", "Field", "", "", False)),
        ("which files contain TODO", Listing("file", "files", "contain", "TODO", "", "", False)),
        ("list all management commands with their help text",
         Listing("noun", "management commands", "all", "", "", "help text", False)),
        ("how many functions are in src/helpers.py",
         Listing("function", "functions are", "all", "", "src/helpers.py", "", True)),
        ("which functions are decorated with @cached",
         Listing("function", "functions", "decorate", "@cached", "", "", False)),
        ("which functions raise ValueError",
         Listing("function", "functions", "raise", "ValueError", "", "", False)),
        ("how many times is run called", Listing("time", "times", "call", "run", "", "", True)),
        ("which functions return Order",
         Listing("function", "functions", "return", "Order", "", "", False)),
        ("list public methods of Cart",
         Listing("method", "methods", "all", "", "", "", False, "Cart", ("public",))),
        ("how many methods does Cart have",
         Listing("method", "methods", "all", "", "", "", True, "Cart")),
        ("where is StockError thrown", Listing("line", "", "raise", "StockError", "", "", False)),
        ("list implementations of Shelf",
         Listing("class", "", "subclass", "Shelf", "", "", False)),
        ("how many Go files are there",
         Listing("file", "files are there", "all", "", "", "", True, language="go")),
        ("сколько интерфейсов в проекте",
         Listing("interface", "интерфейсов", "all", "", "", "", True)),
    ],
)  # fmt: skip
def test_a_listing_is_parsed_into_target_condition_and_scope(text: str, listing: Listing) -> None:
    assert parse_listing(text) == listing


def test_a_condition_that_needs_judgement_is_no_listing() -> None:
    assert parse_listing("which files handle authentication") is None


@pytest.mark.parametrize(
    "text", ["which functions return early", "which functions are slow", "list the slow functions"]
)
def test_a_word_that_no_header_says_makes_no_list_of_all(text: str) -> None:
    listing = parse_listing(text)
    assert listing is None or listing.target == "noun"


@pytest.mark.parametrize(
    "text",
    ["how are proxies picked up from environment variables", "where is caching used to save"],
)
def test_a_how_or_a_where_in_plain_words_is_no_list(text: str) -> None:
    assert understand(text).listing is None


def test_names_are_told_from_plain_words() -> None:
    text = "Where does `run` use get_commands(), HttpRequest.path and src/app.py, or settings?"
    assert set(names_in(text)) == {"run", "get_commands", "HttpRequest.path", "src/app.py"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("wie wird ein Passwort geprüft", "German"),
        ("comment sont validés les mots de passe", "French"),
        ("dónde se validan las contraseñas", "Spanish"),
        ("who calls die", ""),
        ("where is the default of es set in de", ""),
        ("как проверяется пароль в die", ""),
    ],
)
def test_the_language_of_a_question_is_told_by_its_little_words(text: str, language: str) -> None:
    assert understand(text).language == language


@pytest.mark.parametrize(
    ("text", "history"),
    [
        ("when was the cache added and why", "changes"),
        ("what changed about parsing the command", "changes"),
        ("in which release was the leak fixed", "changes"),
        ("why does the timer no longer renew everything", "changes"),
        ("когда добавили кэш", "changes"),
        ("why is the cache dropped when a file is changed", "reasons"),
        ("when is the cache dropped", ""),
        ("how many files were added", ""),
    ],
)
def test_what_was_changed_is_asked_for_in_words_of_the_past(text: str, history: str) -> None:
    assert understand(text).of_history == history


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("how are recipes cached in Redis", {"redis"}),
        ("where does it look DNS up", {"dns"}),
        ("how does Kubespray drain a node", set[str]()),
        ("What Is The Default Timeout", set[str]()),
        ("wie wird der Server gestartet", set[str]()),
    ],
)
def test_a_word_in_capitals_is_a_name_but_for_whom_is_asked_and_in_headings(
    text: str, named: set[str]
) -> None:
    assert understand(text).proper == named


def test_concepts_drop_asking_words_and_translate_russian() -> None:
    assert concepts_of("How does the server reload?") == (("server",), ("reload",))
    assert concepts_of("как перезагружается сервер") == (("reload", "restart"), ("server",))


def test_a_concept_is_met_by_stem_or_inside_a_compound() -> None:
    concepts = (("reload",), ("compared",), ("cat",))
    assert matched(concepts, "autoreloader compares concatenation") == {("reload",), ("compared",)}


@pytest.mark.parametrize("piece", ["which ", "where is ", "a-", "a/", "«", "x"])
def test_a_question_of_any_length_is_read_by_its_ends(piece: str) -> None:
    question = understand("where is the port bound? " + piece * 20_000 + " in `serve.py`")
    assert len(question.text) < 5_000
    assert "serve.py" in question.names


REPORT = """{title}

### What happened

The cart fails for me, with `Cart.total` in the middle of it.

```
Traceback (most recent call last):
  File "/home/me/shop/cart.py", line 3, in total
{error}
```
"""


@pytest.mark.parametrize(
    ("title", "error", "kind", "subjects"),
    [
        ("Cart loses items", "ShopError: the cart was emptied by another session", "error",
         ("the cart was emptied by another session",)),
        ("Cart loses items", "TypeError: argument of type 'NoneType' is not iterable", "where",
         ("Cart.total",)),
        ('Fails with "price list is not loaded"', "ValueError: bad", "error",
         ("price list is not loaded",)),
        ("List all items in the order of their prices", "KeyError: 'a'", "where", ("Cart.total",)),
    ],
)  # fmt: skip
def test_a_pasted_report_asks_for_its_message_or_for_what_its_title_says(
    title: str, error: str, kind: QuestionType, subjects: tuple[str, ...]
) -> None:
    text = REPORT.format(title=title, error=error)
    question = understand(text)
    assert (question.type, question.subjects, question.text) == (kind, subjects, title)
    assert question.pasted == text
