//! From a question to a validated answer: the engine's reading, the system's verdict, the next reading.

use nlq_config::ConnectionRef;
use nlq_engine::{Answer, Outcome, Question, ReasoningAlternative, ReasoningStage, ReasoningStep};
use nlq_query::sql::guard;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Session, SessionError};

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
}

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

impl Session {
    /// Answers a question: the engine, then validation against the system, then the next reading when it is refused
    /// (at most `max_iterations`). `progress` is told each stage in a few words.
    pub(crate) async fn ask(
        &self,
        ask: &Ask,
        cancel: CancellationToken,
        progress: &(dyn Fn(&str) + Send + Sync),
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
            progress(&format!("Reading the schema of {connection}"));
            let refreshed = self.refresh_schema(&connection, cancel.clone()).await;
            // An old snapshot still serves when the system is away; validation will say that it is.
            if let Err(error) = refreshed
                && self.index(&connection).is_none()
            {
                return Err(error);
            }
        }
        progress("Understanding the question");
        let answer = self.think(ask, &connection).await?;
        if let Some(reason) = offline {
            let validation = match answer.outcome {
                Outcome::Query { .. } => Validation::Offline(reason),
                _ => Validation::NotApplicable,
            };
            return Ok(Checked { answer, connection, validation });
        }
        progress(&format!("Validating on {connection}"));
        let checked = self.validated(answer, connection, cancel.clone()).await?;
        // A name that the system does not know most often means that the schema moved on since the snapshot.
        if !matches!(&checked.validation, Validation::Failed(error) if error.code == "schema") {
            return Ok(checked);
        }
        progress(&format!("Reading the schema of {} again", checked.connection));
        let before = self.index(&checked.connection).map(|index| index.catalog().fingerprint());
        let catalog = self.refresh_schema(&checked.connection, cancel.clone()).await?;
        if before == Some(catalog.fingerprint()) {
            return Ok(checked);
        }
        let answer = self.think(ask, &checked.connection).await?;
        self.validated(answer, checked.connection, cancel).await
    }

    async fn think(&self, ask: &Ask, connection: &ConnectionRef) -> Result<Answer, SessionError> {
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
            view.engine.answer(question, &index)
        });
        thought.await.map_err(|_| SessionError::new("internal", "the engine failed on this question; please report it"))
    }

    /// Asks the system about the best reading, then about the next ones while it refuses them.
    async fn validated(
        &self,
        mut answer: Answer,
        connection: ConnectionRef,
        cancel: CancellationToken,
    ) -> Result<Checked, SessionError> {
        let Outcome::Query { sql, description } = answer.outcome.clone() else {
            return Ok(Checked { answer, connection, validation: Validation::NotApplicable });
        };
        let others =
            answer.alternatives.iter().map(|other| (other.sql.clone(), other.description.clone(), other.confidence));
        let readings: Vec<_> = std::iter::once((sql, description, answer.confidence)).chain(others).collect();
        let iterations = self.view().config.orchestrator.max_iterations.max(1) as usize;
        let mut stage = ReasoningStage {
            name: "Validation".into(),
            description: format!("Asking {connection} whether the query is valid"),
            ..ReasoningStage::default()
        };
        let mut validation = Validation::NotApplicable;
        for (iteration, (sql, description, confidence)) in readings.into_iter().take(iterations).enumerate() {
            let verdict = self.validate(&connection, &sql, cancel.clone()).await;
            if cancel.is_cancelled() {
                return Err(SessionError::cancelled());
            }
            let said = verdict.as_ref().err().map(ToString::to_string);
            stage.steps.push(ReasoningStep {
                description: if iteration == 0 { "Validating the best reading" } else { "Validating the next reading" }
                    .into(),
                evidence: json!({ "iteration": iteration + 1, "is_valid": verdict.is_ok(), "message": said }),
                confidence: if verdict.is_ok() { 1.0 } else { 0.0 },
            });
            match verdict {
                Ok(()) => {
                    validation = Validation::Passed;
                    if iteration > 0 {
                        take_alternative(&mut answer, iteration - 1);
                        answer.outcome = Outcome::Query { sql, description };
                        answer.confidence = confidence;
                    }
                    break;
                }
                Err(error) if error.is_repairable() => {
                    if iteration > 0 {
                        lost(&mut answer, iteration - 1, format!("{connection} refuses it: {error}"));
                    }
                    validation = Validation::Failed(error);
                }
                Err(error) => {
                    validation = Validation::Offline(error.message);
                    break;
                }
            }
        }
        stage.conclusion = match &validation {
            Validation::Passed => format!("{connection} accepts the query"),
            Validation::Offline(why) => format!("Checked against the schema snapshot only: {why}"),
            Validation::Failed(error) => format!("{connection} refuses every reading: {error}"),
            Validation::NotApplicable => "There is no query to validate".into(),
        };
        answer.reasoning.stages.push(stage);
        Ok(Checked { answer, connection, validation })
    }

    /// Asks the system whether a query is valid, through the read-only guard.
    pub(crate) async fn validate(
        &self,
        connection: &ConnectionRef,
        sql: &str,
        cancel: CancellationToken,
    ) -> Result<(), SessionError> {
        let query = guard(sql, self.dialect(connection)?)?;
        let timeout = self.view().config.agents.execution_timeout;
        let provider = self.provider(connection).await?;
        self.noting(connection, provider.validate(&query, timeout, cancel).await)
    }
}

/// The readings that were not taken, as the stream tells of them, when it tells of all alternatives.
fn told(answer: &mut Answer) -> Option<&mut Vec<ReasoningAlternative>> {
    let count = answer.alternatives.len();
    answer.reasoning.stages.iter_mut().rev().map(|stage| &mut stage.alternatives).find(|told| told.len() == count)
}

/// Removes an alternative that became the answer, also from the readings that were not taken.
fn take_alternative(answer: &mut Answer, at: usize) {
    if let Some(told) = told(answer) {
        told.remove(at);
    }
    answer.alternatives.remove(at);
}

/// Notes why an alternative lost.
fn lost(answer: &mut Answer, at: usize, reason: String) {
    if let Some(told) = told(answer) {
        told[at].reason = reason;
    }
}
