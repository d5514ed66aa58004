"""A cell of REPL code a plan wants run, and the shape of a plan."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

from rlm_engine.extractive.evidence import MARK, Printed

# A turn adds at most 8,000 characters to the root's prompt (RunLimits.output_chars); what would be
# cut from the middle is better not printed at all.
_OUTPUT_CHARS = 7_800
_OUTPUT_CHARS_SMALL = 980

_PREAMBLE = f"""\
import json

# Over a small corpus output is cut sooner; a record is printed whole or not at all.
room = min({_OUTPUT_CHARS}, max({_OUTPUT_CHARS_SMALL}, context.total_chars - 20))

def show(kind, *values):
    global room
    row = {MARK!r} + json.dumps([kind, *values], ensure_ascii=False)
    room -= len(row) + 1
    if room >= 0:
        print(row)
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """Python for the REPL: `values` are bound to names first, then `body` runs.

    Values are written as Python literals, so no text of a question or of the corpus is ever
    spliced into code.
    """

    purpose: str
    body: str
    values: Mapping[str, object] = field(default_factory=dict[str, object])

    def code(self) -> str:
        bound = "".join(f"{name} = {value!r}\n" for name, value in self.values.items())
        return f"{_PREAMBLE}\n{bound}{self.body.strip()}\n"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The answer: `before`, then the lines of the REPL variable `rows` (if named), then `after`."""

    before: str
    rows: str = ""
    after: str = ""

    def code(self) -> str:
        if not self.rows:
            return f"FINAL({self.before!r})\n"
        return f'FINAL({self.before!r} + "\\n".join({self.rows}) + {self.after!r})\n'


Plan = Generator[Cell, Printed, Conclusion]
