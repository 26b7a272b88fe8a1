use std::{
    path::Path,
    time::{Duration, Instant},
};

use nlq_catalog::{Catalog, Column, Dialect, ForeignKey, Table, TableKind, TypeKind};
use sqlparser::{
    ast::{Expr, SelectItem, SetExpr, Statement},
    dialect::SQLiteDialect,
    parser::Parser,
};
use tokio_util::sync::CancellationToken;

use super::{
    SCHEMA_TIMEOUT, kinds,
    open::{Session, int, text},
    values,
};
use crate::{ProblemKind, ProviderError, SchemaOptions, samples::quoted};

/// Time for counting one table's rows; beyond it the largest row id stands for the count.
const COUNT_BUDGET: Duration = Duration::from_millis(100);

/// Time for looking at rows of the whole file; beyond it only names and types are read.
const VALUES_BUDGET: Duration = Duration::from_secs(10);

/// Reads the schema of a file.
pub(super) async fn read(
    path: &Path,
    options: SchemaOptions<'_>,
    cancel: CancellationToken,
) -> Result<Catalog, ProviderError> {
    let end = Instant::now() + SCHEMA_TIMEOUT;
    let mut session = Session::open(path, SCHEMA_TIMEOUT, &cancel).await?;
    // Virtual tables and the shadow tables under them are left out: they are machinery of a search index.
    let listed = session
        .rows(
            "SELECT l.name, l.type, s.sql FROM pragma_table_list AS l JOIN sqlite_schema AS s ON s.name = l.name \
             AND s.type = l.type WHERE l.schema = 'main' AND l.type IN ('table', 'view') \
             AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY l.name",
            &[],
        )
        .await?;
    let mut tables = Vec::with_capacity(listed.len());
    for row in &listed {
        let (Some(name), Some(kind)) = (text(row, 0), text(row, 1)) else { continue };
        tables.push(table(&mut session, name, kind == "view", text(row, 2)).await?);
    }
    complete_references(&mut tables);
    let values_end = end.min(Instant::now() + VALUES_BUDGET);
    for (table, kinds) in &mut tables {
        table.row_estimate = count(&mut session, table, values_end).await;
        for (index, declared) in kinds.iter().enumerate() {
            if cancel.is_cancelled() {
                return Err(ProviderError::cancelled());
            }
            if options.annotations.is_sensitive(None, &table.name, &table.columns[index].name) {
                continue;
            }
            let mut column = std::mem::take(&mut table.columns[index]);
            values::look(&mut session, table, &mut column, *declared, options.sample_values, values_end).await;
            table.columns[index] = column;
        }
    }
    let mut tables: Vec<Table> = tables.into_iter().map(|(table, _)| table).collect();
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Catalog { dialect: Dialect::Sqlite, taken_at: chrono::Utc::now(), tables, ..Catalog::default() })
}

/// One table or view, and what the declaration says of each column's kind.
async fn table(
    session: &mut Session,
    name: String,
    is_view: bool,
    sql: Option<String>,
) -> Result<(Table, Vec<Option<TypeKind>>), ProviderError> {
    let kind = if is_view { TableKind::View } else { TableKind::Table };
    let mut table = Table { name, kind, ..Table::default() };
    let mut declared = Vec::new();
    let mut key = Vec::new();
    // hidden: 1 is a hidden column of a virtual table, 2 and 3 are generated columns, which queries may use.
    let columns = session
        .rows(
            "SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid",
            &[&table.name],
        )
        .await;
    match columns {
        Ok(rows) => {
            for row in rows {
                let name = text(&row, 0).unwrap_or_default();
                let type_name = text(&row, 1).unwrap_or_default();
                let position = int(&row, 3).unwrap_or(0);
                if position > 0 {
                    key.push((position, name.clone()));
                }
                let family = kinds::of_declared(&type_name);
                declared.push(family);
                table.columns.push(Column {
                    name,
                    type_name,
                    kind: family.unwrap_or_default(),
                    nullable: int(&row, 2) == Some(0) && position == 0,
                    ..Column::default()
                });
            }
        }
        Err(e) if e.0.kind == ProblemKind::Cancelled || !is_view => return Err(e),
        // A view over a table that is gone: its own words still say what its columns are called.
        Err(_) => {
            for name in view_columns(sql.as_deref().unwrap_or_default()) {
                declared.push(None);
                table.columns.push(Column { name, nullable: true, ..Column::default() });
            }
        }
    }
    key.sort();
    table.primary_key = key.into_iter().map(|(_, name)| name).collect();
    if !is_view {
        table.unique = unique(session, &table).await?;
        table.foreign_keys = foreign_keys(session, &table.name).await?;
    }
    Ok((table, declared))
}

