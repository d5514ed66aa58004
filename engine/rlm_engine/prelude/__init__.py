"""The helpers a model finds in its REPL, as source text for `Sandbox.start(prelude=...)`.

`helpers.py` is ordinary Python that is read, not imported: inside the child it runs in the same
namespace as the model's cells, where `llm_query` and `llm_query_batched` are host functions.
"""

import ast
from importlib.resources import files

NAMES: tuple[str, ...] = (
    "chunk_text", "chunk_by_tokens", "smart_truncate", "regex_search", "find_sections",
    "keyword_filter", "aggregate_results", "count_frequencies", "merge_dicts", "verify_answer",
    "consensus_check", "recursive_split", "map_reduce",
)  # fmt: skip


def source() -> str:
    """The Python source of the helpers."""
    return files(__name__).joinpath("helpers.py").read_text(encoding="utf-8")


def documentation() -> str:
    """One line a helper, its signature and what it gives, for a model's system prompt."""
    tree = ast.parse(source())
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return "\n".join(_line(functions[name]) for name in NAMES)


def _line(function: ast.FunctionDef) -> str:
    arguments = function.args
    first_default = len(arguments.args) - len(arguments.defaults)
    words = [
        argument.arg
        if index < first_default
        else f"{argument.arg}={ast.unparse(arguments.defaults[index - first_default])}"
        for index, argument in enumerate(arguments.args)
    ]
    summary = (ast.get_docstring(function) or "").split("\n\n")[0].replace("\n", " ")
    return f"{function.name}({', '.join(words)}): {summary}"
