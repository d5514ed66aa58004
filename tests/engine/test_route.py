import pytest
from rlm_engine.limits import RunLimits
from rlm_engine.model_table import ModelTable
from rlm_engine.route import asks_for, first_choice, prompt_room

CARD = ModelTable().card("openai/never-heard-of")


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("Where is the total price computed?", "lookup"),
        ("What does Cart.add do?", "lookup"),
        ("what is the default of MAX_COOKIE_SIZE", "lookup"),
        ("Which function computes the total price?", "lookup"),
        ("How many files import json?", "aggregate"),
        ("List all management commands", "aggregate"),
        ("Where is every price rounded?", "aggregate"),
        ("Who calls total_price?", "aggregate"),
        ("Сколько файлов импортирует json?", "aggregate"),
        ("где определён Cart", "lookup"),
        ("How does a payment get from the cart to the purse?", "other"),
        ("Summarise the architecture", "other"),
        ("How does Cart differ from Purse?", "other"),
        ("Crash at start\n\nIt dies:\n\n    Traceback\n" + "more words here\n" * 60, "other"),
    ],
)
def test_a_question_is_told_by_what_it_asks_for(question: str, asks: str):
    assert asks_for(question) == asks


@pytest.mark.parametrize(
    ("question", "corpus_chars", "route", "told"),
    [
        ("How does paying work?", 1_000, "direct", "may fit"),
        ("How does paying work?", 10**7, "loop", "no single thing up"),
        ("Where is the total computed?", 10**7, "search", "looks one thing up"),
        ("How many classes are there?", 1_000, "loop", "counts or lists"),
    ],
)
def test_the_way_depends_on_the_question_and_the_size(
    question: str, corpus_chars: int, route: str, told: str
):
    choice = first_choice(
        question, preference="auto", card=CARD, corpus_chars=corpus_chars, room=10_000
    )
    assert choice.route == route
    assert told in choice.reason


def test_who_wants_the_loop_gets_it_for_everything():
    choice = first_choice("Where?", preference="loop", card=CARD, corpus_chars=10, room=10_000)
    assert (choice.route, choice.reason) == ("loop", "the loop is asked for (RLM_ROUTE=loop)")


def test_the_extractive_root_goes_its_own_way():
    card = ModelTable().card("extractive")
    assert prompt_room(card, RunLimits()) == 0
    choice = first_choice("Where?", preference="auto", card=card, corpus_chars=10, room=0)
    assert choice.route == "loop"


def test_a_prompt_has_the_effective_window_and_leaves_room_for_the_reply():
    assert prompt_room(CARD, RunLimits(reply_tokens=8_192)) == 19_110
    assert prompt_room(CARD, RunLimits(reply_tokens=30_000)) == 2_768
