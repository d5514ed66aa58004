"""Hypothesis must not fail a test for being slow: the machine may be busy.

The suite tries forty examples of each property; `HYPOTHESIS_EXAMPLES=1000 make unit` tries more.
"""

import os

from hypothesis import settings

_EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "40"))
settings.register_profile("unhurried", deadline=None, max_examples=_EXAMPLES)
settings.load_profile("unhurried")
