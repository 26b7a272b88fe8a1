//! Positions, edits and diagnostics: the plain data every floor speaks.
//!
//! All ranges inside nlq are byte ranges into UTF-8 text ([`Span`]); only the language server's edge converts them to
//! lines and columns, in the encoding that the client asked for ([`LineIndex`]).

mod diagnostic;
mod line_index;
mod span;
mod suggest;

pub use diagnostic::{Diagnostic, Edit, Fix, Severity, apply_edits};
pub use line_index::{Encoding, LineIndex, Position};
pub use span::Span;
pub use suggest::{did_you_mean, did_you_mean_all, similarity};
