import pytest
from rlm_crystal.errors import UnknownPath
from rlm_memory.staleness import is_stale, lines_digest
from rlm_memory.types import Citation

BEFORE = ["def total(cart):", "    return sum(cart)", "", "def tax():"]


def reading(lines: list[str]):
    def read(path: str, start_line: int, end_line: int) -> str:
        if path != "shop.py":
            raise UnknownPath(path)
        return "\n".join(lines[start_line - 1 : end_line])

    return read


@pytest.mark.parametrize(
    ("now", "stale"),
    [
        (BEFORE, False),
        ([*BEFORE, "    pass"], False),
        ([line + "  \r" for line in BEFORE], False),
        (["import cart", *BEFORE], True),
        (["def total(cart):", "    return 0"], True),
        ([], True),
    ],
)
def test_an_answer_is_stale_where_the_lines_it_cites_changed(now: list[str], stale: bool) -> None:
    digest = lines_digest("shop.py", 1, 2, reading(BEFORE))
    cited = Citation("shop.py", 1, 2, verified=True, digest=digest)
    assert is_stale([cited], reading(now)) is stale


def test_a_file_that_is_gone_makes_stale_and_what_nobody_looked_at_does_not() -> None:
    digest = lines_digest("shop.py", 1, 2, reading(BEFORE))
    gone = Citation("gone.py", 1, 2, verified=True, digest=digest)
    unseen = Citation("gone.py", 1, 2, verified=True)
    assert is_stale([gone], reading(BEFORE))
    assert not is_stale([unseen], reading(BEFORE))
