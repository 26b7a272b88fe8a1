//! Cells as the server writes them.
//!
//! Results come through the simple query protocol, in which the server itself renders every type as text, the same
//! text that psql shows; there is nothing to decode, and no type is unknown.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use sqlx::{
    Column, PgConnection, Row, ValueRef,
    postgres::{PgColumn, PgRow},
};

use crate::{ColumnHead, Value};

/// Object ids of types that have a natural form in JSON (pg_type.dat).
mod oid {
    pub(super) const BOOL: u32 = 16;
    pub(super) const INTEGERS: [u32; 4] = [20, 21, 23, 26];
    pub(super) const FLOATS: [u32; 2] = [700, 701];
}

/// The server's names of types, by object id.
#[derive(Debug, Default)]
pub(super) struct TypeNames(Mutex<HashMap<u32, String>>);

/// The column's type; 0 where the server gives none.
pub(super) fn type_of(column: &PgColumn) -> u32 {
    column.type_info().oid().map_or(0, |oid| oid.0)
}

/// A cell's text; none for NULL. Bytes that are not UTF-8 (of a SQL_ASCII database) are replaced.
pub(super) fn text(row: &PgRow, index: usize) -> Option<Cow<'_, str>> {
    let value = row.try_get_raw(index).ok()?;
    if value.is_null() {
        return None;
    }
    value.as_bytes().ok().map(String::from_utf8_lossy)
}

/// A cell of a type.
pub(super) fn value(text: Option<Cow<'_, str>>, type_oid: u32) -> Value {
    let Some(text) = text else { return Value::Null };
    let natural = match type_oid {
        oid::BOOL => Some(Value::Bool(text == "t")),
        number if oid::INTEGERS.contains(&number) => text.parse().ok().map(Value::Int),
        // NaN and the infinities stay text: JSON has no such numbers.
        number if oid::FLOATS.contains(&number) => {
            text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float)
        }
        _ => None,
    };
    natural.unwrap_or_else(|| Value::Text(text.into_owned()))
}

impl TypeNames {
    /// Heads of columns, with type names as `format_type` writes them; asks the server for those not seen before.
    pub(super) async fn heads(
        &self,
        columns: &[PgColumn],
        connection: &mut PgConnection,
    ) -> Result<Vec<ColumnHead>, sqlx::Error> {
        let unknown: Vec<i64> = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            columns.iter().map(type_of).filter(|oid| !known.contains_key(oid)).map(i64::from).collect()
        };
        if !unknown.is_empty() {
            let rows = sqlx::query("SELECT o, format_type(o::oid, NULL) FROM unnest($1::int8[]) AS o")
                .bind(unknown)
                .persistent(false)
                .fetch_all(connection)
                .await?;
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for row in rows {
                let number: i64 = row.try_get(0)?;
                known.insert(number as u32, row.try_get::<Option<String>, _>(1)?.unwrap_or_default());
            }
        }
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let head = |column: &PgColumn| ColumnHead {
            name: column.name().to_owned(),
            type_name: known.get(&type_of(column)).cloned().unwrap_or_default(),
        };
        Ok(columns.iter().map(head).collect())
    }
}
