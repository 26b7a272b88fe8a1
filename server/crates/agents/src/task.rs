use chrono::NaiveDate;
use nlq_engine::{Answer, SchemaIndex};
use nlq_knowledge::Found;

/// A question with all that is known of it before a model is asked.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The question.
    pub question: &'a str,
    /// Earlier questions of the conversation, oldest first.
    pub earlier: &'a [String],
    /// Replies to clarifications, oldest first.
    pub replies: &'a [String],
    /// What "today" is.
    pub today: NaiveDate,
    /// The schema.
    pub index: &'a SchemaIndex,
    /// What the embedded engine makes of the question.
    pub embedded: &'a Answer,
    /// Reviewed examples like it, best first.
    pub examples: &'a [Found],
    /// The connection lets sampled values leave the machine.
    pub may_sample: bool,
}

/// What happens while a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A stage begins, in a few words.
    Stage(&'a str),
    /// The query as far as the model has written it.
    Draft(&'a str),
}

impl Event<'_> {
    /// What a line of progress has room for: the stage, or the end of the query that is being written.
    pub fn words(&self) -> String {
        const ROOM: usize = 60;
        let text = match self {
            Event::Stage(text) | Event::Draft(text) => text,
        };
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let length = line.chars().count();
        if length <= ROOM {
            return line;
        }
        format!("\u{2026}{}", line.chars().skip(length - ROOM).collect::<String>())
    }
}
