//! From a question to a plan: agents, strategies, reasoning stream, knowledge boundaries and confidence.
//!
//! | agent | what it does | where |
//! |---|---|---|
//! | `EntityAgent` | words become names, values, numbers, times and operations, by the strategies that `linker::STRATEGIES` lists | `linker.rs`, `index.rs`, `declared.rs`, `similar.rs`, `spelling.rs`, `words.rs`, `time.rs`, `cues.rs` |
//! | `IntentAgent` | which phrase plays which part: every way to read it is a frame | `frame.rs` |
//! | `AttributeAgent` | phrases of a frame are bound to columns; filters, groups, orders and limits become a plan | `bind.rs`, `sound.rs` |
//! | `RelationshipAgent` | which tables are joined, and by what | `nlq_query::joins` |
//! | `SQLAgent` | the plan as text of one dialect | `nlq_query::render`; other languages in `written.rs` |
//! | learned reader | shapes that questions like this one have, filled with the likeliest columns: more plans | `learned/` |
//! | orchestrator | ranks the readings, knows how sure it is, answers, asks back or declines | `readings.rs`, `pool.rs`, `contrast.rs`, `meaning.rs`, `weights.rs`, `demands.rs`, `results.rs`, `confidence.rs`, `clarify.rs`, `answering.rs` |
//!
//! Names are found by `DirectTableMatchStrategy`, `DirectColumnMatchStrategy`, `PartialTableMatchStrategy`,
//! `PartialColumnMatchStrategy`, `GlossaryTermMatchStrategy`, `SemanticConceptMatchStrategy`, `CommentMatchStrategy`,
//! `PersonNameStrategy`, `DisplayColumnStrategy` (`index.rs`) and `SynonymMatchStrategy` (`linker.rs`); every link of an answer tells its own.
//!
//! Data goes one way, from the top of the table to its end; `engine.rs` is the entry, `conversation.rs` joins follow-ups and
//! replies, `changes.rs` turns away what would write.

mod answer;
mod answering;
mod bind;
mod boundary;
mod changes;
mod clarify;
mod confidence;
mod contrast;
mod conversation;
mod cues;
mod declared;
mod demands;
mod describe;
mod engine;
mod frame;
mod index;
mod learned;
mod linker;
mod meaning;
mod pool;
mod readings;
mod reasoning;
mod results;
mod similar;
mod sound;
mod spelling;
mod thesaurus;
mod time;
pub mod training;
mod weights;
mod words;
mod written;

pub use answer::{Alternative, Answer, Clarification, ClarificationOption, Factor, Link, LinkKind, Outcome};
pub use boundary::{BoundaryType, KnowledgeBoundary};
pub use engine::{Candidate, Engine, Question, Settings, Thought};
pub use index::SchemaIndex;
pub use reasoning::{ReasoningAlternative, ReasoningStage, ReasoningStep, ReasoningStream};
pub use results::{Gave, Ran};
pub use weights::Weights;
