use std::collections::BTreeMap;

/// What a team says about a connection's tables and columns (seeds: schema annotation system), merged from all
/// annotation files, without source ranges.
///
/// Keys are lower-case names: `table` or `schema.table`, and `table.column` or `schema.table.column`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Annotations {
    /// By table.
    pub tables: BTreeMap<String, TableAnnotation>,
    /// By `table.column`.
    pub columns: BTreeMap<String, ColumnAnnotation>,
    /// Glossary terms that stand for a condition or a column expression.
    pub terms: Vec<Term>,
    /// Named figures defined as expressions.
    pub metrics: Vec<Metric>,
}

/// What is said about a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableAnnotation {
    /// What it holds.
    pub description: Option<String>,
    /// Other names that people use for it.
    pub business_terms: Vec<String>,
    /// Examples of use.
    pub examples: Vec<String>,
    /// Join hints, each `table.column -> table.column`.
    pub relationships: Vec<String>,
    /// Holds personal or secret data.
    pub sensitive: bool,
}

/// What is said about a column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnAnnotation {
    /// What it holds.
    pub description: Option<String>,
    /// Other names that people use for it.
    pub business_terms: Vec<String>,
    /// Example values.
    pub examples: Vec<String>,
    /// Join hints, each `table.column -> table.column`.
    pub relationships: Vec<String>,
    /// How dates are written in it.
    pub date_format: Option<String>,
    /// All values it may take.
    pub enum_values: Vec<String>,
    /// Personal or secret: never sampled, never shown.
    pub sensitive: bool,
}

/// A glossary term: a word or phrase of the business and the SQL condition it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Term {
    /// The words, such as `big spender`.
    pub name: String,
    /// Other ways to say it.
    pub synonyms: Vec<String>,
    /// What it means, for people.
    pub description: Option<String>,
    /// The table whose rows it picks.
    pub table: String,
    /// A condition over that table's columns, such as `total_amount > 1000`.
    pub condition: String,
}

/// A named figure: an aggregate expression over one table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metric {
    /// The words, such as `revenue`.
    pub name: String,
    /// Other ways to say it.
    pub synonyms: Vec<String>,
    /// What it means, for people.
    pub description: Option<String>,
    /// The table it is computed over.
    pub table: String,
    /// An aggregate expression over that table's columns, such as `sum(total_amount)`.
    pub expression: String,
}

impl Annotations {
    /// What is said about a table, found by `schema.table` first, then by `table`.
    pub fn table(&self, schema: Option<&str>, table: &str) -> Option<&TableAnnotation> {
        qualified(schema, table)
            .and_then(|key| self.tables.get(&key))
            .or_else(|| self.tables.get(&table.to_lowercase()))
    }

    /// What is said about a column, found by `schema.table.column` first, then by `table.column`.
    pub fn column(&self, schema: Option<&str>, table: &str, column: &str) -> Option<&ColumnAnnotation> {
        let plain = format!("{table}.{column}").to_lowercase();
        qualified(schema, &plain).and_then(|key| self.columns.get(&key)).or_else(|| self.columns.get(&plain))
    }

    /// True when anything is marked sensitive.
    pub fn has_sensitive(&self) -> bool {
        self.tables.values().any(|table| table.sensitive) || self.columns.values().any(|column| column.sensitive)
    }

    /// True when a column, or its whole table, is marked sensitive.
    pub fn is_sensitive(&self, schema: Option<&str>, table: &str, column: &str) -> bool {
        self.table(schema, table).is_some_and(|t| t.sensitive)
            || self.column(schema, table, column).is_some_and(|c| c.sensitive)
    }
}

fn qualified(schema: Option<&str>, name: &str) -> Option<String> {
    schema.map(|schema| format!("{schema}.{name}").to_lowercase())
}
