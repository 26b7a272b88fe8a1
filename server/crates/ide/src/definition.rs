use std::path::PathBuf;

use nlq_catalog::{ColumnId, TableId};
use nlq_engine::LinkKind;
use nlq_query::{SymbolKind, symbol_at};
use nlq_text::Span;

use crate::{Snapshot, hover::link_at, schema_card::Schema, view::speaks};

/// A place in a file of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub path: PathBuf,
    /// The range in it.
    pub span: Span,
    /// Its text as it was read, to turn the range into lines and columns.
    pub text: std::sync::Arc<str>,
}

/// Where the table, column or term under the cursor is annotated.
pub fn definition(snapshot: &Snapshot, offset: usize) -> Option<Location> {
    let targets = match snapshot.prompt_at(offset) {
        Some((index, _)) => in_prompt(snapshot, index, offset)?,
        None => in_query(snapshot, offset)?,
    };
    let files = &snapshot.workspace.annotation_files;
    targets.iter().find_map(|target| {
        files.iter().find_map(|source| {
            let place = source.file.places.iter().find(|place| place.target == *target)?;
            Some(Location { path: source.path.clone(), span: place.span, text: source.text.clone() })
        })
    })
}

/// The names under which what the cursor touches may be annotated, most exact first.
fn in_prompt(snapshot: &Snapshot, prompt: usize, offset: usize) -> Option<Vec<String>> {
    let reading = snapshot.reading(prompt)?;
    let schema = reading.connection.schema()?;
    match &link_at(&reading, reading.answer.as_ref()?, offset)?.kind {
        LinkKind::Table(table) => table_targets(schema, *table),
        LinkKind::Column(column) => column_targets(schema, *column),
        LinkKind::Value { columns, .. } => column_targets(schema, *columns.first()?),
        LinkKind::Term(name) => Some(vec![name.to_lowercase()]),
        LinkKind::Number(_) | LinkKind::Time(_) | LinkKind::Operation(_) | LinkKind::Unknown => None,
    }
}

fn in_query(snapshot: &Snapshot, offset: usize) -> Option<Vec<String>> {
    let (_, query) = snapshot.query_at(offset)?;
    let connection = snapshot.query_connection(query).ok().filter(|connection| speaks(query, connection.dialect))?;
    let schema = connection.schema()?;
    let symbol = symbol_at(&query.text, query.map.to_extracted(offset)?, snapshot.query_context(connection))?;
    match symbol.kind {
        SymbolKind::Table(table) | SymbolKind::TableAlias { table: Some(table), .. } => table_targets(schema, table),
        SymbolKind::Column(column) => column_targets(schema, column),
        SymbolKind::TableAlias { .. }
        | SymbolKind::Derived { .. }
        | SymbolKind::Function { .. }
        | SymbolKind::Word { .. } => None,
    }
}

fn table_targets(schema: Schema<'_>, id: TableId) -> Option<Vec<String>> {
    let table = schema.table(id)?;
    let qualified = table.schema.as_ref().map(|schema| format!("{schema}.{}", table.name));
    Some(qualified.into_iter().chain([table.name.clone()]).map(|name| name.to_lowercase()).collect())
}

fn column_targets(schema: Schema<'_>, id: ColumnId) -> Option<Vec<String>> {
    let (_, column) = schema.column(id)?;
    let column = column.name.to_lowercase();
    Some(table_targets(schema, id.table)?.into_iter().map(|table| format!("{table}.{column}")).collect())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::{Fixture, fixture, sure};

    fn check(fixture: Fixture, expected: Expect) {
        let found = definition(&fixture.snapshot, fixture.offset);
        let line = |location: &Location| location.text[..location.span.start].lines().count();
        let shown =
            found.map(|found| format!("{}:{} {}", found.path.display(), line(&found), found.span.of(&found.text)));
        expected.assert_eq(&shown.unwrap_or_default());
    }

    #[test]
    fn names_lead_to_their_annotations() {
        check(
            fixture("-- nlq: x\nSELECT o.total_am$0ount FROM orders o;\n"),
            expect!["/shop/shop.annotations.yaml:5 orders.total_amount"],
        );
        check(fixture("-- nlq: x\nSELECT o$0.id FROM orders o;\n"), expect!["/shop/shop.annotations.yaml:2 orders"]);
        check(fixture("-- nlq: x\nSELECT i$0d FROM orders o;\n"), expect![[""]]);
        let prompt = fixture("-- nlq: reve$0nue of orders\n").answering(0, sure("revenue of orders", "SELECT 1"));
        check(prompt, expect!["/shop/shop.annotations.yaml:5 orders.total_amount"]);
    }
}
