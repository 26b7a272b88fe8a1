use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Dialect;

/// What one connection's database looks like.
///
/// Tables are sorted by schema and name, so that snapshots diff well and ids are stable for one fingerprint.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Catalog {
    /// What it speaks.
    pub dialect: Dialect,
    /// When it was read.
    pub taken_at: DateTime<Utc>,
    /// Schemas searched for unqualified names, first first (`public` for PostgreSQL; empty for SQLite).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search_path: Vec<String>,
    /// Tables and views; whatever else holds records: sourcetypes, collections, indices.
    pub tables: Vec<Table>,
    /// What queries can call by name besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Object>,
    /// Records of a table that a query may read without a key at most, as the connection sets it (DynamoDB); nlq's own
    /// number where none is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan_limit: Option<u64>,
}

/// Something that a query can call by name and that holds no records of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// Its name, without arguments.
    pub name: String,
    /// Names of its arguments, of a macro; of its columns, of a lookup.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// What it stands for, where that may be read: a macro's text, a saved search's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}

/// What kind of thing an [`Object`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// A Splunk search macro.
    #[default]
    Macro,
    /// A Splunk lookup table.
    Lookup,
    /// A Splunk saved search.
    SavedSearch,
}

/// Index of a table in [`Catalog::tables`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableId(pub u32);

/// A column: its table and its index in [`Table::columns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ColumnId {
    /// The table.
    pub table: TableId,
    /// Index in the table's columns.
    pub column: u32,
}

/// A table or view.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Table {
    /// The schema (namespace) it stands in; none where the system has no schemas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The name as the database keeps it.
    pub name: String,
    /// Table or view.
    #[serde(default)]
    pub kind: TableKind,
    /// The comment kept in the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Rows, as the database estimates or (for small files) counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_estimate: Option<u64>,
    /// Columns in the order of the table.
    pub columns: Vec<Column>,
    /// Names of the primary key's columns, in key order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<String>,
    /// Column lists that are unique besides the primary key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique: Vec<Vec<String>>,
    /// Declared references to other tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
    /// Ways to reach rows besides the primary key, where the system asks queries to name them (DynamoDB).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// Where its rows stand inside another table's records, of a [`TableKind::Nested`].
    ///
    /// Such a table refers to its parent by a foreign key as any other table does: its own columns of that key carry the
    /// parent's key, though the elements do not. Renderers turn that join into what unwinds the array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nested: Option<Nested>,
}

/// An index of a table; its first column is the partition key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Key columns in order.
    pub columns: Vec<String>,
    /// Columns that it carries besides; all of the table's where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub includes: Vec<String>,
}

/// Where the rows of a nested table stand.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Nested {
    /// The table whose records hold them; may be nested itself.
    pub table: String,
    /// The path of the array in a record of that table, such as `invoice.lines`.
    pub path: String,
}

/// What kind of relation a [`Table`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    /// A base table.
    #[default]
    Table,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A table that lives elsewhere.
    Foreign,
    /// Documents: a collection, an index.
    Documents,
    /// The elements of an array inside another table's documents.
    Nested,
    /// Events of one sourcetype of an index.
    Events,
    /// A data model's dataset.
    DataModel,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Column {
    /// The name as the database keeps it.
    pub name: String,
    /// The type as the database writes it, such as `numeric(10,2)`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The type's family.
    pub kind: TypeKind,
    /// May hold NULL.
    #[serde(default)]
    pub nullable: bool,
    /// The comment kept in the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Distinct values, of low-cardinality text columns and of enum types; never of columns annotated as sensitive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<ValueSample>,
    /// Share of the sampled records that have it, above 0 to 1; none where every record has every column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<f64>,
}

/// Distinct values of a column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ValueSample {
    /// The values, sorted.
    pub values: Vec<String>,
    /// True when these are all values the column has; false when the list was cut at a limit.
    pub complete: bool,
}

/// A declared reference; `columns` and `to_columns` have the same length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// Columns of this table.
    pub columns: Vec<String>,
    /// The schema referred to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_schema: Option<String>,
    /// The table referred to.
    pub to_table: String,
    /// Columns of the table referred to.
    pub to_columns: Vec<String>,
}

