from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_engine.facts import Facts
from rlm_engine.history import Room
from rlm_engine.limits import RunLimits, Spent
from rlm_engine.prompt import NOT_LOOKED
from rlm_engine.run import (
    AskRoot,
    CodeRan,
    Event,
    Finish,
    LimitReached,
    PromptTooLarge,
    Replied,
    Run,
    RunCode,
)

LIMITS = RunLimits(max_iterations=6, output_chars=1_000, history_chars=10_000)
FACTS = Facts(3, 50_000, (("python", 3),), ("a.py", "b.py", "c.py"))
NOTHING = Spent()


def new_run(limits: RunLimits = LIMITS) -> Run:
    return Run(question="Why?", facts=FACTS, limits=limits, fence="fence0")


def replied(text: str, spent: Spent = NOTHING) -> Replied:
    return Replied(text, spent, 1.0)


def code(text: str) -> Replied:
    return replied(f"```repl\n{text}\n```")


def ran(output: str = "", **values: object) -> CodeRan:
    return replace(CodeRan(output, NOTHING, 1.0), **values)


def through(run: Run, *events: Event) -> Run:
    for event in events:
        run = run.after(event)
    return run


def test_a_run_begins_by_asking_the_root_with_the_question_and_no_text_of_the_corpus():
    step = new_run().next_step()
    assert isinstance(step, AskRoot)
    assert [message.role for message in step.messages] == ["system", "user"]
    assert "Why?" in step.messages[1].content
    assert "3 documents, 50000 characters" in step.messages[1].content


def test_code_blocks_run_one_after_the_other_and_their_outputs_go_back_together():
    run = through(new_run(), replied("```repl\nprint(context)\n```\n```repl\ny = 2\n```"))
    assert run.next_step() == RunCode("print(context)")
    run = run.after(ran("one"))
    assert run.next_step() == RunCode("y = 2")
    step = run.after(ran("two")).next_step()
    assert isinstance(step, AskRoot)
    last = step.messages[-1].content
    assert last.index("one") < last.index("two")
    assert "5 turns left" in last


def test_final_after_looking_ends_the_run():
    run = through(new_run(), code("FINAL(len(context))"), ran(final=" 3 "))
    assert run.next_step() == Finish("3", None)


def test_final_before_anything_was_looked_at_is_refused_once():
    run = through(new_run(), code("FINAL('Flask')"), ran(final="Flask"))
    step = run.next_step()
    assert isinstance(step, AskRoot)
    assert NOT_LOOKED in step.messages[-1].content
    assert through(run, code("FINAL('Flask')"), ran(final="Flask")).next_step() == Finish(
        "Flask", None
    )


def test_an_empty_final_is_refused():
    run = through(new_run(), code("FINAL(context.x)"), ran(final="  "))
    step = run.next_step()
    assert isinstance(step, AskRoot)
    assert "the answer is empty" in step.messages[-1].content


def test_an_error_goes_back_with_its_hint_and_stops_the_blocks_after_it():
    run = through(new_run(), replied("```repl\nx\n```\n```repl\ny\n```"))
    step = run.after(ran(fault="exception in line 1: NameError", hint="define x")).next_step()
    assert isinstance(step, AskRoot)
    text = step.messages[-1].content
    assert "exception in line 1: NameError" in text
    assert "Hint: define x" in text
    assert "1 blocks after it were not run" in text


def test_a_reply_without_code_is_nudged_twice_and_then_ends_the_run_as_partial():
    run = through(new_run(), replied("It is FINAL(42)."))
    assert isinstance(run.next_step(), AskRoot)
    run = through(run, replied("Really."))
    assert isinstance(run.next_step(), AskRoot)
    finish = run.after(replied("The answer is 42.")).next_step()
    assert isinstance(finish, Finish)
    assert finish.limit_hit == "no_code"
    assert "The answer is 42." in finish.answer


def test_a_reply_with_code_resets_the_nudges():
    run = through(new_run(), replied("a"), replied("b"), code("print(context)"), ran("ok"))
    assert isinstance(through(run, replied("c"), replied("d")).next_step(), AskRoot)


def test_running_out_of_turns_gives_a_partial_answer_of_what_was_found():
    run = new_run(replace(LIMITS, max_iterations=2))
    run = through(run, code("print(context)"), ran("found app.py"), code("x = 1"), ran())
    finish = run.next_step()
    assert isinstance(finish, Finish)
    assert finish.limit_hit == "iterations"
    assert finish.answer.startswith("Partial answer: all turns were used")
    assert "found app.py" in finish.answer


def test_the_turn_before_the_last_is_told_to_call_final():
    run = new_run(replace(LIMITS, max_iterations=2))
    step = through(run, code("print(context)"), ran("x")).next_step()
    assert isinstance(step, AskRoot)
    assert "the next turn is the last: call FINAL" in step.messages[-1].content


def test_values_at_hand_are_part_of_a_partial_answer():
    run = through(new_run(), code("n = len(context)"), ran(variables=(("n", "3"),)))
    finish = run.after(LimitReached("cost", NOTHING, 2.0)).next_step()
    assert isinstance(finish, Finish)
    assert finish.limit_hit == "cost"
    assert "- n = 3" in finish.answer


