from hypothesis import given
from hypothesis import strategies as st
from rlm_engine.code_blocks import code_blocks, reads_any


def test_several_blocks_are_found_in_order():
    reply = "First\n```repl\na = 1\n```\nthen\n```python\nb = 2\n```\n"
    assert code_blocks(reply) == ("a = 1", "b = 2")


def test_prose_that_mentions_final_is_no_code():
    assert code_blocks('I will now call FINAL("42") and be done. `FINAL(1)`') == ()


def test_fences_of_other_languages_are_no_code():
    assert code_blocks('```json\nFINAL("x")\n```\n```\nFINAL("y")\n```') == ()


def test_what_a_reasoning_model_thinks_aloud_is_no_code():
    reply = "<think>maybe\n```repl\nFINAL('no')\n```\n</think>\n```repl\nx = 1\n```"
    assert code_blocks(reply) == ("x = 1",)


def test_an_unclosed_thought_holds_no_code():
    assert code_blocks("<think>\n```repl\nFINAL('no')\n```") == ()


def test_a_fence_inside_a_string_does_not_end_the_block():
    code = "FINAL('''Run:\n```bash\nmake\n```\ndone''')"
    assert code_blocks(f"```repl\n{code}\n```\nbye\n```repl\nx = 1\n```") == (code, "x = 1")


def test_a_block_that_never_parses_ends_at_its_first_fence():
    assert code_blocks("```repl\nif (\n```\ntext\n```repl\nx = 1\n```") == ("if (", "x = 1")


def test_a_block_cut_off_by_the_token_limit_runs_to_the_end():
    assert code_blocks("```python\nx = 1\ny = 2") == ("x = 1\ny = 2",)


def test_an_indented_block_is_dedented():
    assert code_blocks("1. Look:\n   ```python\n   for i in x:\n       print(i)\n   ```") == (
        "for i in x:\n    print(i)",
    )


def test_names_read_by_code_are_told_and_assigned_ones_are_not():
    code = "context_size = 1\nprint(len(context))"
    assert all(reads_any(code, {name}) for name in ("print", "len", "context"))
    assert not reads_any(code, {"context_size"})
    assert not reads_any("if (", {"if"})


@given(st.text(alphabet="`~ \nreplpythonFINAL(')\"<think>/x=1", max_size=400))
def test_any_reply_is_read_without_failing(reply: str):
    assert all(block.strip() for block in code_blocks(reply))
