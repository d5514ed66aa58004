"""Bounded output keeps head and tail; the clock stands still while the host works."""

from hypothesis import given
from hypothesis import strategies as st
from rlm_sandbox.clock import CellClock
from rlm_sandbox.output import BoundedOutput


@given(st.lists(st.text(alphabet="abc\n", max_size=30)), st.integers(2, 40))
def test_head_and_tail_are_kept_and_the_rest_is_counted(pieces: list[str], limit: int):
    output = BoundedOutput(limit)
    for piece in pieces:
        output.write(piece)
    whole = "".join(pieces)

    if len(whole) <= limit:
        assert (output.getvalue(), output.truncated) == (whole, False)
    else:
        head, tail = whole[: limit - limit // 2], whole[len(whole) - limit // 2 :]
        note = f"\n[... {len(whole) - limit} characters of output cut here ...]\n"
        assert (output.getvalue(), output.truncated) == (head + note + tail, True)


def test_clearing_forgets_everything():
    output = BoundedOutput(4)
    output.write("123456")
    output.clear()

    assert (output.getvalue(), output.truncated) == ("", False)


def test_a_paused_clock_does_not_count():
    clock = CellClock(wall_s=10, cpu_s=99)
    clock.resume(100)
    clock.pause(104)
    clock.resume(200)

    assert clock.next_check_s(201) == 5
    assert clock.exceeded(205.9) is None
    assert clock.exceeded(206) == "10 s of time"


def test_processor_time_is_looked_at_no_sooner_than_it_can_be_used_up():
    clock = CellClock(wall_s=10, cpu_s=3)
    clock.resume(0)
    first = clock.next_check_s(0)
    clock.cpu_used_s = 2.5

    assert (first, clock.next_check_s(3)) == (3, 0.5)
    clock.cpu_used_s = 3.0
    assert clock.exceeded(4) == "3 s of processor time"


def test_more_time_is_granted_from_now_on():
    clock = CellClock(wall_s=1, cpu_s=1)
    clock.resume(0)
    clock.cpu_used_s = 1
    clock.extend(0.5)

    assert clock.exceeded(1.4) is None
    assert clock.exceeded(1.5) is not None
