//! Reading SPL, the Search Processing Language of Splunk: what a search says, what is wrong with it, what it may not do, and what
//! editors tell of it. Everything takes text and answers with plain data; nothing here fails or panics on half-typed input.

mod access;
mod check;
#[cfg(test)]
mod check_tests;
mod complete;
#[cfg(test)]
mod editor_tests;
mod expand;
#[cfg(test)]
mod fixture;
mod flow;
mod guard;
#[cfg(test)]
mod guard_tests;
mod language;
mod outline;
mod parse;
#[cfg(test)]
mod parse_tests;
mod read;
mod references;
pub(crate) mod render;
mod segments;
mod sensitive;
mod statements;
mod symbols;
mod times;
pub mod tree;
mod vocabulary;

pub use expand::expand;
pub use parse::parse;

pub(crate) use language::Spl;

use statements::statements;
