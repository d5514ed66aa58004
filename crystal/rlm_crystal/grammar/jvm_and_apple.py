"""Kotlin, Scala and Swift."""

from rlm_crystal.grammar.spec import Grammar

KOTLIN = Grammar(
    parser="kotlin",
    query="""
(class_declaration "class" (type_identifier) @name) @class
(class_declaration "interface" (type_identifier) @name) @interface
(class_declaration "enum" (type_identifier) @name) @enum
(object_declaration (type_identifier) @name) @class
(function_declaration (simple_identifier) @name) @function
(function_declaration (simple_identifier) @name (function_body) @body) @function
(type_alias (type_identifier) @name) @type
(source_file (property_declaration (variable_declaration (simple_identifier) @name)) @constant)
(line_comment) @comment
(multiline_comment) @comment

(call_expression . [(simple_identifier) @call
  (navigation_expression (navigation_suffix (simple_identifier) @call))])
(delegation_specifier [(user_type (type_identifier) @call)
  (constructor_invocation (user_type (type_identifier) @call))])
(import_header (identifier) @import)
""",
)
SCALA = Grammar(
    parser="scala",
    query="""
(class_definition name: (_) @name) @class
(object_definition name: (_) @name) @class
(trait_definition name: (_) @name) @trait
(enum_definition name: (_) @name) @enum
(function_definition name: (_) @name body: (_) @body) @function
(function_declaration name: (_) @name) @function
(type_definition name: (_) @name) @type
(template_body (val_definition pattern: (identifier) @name) @constant)
(comment) @comment
(block_comment) @comment

(call_expression function: [(identifier) @call (field_expression field: (identifier) @call)
  (generic_function function: [(identifier) @call (field_expression field: (identifier) @call)])])
(instance_expression (type_identifier) @call)
(extends_clause type: [(type_identifier) @call (generic_type type: (type_identifier) @call)])
(import_declaration) @import
""",
)
SWIFT = Grammar(
    parser="swift",
    query="""
(class_declaration "class" name: (_) @name body: (_) @body) @class
(class_declaration "actor" name: (_) @name body: (_) @body) @class
(class_declaration "struct" name: (_) @name body: (_) @body) @struct
(class_declaration "enum" name: (_) @name body: (_) @body) @enum
(class_declaration "extension" name: (_) @name body: (_) @body) @impl
(protocol_declaration name: (_) @name body: (_) @body) @interface
(function_declaration name: (simple_identifier) @name body: (_) @body) @function
(protocol_function_declaration name: (simple_identifier) @name) @method
(init_declaration "init" @name body: (_) @body) @method
(typealias_declaration . name: (type_identifier) @name) @type
(source_file (property_declaration name: (pattern bound_identifier: (_) @name)) @constant)
(comment) @comment
(multiline_comment) @comment

(call_expression . [(simple_identifier) @call
  (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @call))])
(inheritance_specifier inherits_from: (user_type (type_identifier) @call))
(import_declaration (identifier) @import)
""",
)
