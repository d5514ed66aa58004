from rlm_engine.execution import cell_event, final_text
from rlm_engine.limits import Spent
from rlm_engine.repair import PRINTED_ONLY
from rlm_engine.run import CodeRan
from rlm_sandbox.types import CodeError, Execution, Final

SPENT = Spent(0.5, 10, 2, 1)


def event_of(code: str, error: CodeError | None = None, final: Final | None = None) -> CodeRan:
    execution = Execution("out", error, final, False, 0, (), 0.1, {"x": "1"}, ("guard",))
    return cell_event(execution, code, spent=SPENT, elapsed_s=2.0, refused=None)


def test_an_error_is_told_with_its_line_as_it_stands_in_the_block():
    error = CodeError("exception", "ZeroDivisionError: division by zero", 2, "a hint of the child")
    event = event_of("x = 0\n  y = 1 / x", error)
    assert event.fault == (
        "exception in line 2: ZeroDivisionError: division by zero\n    2 | y = 1 / x"
    )
    assert event.hint == "a hint of the child"


def test_a_line_that_the_block_does_not_have_is_told_without_its_text():
    error = CodeError("exception", "KeyError: 'x'", 7)
    assert event_of("x", error).fault == "exception in line 7: KeyError: 'x'"
    assert event_of("x", CodeError("timeout", "stopped")).fault == "timeout: stopped"


def test_what_to_write_instead_is_a_remark_of_ours_and_not_part_of_what_the_sandbox_said():
    error = CodeError("syntax", "SyntaxError: invalid character '\u201c' (U+201C)", 1)
    event = event_of("x = \u201ca\u201d", error)
    assert event.hint == ""
    assert len(event.remarks) == 1
    assert "straight quotes" in event.remarks[0]


def test_a_block_that_only_prints_is_told_so_unless_it_ended_the_run():
    assert event_of("print('42')").remarks == (PRINTED_ONLY,)
    assert event_of("print('42')", final=Final("42")).remarks == ()


def test_a_final_value_that_is_no_text_is_told_as_json():
    assert final_text(None) == ""
    assert final_text("a") == "a"
    assert final_text({"a": [1, None]}) == '{\n  "a": [\n    1,\n    null\n  ]\n}'
