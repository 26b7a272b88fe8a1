use crate::Chat;

/// A prompt with its variables filled in: what is sent, and what audits say of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rendered {
    /// The prompt's name, such as `generate_query`.
    pub name: String,
    /// The beginning of the hash of the prompt's file.
    pub version: String,
    /// The profile of the model that it is for.
    pub profile: String,
    /// What is sent.
    pub chat: Chat,
}
