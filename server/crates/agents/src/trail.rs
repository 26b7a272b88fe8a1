//! The pipeline's part of the reasoning stream.

use std::time::Instant;

use nlq_engine::{ReasoningStage, ReasoningStep};
use serde_json::Value;

/// Stages as they happen.
#[derive(Debug)]
pub(crate) struct Trail {
    stages: Vec<ReasoningStage>,
    begun: Instant,
}

impl Trail {
    pub(crate) fn new() -> Self {
        Self { stages: Vec::new(), begun: Instant::now() }
    }

    /// Begins a stage; the one before ends.
    pub(crate) fn stage(&mut self, name: &str, description: impl Into<String>) {
        self.end();
        self.begun = Instant::now();
        self.stages.push(ReasoningStage {
            name: name.to_owned(),
            description: description.into(),
            ..ReasoningStage::default()
        });
    }

    /// Adds a step to the present stage.
    pub(crate) fn step(&mut self, description: impl Into<String>, evidence: Value, confidence: f64) {
        if let Some(stage) = self.stages.last_mut() {
            stage.steps.push(ReasoningStep { description: description.into(), evidence, confidence });
        }
    }

    /// Says what came of the present stage.
    pub(crate) fn conclude(&mut self, conclusion: impl Into<String>) {
        if let Some(stage) = self.stages.last_mut() {
            stage.conclusion = conclusion.into();
        }
    }

    fn end(&mut self) {
        if let Some(stage) = self.stages.last_mut().filter(|stage| stage.micros == 0) {
            stage.micros = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        }
    }

    pub(crate) fn into_stages(mut self) -> Vec<ReasoningStage> {
        self.end();
        self.stages
    }
}
