//! Writing an answer: the session asks and validates, the document says where it goes.

use std::sync::Arc;

use nlq_config::ConnectionRef;
use nlq_engine::Outcome;
use nlq_syntax::{Document, Language};
use nlq_text::{Edit, Span};
use tokio_util::sync::CancellationToken;
use tower_lsp_server::ls_types::MessageType;

use super::{backend::Backend, code_actions::Pick, documents::Open, progress::Progress};
use crate::session::{Ask, Session, SessionError, Validation};

/// What generating came to.
pub(super) struct Generated {
    /// What to change in the document; nothing when the engine asks or abstains.
    pub(super) edits: Vec<Edit>,
    /// What to tell the user, if anything needs telling.
    pub(super) message: Option<(MessageType, String)>,
}

impl Backend {
    /// Answers the prompt of an open document on a connection.
    pub(super) async fn generate_answer(
        &self,
        open: &Open,
        prompt: usize,
        connection: &str,
        pick: Pick,
        progress: &Progress,
    ) -> Result<Generated, SessionError> {
        let Some(session) = open.session.clone() else {
            return Err(SessionError::new(
                "no-config",
                "there is no nlq.yaml in this folder or above it: run `nlq init`",
            ));
        };
        let snapshot = self.state.snapshot_of(open);
        let Some(found) = open.document.prompts().get(prompt) else {
            return Err(SessionError::new("stale", "the prompt is no longer there; ask again"));
        };
        if found.text.trim().is_empty() {
            return Err(SessionError::new("empty-prompt", "the prompt is empty: write a question after the trigger"));
        }
        let connection = session.find_connection(Some(connection))?;
        let fence = session.dialect(&connection)?.fence();
        if pick != Pick::Best {
            return self.take(open, prompt, &session, &connection, pick, progress).await;
        }
        let conversation = snapshot.conversation(prompt);
        let ask = Ask {
            text: found.text.clone(),
            earlier: conversation.earlier.iter().map(ToString::to_string).collect(),
            replies: conversation.replies.iter().map(ToString::to_string).collect(),
            connection: Some(connection.to_string()),
            document: Some(open.uri.as_str().to_owned()),
            today: Some(snapshot.today),
            ..Ask::default()
        };
        let events = |event: nlq_agents::Event<'_>| progress.report(&event.words());
        let checked = Box::pin(session.ask(&ask, progress.cancel.clone(), &events)).await?;
        let answer = Arc::new(checked.answer);
        // The menu, the hover and the reasoning document tell of a model's answer from now on.
        if !checked.calls.is_empty() {
            if let Some(view) = session.view().connections.get(&connection) {
                snapshot.remember(prompt, view, Arc::clone(&answer));
            }
            self.refresh_all();
        }
        let told = |kind, message: String| {
            let message = std::iter::once(message).chain(checked.notes.iter().cloned()).collect::<Vec<_>>().join(" ");
            (!message.is_empty()).then_some((kind, message))
        };
        match &answer.outcome {
            Outcome::Query { sql, .. } => {
                let message = match checked.validation {
                    Validation::Failed(error) => {
                        let message = format!("{connection} refuses this query, so it was not written: {error}");
                        return Ok(Generated { edits: Vec::new(), message: told(MessageType::ERROR, message) });
                    }
                    Validation::Offline(why) => format!("Checked against the schema snapshot only: {why}"),
                    Validation::Passed | Validation::NotApplicable => String::new(),
                };
                let edits = vec![open.document.answer_edit(prompt, sql, fence)];
                Ok(Generated { edits, message: told(MessageType::INFO, message) })
            }
            Outcome::Clarification(asked) => {
                let message = format!("{} (pick an option from the menu on the prompt)", asked.question);
                let already = found.replies.iter().any(|reply| reply.question == asked.question);
                // In a .nlq file the conversation is the document: the question is written below the prompt.
                let edits = if open.document.language() == Language::Nlq && !already {
                    vec![open.document.reply_edit(prompt, &asked.question, "")]
                } else {
                    Vec::new()
                };
                Ok(Generated { edits, message: told(MessageType::INFO, message) })
            }
            Outcome::Abstention { reason } => {
                Ok(Generated { edits: Vec::new(), message: told(MessageType::WARNING, reason.clone()) })
            }
        }
    }

    /// Writes another reading, or a reply with its query: those that the menu showed.
    async fn take(
        &self,
        open: &Open,
        prompt: usize,
        session: &Session,
        connection: &ConnectionRef,
        pick: Pick,
        progress: &Progress,
    ) -> Result<Generated, SessionError> {
        let snapshot = self.state.snapshot_of(open);
        let view = snapshot.workspace.connections.get(connection).cloned();
        let answer = view.and_then(|view| snapshot.answer(prompt, &view)).ok_or_else(gone)?;
        let document = &open.document;
        let fence = session.dialect(connection)?.fence();
        let (sql, edit) = match (pick, &answer.outcome) {
            (Pick::Option(index), Outcome::Clarification(asked)) => {
                let option = asked.options.get(index).ok_or_else(gone)?;
                (&option.sql, replied(document, prompt, (&asked.question, &option.label), &option.sql, fence))
            }
            (Pick::Alternative(index), _) => {
                let other = answer.alternatives.get(index).ok_or_else(gone)?;
                (&other.sql, document.answer_edit(prompt, &other.sql, fence))
            }
            _ => return Err(gone()),
        };
        self.picked(session, connection, sql, progress.cancel.clone()).await?;
        Ok(Generated { edits: vec![edit], message: None })
    }

    /// A reading that the user picked is validated like the best one; without the system it is taken as it is.
    async fn picked(
        &self,
        session: &Session,
        connection: &ConnectionRef,
        sql: &str,
        cancel: CancellationToken,
    ) -> Result<(), SessionError> {
        if !session.view().trusted {
            return Ok(());
        }
        match session.validate(connection, sql, cancel).await {
            Err(error) if error.is_repairable() || error.code == "cancelled" => Err(error),
            _ => Ok(()),
        }
    }
}

fn gone() -> SessionError {
    SessionError::new("stale", "this reading is no longer offered; open the menu again")
}

/// One edit that writes both the reply and the query, made by applying them one after the other.
fn replied(document: &Document, prompt: usize, (question, reply): (&str, &str), sql: &str, fence: &str) -> Edit {
    let mut changed = document.clone();
    let replied = changed.edit(&changed.reply_edit(prompt, question, reply));
    if replied && changed.prompts().len() == document.prompts().len() {
        changed.edit(&changed.answer_edit(prompt, sql, fence));
    } else {
        // The reply would have made another prompt: the query alone is written.
        changed = document.clone();
        changed.edit(&changed.answer_edit(prompt, sql, fence));
    }
    difference(document.text(), changed.text())
}

/// The one edit that makes `old` into `new`.
fn difference(old: &str, new: &str) -> Edit {
    let prefix: usize = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (old_rest, new_rest) = (&old[prefix..], &new[prefix..]);
    let suffix: usize =
        old_rest.chars().rev().zip(new_rest.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    Edit { span: Span::new(prefix, old.len() - suffix), text: new_rest[..new_rest.len() - suffix].to_owned() }
}

#[cfg(test)]
mod tests {
    use nlq_text::apply_edits;

    use super::*;

    #[test]
    fn the_difference_makes_the_new_text() {
        for (old, new) in [("abc", "abXc"), ("aaa", "aa"), ("", "x"), ("ä-ö", "ä-é-ö"), ("same", "same")] {
            assert_eq!(apply_edits(old, &[difference(old, new)]), new);
        }
    }
}