/// A type's family: what nlq must know of it to choose, compare and aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypeKind {
    /// Whole numbers.
    Integer,
    /// Exact numbers with a fraction.
    Decimal,
    /// Approximate numbers.
    Float,
    /// Text, also enums.
    Text,
    /// True or false.
    Boolean,
    /// A calendar day.
    Date,
    /// A time of day.
    Time,
    /// A moment, with or without time zone.
    Timestamp,
    /// A length of time.
    Interval,
    /// JSON.
    Json,
    /// A UUID.
    Uuid,
    /// Bytes.
    Binary,
    /// An array of anything.
    Array,
    /// Anything else: ranges, geometry, composite, network addresses.
    #[default]
    Other,
}

impl TableKind {
    /// As people call it.
    pub fn title(self) -> &'static str {
        match self {
            TableKind::Table => "table",
            TableKind::View => "view",
            TableKind::MaterializedView => "materialized view",
            TableKind::Foreign => "foreign table",
            TableKind::Documents => "documents",
            TableKind::Nested => "nested documents",
            TableKind::Events => "events",
            TableKind::DataModel => "data model",
        }
    }

    /// Its rows may be joined by columns that nobody declared: it holds records of its own, and each once.
    pub fn holds_records(self) -> bool {
        matches!(self, TableKind::Table | TableKind::Foreign | TableKind::Documents | TableKind::Nested)
    }
}

impl TypeKind {
    /// Can be summed and averaged.
    pub fn is_numeric(self) -> bool {
        matches!(self, TypeKind::Integer | TypeKind::Decimal | TypeKind::Float)
    }

    /// Names a day or a moment.
    pub fn is_temporal(self) -> bool {
        matches!(self, TypeKind::Date | TypeKind::Timestamp)
    }
}

impl Catalog {
    /// The table of an id of this catalog.
    pub fn table(&self, id: TableId) -> &Table {
        &self.tables[id.0 as usize]
    }

    /// The column of an id of this catalog.
    pub fn column(&self, id: ColumnId) -> &Column {
        &self.table(id.table).columns[id.column as usize]
    }

    /// All tables with their ids.
    pub fn table_ids(&self) -> impl Iterator<Item = (TableId, &Table)> {
        self.tables.iter().enumerate().map(|(index, table)| (TableId(index as u32), table))
    }

    /// All columns of a table with their ids.
    pub fn column_ids(&self, table: TableId) -> impl Iterator<Item = (ColumnId, &Column)> {
        let columns = &self.table(table).columns;
        columns.iter().enumerate().map(move |(index, column)| (ColumnId { table, column: index as u32 }, column))
    }

    /// Finds a table by name, without regard to case: with its schema, or in the order of the search path, or the only
    /// one of that name in any schema.
    pub fn find_table(&self, schema: Option<&str>, name: &str) -> Option<TableId> {
        let named = || self.table_ids().filter(|(_, table)| table.name.eq_ignore_ascii_case(name));
        let in_schema = |schema: &str| {
            named().find(|(_, t)| t.schema.as_deref().is_some_and(|s| s.eq_ignore_ascii_case(schema))).map(|(id, _)| id)
        };
        if let Some(schema) = schema {
            let only_schema = self.dialect == Dialect::Sqlite && schema.eq_ignore_ascii_case("main");
            return in_schema(schema).or_else(|| only_schema.then(|| named().next().map(|(id, _)| id)).flatten());
        }
        if let Some(found) = self.search_path.iter().find_map(|schema| in_schema(schema)) {
            return Some(found);
        }
        let mut all = named();
        let first = all.next()?;
        all.next().is_none().then_some(first.0)
    }

    /// Finds a column of a table by name, without regard to case.
    pub fn find_column(&self, table: TableId, name: &str) -> Option<ColumnId> {
        self.column_ids(table).find(|(_, column)| column.name.eq_ignore_ascii_case(name)).map(|(id, _)| id)
    }

    /// True when the schema must be written before the table's name for it to be found.
    pub fn needs_schema(&self, id: TableId) -> bool {
        let table = self.table(id);
        table.schema.is_some() && self.find_table(None, &table.name) != Some(id)
    }

    /// Declared references as pairs of columns, from referring to referred; references to unknown tables are left out.
    pub fn references(&self) -> Vec<(ColumnId, ColumnId)> {
        let mut pairs = Vec::new();
        for (id, table) in self.table_ids() {
            for key in &table.foreign_keys {
                let schema = key.to_schema.as_deref().or(table.schema.as_deref());
                let Some(to) = self.find_table(schema, &key.to_table) else { continue };
                for (from, into) in key.columns.iter().zip(&key.to_columns) {
                    if let (Some(from), Some(into)) = (self.find_column(id, from), self.find_column(to, into)) {
                        pairs.push((from, into));
                    }
                }
            }
        }
        pairs
    }
}
