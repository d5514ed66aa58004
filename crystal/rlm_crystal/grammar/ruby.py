"""Ruby."""

from rlm_crystal.grammar.spec import Grammar

RUBY = Grammar(
    parser="ruby",
    query="""
(class name: (_) @name) @class
(module name: (_) @name) @module
(method name: (_) @name) @function
(singleton_method name: (_) @name) @function
(assignment left: (constant) @name) @constant
(comment) @comment

(call method: (identifier) @call)
(call receiver: (constant) @call method: (identifier) @_new (#eq? @_new "new"))
(superclass [(constant) @call (scope_resolution name: (constant) @call)])
((call method: (identifier) @_load arguments: (argument_list . (string (string_content) @import)))
  (#any-of? @_load "require" "require_relative" "load" "autoload"))
((call method: (identifier) @_mix arguments: (argument_list [(constant) @import
  (scope_resolution) @import])) (#any-of? @_mix "include" "extend" "prepend"))
""",
)