/// The columns of unique indexes besides the primary key. Partial indexes and those over expressions say nothing about
/// whole rows.
async fn unique(session: &mut Session, table: &Table) -> Result<Vec<Vec<String>>, ProviderError> {
    let rows = session
        .rows(
            "SELECT l.name, i.name FROM pragma_index_list(?) AS l, pragma_index_info(l.name) AS i \
             WHERE l.\"unique\" AND NOT l.partial AND l.origin <> 'pk' ORDER BY l.name, i.seqno",
            &[&table.name],
        )
        .await?;
    let mut indexes: Vec<(String, Vec<Option<String>>)> = Vec::new();
    for row in &rows {
        let index = text(row, 0).unwrap_or_default();
        match indexes.last_mut() {
            Some((last, columns)) if *last == index => columns.push(text(row, 1)),
            _ => indexes.push((index, vec![text(row, 1)])),
        }
    }
    let mut unique: Vec<Vec<String>> = indexes
        .into_iter()
        .filter_map(|(_, columns)| columns.into_iter().collect::<Option<Vec<_>>>())
        .filter(|columns| *columns != table.primary_key)
        .collect();
    unique.sort();
    unique.dedup();
    Ok(unique)
}

async fn foreign_keys(session: &mut Session, table: &str) -> Result<Vec<ForeignKey>, ProviderError> {
    let rows = session
        .rows("SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq", &[table])
        .await?;
    let mut keys: Vec<(Option<i64>, ForeignKey)> = Vec::new();
    for row in &rows {
        let id = int(row, 0);
        if keys.last().is_none_or(|(last, _)| *last != id) {
            let to_table = text(row, 1).unwrap_or_default();
            keys.push((id, ForeignKey { columns: Vec::new(), to_schema: None, to_table, to_columns: Vec::new() }));
        }
        if let Some((_, key)) = keys.last_mut() {
            key.columns.extend(text(row, 2));
            key.to_columns.extend(text(row, 3));
        }
    }
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}

/// Gives references the spelling of the table they point at, and the primary key's columns where they name none.
fn complete_references(tables: &mut [(Table, Vec<Option<TypeKind>>)]) {
    let known: Vec<(String, Vec<String>)> =
        tables.iter().map(|(table, _)| (table.name.clone(), table.primary_key.clone())).collect();
    for (table, _) in tables {
        for key in &mut table.foreign_keys {
            let Some((name, primary)) = known.iter().find(|(name, _)| name.eq_ignore_ascii_case(&key.to_table)) else {
                continue;
            };
            key.to_table.clone_from(name);
            if key.to_columns.is_empty() {
                key.to_columns.clone_from(primary);
            }
        }
        // A reference without matching columns joins nothing.
        table.foreign_keys.retain(|key| key.columns.len() == key.to_columns.len());
    }
}

/// Rows of a table: counted, or its largest row id when counting takes too long. Views are not counted.
async fn count(session: &mut Session, table: &Table, end: Instant) -> Option<u64> {
    if table.kind != TableKind::Table {
        return None;
    }
    for what in ["count(*)", "max(rowid)"] {
        session.stop_at(end.min(Instant::now() + COUNT_BUDGET));
        let sql = format!("SELECT {what} FROM {}", quoted(&table.name));
        if let Ok(rows) = session.rows(&sql, &[]).await {
            return rows.first().and_then(|row| int(row, 0)).and_then(|count| u64::try_from(count).ok());
        }
    }
    None
}

/// The column names that a view's own text gives.
fn view_columns(sql: &str) -> Vec<String> {
    let Ok(statements) = Parser::parse_sql(&SQLiteDialect {}, sql) else { return Vec::new() };
    let Some(Statement::CreateView(view)) = statements.into_iter().next() else { return Vec::new() };
    if !view.columns.is_empty() {
        return view.columns.into_iter().map(|column| column.name.value).collect();
    }
    let SetExpr::Select(select) = *view.query.body else { return Vec::new() };
    let named = select.projection.into_iter().filter_map(|item| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.into_iter().next_back().map(|n| n.value),
        _ => None,
    });
    named.collect()
}
