"""One plan a question type: which cells to run, and what to conclude from what they print."""

from collections.abc import Callable

from rlm_engine.extractive.cell import Plan
from rlm_engine.extractive.plans.comparison import compare
from rlm_engine.extractive.plans.configuration import locate_setting
from rlm_engine.extractive.plans.definition import define
from rlm_engine.extractive.plans.enumeration import enumerate_things
from rlm_engine.extractive.plans.error_message import trace_message
from rlm_engine.extractive.plans.explanation import explain
from rlm_engine.extractive.plans.past import with_past
from rlm_engine.extractive.plans.usage import show_calls, show_usage
from rlm_engine.extractive.question import Question, QuestionType

_PLANS: dict[QuestionType, Callable[[Question], Plan]] = {
    "definition": define,
    "usage": show_usage,
    "calls": show_calls,
    "where": explain,
    "how": explain,
    "listing": enumerate_things,
    "compare": compare,
    "error": trace_message,
    "config": locate_setting,
}


def plan_for(question: Question) -> Plan:
    """The plan for a question's type, not yet begun."""
    plan = _PLANS[question.type](question)
    return with_past(question, plan) if question.of_history else plan
