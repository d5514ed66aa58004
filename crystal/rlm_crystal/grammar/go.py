"""Go."""

from rlm_crystal.grammar.spec import Grammar

GO = Grammar(
    parser="go",
    query="""
(function_declaration name: (_) @name) @function
(method_declaration
  receiver: (parameter_list (parameter_declaration type:
    [(type_identifier) @owner
     (pointer_type [(type_identifier) @owner (generic_type type: (_) @owner)])
     (generic_type type: (_) @owner)]))
  name: (_) @name) @method
(type_declaration . (type_spec name: (_) @name type: (struct_type)) .) @struct
(type_declaration . (type_spec name: (_) @name type: (interface_type)) .) @interface
(type_declaration . [(type_spec name: (_) @name) (type_alias name: (_) @name)] .) @type
(type_declaration "(" (type_spec name: (_) @name type: (struct_type)) @struct)
(type_declaration "(" (type_spec name: (_) @name type: (interface_type)) @interface)
(type_declaration "(" [(type_spec name: (_) @name) (type_alias name: (_) @name)] @type)
(method_elem name: (_) @name) @method
(source_file (const_declaration (const_spec name: (_) @name) @constant))
(source_file (var_declaration (var_spec name: (_) @name) @constant))
(source_file (var_declaration (var_spec_list (var_spec name: (_) @name) @constant)))
(comment) @comment

(call_expression function: [(identifier) @call (selector_expression field: (_) @call)])
(composite_literal type: [(type_identifier) @call (qualified_type name: (_) @call)])
(import_spec path: (_ (_) @import))
""",
)