def test_time_over_ends_a_run_between_two_blocks():
    run = through(new_run(), replied("```repl\na\n```\n```repl\nb\n```"))
    finish = run.after(ran(elapsed_s=LIMITS.max_seconds)).next_step()
    assert isinstance(finish, Finish)
    assert finish.limit_hit == "seconds"


def test_an_answer_after_a_refused_sub_call_tells_the_limit():
    run = through(new_run(), code("llm_query('x')"), ran(refused="subcalls"))
    run = through(run, code("FINAL(1)"), ran(final="1"))
    assert run.next_step() == Finish("1", "subcalls")


def test_a_run_whose_cells_go_on_past_the_budget_is_ended():
    run = new_run()
    for _ in range(3):
        assert isinstance(run.next_step(), AskRoot)
        run = through(run, code("llm_query('x')"), ran("half", refused="cost"))
    finish = run.next_step()
    assert isinstance(finish, Finish)
    assert finish.limit_hit == "cost"
    assert "half" in finish.answer


def test_an_ended_run_stays_as_it_is():
    run = new_run().after(LimitReached("seconds", NOTHING, 9.0))
    assert run.after(code("x")) is run


def test_a_run_deeper_than_allowed_cannot_be_made():
    try:
        replace(new_run(), depth=2)
    except ValueError as error:
        assert "max_depth 1" in str(error)
    else:
        raise AssertionError


@given(st.integers(1_000, 60_000), st.integers(1, 6))
def test_no_prompt_ever_holds_the_whole_corpus(size: int, turns: int):
    corpus = "".join(chr(0x4E00 + n % 20_000) for n in range(size))
    run = replace(new_run(), facts=replace(FACTS, characters=len(corpus)))
    for _ in range(turns):
        run = through(run, code("print(context.text_slice(0, 10**9))"), ran(corpus))
    step = run.next_step()
    if isinstance(step, AskRoot):
        assert all(corpus not in message.content for message in step.messages)


WORDS = st.text(st.sampled_from("ab1 \n{}é文"), max_size=6_000)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(WORDS, WORDS, st.booleans(), st.integers(0, 3_000)), max_size=6),
    st.integers(0, 12_000),
)
def test_no_prompt_and_its_reply_are_ever_more_than_the_window(
    turns: list[tuple[str, str, bool, int]], beyond: int
):
    limits = replace(LIMITS, max_iterations=8, reply_tokens=500, history_chars=60_000)
    head = Room(0).tokens_of(new_run(limits).messages())
    window = head + 500 + 300 + beyond
    run = replace(new_run(limits), room=Room(60_000, tokens=window))
    for said, output, writes_code, tokens_in in turns:
        step = run.next_step()
        if not isinstance(step, AskRoot):
            break
        assert run.room is not None
        assert run.room.tokens_of(step.messages) + step.max_tokens <= window
        text = f"```repl\nx = [{said!r}]\n```" if writes_code else said
        run = run.after(Replied(text, NOTHING, 1.0, tokens_in))
        while isinstance(run.next_step(), RunCode):
            run = run.after(ran(output, variables=(("x", "1"),)))


def test_a_prompt_that_did_not_fit_is_made_shorter_once():
    run = replace(new_run(), room=Room(10_000, tokens=100_000))
    for _ in range(3):
        run = through(run, code("print(context)"), ran("word " * 300, variables=(("x", "1"),)))
    before = run.messages()
    shorter = run.after(PromptTooLarge(NOTHING, 1.0))
    step = shorter.next_step()
    assert isinstance(step, AskRoot)
    assert Room(0).tokens_of(step.messages[2:]) <= Room(0).tokens_of(before[2:]) // 2 + 2
    assert "still in the REPL: x" in "".join(message.content for message in step.messages)
    ended = shorter.after(PromptTooLarge(NOTHING, 1.0)).next_step()
    assert isinstance(ended, Finish)
    assert ended.limit_hit == "provider"
    assert not through(shorter, code("print(1)"), ran("1")).squeezed


def test_a_window_that_the_provider_tells_bounds_prompt_and_reply_from_then_on():
    run = replace(new_run(), room=Room(10_000, tokens=100_000))
    for _ in range(3):
        run = through(run, code("print(context)"), ran("word " * 300))
    head = Room(0).tokens_of(run.messages()[:2])
    run = run.after(PromptTooLarge(NOTHING, 1.0, tokens_max=head + 3_000))
    for _ in range(2):
        step = run.next_step()
        assert isinstance(step, AskRoot)
        assert Room(0).tokens_of(step.messages) + step.max_tokens <= head + 3_000
        run = through(run, code("print(context)"), ran("word " * 300))


def test_a_reply_that_was_cut_is_told_so_once_with_code_and_without():
    cut = replace(code("x = ["), cut=True)
    run = through(new_run(), cut, ran(fault="SyntaxError"))
    assert run.history[-1].content.count("limit of tokens") == 1
    run = through(run, code("x = 1"), ran())
    assert "limit of tokens" not in run.history[-1].content
    run = run.after(replace(replied("I think"), cut=True))
    assert "limit of tokens" in run.history[-1].content
