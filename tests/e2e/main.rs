//! End-to-end tests over the real binary.

#[path = "../support/client.rs"]
mod client;
#[path = "../support/postgres.rs"]
mod postgres_server;
#[path = "../support/models.rs"]
mod scripted_models;
#[path = "../support/splunk.rs"]
mod splunk_double;
#[path = "../support/systems.rs"]
mod systems;

mod canaries;
mod cli_ask;
mod cli_check;
mod cli_demo;
mod cli_eval;
mod cli_explain;
mod cli_knowledge;
mod cli_support;
mod cli_workspace;
mod comparing;
mod conformance;
mod dynamodb;
mod house;
mod lsp;
mod lsp_knowledge;
mod lsp_models;
mod models;
mod postgres;
mod splunk;
mod steps;
mod telemetry;
