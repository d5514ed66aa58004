"""C and C++."""

from rlm_crystal.grammar.spec import Grammar

_COMMON = """
(function_definition declarator: (function_declarator declarator: (_) @name) body: (_) @body)
  @function
(function_definition declarator: (_ (function_declarator declarator: (_) @name)) body: (_) @body)
  @function
(function_definition declarator: (_ (_ (function_declarator declarator: (_) @name)))
  body: (_) @body) @function
(struct_specifier name: (_) @name body: (_) @body) @struct
(union_specifier name: (_) @name body: (_) @body) @struct
(enum_specifier name: (_) @name body: (_) @body) @enum
(type_definition type: (struct_specifier body: (_) @body) declarator: (type_identifier) @name)
  @struct
(type_definition type: (union_specifier body: (_) @body) declarator: (type_identifier) @name)
  @struct
(type_definition type: (enum_specifier body: (_) @body) declarator: (type_identifier) @name) @enum
(type_definition declarator: (type_identifier) @name) @type
(type_definition declarator: (function_declarator declarator: (parenthesized_declarator
  (pointer_declarator declarator: (type_identifier) @name)))) @type
(preproc_def name: (_) @name value: (_)) @constant
(preproc_function_def name: (_) @name) @function
(translation_unit (declaration declarator: (init_declarator declarator:
  [(identifier) @name (array_declarator declarator: (identifier) @name)
   (pointer_declarator declarator: (identifier) @name)])) @constant)
(comment) @comment

(call_expression function: [(identifier) @call (field_expression field: (_) @call)])
(preproc_include path: [(system_lib_string) @import (string_literal (string_content) @import)])
"""

_OUTSIDE_FUNCTIONS = (
    "translation_unit", "preproc_ifdef", "preproc_if", "preproc_else", "declaration_list",
)  # fmt: skip
_PROTOTYPES = "\n".join(
    f"""
({parent} (declaration declarator: (function_declarator declarator: (identifier) @name)) @function)
({parent} (declaration declarator:
  (_ (function_declarator declarator: (identifier) @name))) @function)
"""
    for parent in _OUTSIDE_FUNCTIONS
)

C = Grammar(parser="c", query=_COMMON + _PROTOTYPES)
CPP = Grammar(
    parser="cpp",
    query=_COMMON
    + _PROTOTYPES
    + """
(class_specifier name: (_) @name body: (_) @body) @class
(namespace_definition name: (_) @name body: (_) @body) @module
(field_declaration declarator: (function_declarator declarator: (_) @name)) @method
(field_declaration declarator: (_ (function_declarator declarator: (_) @name))) @method
(declaration declarator: (function_declarator declarator: (destructor_name) @name)) @method
(alias_declaration name: (_) @name) @type
(concept_definition name: (_) @name) @type
(template_declaration) @wrapper

(call_expression function: [(qualified_identifier name: (identifier) @call)
  (qualified_identifier name: (qualified_identifier name: (identifier) @call))
  (template_function name: (identifier) @call)
  (qualified_identifier name: (template_function name: (identifier) @call))])
(new_expression type: [(type_identifier) @call (template_type name: (_) @call)
  (qualified_identifier name: (type_identifier) @call)])
(base_class_clause [(type_identifier) @call (template_type name: (_) @call)
  (qualified_identifier name: (type_identifier) @call)])
(using_declaration [(qualified_identifier) @import (identifier) @import])
""",
)
