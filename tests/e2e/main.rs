//! End-to-end tests over the real binary.

#[path = "../support/client.rs"]
mod client;
mod lsp;
