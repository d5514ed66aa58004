"""Python."""

from rlm_crystal.grammar.spec import Grammar

PYTHON = Grammar(
    parser="python",
    docstrings=True,
    query="""
(class_definition name: (identifier) @name body: (_) @body) @class
(function_definition name: (identifier) @name body: (_) @body) @function
(decorated_definition) @wrapper
(module (assignment left: (identifier) @name) @constant)
(module (type_alias_statement left: (type) @name) @type)
(comment) @comment

(call function: [(identifier) @call (attribute attribute: (identifier) @call)])
(decorator [(identifier) @call (attribute attribute: (identifier) @call)])
(class_definition superclasses: (argument_list
  [(identifier) @call (attribute attribute: (identifier) @call)
   (subscript value: [(identifier) @call (attribute attribute: (identifier) @call)])]))

(import_statement name: [(dotted_name) @import (aliased_import name: (_) @import)])
(import_from_statement module_name: (_) @import)
(import_from_statement module_name: (_) @from
  name: [(dotted_name) @import (aliased_import name: (_) @import)])
""",
)
