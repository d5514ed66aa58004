"""What a question is taken to ask for."""

import json
import os
import subprocess
import sys

_FORMS = """
import json
from rlm_crystal.query import understand
from rlm_crystal.vocabulary import Vocabulary
from rlm_crystal.words import Words

ends = ["", "s", "er", "ed", "ing", "or", "ors", "able", "ion", "ions", "ive"]
stems = ["detect", "connect", "select"]
terms = {stem + end for stem in stems for end in ends}
fronts = {"auto", "re", "inter"}
terms |= fronts | {front + term for front in fronts for term in terms}
vocabulary = Vocabulary([Words.of(sorted(terms))])
question = understand("where is it detected, connected and selected", vocabulary)
print(json.dumps([[group.word, group.weight, group.variants] for group in question.groups]))
"""


def _forms(seed: str) -> object:
    done = subprocess.run(
        [sys.executable, "-c", _FORMS],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def test_the_forms_of_a_word_are_the_same_in_every_process() -> None:
    first = _forms("0")
    assert first
    assert all(_forms(seed) == first for seed in ("1", "2", "3", "4", "5"))
