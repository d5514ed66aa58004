"""How the grammar of one language is told to the chunker: one tree-sitter query and a few words.

Captures of the query:

- a `Kind` (`@class`, `@function`, ...): a definition; the same pattern captures its `@name`, and
  may capture its `@owner` (the type a method is bound to) and its `@body`.
- `@wrapper`: a node that begins a definition early (decorators, `export`, `template <...>`).
- `@comment`: a comment or doc attribute; a run of them right above a definition is its doc.
- `@attribute`: like a comment, but no doc (`#[derive]`).
- `@call`: the simple name of something called, built or inherited from.
- `@import`: a module or an imported name; `@from` in the same pattern is joined in front of it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grammar:
    """One language. `parser` is its name in the grammar pack; `docstrings` says that a string at
    the beginning of a body is the doc. `joint` stands between a module and a name taken from it."""

    parser: str
    query: str
    docstrings: bool = False
    joint: str = "."
