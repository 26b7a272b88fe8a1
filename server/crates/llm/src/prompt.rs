use crate::{Chat, Message, Reply, Role};

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

impl Rendered {
    /// The conversation carried on: what this prompt says, what the model replied, and what `next` says to that. Instructions,
    /// context and tools stay this prompt's, so that the service's cache still serves.
    pub fn followed_by(&self, reply: &Reply, next: Rendered) -> Rendered {
        let mut chat = self.chat.clone();
        let Reply { text, calls, .. } = reply.clone();
        chat.messages.push(Message { role: Role::Assistant, text, calls, results: Vec::new() });
        chat.messages.extend(next.chat.messages);
        chat.temperature = next.chat.temperature.or(chat.temperature);
        Rendered { chat, ..next }
    }
}
