"""The rules for single lines: risky calls, slips and leftovers, by language."""

import re
from dataclasses import dataclass

from rlm_tools.reviewing.finding import Severity

_JS = frozenset({"javascript", "typescript", "tsx", "vue", "svelte", "html"})
_C = frozenset({"c", "cpp"})
_ANY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern that is wrong in a line of code of these languages (none: any)."""

    name: str
    severity: Severity
    languages: frozenset[str]
    pattern: re.Pattern[str]
    message: str
    in_tests: bool = False


def _rule(
    name: str,
    severity: Severity,
    languages: frozenset[str] | str,
    pattern: str,
    message: str,
    *,
    in_tests: bool = False,
) -> Rule:
    chosen = frozenset(languages.split()) if isinstance(languages, str) else languages
    return Rule(name, severity, chosen, re.compile(pattern), message, in_tests)


RULES = (
    _rule(
        "eval",
        "warning",
        "python",
        r"(?<![\w.])(?:eval|exec)\s*\(",
        "runs text as code; whoever controls the text controls the process.",
    ),
    _rule(
        "eval",
        "warning",
        _JS,
        r"(?<![\w.])eval\s*\(|new Function\s*\(|set(?:Timeout|Interval)\(\s*[\"'`]",
        "runs text as code.",
    ),
    _rule(
        "eval",
        "warning",
        "ruby php",
        r"(?<![\w.>])eval[\s(]|->eval\(|create_function\(",
        "runs text as code.",
    ),
    _rule(
        "shell",
        "warning",
        "python",
        r"os\.(?:system|popen)\s*\(|shell\s*=\s*True|commands\.getoutput",
        "goes through a shell; pass a list of arguments instead.",
    ),
    _rule(
        "shell",
        "warning",
        _JS,
        r"(?:child_process|cp)\.exec(?:Sync)?\(|\bexecSync\(|\bexec\(\s*[`\"']",
        "goes through a shell; use execFile or spawn with a list.",
    ),
    _rule(
        "shell",
        "warning",
        "php",
        r"\b(?:shell_exec|passthru|system|popen|proc_open)\s*\(",
        "goes through a shell.",
    ),
    _rule(
        "shell",
        "warning",
        "java",
        r"Runtime\.getRuntime\(\)\.exec\(",
        "starts a program from a text; use ProcessBuilder with a list.",
    ),
    _rule(
        "shell",
        "warning",
        "go",
        r"exec\.Command\(\s*\"(?:ba|z)?sh\"",
        "goes through a shell.",
    ),
    _rule(
        "shell",
        "warning",
        _C,
        r"(?<!\w)(?:system|popen)\s*\(",
        "goes through a shell.",
    ),
    _rule(
        "unsafe-load",
        "warning",
        "python",
        r"\b(?:pickle|cPickle|dill|shelve|marshal|joblib)\.(?:loads?|open|Unpickler)\s*\("
        r"|\byaml\.(?:unsafe_)?load\s*\((?!.*Safe)"
        r"|torch\.load\((?!.*weights_only\s*=\s*True)",
        "can run code hidden in the data; use a plain format or a safe loader.",
    ),
    _rule(
        "unsafe-load",
        "warning",
        "ruby",
        r"\b(?:Marshal\.load|YAML\.load)\b(?!_file|\()",
        "can run code hidden in the data.",
    ),
    _rule(
        "unsafe-load",
        "warning",
        "php",
        r"\bunserialize\s*\(",
        "can run code hidden in the data.",
    ),
    _rule(
        "unsafe-load",
        "warning",
        "java",
        r"new ObjectInputStream\(",
        "can run code hidden in the data.",
    ),
    _rule(
        "markup-injection",
        "warning",
        _JS,
        r"\.(?:inner|outer)HTML\s*\+?=(?!=)|dangerouslySetInnerHTML|document\.write\("
        r"|v-html=|insertAdjacentHTML\(",
        "puts text into the page as markup; escape it or set text content.",
    ),
    _rule(
        "markup-injection",
        "warning",
        "python",
        r"\bmark_safe\s*\(|\|\s*safe\b|autoescape\s*=\s*False",
        "takes text as safe markup.",
    ),
    _rule(
        "sql-by-text",
        "warning",
        _ANY,
        r"(?i)(?:execute|executemany|query|raw|rawQuery|prepare"
        r"|createQuery)\w*\s*\(\s*(?:[frb]{1,2}[\"']|[\"'`][^\"'`]*(?:select|insert|update"
        r"|delete|drop)\b[^\"'`]*[\"'`]\s*(?:%(?!s)|\+|\.format)|`[^`]*\$\{)",
        "builds SQL from text; pass the values as parameters.",
    ),
    _rule(
        "sql-by-text",
        "warning",
        _ANY,
        r"(?i)f[\"'](?:select\s.+\sfrom|insert\s+into|update\s+\w+\s+set"
        r"|delete\s+from)\s.*\{",
        "builds SQL from text; pass the values as parameters.",
    ),
    _rule(
        "weak-hash",
        "warning",
        _ANY,
        r"(?i)(?:md5|sha1)\b[^\n]*(?:passw|passphrase|secret|token|pwd)|(?:passw"
        r"|passphrase|pwd)[^\n]*\b(?:md5|sha1)\b",
        "a fast, broken hash for a secret; use scrypt, bcrypt or Argon2.",
    ),
    _rule(
        "no-tls-check",
        "warning",
        _ANY,
        r"verify\s*=\s*False|CERT_NONE|_create_unverified_context"
        r"|check_hostname\s*=\s*False|rejectUnauthorized\s*:\s*false"
        r"|InsecureSkipVerify\s*:\s*true|NODE_TLS_REJECT_UNAUTHORIZED"
        r"|CURLOPT_SSL_VERIFYPEER\s*(?:,|=>)\s*(?:false|0)"
        r"|danger_accept_invalid_certs\(true\)",
        "does not check whom it talks to.",
    ),
    _rule(
        "weak-random",
        "note",
        "python",
        r"random\.(?:choice|randint|random|choices)\([^\n]*(?i:token|passw|secret)"
        r"|(?i:token|passw|secret|nonce)\w*\s*=\s*[^\n]*\brandom\.(?:choice|randint|random"
        r"|choices)\(",
        "predictable numbers for a secret; use the secrets module.",
    ),
    _rule(
        "temp-race",
        "note",
        "python",
        r"tempfile\.mktemp\s*\(",
        "another process can take the name first; use mkstemp.",
    ),
    _rule(
        "open-permissions",
        "note",
        _ANY,
        r"chmod\w*\s*\(?[^\n]*\b0?o?777\b",
        "lets everyone write.",
    ),
    _rule(
        "debug-mode",
        "warning",
        "python",
        r"\.run\([^\n]*debug\s*=\s*True|^DEBUG\s*=\s*True",
        "debug mode shows code and runs it for visitors.",
    ),
    _rule(
        "unsafe-copy",
        "warning",
        _C,
        r"(?<!\w)(?:gets|strcpy|strcat|sprintf|vsprintf)\s*\(",
        "writes without a bound; use the variant that takes a size.",
    ),
    _rule(
        "bare-except",
        "warning",
        "python",
        r"^\s*except\s*:",
        "also catches KeyboardInterrupt and SystemExit; name the exception.",
        in_tests=True,
    ),
    _rule(
        "silent-except",
        "note",
        "python",
        r"except[^\n]*:\s*pass\s*$",
        "swallows the error without a word.",
    ),
    _rule(
        "mutable-default",
        "warning",
        "python",
        r"^\s*(?:async\s+)?def\s[^\n]*=\s*(?:\[\]|\{\}|list\(\)|dict\(\)|set\(\))",
        "the default is one object shared by all calls; use None.",
        in_tests=True,
    ),
    _rule(
        "assert-tuple",
        "error",
        "python",
        r"^\s*assert\s*\([^()]*,\s*[^()]*\)\s*$",
        "asserts a tuple, which is always true.",
        in_tests=True,
    ),
    _rule(
        "none-comparison",
        "note",
        "python",
        r"[=!]=\s*None\b",
        "compare with None by `is`.",
    ),
    _rule(
        "debug-leftover",
        "warning",
        "python",
        r"(?<![\w.])breakpoint\(\)|\b(?:i?pdb|pudb)\.set_trace\(|^\s*import\s+(?:i?pdb"
        r"|pudb)\b",
        "a debugger is left in.",
        in_tests=True,
    ),
    _rule(
        "debug-leftover",
        "warning",
        _JS,
        r"(?:^|[;{\s])debugger\s*;?\s*$",
        "a debugger is left in.",
        in_tests=True,
    ),
    _rule(
        "debug-leftover",
        "note",
        _JS,
        r"\bconsole\.(?:log|debug|trace)\(",
        "prints to the console.",
    ),
    _rule(
        "debug-leftover",
        "warning",
        "ruby",
        r"\bbinding\.(?:pry|irb)\b|\bbyebug\b",
        "a debugger is left in.",
        in_tests=True,
    ),
    _rule(
        "debug-leftover",
        "warning",
        "php",
        r"\b(?:var_dump|print_r|dd|xdebug_break)\s*\(",
        "debug output is left in.",
    ),
    _rule(
        "debug-leftover",
        "note",
        "rust",
        r"\bdbg!\(",
        "debug output is left in.",
    ),
    _rule(
        "unwrap-todo",
        "warning",
        "rust",
        r"\b(?:todo|unimplemented)!\(",
        "panics when it is reached.",
    ),
    _rule(
        "empty-catch",
        "note",
        "javascript typescript tsx java csharp php kotlin",
        r"catch\s*(?:\([^)]*\))?\s*\{\s*\}",
        "swallows the error without a word.",
    ),
    _rule(
        "only-test",
        "warning",
        _JS,
        r"\b(?:describe|it|test)\.only\(|\bf(?:describe|it)\(",
        "runs this test alone and skips all others.",
        in_tests=True,
    ),
    _rule(
        "xml-entities",
        "note",
        "python",
        r"xml\.(?:etree|dom|sax)[^\n]*(?:parse|fromstring)\("
        r"|lxml[^\n]*resolve_entities\s*=\s*True",
        "may expand hostile entities; use defusedxml for foreign XML.",
    ),
)
