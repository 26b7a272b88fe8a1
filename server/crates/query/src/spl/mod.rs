//! Reading SPL, the Search Processing Language of Splunk: what a search says, what is wrong with it, what it may not do, and what
//! editors tell of it. Everything takes text and answers with plain data; nothing here fails or panics on half-typed input.

mod access;
mod parse;
#[cfg(test)]
mod parse_tests;
mod read;
pub(crate) mod render;
mod segments;
pub mod tree;

pub use parse::parse;
