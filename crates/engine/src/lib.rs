//! From a question to a plan: agents, strategies, reasoning stream, knowledge boundaries and confidence.

mod answer;
mod bind;
mod boundary;
mod cues;
mod engine;
mod frame;
mod index;
mod linker;
mod readings;
mod reasoning;
mod time;
mod weights;
mod words;

pub use answer::{Alternative, Answer, Clarification, ClarificationOption, Factor, Link, LinkKind, Outcome};
pub use boundary::{BoundaryType, KnowledgeBoundary};
pub use engine::{Engine, Question, Settings};
pub use index::SchemaIndex;
pub use reasoning::{ReasoningAlternative, ReasoningStage, ReasoningStep, ReasoningStream};
