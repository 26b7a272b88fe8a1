//! The keys of `.nlq/examples/*.yaml`: the source design's section 6.2.

use super::{Key, Object, Shape};

pub(crate) static FILE: Object = Object {
    name: "example_file",
    doc: "Questions with reviewed queries: good ones to follow, bad ones to avoid.",
    keys: &[Key::new("examples", Shape::List(&EXAMPLE), "The examples.")],
};

pub(crate) static EXAMPLE: Object = Object {
    name: "example",
    doc: "One question with its query.",
    keys: &[
        Key::new("id", Shape::Text, "A name of its own; the file's name and the place in it when none is given."),
        Key::new("question", Shape::Text, "The question, as people ask it.").required().others(&[
            "natural_language_query",
            "prompt",
            "text",
        ]),
        Key::new("query", Shape::Text, "The query; of a bad example the one to avoid. Best written as a block, after `|`.")
            .required()
            .others(&["sql", "generated_query", "answer"]),
        Key::new("good", Shape::Bool, "True for a query to follow, false for one to avoid.")
            .default("true")
            .others(&["is_good_example"]),
        Key::new(
            "connection",
            Shape::Text,
            "The connection it is for, as `provider/connection`, or a provider for all of its connections; any when none \
             is named.",
        )
        .others(&["provider", "provider_id"]),
        Key::new(
            "dialect",
            Shape::Word(&[("sqlite", "SQLite."), ("postgresql", "PostgreSQL.")]),
            "The SQL that the query is written in, where no connection says it.",
        ),
        Key::new("tables", Shape::Texts, "Tables that it is about; those of the query when none is named.")
            .others(&["involved_tables"]),
        Key::new(
            "intent",
            Shape::Word(&[
                ("lookup", "Rows as they are."),
                ("filter", "Rows under conditions."),
                ("aggregation", "Counts, sums, averages."),
                ("ranking", "The first of an order."),
                ("trend", "Over time."),
                ("comparison", "Sets against each other."),
            ]),
            "What the query does; told from the query when not written.",
        )
        .others(&["query_intent"]),
        Key::new(
            "complexity",
            Shape::Word(&[
                ("simple", "One table."),
                ("medium", "Joins or groups."),
                ("complex", "Nested queries, set operations, windows."),
            ]),
            "How hard it is; told from the query when not written.",
        )
        .others(&["complexity_level"]),
        Key::new("reviewer", Shape::Text, "Who reviewed it.").others(&["reviewed_by"]),
        Key::new("date", Shape::Text, "When it was reviewed, such as `2026-11-20`.").others(&["reviewed_at"]),
        Key::new("note", Shape::Text, "Why it is good or bad, for people and models.").others(&["comment", "reason"]),
    ],
};
