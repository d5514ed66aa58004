"""What a model is told that wrote bad code, or code where none is read. Pure.

Small local models write Python 2, JSON tool calls, Markdown inside code and bare code without a
fence, again and again in the same ways; an error message of the parser does not tell them what to
write instead. Every hint is fixed text: nothing of the code or the corpus gets into it.
"""

import ast
import re
from dataclasses import dataclass
from typing import Final

from rlm_engine.code_blocks import other_fences, parsed, without_thinking

TOOL_CALL: Final = (
    "There are no tools to call here, neither by JSON nor by tags. Write plain Python in a ```repl "
    "block and call the functions in it, for instance hits = crystal.search('words')."
)
PRINTED_ONLY: Final = (
    "This block only printed a text of its own. To look, use crystal.search or context; to finish, "
    "call FINAL(text)."
)
ANSWER_SET: Final = "`answer` is set; SUBMIT() or FINAL_VAR('answer') ends the run with it."
REPEATED: Final = (
    "This block ran before and gave the same. Try something else, or call FINAL with what you have."
)

_FINISH: Final = "to finish, call FINAL(text), or set answer = ... and call SUBMIT()"
_SEARCH: Final = "to search, call crystal.search('words') or context.search(regex)"
_READ: Final = "to read, call crystal.read(path, start_line, end_line) or context[path].text"
_CONTEXT: Final = "the documents are in `context`: context.paths, context[path].text"
_ASK: Final = "to ask a model, call llm_query(prompt, text) or llm_query_batched(prompts)"
_CONSTANTS: Final = "Python writes True, False and None"

_KNOWN_AS: Final[dict[str, str]] = {
    **dict.fromkeys(("true", "false", "null", "nil", "undefined"), _CONSTANTS),
    **dict.fromkeys(
        ("final", "Final", "final_answer", "FINAL_ANSWER", "finalAnswer", "finish", "submit",
         "Submit", "done", "answer", "respond", "FINISH", "ANSWER"),
        _FINISH,
    ),
    **dict.fromkeys(
        ("search", "grep", "find", "query", "search_files", "search_code", "rg", "regex_find"),
        _SEARCH,
    ),
    **dict.fromkeys(("read", "read_file", "cat", "view", "open_file", "get_file"), _READ),
    **dict.fromkeys(
        ("ctx", "corpus", "docs", "documents", "files", "text", "document", "data", "prompt"),
        _CONTEXT,
    ),
    **dict.fromkeys(
        ("llm", "ask_llm", "call_llm", "llm_call", "query_llm", "sub_llm", "ask", "llm_batch",
         "llm_query_batch", "llm_queries", "batch_llm_query"),
        _ASK,
    ),
}  # fmt: skip
_UNDEFINED: Final = re.compile(r"NameError: name '(\w+)' is not defined")
_TOOL_CALL: Final = re.compile(
    r"</?(?:tool_call|tool_code|function_calls?|function|invoke|execute|code|python)\b[^>\n]*>"
    r"|<\|?(?:python_tag|tool\w*)\|?>|\[TOOL_CALLS?\]|^\s*Action(?: Input)?\s*:",
    re.IGNORECASE | re.MULTILINE,
)
_JSON_CALL: Final = re.compile(
    r'"(?:name|tool|tool_name|function|action|recipient_name)"\s*:.{0,400}?'
    r'"(?:arguments|args|parameters|params|input|code|tool_input|action_input)"\s*:',
    re.DOTALL,
)
_FINAL_IN_PROSE: Final = re.compile(r"\b(?:FINAL|FINAL_VAR|SUBMIT)\s*\(")


def hint_for_error(code: str, message: str, line: int | None) -> str:
    """What to write instead, for code that failed with `message`; empty where nothing is known."""
    undefined = _UNDEFINED.match(message)
    if undefined is not None:
        return _KNOWN_AS.get(undefined[1], "")
    if "SyntaxError" not in message:
        return ""
    if _JSON_CALL.search(code):
        return TOOL_CALL
    lines = code.splitlines()
    bad = lines[line - 1] if line is not None and 0 < line <= len(lines) else ""
    return next((rule.hint for rule in _SYNTAX if rule.applies(bad, message)), "")


def remarks_for_run(code: str) -> tuple[str, ...]:
    """What a model is told of code that ran without an error and without ending the run."""
    tree = parsed(code)
    if tree is None or not tree.body:
        return ()
    if all(_says_only(statement) for statement in tree.body):
        return (TOOL_CALL if _JSON_CALL.search(code) else PRINTED_ONLY,)
    return (ANSWER_SET,) if any(map(_sets_answer, tree.body)) else ()


