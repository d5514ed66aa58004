"""Java."""

from rlm_crystal.grammar.spec import Grammar

JAVA = Grammar(
    parser="java",
    query="""
(class_declaration name: (_) @name body: (_) @body) @class
(record_declaration name: (_) @name body: (_) @body) @class
(interface_declaration name: (_) @name body: (_) @body) @interface
(annotation_type_declaration name: (_) @name body: (_) @body) @interface
(enum_declaration name: (_) @name body: (_) @body) @enum
(method_declaration name: (_) @name) @method
(constructor_declaration name: (_) @name body: (_) @body) @method
(compact_constructor_declaration name: (_) @name body: (_) @body) @method
((field_declaration (modifiers) @_modifiers declarator: (variable_declarator name: (_) @name))
  @constant (#match? @_modifiers "static[^;]*final|final[^;]*static"))
(line_comment) @comment
(block_comment) @comment

(method_invocation name: (_) @call)
(object_creation_expression type: [(type_identifier) @call
  (generic_type . (type_identifier) @call) (scoped_type_identifier (type_identifier) @call .)])
(method_reference (identifier) @call .)
(superclass [(type_identifier) @call (generic_type . (type_identifier) @call)])
(super_interfaces (type_list [(type_identifier) @call (generic_type . (type_identifier) @call)]))
(extends_interfaces (type_list [(type_identifier) @call (generic_type . (type_identifier) @call)]))
(import_declaration [(scoped_identifier) @import (identifier) @import])
""",
)
