use std::time::{Duration, Instant};

use nlq_catalog::{Column, Table, TableKind, TypeKind};

use super::{
    kinds,
    open::{Session, text},
};
use crate::samples::{MAX_ROWS, MAX_VALUES, quoted, sample_of};

/// Time for one column; a sample is a help, never worth a wait.
const COLUMN_BUDGET: Duration = Duration::from_millis(100);

/// Values that decide whether a column holds dates.
const DATE_EVIDENCE: usize = 20;

/// Looks at the values of a column: settles its kind where the declaration left it open (none) or calls dates text, and
/// samples distinct values. What cannot be read within the budget stays as it is.
pub(super) async fn look(
    session: &mut Session,
    table: &Table,
    column: &mut Column,
    declared: Option<TypeKind>,
    sample: bool,
    end: Instant,
) {
    let declared = match declared {
        Some(kind) => kind,
        None => storage(session, table, column, end).await,
    };
    column.kind = declared;
    if !matches!(declared, TypeKind::Text | TypeKind::Date | TypeKind::Timestamp) {
        return;
    }
    let keep = sample && declared == TypeKind::Text && table.kind == TableKind::Table;
    let limit = if keep { MAX_VALUES + 1 } else { DATE_EVIDENCE };
    let (name, from) = (quoted(&column.name), quoted(&table.name));
    let sql = format!(
        "SELECT DISTINCT {name} FROM (SELECT {name} FROM {from} LIMIT {MAX_ROWS}) \
         WHERE typeof({name}) = 'text' LIMIT {limit}"
    );
    session.stop_at(end.min(Instant::now() + COLUMN_BUDGET));
    let Ok(rows) = session.rows(&sql, &[]).await else { return };
    let found: Vec<String> = rows.iter().filter_map(|row| text(row, 0)).collect();
    let evidence = found.iter().map(|value| value.trim()).filter(|value| !value.is_empty()).take(DATE_EVIDENCE);
    if let Some(kind) = kinds::of_texts(evidence) {
        column.kind = kind;
    } else if keep && found.len() <= MAX_VALUES {
        let all_rows = table.row_estimate.is_some_and(|rows| rows <= MAX_ROWS);
        column.values = sample_of(found, all_rows);
    }
}

/// The storage classes of the first values show the kind.
async fn storage(session: &mut Session, table: &Table, column: &Column, end: Instant) -> TypeKind {
    let (name, from) = (quoted(&column.name), quoted(&table.name));
    let sql = format!("SELECT DISTINCT typeof({name}) FROM (SELECT {name} FROM {from} LIMIT {DATE_EVIDENCE})");
    session.stop_at(end.min(Instant::now() + COLUMN_BUDGET));
    let rows = session.rows(&sql, &[]).await.unwrap_or_default();
    kinds::of_storage(&rows.iter().filter_map(|row| text(row, 0)).collect::<Vec<_>>())
}
