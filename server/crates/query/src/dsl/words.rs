//! The words of search requests: what a body may hold, kinds of queries and of aggregations, each with what it does. What is
//! not here is neither passed nor written.

/// How a kind of query holds what it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// `{ field: ... }`, of values as they are indexed.
    Exact,
    /// `{ field: ... }`, of words that are analysed as the field is.
    Words,
    /// `{ field: { gte, lt, ... } }`.
    Range,
    /// `{ "field": name }`.
    Named,
    /// Lists of queries, or one, under some keys.
    Queries(&'static [&'static str]),
    /// The same, beside `"path"`.
    Nested,
    /// `"fields"`.
    Fields,
    /// Nothing that names a field.
    Nothing,
}

/// A kind of query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Query {
    pub(super) name: &'static str,
    pub(super) holds: Holds,
    pub(super) explanation: &'static str,
}

const fn query(name: &'static str, holds: Holds, explanation: &'static str) -> Query {
    Query { name, holds, explanation }
}

pub(super) const QUERIES: &[Query] = &[
    query(
        "bool",
        Holds::Queries(&["must", "filter", "should", "must_not"]),
        "Documents for which all `must` and `filter`, any `should` and no `must_not` hold.",
    ),
    query("term", Holds::Exact, "Documents whose field holds exactly this value."),
    query("terms", Holds::Exact, "Documents whose field holds exactly one of these values."),
    query("range", Holds::Range, "Documents whose field lies between `gte` or `gt` and `lte` or `lt`."),
    query("exists", Holds::Named, "Documents that have a value in this field."),
    query("match", Holds::Words, "Documents whose text holds any of these words (all of them with `operator: and`)."),
    query("match_phrase", Holds::Words, "Documents whose text holds these words one after the other."),
    query("match_phrase_prefix", Holds::Words, "The same, and the last word may go on."),
    query("match_bool_prefix", Holds::Words, "Documents whose text holds any of these words; the last one may go on."),
    query("prefix", Holds::Exact, "Documents whose value begins so."),
    query("wildcard", Holds::Exact, "Documents whose value fits a pattern: `*` is anything, `?` one character."),
    query("regexp", Holds::Exact, "Documents whose value fits a regular expression."),
    query("fuzzy", Holds::Exact, "Documents whose value is nearly this one."),
    query("multi_match", Holds::Fields, "Documents in one of whose fields these words stand."),
    query(
        "query_string",
        Holds::Fields,
        "Documents that a text in Lucene's own syntax asks for; a mistake in it fails.",
    ),
    query("simple_query_string", Holds::Fields, "The same in a simpler syntax, in which nothing is a mistake."),
    query("nested", Holds::Nested, "Documents of which one object in a nested list fits the whole query."),
    query("constant_score", Holds::Queries(&["filter"]), "Documents that fit a filter, all with the same score."),
    query(
        "dis_max",
        Holds::Queries(&["queries"]),
        "Documents that fit any of the queries; the best one gives the score.",
    ),
    query(
        "boosting",
        Holds::Queries(&["positive", "negative"]),
        "Documents that fit `positive`; those that fit `negative` too come later.",
    ),
    query("ids", Holds::Nothing, "Documents with one of these identifiers."),
    query("match_all", Holds::Nothing, "All documents."),
    query("match_none", Holds::Nothing, "No document."),
];

/// What a kind of aggregation looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// `"field"`, of any kind but analysed text.
    Values,
    /// `"field"` that holds numbers.
    Numbers,
    /// `"sources"` of `composite`.
    Sources,
    /// `"terms"` of `multi_terms`.
    Terms,
    /// A query.
    Query,
    /// Named queries under `"filters"`.
    Filters,
    /// `"path"`.
    Path,
    /// Documents as they are.
    Documents,
    /// Other aggregations, by `"buckets_path"`.
    Others,
}

/// A kind of aggregation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aggregation {
    pub(super) name: &'static str,
    pub(super) over: Over,
    pub(super) explanation: &'static str,
}

const fn kind(name: &'static str, over: Over, explanation: &'static str) -> Aggregation {
    Aggregation { name, over, explanation }
}

