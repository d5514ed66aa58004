import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_engine.repair import (
    ANSWER_SET,
    PRINTED_ONLY,
    TOOL_CALL,
    hint_for_error,
    hint_for_reply,
    remarks_for_run,
)

TOOL_JSON = '{"name": "python", "arguments": {"code": "print(1)"}}'


def hint_of(code: str) -> str:
    """The hint for what this Python's own parser says of the code."""
    with pytest.raises(SyntaxError) as caught:
        compile(code, "<cell>", "exec")
    return hint_for_error(code, f"SyntaxError: {caught.value.msg}", caught.value.lineno)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("x = 1\n```\ny = 2", "A fence stands inside the code"),
        ("<tool_call>\nx = 1", "There are no tools"),
        (TOOL_JSON + "\n)", "There are no tools"),
        (">>> x = 1\n>>> x", "Leave out the prompts"),
        ("!pip install requests", "nothing can be installed"),
        ("x = \u201chello\u201d", "straight quotes"),
        ("FINAL(\u2018done\u2019)", "straight quotes"),
        ("x =\u00a01", "plain spaces"),
        ("print 'hello'", "Python 2"),
        ("try:\n    x\nexcept ValueError, e:\n    pass", "Python 2"),
        ("for i in x:\n\ty = 1\n        z = 2", "four spaces"),
        ("    x = 1\ny = 2", "left margin"),
        ("if a &lt; 3: pass", "not &lt;"),
        ("x = await llm_query('a')", "without await"),
        ("return 3", "call FINAL(text)"),
        ("FINAL('''the answer", "FINAL_VAR('name')"),
        ("FINAL('one\ntwo')", "triple quotes"),
        ("x = {\n'a': 1", "brackets do not match"),
        ("1: x = 1\n2: y = 2", "line numbers"),
        ("x = 1\n**Step 2**: look", "no code"),
        ("Let me look at the files first.\nx = 1", "no code"),
        ("if a && b:\n    pass", "another language"),
    ],
)
def test_code_that_models_write_wrongly_is_answered_with_what_to_write(code: str, advice: str):
    assert advice in hint_of(code)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("true", "True, False and None"),
        ("final_answer", "FINAL(text)"),
        ("answer", "SUBMIT()"),
        ("grep", "context.search"),
        ("read_file", "crystal.read"),
        ("documents", "context.paths"),
        ("ask_llm", "llm_query"),
    ],
)
def test_a_name_that_models_make_up_is_answered_with_the_one_that_is_there(name: str, advice: str):
    assert advice in hint_for_error("x", f"NameError: name '{name}' is not defined", 1)


def test_an_error_nothing_is_known_of_gets_no_hint():
    assert hint_for_error("x = 1 / 0", "ZeroDivisionError: division by zero", 1) == ""
    assert hint_for_error("hits", "NameError: name 'hits' is not defined", 1) == ""


@pytest.mark.parametrize(
    ("reply", "advice"),
    [
        ("", "held nothing"),
        ("<think>What do I know?</think>", "but thoughts"),
        (f"```json\n{TOOL_JSON}\n```", TOOL_CALL),
        (TOOL_JSON, TOOL_CALL),
        ('<function_call name="run">x</function_call>', TOOL_CALL),
        ("Action: search\nAction Input: handlers", TOOL_CALL),
        ("```\nhits = crystal.search('x')\n```", "without the label repl"),
        ("```tool_code\nprint(context.paths)\n```", "without the label repl"),
        ("hits = crystal.search('x')\nprint(hits)", "code without a fence"),
        ("FINAL(42)", "code without a fence"),
        ("I am done. FINAL(42) is the answer.", "written about, not called"),
        ("The answer is 42.", ""),
    ],
)
def test_a_reply_of_which_nothing_ran_is_told_why(reply: str, advice: str):
    told = hint_for_reply(reply)
    assert advice in told
    assert bool(advice) == bool(told)


@pytest.mark.parametrize(
    ("code", "remarks"),
    [
        ("print('The answer is 42.')", (PRINTED_ONLY,)),
        ("'The answer is 42.'", (PRINTED_ONLY,)),
        (TOOL_JSON, (TOOL_CALL,)),
        ("answer = hits[0]", (ANSWER_SET,)),
        ("print(len(context))", ()),
        ("x = 1", ()),
        ("", ()),
    ],
)
def test_code_that_gets_nowhere_is_told_so(code: str, remarks: tuple[str, ...]):
    assert remarks_for_run(code) == remarks


@given(st.text(max_size=300), st.text(max_size=80), st.none() | st.integers(-2, 9))
def test_any_reply_code_and_message_are_read_without_failing(text: str, message: str, line: int):
    assert isinstance(hint_for_reply(text), str)
    assert isinstance(hint_for_error(text, f"SyntaxError: {message}", line), str)
    assert len(remarks_for_run(text)) <= 1
