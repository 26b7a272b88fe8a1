//! The schema model: tables, columns, keys, sampled values, annotations, names and words.
//!
//! A [`Catalog`] is what one connection looks like, read once and kept as a snapshot file; [`Annotations`] are what the
//! team says about it. Both are plain immutable data: nothing here opens a connection.

mod annotation;
mod dialect;
mod fingerprint;
mod model;
mod names;
mod plain;
mod snapshot;

pub use annotation::{Annotations, ColumnAnnotation, Metric, TableAnnotation, Term};
pub use dialect::{Dialect, QueryLanguage};
pub use model::{
    Catalog, Column, ColumnId, ForeignKey, Index, Nested, Object, ObjectKind, Table, TableId, TableKind, TypeKind,
    ValueSample,
};
pub use names::{fold, is_word_char, split_name, stem};
pub use plain::{PlainNames, PlainTable, abbreviates};
pub use snapshot::{SNAPSHOT_VERSION, SnapshotError};
