//! The keys of `nlq.yaml`. Thresholds, time-outs and limits are the source design's (its appendix A).

use crate::systems::{SQL_DIALECTS, SYSTEMS, TYPES};

use super::{
    Key, Object, Shape,
    models::{BUDGET, MODEL, PRICE},
    observability::OBSERVABILITY,
};

pub(crate) static CONFIG: Object = Object {
    name: "config",
    doc: "An nlq workspace: its systems, how to reach them, and how questions are answered.",
    keys: &[
        Key::new("workspace", Shape::Text, "The workspace's name, as people see it."),
        Key::new("trigger", Shape::Name, "The word that begins a prompt in a comment, as in `nlq: orders per month`.")
            .default("nlq"),
        Key::new(
            "default_connection",
            Shape::Text,
            "The connection of prompts that name none, as `provider/connection`; the only connection when there is one.",
        ),
        Key::new("providers", Shape::Named(&PROVIDER), "The systems that questions are asked of, by name.").required(),
        Key::new(
            "models",
            Shape::Named(&MODEL),
            "Model profiles by name; `default` stands for those that are not given.",
        ),
        Key::new("budget", Shape::Object(&BUDGET), "What models may take."),
        Key::new("prices", Shape::List(&PRICE), "Prices of models that nlq does not know, or knows otherwise."),
        Key::new("orchestrator", Shape::Object(&ORCHESTRATOR), "When to stop, ask and try again."),
        Key::new("agents", Shape::Object(&AGENTS), "Settings of the agents that answer a question."),
        Key::new("engine", Shape::Object(&ENGINE), "How questions are understood."),
        Key::new("observability", Shape::Object(&OBSERVABILITY), "What is kept of questions and answers."),
        Key::new("annotations", Shape::Globs, "Globs, relative to this file, of the annotation files.")
            .default("[\"**/*.annotations.yaml\"]"),
    ],
};

static PROVIDER: Object = Object {
    name: "provider",
    doc: "One system with its connections, such as development and production.",
    keys: &[
        Key::new("type", Shape::Word(TYPES), "Which system it is.")
            .required()
            .others(&["kind", "system", "driver", "engine"]),
        Key::new("dialect", Shape::Word(SQL_DIALECTS), "Which SQL system it is, for `type: sql`."),
        Key::new("description", Shape::Text, "What people should know of the system."),
        Key::new("default_connection", Shape::Name, "The connection that the provider's name alone stands for."),
        Key::new("connections", Shape::NamedBySystem(&SYSTEMS), "The system's connections, by name.").required(),
    ],
};

pub(crate) static ORCHESTRATOR: Object = Object {
    name: "orchestrator",
    doc: "When to stop, ask and try again.",
    keys: &[
        Key::new("max_iterations", Shape::Integer { min: 1, max: 20 }, "Attempts to repair a query at most.")
            .default("5"),
        Key::new(
            "confidence_threshold",
            Shape::Number { min: 0.0, max: 1.0 },
            "A validated answer with at least this confidence is done.",
        )
        .default("0.85"),
        Key::new(
            "clarification_threshold",
            Shape::Number { min: 0.0, max: 1.0 },
            "Below this confidence nlq asks instead of answering.",
        )
        .default("0.6"),
        Key::new(
            "use_model",
            Shape::Word(&[
                ("when_unsure", "When the embedded engine is not sure of its answer."),
                ("always", "For every question."),
                ("never", "Not at all: no question leaves this machine."),
            ]),
            "When a model is asked; nothing is without `models`.",
        )
        .default("when_unsure"),
        Key::new(
            "trace_level",
            Shape::Word(&[
                ("none", "The answer, and what it took."),
                ("summary", "The stages and what they came to."),
                ("full", "Every step with its evidence."),
            ]),
            "How much of an answer's reasoning is kept with its turn.",
        )
        .default("full"),
    ],
};

