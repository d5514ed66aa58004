"""C#."""

from rlm_crystal.grammar.spec import Grammar

CSHARP = Grammar(
    parser="csharp",
    query="""
(class_declaration name: (_) @name) @class
(record_declaration name: (_) @name) @class
(struct_declaration name: (_) @name) @struct
(interface_declaration name: (_) @name) @interface
(enum_declaration name: (_) @name) @enum
(delegate_declaration name: (_) @name) @type
(namespace_declaration name: (_) @name) @module
(method_declaration name: (_) @name) @method
(constructor_declaration name: (_) @name) @method
(local_function_statement name: (_) @name) @function
(property_declaration name: (_) @name accessors: (_) @body) @method
(property_declaration name: (_) @name value: (_) @body) @method
((field_declaration (modifier) @_modifier
  (variable_declaration (variable_declarator name: (_) @name))) @constant
  (#any-of? @_modifier "const" "static"))
(comment) @comment

(invocation_expression function: [(identifier) @call
  (generic_name (identifier) @call)
  (member_access_expression name: [(identifier) @call (generic_name (identifier) @call)])
  (conditional_access_expression (member_binding_expression name: (identifier) @call))])
(object_creation_expression type: [(identifier) @call (generic_name (identifier) @call)
  (qualified_name name: (identifier) @call)])
(base_list [(identifier) @call (generic_name (identifier) @call)])
(using_directive [(qualified_name) @import (identifier) @import])
""",
)
