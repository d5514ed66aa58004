"""JavaScript, TypeScript and TSX."""

from rlm_crystal.grammar.spec import Grammar

_COMMON = """
(class_declaration name: (_) @name body: (_) @body) @class
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @class
(function_declaration name: (_) @name body: (_) @body) @function
(generator_function_declaration name: (_) @name body: (_) @body) @function
(method_definition name: (_) @name body: (_) @body) @method
(lexical_declaration . (variable_declarator name: (identifier) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)
          (call_expression arguments: (arguments . [(arrow_function body: (statement_block) @body)
                                                    (function_expression body: (_) @body)]))]) .
) @function
(variable_declaration . (variable_declarator name: (identifier) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) .) @function
(expression_statement (assignment_expression left: [(member_expression) (identifier)] @name
  right: [(arrow_function body: (_) @body) (function_expression body: (_) @body)])) @function
(pair key: (property_identifier) @name
  value: [(arrow_function body: (statement_block) @body)
          (function_expression body: (_) @body)]) @method
(program [(lexical_declaration (variable_declarator name: (identifier) @name))
          (variable_declaration (variable_declarator name: (identifier) @name))] @constant)
(program (export_statement
  (lexical_declaration (variable_declarator name: (identifier) @name)) @constant))
(export_statement) @wrapper
(comment) @comment

(call_expression function:
  [(identifier) @call (member_expression property: (property_identifier) @call)])
(new_expression constructor:
  [(identifier) @call (member_expression property: (property_identifier) @call)])
(import_statement source: (string (string_fragment) @import))
(export_statement source: (string (string_fragment) @import))
(import_specifier name: (identifier) @import)
(import_clause (identifier) @import)
((call_expression function: [(identifier) (import)] @_loader
  arguments: (arguments . (string (string_fragment) @import) .))
  (#any-of? @_loader "require" "import"))
"""

_JSX = """
((jsx_opening_element name: (identifier) @call) (#match? @call "^[A-Z]"))
((jsx_self_closing_element name: (identifier) @call) (#match? @call "^[A-Z]"))
"""

_TYPES = """
(abstract_class_declaration name: (_) @name body: (_) @body) @class
(interface_declaration name: (_) @name body: (_) @body) @interface
(type_alias_declaration name: (_) @name) @type
(enum_declaration name: (_) @name body: (_) @body) @enum
(internal_module name: (_) @name body: (_) @body) @module
(module name: (_) @name body: (_) @body) @module
(function_signature name: (_) @name) @function
(method_signature name: (_) @name) @method
(abstract_method_signature name: (_) @name) @method
(public_field_definition name: (_) @name value: (arrow_function body: (_) @body)) @method
(ambient_declaration) @wrapper
(import_require_clause source: (string (string_fragment) @import))
(extends_clause value: (identifier) @call)
(implements_clause (type_identifier) @call)
(extends_type_clause type: (type_identifier) @call)
"""

JAVASCRIPT = Grammar(
    parser="javascript",
    query=_COMMON
    + _JSX
    + """
(field_definition property: (_) @name value: (arrow_function body: (_) @body)) @method
(class_heritage (identifier) @call)
""",
)
TYPESCRIPT = Grammar(parser="typescript", query=_COMMON + _TYPES)
TSX = Grammar(parser="tsx", query=_COMMON + _JSX + _TYPES)