pub(crate) static AGENTS: Object = Object {
    name: "agents",
    doc: "Settings of the agents that answer a question.",
    keys: &[
        Key::new("schema_expert", Shape::Object(&SCHEMA_EXPERT), "The agent that knows the schema."),
        Key::new("query_builder", Shape::Object(&QUERY_BUILDER), "The agent that writes queries."),
        Key::new("validator", Shape::Object(&VALIDATOR), "The agent that checks and runs queries."),
        Key::new("rag_retrieval", Shape::Object(&RAG_RETRIEVAL), "The agent that finds examples like the question."),
        Key::new("orchestrator", Shape::Object(&ORCHESTRATOR_AGENT), "The agent that asks the others."),
    ],
};

const AGENT_MODEL: Key =
    Key::new("model", Shape::Name, "The model profile that it asks; each prompt's own when not given.");
const AGENT_TEMPERATURE: Key = Key::new(
    "temperature",
    Shape::Number { min: 0.0, max: 2.0 },
    "How freely its model chooses its words: stands above the prompt's and the profile's.",
);

pub(crate) static ORCHESTRATOR_AGENT: Object = Object {
    name: "orchestrator_agent",
    doc: "The agent that asks the others.",
    keys: &[AGENT_MODEL, AGENT_TEMPERATURE],
};

pub(crate) static QUERY_BUILDER: Object = Object {
    name: "query_builder",
    doc: "The agent that writes queries.",
    keys: &[
        AGENT_MODEL,
        AGENT_TEMPERATURE,
        Key::new("max_examples", Shape::Integer { min: 0, max: 50 }, "Examples shown to the model at most.")
            .default("5"),
        Key::new(
            "candidates",
            Shape::Integer { min: 1, max: 9 },
            "Queries that the model writes for a hard question; what most of them find counts.",
        )
        .default("3"),
    ],
};

pub(crate) static RAG_RETRIEVAL: Object = Object {
    name: "rag_retrieval",
    doc: "The agent that finds examples like the question.",
    keys: &[
        AGENT_MODEL,
        AGENT_TEMPERATURE,
        Key::new(
            "min_similarity",
            Shape::Number { min: 0.0, max: 1.0 },
            "An example less like the question than this is not shown.",
        )
        .default("0.7"),
    ],
};

pub(crate) static SCHEMA_EXPERT: Object = Object {
    name: "schema_expert",
    doc: "The agent that knows the schema.",
    keys: &[
        AGENT_MODEL,
        AGENT_TEMPERATURE,
        Key::new(
            "cache_ttl_seconds",
            Shape::Integer { min: 0, max: 31_536_000 },
            "A schema snapshot older than this is read again on the next connection, in seconds.",
        )
        .default("3600"),
        Key::new(
            "max_tables_in_context",
            Shape::Integer { min: 1, max: 10_000 },
            "Tables considered for one question at most.",
        )
        .default("20"),
    ],
};

pub(crate) static VALIDATOR: Object = Object {
    name: "validator",
    doc: "The agent that checks and runs queries.",
    keys: &[
        AGENT_MODEL,
        AGENT_TEMPERATURE,
        Key::new(
            "execution_timeout_seconds",
            Shape::Integer { min: 1, max: 86_400 },
            "A query that runs longer is cancelled, in seconds.",
        )
        .default("30"),
        Key::new("max_result_rows", Shape::Integer { min: 1, max: 1_000_000 }, "Rows fetched at most.").default("100"),
        Key::new(
            "max_result_bytes",
            Shape::Integer { min: 1024, max: 1_073_741_824 },
            "Bytes of values fetched at most.",
        )
        .default("16777216"),
        Key::new(
            "compared_readings",
            Shape::Integer { min: 0, max: 6 },
            "Readings of a question that is not sure that are run, read-only and for at most 100 rows, to see which of them find something; 0 for none. Nothing is run so where the system charges for queries.",
        )
        .default("6"),
        Key::new(
            "comparison_timeout_seconds",
            Shape::Integer { min: 1, max: 86_400 },
            "What those runs of one question may take in all, in seconds.",
        )
        .default("2"),
    ],
};

pub(crate) static ENGINE: Object = Object {
    name: "engine",
    doc: "How questions are understood.",
    keys: &[Key::new(
        "fiscal_year_start",
        Shape::Integer { min: 1, max: 12 },
        "The first month of the fiscal year, 1 to 12.",
    )
    .default("1")],
};
