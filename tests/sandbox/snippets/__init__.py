"""Code as models write it in the REPL, our own, each with what must come of it.

What is not here because it is not to be had: `async` code (there is no event loop; sub-calls run
side by side with llm_query_batched), threads, files of the system, and the network.
"""

from snippets.asking import ASKING
from snippets.counting import COUNTING
from snippets.looking import LOOKING
from snippets.reading import READING
from snippets.shaping import SHAPING
from snippets.wording import WORDING
from snippets.working import WORKING

THEMES = {
    "looking": LOOKING,
    "asking": ASKING,
    "counting": COUNTING,
    "reading": READING,
    "shaping": SHAPING,
    "wording": WORDING,
    "working": WORKING,
}
ALL = tuple(snippet for theme in THEMES.values() for snippet in theme)