pub(super) const AGGREGATIONS: &[Aggregation] = &[
    kind("terms", Over::Values, "A group for each value of a field, the largest groups first; `size` is how many."),
    kind("multi_terms", Over::Terms, "A group for each combination of values of several fields."),
    kind("composite", Over::Sources, "A group for each combination of keys, page by page: none is left out."),
    kind("date_histogram", Over::Values, "A group for each day, month, ... of a date."),
    kind("auto_date_histogram", Over::Values, "Groups of a date, as coarse as fits a number of groups."),
    kind("histogram", Over::Numbers, "A group for each interval of a number."),
    kind("range", Over::Numbers, "A group for each range of a number."),
    kind("date_range", Over::Values, "A group for each range of a date."),
    kind("ip_range", Over::Values, "A group for each range of addresses."),
    kind("rare_terms", Over::Values, "A group for each value that few documents hold."),
    kind("significant_terms", Over::Values, "Values that stand out in these documents against all others."),
    kind("missing", Over::Values, "Documents without a value in the field."),
    kind("filter", Over::Query, "Documents that fit a query."),
    kind("filters", Over::Filters, "A group for each of several queries."),
    kind("nested", Over::Path, "The objects of a nested list, each for itself."),
    kind("reverse_nested", Over::Path, "From the objects of a nested list back to their documents."),
    kind("global", Over::Documents, "All documents, whatever the query says."),
    kind("sampler", Over::Documents, "The best documents of each shard only."),
    kind("avg", Over::Numbers, "The average of a number."),
    kind("sum", Over::Numbers, "The sum of a number."),
    kind("min", Over::Values, "The smallest number or the first date."),
    kind("max", Over::Values, "The largest number or the last date."),
    kind("value_count", Over::Values, "How many values there are."),
    kind(
        "cardinality",
        Over::Values,
        "How many different values there are; approximate above `precision_threshold` (3,000, at most 40,000).",
    ),
    kind("stats", Over::Numbers, "Count, smallest, largest, average and sum of a number."),
    kind("extended_stats", Over::Numbers, "The same with variance and deviation."),
    kind("percentiles", Over::Numbers, "Percentiles of a number, approximate."),
    kind("percentile_ranks", Over::Numbers, "How much lies below each of some numbers, approximate."),
    kind("median_absolute_deviation", Over::Numbers, "How far a number strays from its median, approximate."),
    kind("top_hits", Over::Documents, "The best documents of each group."),
    kind("avg_bucket", Over::Others, "The average over the groups of another aggregation."),
    kind("sum_bucket", Over::Others, "The sum over the groups of another aggregation."),
    kind("min_bucket", Over::Others, "The smallest of the groups of another aggregation."),
    kind("max_bucket", Over::Others, "The largest of the groups of another aggregation."),
    kind(
        "stats_bucket",
        Over::Others,
        "Count, smallest, largest, average and sum over the groups of another aggregation.",
    ),
    kind("cumulative_sum", Over::Others, "The sum over this group and those before."),
    kind("derivative", Over::Others, "The difference to the group before."),
    kind("bucket_sort", Over::Others, "Puts groups in order and cuts them off."),
];

/// What the body of a search may hold.
pub(super) const BODY: &[(&str, &str)] = &[
    ("query", "Which documents."),
    ("size", "How many documents are shown: 10 unless told, 0 for aggregations only."),
    ("from", "How many documents are left out first."),
    ("sort", "In which order."),
    ("_source", "Which fields of the documents are shown, as they were stored."),
    ("fields", "Which fields are shown, as the index knows them."),
    ("docvalue_fields", "Which fields are shown, from the columns of the index."),
    ("aggs", "What is computed over the documents."),
    ("aggregations", "What is computed over the documents."),
    ("post_filter", "Which documents are shown, after the aggregations are computed."),
    ("track_total_hits", "Count all documents that fit, not only the first 10,000."),
    ("track_scores", "Compute scores although another order is asked for."),
    ("min_score", "Only documents with at least this score."),
    ("timeout", "How long a shard may search."),
    ("terminate_after", "How many documents a shard looks at, at most."),
    ("search_after", "Documents after these values of `sort`."),
    ("collapse", "Only the best document for each value of a field."),
    ("highlight", "Show where the words were found."),
    ("explain", "Tell how scores come about."),
    ("version", "Show the documents' versions."),
];

/// Keys whose value runs as a program, or reaches another index or service, wherever they stand.
pub(super) const DENIED: &[&str] = &[
    "script",
    "scripts",
    "script_fields",
    "script_score",
    "_script",
    "scripted_metric",
    "bucket_script",
    "bucket_selector",
    "runtime_mappings",
    "derived",
    "init_script",
    "map_script",
    "combine_script",
    "reduce_script",
    "indexed_shape",
    "percolate",
    "ext",
    "search_pipeline",
];

pub(super) fn query_of(name: &str) -> Option<&'static Query> {
    QUERIES.iter().find(|query| query.name == name)
}

pub(super) fn aggregation_of(name: &str) -> Option<&'static Aggregation> {
    AGGREGATIONS.iter().find(|aggregation| aggregation.name == name)
}
