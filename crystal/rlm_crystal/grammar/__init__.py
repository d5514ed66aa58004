"""One declarative grammar per language: which nodes define, call, import and document."""

from rlm_crystal.grammar.c_family import CPP, C
from rlm_crystal.grammar.csharp import CSHARP
from rlm_crystal.grammar.go import GO
from rlm_crystal.grammar.java import JAVA
from rlm_crystal.grammar.javascript import JAVASCRIPT, TSX, TYPESCRIPT
from rlm_crystal.grammar.jvm_and_apple import KOTLIN, SCALA, SWIFT
from rlm_crystal.grammar.php import PHP
from rlm_crystal.grammar.python import PYTHON
from rlm_crystal.grammar.ruby import RUBY
from rlm_crystal.grammar.rust import RUST
from rlm_crystal.grammar.scripting import BASH, ELIXIR, LUA
from rlm_crystal.grammar.spec import Grammar

__all__ = ["GRAMMARS", "Grammar"]

GRAMMARS: dict[str, Grammar] = {
    "python": PYTHON,
    "javascript": JAVASCRIPT,
    "typescript": TYPESCRIPT,
    "tsx": TSX,
    "go": GO,
    "rust": RUST,
    "java": JAVA,
    "c": C,
    "cpp": CPP,
    "csharp": CSHARP,
    "ruby": RUBY,
    "php": PHP,
    "kotlin": KOTLIN,
    "scala": SCALA,
    "swift": SWIFT,
    "lua": LUA,
    "bash": BASH,
    "elixir": ELIXIR,
}
