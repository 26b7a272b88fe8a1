//! The keys of `*.annotations.yaml`: the source design's section 11, with glossary terms and metrics beside it.

use super::{Key, Object, Shape};

pub(crate) static FILE: Object = Object {
    name: "annotation_file",
    doc: "What a team says about its tables and columns, and the words it uses for them.",
    keys: &[
        Key::new("annotations", Shape::List(&ANNOTATION), "What is said about tables and columns."),
        Key::new("terms", Shape::List(&TERM), "Words of the business and the conditions they stand for."),
        Key::new("metrics", Shape::List(&METRIC), "Named figures and the expressions they are computed with."),
    ],
};

pub(crate) static ANNOTATION: Object = Object {
    name: "annotation",
    doc: "What is said about one table or one column.",
    keys: &[
        Key::new("table", Shape::Text, "The table that this is about, with its schema if need be.")
            .others(&["table_name"]),
        Key::new("column", Shape::Text, "The column that this is about, as `table.column`.").others(&["column_name"]),
        Key::new("description", Shape::Text, "What it holds."),
        Key::new("business_terms", Shape::Texts, "Other names that people use for it.")
            .others(&["synonyms", "aliases"]),
        Key::new("examples", Shape::Texts, "Examples: of use for a table, of values for a column."),
        Key::new(
            "relationships",
            Shape::Joins,
            "How it joins other tables, each as `table.column -> table.column`: for keys that the database does not \
             declare.",
        ),
        Key::new("date_format", Shape::Text, "How dates are written in the column, such as `YYYYMMDD`."),
        Key::new("enum_values", Shape::Texts, "All values that the column may take.").others(&["values", "enum"]),
        Key::new("sensitive", Shape::Bool, "Personal or secret data: never sampled, never shown.").default("false"),
        Key::new("provider_id", Shape::Text, "Kept for other tools; not read."),
        Key::new("created_by", Shape::Text, "Kept for other tools; not read."),
        Key::new("created_at", Shape::Text, "Kept for other tools; not read."),
        Key::new("updated_at", Shape::Text, "Kept for other tools; not read."),
    ],
};

const SYNONYMS: Key =
    Key::new("synonyms", Shape::Texts, "Other ways to say it.").others(&["business_terms", "aliases"]);
const DESCRIPTION: Key = Key::new("description", Shape::Text, "What it means, for people.");

pub(crate) static TERM: Object = Object {
    name: "term",
    doc: "A word or phrase of the business that picks rows of a table.",
    keys: &[
        Key::new("name", Shape::Text, "The word or phrase, such as `big spender`.").required().others(&["term"]),
        SYNONYMS,
        DESCRIPTION,
        Key::new("table", Shape::Text, "The table whose rows it picks.").required(),
        Key::new("condition", Shape::Text, "A condition over that table's columns, such as `total_amount > 1000`.")
            .required()
            .others(&["expression", "where", "filter"]),
    ],
};

pub(crate) static METRIC: Object = Object {
    name: "metric",
    doc: "A named figure: an aggregate over one table.",
    keys: &[
        Key::new("name", Shape::Text, "The word or phrase, such as `revenue`.").required().others(&["metric"]),
        SYNONYMS,
        DESCRIPTION,
        Key::new("table", Shape::Text, "The table it is computed over.").required(),
        Key::new(
            "expression",
            Shape::Text,
            "An aggregate expression over that table's columns, such as `sum(total_amount)`.",
        )
        .required()
        .others(&["condition", "formula", "sql"]),
    ],
};
