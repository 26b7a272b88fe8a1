//! Validation of the embedded engine's readings: the best one, then the next while the system refuses them.

use std::time::Instant;

use nlq_config::ConnectionRef;
use nlq_engine::{Answer, Outcome, ReasoningAlternative, ReasoningStage, ReasoningStep};
use nlq_knowledge::Found;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Checked, Session, SessionError, Validation, mask::mask_error, reviewed::rejected};

impl Session {
    /// Asks the system about the best reading, then about the next ones while it refuses them.
    pub(super) async fn validated(
        &self,
        mut answer: Answer,
        examples: &[Found],
        connection: ConnectionRef,
        cancel: CancellationToken,
    ) -> Result<Checked, SessionError> {
        let Outcome::Query { sql, description } = answer.outcome.clone() else {
            return Ok(Checked::of(answer, connection, Validation::NotApplicable));
        };
        let others =
            answer.alternatives.iter().map(|other| (other.sql.clone(), other.description.clone(), other.confidence));
        let readings: Vec<_> = std::iter::once((sql, description, answer.confidence)).chain(others).collect();
        let iterations = self.view().config.orchestrator.max_iterations.max(1) as usize;
        let begun = Instant::now();
        let mut stage = ReasoningStage {
            name: "Validation".into(),
            description: format!("Asking {connection} whether the query is valid"),
            ..ReasoningStage::default()
        };
        let mut validation = Validation::NotApplicable;
        let mut notes = Vec::new();
        for (iteration, (sql, description, confidence)) in readings.into_iter().take(iterations).enumerate() {
            let verdict = match rejected(&sql, examples) {
                Some(error) => {
                    notes.push(format!("A reading was left out: {error}."));
                    Err(error)
                }
                None => self.validate(&connection, &sql, cancel.clone()).await,
            };
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
        let iterations = u32::try_from(stage.steps.len()).unwrap_or(u32::MAX);
        stage.micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        answer.reasoning.stages.push(stage);
        Ok(Checked { iterations, notes, ..Checked::of(answer, connection, validation) })
    }

    /// Asks the system whether a query is valid, through the read-only guard.
    pub(crate) async fn validate(
        &self,
        connection: &ConnectionRef,
        sql: &str,
        cancel: CancellationToken,
    ) -> Result<(), SessionError> {
        let query = self.guarded(connection, sql)?;
        let timeout = self.view().config.agents.execution_timeout;
        let provider = self.provider(connection).await?;
        let verdict = self.noting(connection, provider.validate(&query, timeout, cancel).await);
        verdict.map_err(|error| mask_error(error, sql, &self.view()))
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