def hint_for_reply(reply: str) -> str:
    """Why nothing ran of a reply that held no block; empty where it is plain prose."""
    said = without_thinking(reply).strip()
    if not said:
        thought = " but thoughts, which may have been cut off" if reply.strip() else ""
        return f"The reply held nothing{thought}. Write one short block."
    if _TOOL_CALL.search(said) or _JSON_CALL.search(said):
        return TOOL_CALL
    if any(_acts(code) for code in other_fences(said)):
        return "The code stood in a fence without the label repl: begin it with ```repl."
    if _acts(said):
        return "The reply is code without a fence: put a line ```repl before it and ``` after it."
    if _FINAL_IN_PROSE.search(said):
        return "FINAL was written about, not called: call it inside a ```repl block."
    return ""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A hint, and what it holds for: a bad line of this form, or any of these words said of it."""

    hint: str
    line: re.Pattern[str] | None = None
    words: tuple[str, ...] = ()

    def applies(self, line: str, message: str) -> bool:
        """Whether the hint holds."""
        found = self.line is not None and self.line.search(line) is not None
        return found or any(word in message for word in self.words)


_SYNTAX: Final = (
    _Rule(
        "A fence stands inside the code. Close each block with a line ``` and begin the next with "
        "```repl; a fence in a text belongs in a string.",
        line=re.compile("```|~~~"),
    ),
    _Rule(TOOL_CALL, line=_TOOL_CALL),
    _Rule(
        "Leave out the prompts >>> and ... and any output; write the code alone.",
        line=re.compile(r"^\s*(?:>>>|\.\.\.)(?:\s|$)|^\s*In\s*\[\d*\]\s*:"),
    ),
    _Rule(
        "Shell commands and notebook magics do not exist here, and nothing can be installed.",
        line=re.compile(r"^\s*[!%]"),
    ),
    _Rule(
        "That character is no part of Python. Write straight quotes ' and \", a plain - and plain "
        "spaces; other characters belong in a string or a comment.",
        words=("invalid character", "non-printable"),
    ),
    _Rule(
        "That is Python 2. Here Python 3 runs: print(x), except Error as e, raise Error('x').",
        line=re.compile(
            r"^\s*(?:print|exec)\s+[^\s(=]|^\s*except\s+[\w.]+\s*,|^\s*raise\s+[\w.]+\s*,|<>"
        ),
        words=("Missing parentheses",),
    ),
    _Rule(
        "Tabs and spaces are mixed. Indent every line with four spaces.",
        words=("tabs and spaces",),
    ),
    _Rule(
        "Write <, >, & and quotes themselves, not &lt; and the like.",
        line=re.compile(r"&(?:lt|gt|amp|quot|#39);"),
    ),
    _Rule(
        "llm_query and the others are plain functions: call them without await.",
        words=("'await'", "'async"),
    ),
    _Rule(f"A block is no function and cannot return: {_FINISH}.", words=("'return'",)),
    _Rule(
        "The text has no end; the reply may have been cut. Build a long answer in a variable over "
        "several blocks, then call FINAL_VAR('name').",
        words=("unterminated triple-quoted",),
    ),
    _Rule(
        "A text over several lines stands between triple quotes: FINAL('''...''').",
        words=("unterminated string",),
    ),
    _Rule(
        "Take the value into a variable first, and use the other kind of quotes inside the braces.",
        words=("f-string",),
    ),
    _Rule(
        "The brackets do not match; the reply may have been cut. Write shorter blocks.",
        words=("never closed", "unmatched"),
    ),
    _Rule(
        "Indent with four spaces; the first line of a block starts at the left margin.",
        words=("indent",),
    ),
    _Rule(
        "Leave out the line numbers; write the code alone.",
        line=re.compile(r"^\s*\d+\s*[:|]\s*\S"),
    ),
    _Rule(
        "That line is no code. Put what you want to say before the block, or after # in it.",
        line=re.compile(
            r"^\s*(?:\*\*|__|#{2,}\s|[-*•]\s+\w|\d+[.)]\s|\|.*\|\s*$|---+\s*$)"
            r"|^\s*[A-Za-z][\w'\u2019,-]*(?:\s+[\w'\u2019,.;:()-]+){2,}\s*$"
        ),
    ),
    _Rule(
        "That is another language. Here Python 3 runs: and, or, not, n += 1, def, no braces.",
        line=re.compile(
            r"&&|\|\||\+\+|--\s*$|;\s*$|\b(?:const|let|var|function)\s+\w|\)\s*=>|^\s*\}"
        ),
    ),
)


def _says_only(statement: ast.stmt) -> bool:
    """Whether it is a constant, or prints nothing but constants."""
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    if not isinstance(value, ast.Call):
        return _is_constant(value)
    return (
        isinstance(value.func, ast.Name)
        and value.func.id == "print"
        and all(map(_is_constant, value.args))
    )


def _is_constant(value: ast.expr) -> bool:
    return not any(
        isinstance(node, ast.Name | ast.Call | ast.Attribute) for node in ast.walk(value)
    )


def _sets_answer(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "answer" for target in statement.targets
    )


def _acts(text: str) -> bool:
    """Whether it is Python that calls or assigns something."""
    tree = parsed(text)
    return tree is not None and any(
        isinstance(node, ast.Call | ast.Assign) for node in ast.walk(tree)
    )
