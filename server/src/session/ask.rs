//! From a question to a validated answer.

use std::sync::Arc;

use nlq_agents::Event;
use nlq_config::ConnectionRef;
use nlq_engine::{Answer, Engine, Outcome, Question, Ran, SchemaIndex, Thought};
use nlq_knowledge::Found;
use nlq_llm::ModelCall;
use tokio_util::sync::CancellationToken;

use super::{
    Session, SessionError, Stepped,
    reviewed::{guided, reviewed},
};

/// A question with its context.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    /// The question.
    pub(crate) text: String,
    /// Earlier questions of the conversation, oldest first.
    pub(crate) earlier: Vec<String>,
    /// Replies to clarifications, oldest first.
    pub(crate) replies: Vec<String>,
    /// `provider/connection`, or none for the default.
    pub(crate) connection: Option<String>,
    /// Skip the real database: schema snapshot only.
    pub(crate) offline: bool,
    /// No reading is run to compare what it finds.
    pub(crate) runs_nothing: bool,
    /// One step of another question: takes no steps of its own.
    pub(crate) is_step: bool,
    /// URI of the document that the prompt stands in.
    pub(crate) document: Option<String>,
    /// What "today" is; the real day when none.
    pub(crate) today: Option<chrono::NaiveDate>,
}

/// An answer and what validation said of it.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    /// The engine's answer; after repairs, the reading that passed.
    pub(crate) answer: Answer,
    /// The connection it is for.
    pub(crate) connection: ConnectionRef,
    /// What validation said.
    pub(crate) validation: Validation,
    /// Queries that were tried.
    pub(crate) iterations: u32,
    /// Calls of models, in order; empty when the embedded engine answered alone.
    pub(crate) calls: Vec<ModelCall>,
    /// Reviewed examples like the question, as they were found.
    pub(crate) examples: Vec<Found>,
    /// What the user should know besides, a sentence each: a model that could not be asked.
    pub(crate) notes: Vec<String>,
    /// The queries it took, when one cannot answer.
    pub(crate) steps: Option<Arc<Stepped>>,
}

