use nlq_catalog::{Annotations, Catalog};
use nlq_text::{Diagnostic, Span};

use crate::Parsed;

/// One `*.annotations.yaml`, with source ranges.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AnnotationFile {
    /// Its content.
    pub annotations: Annotations,
    /// Where each target is named.
    pub places: Vec<Place>,
}

/// Where a table, column, term or metric is annotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `table`, `table.column`, or the name of a term or metric; lower case.
    pub target: String,
    /// The range of its name in the file.
    pub span: Span,
}

/// Reads an annotation file (seeds: section 11.2). Never fails.
pub fn parse_annotations(text: &str) -> Parsed<AnnotationFile> {
    let _ = text;
    Parsed { value: AnnotationFile::default(), diagnostics: Vec::new() }
}

/// Checks targets, relationships, terms and metrics against the schema: unknown tables and columns with did-you-mean.
pub fn check_annotations(file: &AnnotationFile, text: &str, catalog: &Catalog) -> Vec<Diagnostic> {
    let _ = (file, text, catalog);
    Vec::new()
}

/// All files' annotations as one; later files add to earlier ones.
pub fn merge_annotations<'a>(files: impl IntoIterator<Item = &'a AnnotationFile>) -> Annotations {
    let _ = files.into_iter().count();
    Annotations::default()
}
