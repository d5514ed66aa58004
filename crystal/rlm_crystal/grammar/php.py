"""PHP."""

from rlm_crystal.grammar.spec import Grammar

PHP = Grammar(
    parser="php",
    joint="\\",
    query="""
(class_declaration name: (_) @name body: (_) @body) @class
(interface_declaration name: (_) @name body: (_) @body) @interface
(trait_declaration name: (_) @name body: (_) @body) @trait
(enum_declaration name: (_) @name body: (_) @body) @enum
(method_declaration name: (_) @name) @method
(function_definition name: (_) @name body: (_) @body) @function
(namespace_definition name: (_) @name body: (_) @body) @module
(const_declaration (const_element . (name) @name)) @constant
(comment) @comment

(function_call_expression function: [(name) @call (qualified_name (name) @call .)])
(member_call_expression name: (name) @call)
(nullsafe_member_call_expression name: (name) @call)
(scoped_call_expression name: (name) @call)
(object_creation_expression [(name) @call (qualified_name (name) @call .)])
(base_clause [(name) @call (qualified_name (name) @call .)])
(class_interface_clause [(name) @call (qualified_name (name) @call .)])
(namespace_use_declaration (namespace_use_clause [(qualified_name) @import (name) @import]))
(namespace_use_declaration (namespace_name) @from
  body: (namespace_use_group (namespace_use_clause (name) @import)))
(require_expression (string (string_content) @import))
(require_once_expression (string (string_content) @import))
(include_expression (string (string_content) @import))
(include_once_expression (string (string_content) @import))
""",
)