/// Hears what happens while a question is answered.
pub(crate) type Events<'a> = &'a (dyn Fn(Event<'_>) + Send + Sync);

/// What validation said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Validation {
    /// The system itself accepted the query.
    Passed,
    /// Checked against the snapshot only; the sentence says why the system was not asked.
    Offline(String),
    /// The system refused every reading; its last refusal.
    Failed(SessionError),
    /// There was no query to validate.
    NotApplicable,
}

impl Checked {
    /// The embedded engine's answer.
    pub(super) fn of(answer: Answer, connection: ConnectionRef, validation: Validation) -> Self {
        let iterations = u32::from(validation != Validation::NotApplicable);
        Self {
            answer,
            connection,
            validation,
            iterations,
            calls: Vec::new(),
            examples: Vec::new(),
            notes: Vec::new(),
            steps: None,
        }
    }
}

impl Session {
    /// Answers a question: the embedded engine first; a model where one is configured and the engine is not sure enough.
    /// Whatever is answered was checked as far as the workspace allows. `events` hears what happens.
    pub(super) async fn answered(
        &self,
        ask: &Ask,
        cancel: CancellationToken,
        events: Events<'_>,
    ) -> Result<Checked, SessionError> {
        let connection = self.find_connection(ask.connection.as_deref())?;
        let offline = if ask.offline {
            Some("asked to work offline".to_owned())
        } else if self.view().trusted {
            None
        } else {
            Some(SessionError::untrusted(&connection).message)
        };
        if offline.is_none() && self.schema_is_missing_or_old(&connection) {
            events(Event::Stage(&format!("Reading the schema of {connection}")));
            let refreshed = self.refresh_schema(&connection, cancel.clone()).await;
            // An old snapshot still serves when the system is away; validation will say that it is.
            if let Err(error) = refreshed
                && self.index(&connection).is_none()
            {
                return Err(error);
            }
        }
        events(Event::Stage("Understanding the question"));
        let (answer, thought) = self.think(ask, &connection).await?;
        let examples = self.examples_for(ask, &connection, &answer);
        let mut notes = Vec::new();
        if let Some(reviewed) = reviewed(ask, &answer, &examples) {
            let checked = match &offline {
                Some(reason) => Checked::of(reviewed, connection.clone(), Validation::Offline(reason.clone())),
                None => self.validated(reviewed, &[], connection.clone(), cancel.clone()).await?,
            };
            match &checked.validation {
                // The schema moved on since somebody reviewed it: the question is read as if it were new.
                Validation::Failed(error) => notes.push(format!("A reviewed example no longer fits: {error}.")),
                _ => return Ok(Checked { examples, ..checked }),
            }
        }
        let answer = match &offline {
            Some(_) => answer,
            None => self.compared(ask, &connection, (answer, thought), &cancel, events).await?,
        };
        let answer = match self.index(&connection) {
            Some(index) => guided(answer, &examples, index.catalog()),
            None => answer,
        };
        if let Some(reason) = offline {
            let validation = match answer.outcome {
                Outcome::Query { .. } => Validation::Offline(reason),
                _ => Validation::NotApplicable,
            };
            return Ok(Checked { examples, ..Checked::of(answer, connection, validation) });
        }
        let checked = self.embedded(ask, answer, &examples, connection, cancel.clone(), events).await?;
        let mut checked = self.with_model(ask, checked, &examples, cancel, events).await?;
        checked.notes.splice(0..0, notes);
        Ok(Checked { examples, ..checked })
    }

    /// The embedded engine's answer, validated; read anew when the schema turns out to have moved on.
    async fn embedded(
        &self,
        ask: &Ask,
        answer: Answer,
        examples: &[Found],
        connection: ConnectionRef,
        cancel: CancellationToken,
        events: Events<'_>,
    ) -> Result<Checked, SessionError> {
        events(Event::Stage(&format!("Validating on {connection}")));
        let checked = self.validated(answer, examples, connection, cancel.clone()).await?;
        // A name that the system does not know most often means that the schema moved on since the snapshot.
        if !matches!(&checked.validation, Validation::Failed(error) if error.code == "schema") {
            return Ok(checked);
        }
        events(Event::Stage(&format!("Reading the schema of {} again", checked.connection)));
        let before = self.index(&checked.connection).map(|index| index.catalog().fingerprint());
        let catalog = self.refresh_schema(&checked.connection, cancel.clone()).await?;
        if before == Some(catalog.fingerprint()) {
            return Ok(checked);
        }
        let thought = self.think(ask, &checked.connection).await?;
        let answer = self.compared(ask, &checked.connection, thought, &cancel, events).await?;
        self.validated(answer, examples, checked.connection, cancel).await
    }

    async fn think(&self, ask: &Ask, connection: &ConnectionRef) -> Result<(Answer, Thought), SessionError> {
        self.thinking(ask, connection, |engine, question, index| engine.think(question, index)).await
    }

    /// The answer anew, knowing what runs of readings gave.
    pub(super) async fn think_on(
        &self,
        ask: &Ask,
        connection: &ConnectionRef,
        thought: Thought,
        runs: Vec<Ran>,
    ) -> Result<Answer, SessionError> {
        let again = move |engine: &Engine, question: Question<'_>, index: &SchemaIndex| {
            engine.answer_after(question, index, thought, &runs)
        };
        self.thinking(ask, connection, again).await
    }

    /// Lets the engine work on a question, on a thread of its own.
    async fn thinking<T: Send + 'static>(
        &self,
        ask: &Ask,
        connection: &ConnectionRef,
        work: impl FnOnce(&Engine, Question<'_>, &SchemaIndex) -> T + Send + 'static,
    ) -> Result<T, SessionError> {
        let view = self.view();
        let Some(index) = self.index(connection) else {
            if !view.trusted {
                return Err(SessionError::untrusted(connection));
            }
            let message = format!("no schema of {connection} is known yet: run `nlq schema refresh {connection}`");
            return Err(SessionError::new("no-schema", message));
        };
        let ask = ask.clone();
        let today = ask.today.unwrap_or_else(|| chrono::Local::now().date_naive());
        let thought = tokio::task::spawn_blocking(move || {
            let earlier: Vec<&str> = ask.earlier.iter().map(String::as_str).collect();
            let replies: Vec<&str> = ask.replies.iter().map(String::as_str).collect();
            let question = Question { text: &ask.text, earlier: &earlier, replies: &replies, today };
            work(&view.engine, question, &index)
        });
        thought.await.map_err(|_| SessionError::new("internal", "the engine failed on this question; please report it"))
    }
}
