use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use nlq_catalog::{Catalog, Column, Dialect, ForeignKey, Table, TableKind, TypeKind, ValueSample};
use sqlx::{PgConnection, Row, postgres::PgRow};
use tokio_util::sync::CancellationToken;

use super::{error, samples, session::Postgres};
use crate::{ProviderError, SchemaOptions, wait::until};

/// Reading the catalog takes well under a second for hundreds of tables.
const SCHEMA_TIMEOUT: Duration = Duration::from_secs(30);

/// What may be read, in the schemas asked for ($1, all but the system's when empty). Partitions are left out, because
/// their parent stands for them, and so are the tables of extensions.
const TABLES: &str = "
    SELECT c.oid::int8, n.nspname::text, c.relname::text, c.relkind::text, obj_description(c.oid, 'pg_class'),
        CASE c.relkind
            WHEN 'p' THEN (SELECT sum(greatest(l.reltuples, 0))
                FROM pg_partition_tree(c.oid) AS p JOIN pg_class AS l ON l.oid = p.relid WHERE p.isleaf)
            ELSE c.reltuples
        END::float8
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
        AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND (cardinality($1::text[]) = 0 OR n.nspname::text = ANY ($1))
        AND has_schema_privilege(n.oid, 'USAGE')
        AND (has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT'))
        AND NOT EXISTS (SELECT FROM pg_depend AS d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')";

/// Columns with their base types: a domain counts as what it stands for.
const COLUMNS: &str = "
    WITH RECURSIVE base (oid, base) AS (
        SELECT oid, oid FROM pg_type WHERE typtype <> 'd'
        UNION ALL
        SELECT t.oid, b.base FROM pg_type AS t JOIN base AS b ON t.typbasetype = b.oid WHERE t.typtype = 'd'
    )
    SELECT a.attrelid::int8, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        col_description(a.attrelid, a.attnum), t.typname::text, t.typtype::text, t.typcategory::text,
        (SELECT array_agg(e.enumlabel::text) FROM pg_enum AS e WHERE e.enumtypid = t.oid)
    FROM pg_attribute AS a JOIN base AS b ON b.oid = a.atttypid JOIN pg_type AS t ON t.oid = b.base
    WHERE a.attrelid = ANY ($1::int8[]::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
        AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
    ORDER BY a.attrelid, a.attnum";

/// Primary keys and other unique indexes over whole rows and plain columns.
const UNIQUE: &str = "
    SELECT i.indrelid::int8, i.indisprimary,
        (SELECT array_agg(a.attname::text ORDER BY k.place)
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
            WHERE k.place <= i.indnkeyatts)
    FROM pg_index AS i
    WHERE i.indrelid = ANY ($1::int8[]::oid[]) AND i.indisunique AND i.indisvalid
        AND i.indpred IS NULL AND i.indexprs IS NULL
    ORDER BY i.indrelid, i.indexrelid";

/// Foreign keys, without the copies that partitioned tables keep for each partition.
const FOREIGN_KEYS: &str = "
    SELECT f.conrelid::int8, n.nspname::text, t.relname::text,
        (SELECT array_agg(a.attname::text ORDER BY k.place)
            FROM unnest(f.conkey) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute AS a ON a.attrelid = f.conrelid AND a.attnum = k.number),
        (SELECT array_agg(a.attname::text ORDER BY k.place)
            FROM unnest(f.confkey) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute AS a ON a.attrelid = f.confrelid AND a.attnum = k.number)
    FROM pg_constraint AS f JOIN pg_class AS t ON t.oid = f.confrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace
    WHERE f.conrelid = ANY ($1::int8[]::oid[]) AND f.contype = 'f' AND f.conparentid = 0
    ORDER BY f.conrelid, f.conname";

const SEARCH_PATH: &str = "SELECT current_schemas(false)::text[]";

/// Reads the schema, in a handful of exchanges whatever the number of tables, then samples values.
pub(super) async fn read(
    server: &Postgres,
    options: SchemaOptions<'_>,
    cancel: CancellationToken,
) -> Result<Catalog, ProviderError> {
    let mut session = server.begin(SCHEMA_TIMEOUT, &cancel).await?;
    let started = Instant::now();
    let reading = async {
        let connection = session.connection();
        let mut catalog = catalog(server, options, connection).await?;
        if options.sample_values {
            samples::add(&mut catalog.tables, options.annotations, connection).await?;
        }
        Ok(catalog)
    };
    let catalog = until(&cancel, SCHEMA_TIMEOUT + samples::BUDGET, reading).await;
    let catalog = session.settle(catalog).await?;
    tracing::debug!("read the schema in {:?}", started.elapsed());
    catalog.map_err(|e| error::of(e, "", ""))
}

async fn catalog(
    server: &Postgres,
    options: SchemaOptions<'_>,
    connection: &mut PgConnection,
) -> Result<Catalog, sqlx::Error> {
    let search_path: Vec<String> =
        sqlx::query_scalar(SEARCH_PATH).persistent(false).fetch_one(&mut *connection).await?;
    let mut tables: Vec<(i64, Table)> = sqlx::query(TABLES)
        .bind(&server.schemas)
        .persistent(false)
        .fetch_all(&mut *connection)
        .await?
        .iter()
        .map(table)
        .collect::<Result<_, _>>()?;
    tables.sort_by(|(_, a), (_, b)| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    let oids: Vec<i64> = tables.iter().map(|(oid, _)| *oid).collect();
    let place: HashMap<i64, usize> = oids.iter().enumerate().map(|(index, oid)| (*oid, index)).collect();
    for row in sqlx::query(COLUMNS).bind(&oids).persistent(false).fetch_all(&mut *connection).await? {
        let Some(&index) = place.get(&row.try_get(0)?) else { continue };
        let table = &mut tables[index].1;
        let mut column = column(&row)?;
        if options.annotations.is_sensitive(table.schema.as_deref(), &table.name, &column.name) {
            column.values = None;
        }
        table.columns.push(column);
    }
    for row in sqlx::query(UNIQUE).bind(&oids).persistent(false).fetch_all(&mut *connection).await? {
        let Some(&index) = place.get(&row.try_get(0)?) else { continue };
        let columns: Vec<String> = row.try_get::<Option<_>, _>(2)?.unwrap_or_default();
        if row.try_get(1)? {
            tables[index].1.primary_key = columns;
        } else {
            tables[index].1.unique.push(columns);
        }
    }
    for row in sqlx::query(FOREIGN_KEYS).bind(&oids).persistent(false).fetch_all(&mut *connection).await? {
        let Some(&index) = place.get(&row.try_get(0)?) else { continue };
        tables[index].1.foreign_keys.push(ForeignKey {
            to_schema: row.try_get(1)?,
            to_table: row.try_get(2)?,
            columns: row.try_get::<Option<_>, _>(3)?.unwrap_or_default(),
            to_columns: row.try_get::<Option<_>, _>(4)?.unwrap_or_default(),
        });
    }
    let tables = tables
        .into_iter()
        .map(|(_, mut table)| {
            table.unique.sort();
            table.unique.dedup();
            table.unique.retain(|columns| *columns != table.primary_key);
            table
        })
        .collect();
    Ok(Catalog {
        dialect: Dialect::Postgresql,
        taken_at: chrono::Utc::now(),
        search_path,
        tables,
        ..Catalog::default()
    })
}

fn table(row: &PgRow) -> Result<(i64, Table), sqlx::Error> {
    let kind: String = row.try_get(3)?;
    let kind = match kind.as_str() {
        "v" => TableKind::View,
        "m" => TableKind::MaterializedView,
        "f" => TableKind::Foreign,
        _ => TableKind::Table,
    };
    // Negative where nothing was ever counted.
    let rows = row.try_get::<Option<f64>, _>(5)?.filter(|rows| *rows >= 0.0 && kind != TableKind::View);
    let table = Table {
        schema: row.try_get(1)?,
        name: row.try_get(2)?,
        kind,
        comment: row.try_get(4)?,
        row_estimate: rows.map(|rows| rows as u64),
        ..Table::default()
    };
    Ok((row.try_get(0)?, table))
}

fn column(row: &PgRow) -> Result<Column, sqlx::Error> {
    let (base, kind, category): (String, String, String) = (row.try_get(5)?, row.try_get(6)?, row.try_get(7)?);
    let labels: Option<Vec<String>> = row.try_get(8)?;
    Ok(Column {
        name: row.try_get(1)?,
        type_name: row.try_get(2)?,
        kind: if kind == "e" { TypeKind::Text } else { kind_of(&base, &category) },
        nullable: !row.try_get::<bool, _>(3)?,
        comment: row.try_get(4)?,
        values: labels.map(|mut values| {
            values.sort_unstable();
            ValueSample { values, complete: true }
        }),
        presence: None,
    })
}

/// The family of a base type, by its name in pg_type and its category.
fn kind_of(name: &str, category: &str) -> TypeKind {
    match name {
        "int2" | "int4" | "int8" | "oid" => TypeKind::Integer,
        "numeric" | "money" => TypeKind::Decimal,
        "float4" | "float8" => TypeKind::Float,
        "text" | "varchar" | "bpchar" | "char" | "name" | "citext" => TypeKind::Text,
        "bool" => TypeKind::Boolean,
        "date" => TypeKind::Date,
        "time" | "timetz" => TypeKind::Time,
        "timestamp" | "timestamptz" => TypeKind::Timestamp,
        "interval" => TypeKind::Interval,
        "json" | "jsonb" => TypeKind::Json,
        "uuid" => TypeKind::Uuid,
        "bytea" => TypeKind::Binary,
        _ if category == "A" => TypeKind::Array,
        _ => TypeKind::Other,
    }
}
