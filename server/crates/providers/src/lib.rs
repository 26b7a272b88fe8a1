//! Connections to the systems that queries run on: introspection, validation and read-only execution.

mod compare;
mod custom;
mod dynamodb;
mod http;
mod mongodb;
mod postgres;
mod provider;
mod rows;
mod same;
mod samples;
mod scratch;
mod search;
mod splunk;
mod sqlite;
mod wait;

pub use compare::{Found, compare};
pub use provider::{Capability, Limits, Problem, ProblemKind, ProviderError, QueryProvider, SchemaOptions, connect};
pub use rows::{ColumnHead, Rows, Truncated, Value};
pub use same::{is_ordered, same_results, same_rows};
pub use scratch::Scratch;
pub use sqlite::{sqlite_catalog, sqlite_file};
