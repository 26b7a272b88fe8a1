use nlq_config::ConnectionRef;
use nlq_text::Span;

use crate::Snapshot;

/// A command above a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lens {
    /// The line it stands above.
    pub span: Span,
    /// What the user reads.
    pub title: String,
    /// What it does.
    pub command: LensCommand,
}

/// What a lens does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum LensCommand {
    Generate { prompt: usize, connection: ConnectionRef },
    Run { query: usize, connection: ConnectionRef },
    ExplainPlan { query: usize, connection: ConnectionRef },
    ShowReasoning { prompt: usize, connection: ConnectionRef },
    Trust,
}

/// The lenses of a document.
pub fn lenses(snapshot: &Snapshot) -> Vec<Lens> {
    let _ = snapshot;
    Vec::new()
}
