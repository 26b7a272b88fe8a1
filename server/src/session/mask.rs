//! Values of sensitive columns are never shown, kept or sent.

use nlq_agents::redacted;
use nlq_catalog::Dialect;
use nlq_config::ConnectionRef;
use nlq_ide::WorkspaceView;
use nlq_providers::{Rows, Value};
use nlq_query::{QueryContext, sensitive_outputs};

use super::SessionError;

/// What stands in place of a sensitive value.
pub(super) const MASK: &str = "•••";

/// Masks the values, other than NULL, of the columns of a result that show something sensitive.
pub(super) fn mask(rows: &mut Rows, sql: &str, view: &WorkspaceView, reference: &ConnectionRef, dialect: Dialect) {
    let index = view.connections.get(reference).and_then(|connection| connection.index.as_ref());
    let catalog = index.map(|index| &**index.catalog());
    let outputs = sensitive_outputs(sql, QueryContext { dialect, catalog, annotations: &view.annotations });
    let names: Vec<&str> = rows.columns.iter().map(|column| column.name.as_str()).collect();
    for at in outputs.masked(&names) {
        for cell in rows.rows.iter_mut().filter_map(|row| row.get_mut(at)).filter(|cell| **cell != Value::Null) {
            *cell = Value::Text(MASK.to_owned());
        }
    }
}

/// What a system says of a value that a query stumbled on may quote it, from whatever column: where anything is sensitive, only
/// what stands in the query itself is left.
pub(super) fn mask_error(mut error: SessionError, sql: &str, view: &WorkspaceView) -> SessionError {
    if error.code == "data" && view.annotations.has_sensitive() {
        error.message = redacted(&error.message, sql);
    }
    error
}
