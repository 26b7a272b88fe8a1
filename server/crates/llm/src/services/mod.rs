//! The services, one module each.

mod anthropic;
mod bedrock;
mod editor;
mod gather;
mod gemini;
mod ollama;
mod openai;
mod quirks;
mod remote;
#[cfg(test)]
mod tests;

pub use anthropic::Anthropic;
pub use bedrock::{Bedrock, Credentials};
pub use editor::{EditorFailure, EditorFailureKind, EditorModel, EditorReply, EditorRequest, EditorTransport, OnText};
pub use gemini::Gemini;
pub use ollama::Ollama;
pub use openai::OpenAi;
pub use remote::{Remote, Wire};
