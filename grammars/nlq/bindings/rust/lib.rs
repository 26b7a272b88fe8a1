//! tree-sitter grammar for .nlq files.
