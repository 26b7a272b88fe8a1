//! From a question to a plan: agents, strategies, reasoning stream, knowledge boundaries and confidence.

mod answer;
mod boundary;
mod engine;
mod reasoning;

pub use answer::{Alternative, Answer, Clarification, ClarificationOption, Factor, Link, LinkKind, Outcome};
pub use boundary::{BoundaryType, KnowledgeBoundary};
pub use engine::{Engine, Question, SchemaIndex, Settings};
pub use reasoning::{ReasoningAlternative, ReasoningStage, ReasoningStep, ReasoningStream};
