//! What names a place in a statement can see.

use std::{borrow::Cow, rc::Rc};

use nlq_catalog::{ColumnId, Dialect, TableId, TypeKind};
use nlq_text::Span;
use sqlparser::ast::Ident;

/// A column that a relation or a query gives.
#[derive(Debug, Clone)]
pub(super) struct Output<'a> {
    pub(super) name: Cow<'a, str>,
    /// The catalog's column that it passes on unchanged.
    pub(super) id: Option<ColumnId>,
    pub(super) kind: Option<TypeKind>,
    /// It shows values of a column that is annotated as sensitive.
    pub(super) sensitive: bool,
}

/// The columns that a relation has beyond those that are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Rest {
    /// The list is complete.
    #[default]
    None,
    /// There may be more, of nothing sensitive as far as can be seen.
    Plain,
    /// There may be more, and they may show something sensitive.
    Sensitive,
}

/// The columns of a relation or a query.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns<'a> {
    pub(super) list: Rc<Vec<Output<'a>>>,
    /// There may be more names than are listed.
    pub(super) open: bool,
    /// At most one row.
    pub(super) single_row: bool,
    pub(super) rest: Rest,
}

impl Columns<'_> {
    /// Columns of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self { open: true, rest: Rest::Plain, ..Self::default() }
    }

    /// True when one of them shows, or may show, something sensitive.
    pub(super) fn may_show(&self) -> bool {
        self.rest == Rest::Sensitive || self.list.iter().any(|output| output.sensitive)
    }
}

/// One item of FROM.
#[derive(Debug, Clone)]
pub(super) struct Relation<'a> {
    /// The name that columns are qualified with.
    pub(super) name: String,
    pub(super) aliased: bool,
    pub(super) schema: Option<String>,
    pub(super) table: Option<TableId>,
    pub(super) columns: Columns<'a>,
    /// Its name, or its alias, in the text.
    pub(super) span: Span,
    /// Joined by JOIN without a condition: where one would be written.
    pub(super) bare_join: Option<usize>,
}

/// Which names of the SELECT list may be used where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum AliasUse {
    #[default]
    Never,
    /// When no column has the name.
    AfterColumns,
    /// Before columns.
    First,
}

/// An equality of two columns of two relations of one frame: relation and column index of each side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) a: (usize, usize),
    pub(super) b: (usize, usize),
}

/// The names that one SELECT makes.
#[derive(Debug, Default)]
pub(super) struct Frame<'a> {
    pub(super) id: usize,
    pub(super) relations: Vec<Relation<'a>>,
    /// Columns joined by USING or NATURAL: they are not ambiguous.
    pub(super) merged: Vec<String>,
    pub(super) aliases: Vec<(String, Span)>,
    pub(super) alias_use: AliasUse,
    pub(super) edges: Vec<Edge>,
    /// Pairs of relations that some condition brings together.
    pub(super) united: Vec<(usize, usize)>,
    /// Columns that a condition fixes to one value.
    pub(super) pinned: Vec<(usize, usize)>,
}

/// What a name was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A column: index of the frame, of its relation, of the column.
    Column(usize, usize, usize),
    /// A column of several relations of a frame.
    Ambiguous(usize, Vec<(usize, usize)>),
    /// A name of the SELECT list.
    Alias(Span),
    /// A relation as a whole: frame and relation.
    Row(usize, usize),
    /// Nothing that the lists hold, but something unknown may hold it.
    Unsure,
    /// Nothing.
    Missing,
    /// No relation has the name that qualifies it.
    NoRelation,
}

/// The name as the dialect reads it: PostgreSQL folds bare names to lower case.
pub(super) fn read_name(ident: &Ident, dialect: Dialect) -> String {
    if dialect == Dialect::Postgresql && ident.quote_style.is_none() {
        ident.value.to_lowercase()
    } else {
        ident.value.clone()
    }
}

