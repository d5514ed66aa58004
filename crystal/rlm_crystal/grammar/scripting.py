"""Lua, Bash and Elixir."""

from rlm_crystal.grammar.spec import Grammar

LUA = Grammar(
    parser="lua",
    query="""
(function_declaration name: (_) @name) @function
(assignment_statement (variable_list . name: (_) @name .)
  (expression_list . value: (function_definition) .)) @function
(chunk (variable_declaration (assignment_statement (variable_list . name: (identifier) @name .))
  @constant))
(variable_declaration) @wrapper
(comment) @comment

(function_call name: [(identifier) @call (dot_index_expression field: (_) @call)
  (method_index_expression method: (_) @call)])
((function_call name: (identifier) @_require
  arguments: (arguments . (string content: (_) @import))) (#eq? @_require "require"))
""",
)
BASH = Grammar(
    parser="bash",
    query="""
(function_definition name: (_) @name body: (_) @body) @function
(program (variable_assignment name: (variable_name) @name) @constant)
(program (declaration_command (variable_assignment name: (variable_name) @name)) @constant)
(comment) @comment

(command name: (command_name (word) @call))
((command name: (command_name (word) @_source) . argument: (_) @import)
  (#any-of? @_source "source" "."))
""",
)
ELIXIR = Grammar(
    parser="elixir",
    query="""
((call target: (identifier) @_def (arguments . (alias) @name) (do_block) @body) @module
  (#any-of? @_def "defmodule" "defprotocol" "defimpl"))
((call target: (identifier) @_def (arguments . [
    (call target: (identifier) @name) (identifier) @name
    (binary_operator left: [(call target: (identifier) @name) (identifier) @name])])
  (do_block)? @body) @function
  (#any-of? @_def "def" "defp" "defmacro" "defmacrop" "defguard" "defdelegate"))
((unary_operator operand: (call target: (identifier) @_doc)) @comment
  (#any-of? @_doc "doc" "spec" "impl" "moduledoc"))
(comment) @comment

((call target: [(identifier) @call (dot right: (identifier) @call)])
  (#not-match? @call "^(def(p|macrop?|module|protocol|impl|guard|delegate|struct)?|alias|import)$")
  (#not-match? @call "^(use|require|doc|moduledoc|spec|impl)$"))
((call target: (identifier) @_use (arguments . (alias) @import))
  (#any-of? @_use "alias" "import" "use" "require"))
""",
)
