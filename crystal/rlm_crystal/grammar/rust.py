"""Rust."""

from rlm_crystal.grammar.spec import Grammar

RUST = Grammar(
    parser="rust",
    joint="::",
    query="""
(function_item name: (_) @name body: (_) @body) @function
(function_signature_item name: (_) @name) @function
(struct_item name: (_) @name) @struct
(union_item name: (_) @name) @struct
(enum_item name: (_) @name) @enum
(trait_item name: (_) @name) @trait
(impl_item type: [(type_identifier) @name (scoped_type_identifier name: (_) @name)
                  (generic_type type: (_) @name) (reference_type type: (_) @name)
                  (primitive_type) @name]) @impl
(type_item name: (_) @name) @type
(mod_item name: (_) @name body: (_) @body) @module
(const_item name: (_) @name) @constant
(static_item name: (_) @name) @constant
(macro_definition name: (_) @name) @function
(line_comment) @comment
(block_comment) @comment
(attribute_item) @attribute

(call_expression function: [(identifier) @call (field_expression field: (_) @call)
  (scoped_identifier name: (_) @call)
  (generic_function function: [(identifier) @call (field_expression field: (_) @call)
    (scoped_identifier name: (_) @call)])])
(macro_invocation macro: [(identifier) @call (scoped_identifier name: (_) @call)])
(struct_expression name: (type_identifier) @call)
(impl_item trait: [(type_identifier) @call (generic_type type: (type_identifier) @call)])
(use_declaration argument: [(scoped_identifier) @import (identifier) @import])
(use_declaration argument: (use_as_clause path: (_) @import))
(use_declaration argument: (use_wildcard (_) @import))
(use_declaration argument: (scoped_use_list path: (_) @import))
(use_declaration argument: (scoped_use_list path: (_) @from list: (use_list
  [(identifier) @import (scoped_identifier) @import (use_as_clause path: (_) @import)
   (use_wildcard (_) @import) (scoped_use_list path: (_) @import)])))
(extern_crate_declaration name: (_) @import)
(mod_item name: (_) @import !body)
""",
)
