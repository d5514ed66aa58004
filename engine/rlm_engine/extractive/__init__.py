"""The provider that needs no model: a root that writes code by question type, a reader that quotes.

`ExtractiveRoot` and `ExtractiveReader` are Models like any other, so the loop, the sandbox, the
budget and the trace treat them as they treat a language model. Two kinds of question they cannot
answer, and say so: those whose words the corpus does not use, and those that need judgement.
"""

from rlm_engine.extractive.reader import ExtractiveReader
from rlm_engine.extractive.root import ExtractiveRoot

__all__ = ["ExtractiveReader", "ExtractiveRoot"]