/// True when a name as read is the name as kept.
pub(super) fn same(read: &str, kept: &str, dialect: Dialect) -> bool {
    if dialect == Dialect::Postgresql { read == kept } else { read.eq_ignore_ascii_case(kept) }
}

/// Columns that every table has though no catalog lists them.
pub(super) fn is_pseudo_column(name: &str, dialect: Dialect) -> bool {
    let names: &[&str] = match dialect {
        Dialect::Postgresql => &["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"],
        _ => &["rowid", "oid", "_rowid_", "rank"],
    };
    names.iter().any(|pseudo| pseudo.eq_ignore_ascii_case(name))
}

/// Finds a column by its parts (`column`, `relation.column`, `schema.relation.column`), innermost frame first.
pub(super) fn find(frames: &[Frame<'_>], parts: &[Ident], dialect: Dialect) -> Found {
    let Some((last, qualifiers)) = parts.split_last() else { return Found::Unsure };
    let name = read_name(last, dialect);
    match qualifiers {
        [] => find_bare(frames, &name, dialect),
        [relation] => find_qualified(frames, None, &read_name(relation, dialect), &name, dialect),
        [schema, relation] => {
            let schema = read_name(schema, dialect);
            match find_qualified(frames, Some(&schema), &read_name(relation, dialect), &name, dialect) {
                Found::NoRelation => Found::Unsure,
                found => found,
            }
        }
        _ => Found::Unsure,
    }
}

fn find_bare(frames: &[Frame<'_>], name: &str, dialect: Dialect) -> Found {
    let mut unsure = false;
    for (index, frame) in frames.iter().enumerate().rev() {
        let alias = frame.aliases.iter().find(|(alias, _)| same(name, alias, dialect)).map(|(_, span)| *span);
        if let (AliasUse::First, Some(span)) = (frame.alias_use, alias) {
            return Found::Alias(span);
        }
        let mut hits: Vec<(usize, usize)> = Vec::new();
        for (at, relation) in frame.relations.iter().enumerate() {
            let columns = relation.columns.list.iter().enumerate();
            hits.extend(
                columns.filter(|(_, column)| same(name, &column.name, dialect)).map(|(column, _)| (at, column)),
            );
        }
        let merged = frame.merged.iter().any(|column| same(name, column, dialect));
        let open = frame.relations.iter().any(|relation| relation.columns.open);
        match hits.as_slice() {
            [] => {}
            [(relation, column)] => return Found::Column(index, *relation, *column),
            [(relation, column), ..] if merged => return Found::Column(index, *relation, *column),
            _ => return Found::Ambiguous(index, hits),
        }
        if let (AliasUse::AfterColumns, Some(span)) = (frame.alias_use, alias) {
            return Found::Alias(span);
        }
        if let Some(at) = frame.relations.iter().position(|relation| same(name, &relation.name, dialect)) {
            return Found::Row(index, at);
        }
        unsure |= open || (is_pseudo_column(name, dialect) && !frame.relations.is_empty());
    }
    if unsure { Found::Unsure } else { Found::Missing }
}

fn find_qualified(frames: &[Frame<'_>], schema: Option<&str>, relation: &str, name: &str, dialect: Dialect) -> Found {
    for (index, frame) in frames.iter().enumerate().rev() {
        let fits = |r: &Relation<'_>| {
            let in_schema = match (schema, &r.schema) {
                (Some(asked), Some(kept)) => same(asked, kept, dialect),
                _ => true,
            };
            same(relation, &r.name, dialect) && in_schema
        };
        let Some(at) = frame.relations.iter().position(fits) else { continue };
        let columns = &frame.relations[at].columns;
        return match columns.list.iter().position(|column| same(name, &column.name, dialect)) {
            Some(column) => Found::Column(index, at, column),
            None if columns.open || is_pseudo_column(name, dialect) => Found::Unsure,
            None => Found::Missing,
        };
    }
    Found::NoRelation
}
