//! From a question to a plan: agents, strategies, reasoning stream, knowledge boundaries and confidence.

mod answer;
mod answering;
mod bind;
mod boundary;
mod changes;
mod clarify;
mod confidence;
mod conversation;
mod cues;
mod describe;
mod engine;
mod frame;
mod index;
mod linker;
mod meaning;
mod readings;
mod reasoning;
mod sound;
mod time;
mod weights;
mod words;

pub use answer::{Alternative, Answer, Clarification, ClarificationOption, Factor, Link, LinkKind, Outcome};
pub use boundary::{BoundaryType, KnowledgeBoundary};
pub use engine::{Candidate, Engine, Question, Settings};
pub use index::SchemaIndex;
pub use reasoning::{ReasoningAlternative, ReasoningStage, ReasoningStep, ReasoningStream};
