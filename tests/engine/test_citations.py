import pytest
from hypothesis import given
from hypothesis import strategies as st
from planting import plant
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_engine.citations import Citation, check_citations

APP = '''\
class Flask:
    """The central object."""

    def run(self, host=None, port=None):
        # Never use this in production,
        # it is not made for that.
        return self._serve(host or "127.0.0.1", port)
'''


HELP = r"""
help = (
    "Reads a source and writes\n"
    "a model with the given name."
)
""".lstrip()


@pytest.fixture(scope="module")
def crystal(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    files = {
        "src/flask/app.py": APP,
        "src/other/views.py": "x = 1\n",
        "tests/views.py": "y = 2\n",
        "app/[id]/page (old).tsx": "export const a = 1\nexport const b = 2\n",
        "src/help.py": HELP,
        "README.md": "# Title\n\nRead me.\n",
    }
    return build([plant(tmp_path_factory.mktemp("corpus"), files)], workers=0)


def one(answer: str, crystal: Crystal) -> Citation:
    (citation,) = check_citations(answer, crystal)
    return citation


@pytest.mark.parametrize(
    "answer",
    [
        "It begins in src/flask/app.py:4.",
        "`Flask.run` is defined in src/flask/app.py:4",
        "`run()` (src/flask/app.py:4-7)",
        "`def run(self, host=None, port=None):` — src/flask/app.py:4",
        'src/flask/app.py:2: "The central object."',
        "src/flask/app.py:5-6 “Never use this in production, it is not made for that.”",
        "see `src/flask/app.py:1-7`",
        "`class Flask` … `_serve` src/flask/app.py#L1-L7",
        "flask/app.py:7 `return … port)`",
        "`src/flask/app.py` (src/flask/app.py:1)",
        "(src/flask/app.py:1), and more prose",
        "./src/flask/app.py:1",
        "src/flask/app.py:4\n```python\ndef run(self, host=None, port=None):\n```",
        "`Reads a source and writes a model with the given name.` src/help.py:1-4",
        "The word `nowhere` is far away from here, in quite another sentence. See README.md:1",
    ],
)
def test_a_reference_that_holds_is_verified(answer: str, crystal: Crystal):
    assert one(answer, crystal).verified


@pytest.mark.parametrize(
    "answer",
    [
        "src/flask/app.py:8",
        "src/flask/app.py:0",
        "src/flask/app.py:6-2",
        "src/flask/none.py:1",
        "views.py:1",
        "`def stop` src/flask/app.py:4",
        'src/flask/app.py:4 "The central object."',
        "src/flask/app.py:1-2: `run`",
        "src/flask/app.py:1\n```python\ndef run(self, host=None, port=None):\n```",
    ],
)
def test_a_reference_that_does_not_hold_is_not_verified(answer: str, crystal: Crystal):
    assert not one(answer, crystal).verified


def test_the_path_is_told_as_the_corpus_spells_it(crystal: Crystal):
    assert one("app.py:4", crystal) == Citation("src/flask/app.py", 4, 4, verified=True)


def test_a_quotation_belongs_to_its_own_reference(crystal: Crystal):
    answer = "src/flask/app.py:1 `Flask`, src/other/views.py:1 `x`, tests/views.py:1 `y`"
    assert [c.verified for c in check_citations(answer, crystal)] == [True, True, True]
    answer = "`Flask` (src/flask/app.py:1), `x` (src/other/views.py:1), `y` (tests/views.py:1)"
    assert [c.verified for c in check_citations(answer, crystal)] == [True, True, True]


def test_names_with_brackets_and_spaces_are_found_in_backticks(crystal: Crystal):
    assert one("`app/[id]/page (old).tsx:2`", crystal).verified


def test_hosts_times_and_ratios_are_no_references(crystal: Crystal):
    answer = "At 10:30 run http://localhost:8000 or 127.0.0.1:80, ratio 3:1, example.com:443."
    assert check_citations(answer, crystal) == ()


def test_a_reference_given_twice_must_hold_each_time(crystal: Crystal):
    answer = "src/flask/app.py:1 `Flask`\nsrc/flask/app.py:1 `Django`\n"
    assert one(answer, crystal) == Citation("src/flask/app.py", 1, 1, verified=False)


@given(st.text(alphabet='ap.y/:0123-`"() \n,#L', max_size=200))
def test_any_answer_is_read_without_failing(answer: str):
    from rlm_engine.quotation import quotes_beside, references_in

    references = references_in(answer)
    assert len(quotes_beside(answer, references)) == len(references)
