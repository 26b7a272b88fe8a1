//! The functions that checks and completion know.

use nlq_catalog::Dialect;

/// Aggregates of both systems.
const AGGREGATES: &[&str] = &[
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "total",
    "group_concat",
    "string_agg",
    "array_agg",
    "json_agg",
    "jsonb_agg",
    "json_group_array",
    "json_group_object",
    "json_object_agg",
    "jsonb_object_agg",
    "bool_and",
    "bool_or",
    "every",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "variance",
    "var_pop",
    "var_samp",
    "corr",
    "mode",
    "percentile_cont",
    "percentile_disc",
    "median",
    "bit_and",
    "bit_or",
    "covar_pop",
    "covar_samp",
    "xmlagg",
];

/// Functions of one row, common to both systems.
const SCALARS: &[&str] = &[
    "abs", "coalesce", "concat", "length", "lower", "ltrim", "nullif", "replace", "round", "rtrim", "substr", "trim",
    "upper",
];

const SCALARS_SQLITE: &[&str] = &[
    "date",
    "datetime",
    "ifnull",
    "iif",
    "instr",
    "json_extract",
    "julianday",
    "printf",
    "strftime",
    "time",
    "unixepoch",
    "typeof",
];

const SCALARS_POSTGRESQL: &[&str] = &[
    "age",
    "ceil",
    "date_part",
    "date_trunc",
    "extract",
    "floor",
    "greatest",
    "least",
    "left",
    "now",
    "position",
    "right",
    "split_part",
    "substring",
    "to_char",
    "to_date",
    "to_timestamp",
];

/// Window functions.
const WINDOWS: &[&str] = &["row_number", "rank", "dense_rank", "lag", "lead", "first_value", "last_value", "ntile"];

/// True for the name of an aggregate; `arguments` tells SQLite's `min(a, b)` of one row from the aggregate.
pub(super) fn is_aggregate(name: &str, arguments: usize, dialect: Dialect) -> bool {
    let of_row = dialect == Dialect::Sqlite && arguments > 1 && matches!(name, "min" | "max");
    !of_row && AGGREGATES.contains(&name)
}

/// True for a function that is known to work on one row.
pub(super) fn is_scalar(name: &str, dialect: Dialect) -> bool {
    scalars(dialect).any(|scalar| scalar == name)
}

fn scalars(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    let own = if dialect == Dialect::Sqlite { SCALARS_SQLITE } else { SCALARS_POSTGRESQL };
    SCALARS.iter().chain(own).copied()
}

/// What completion offers.
pub(super) fn offered(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    let count = if dialect == Dialect::Sqlite { "group_concat" } else { "string_agg" };
    ["count", "sum", "avg", "min", "max", count].into_iter().chain(scalars(dialect)).chain(WINDOWS.iter().copied())
}
