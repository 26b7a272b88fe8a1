//! Programs of the user's own as providers: JSON-RPC over standard input and output, framed as the Language Server
//! Protocol frames it. docs/custom-provider describes the protocol; `nlq conformance` tries a program against it.

mod frames;
mod program;

use std::{
    path::Path,
    sync::OnceLock,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use nlq_catalog::{Catalog, Dialect, Table};
use nlq_config::{CustomConfig, Trusted};
use nlq_query::ReadOnlyQuery;
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use self::program::{Program, Settings};
use crate::{
    Capability, ColumnHead, Limits, ProblemKind, ProviderError, QueryProvider, Rows, SchemaOptions, Truncated, Value,
};

/// What reading a schema may take: large systems take minutes.
const SCHEMA: Duration = Duration::from_mins(5);

/// A program of the user's own.
#[derive(Debug)]
pub(crate) struct Custom {
    dialect: Dialect,
    program: Program,
    capabilities: OnceLock<Vec<Capability>>,
}

impl Custom {
    /// Resolves what the program is given; it starts at the first request.
    pub(crate) async fn new(config: &CustomConfig, root: &Path, trusted: &Trusted) -> Result<Self, ProviderError> {
        let (secrets, folder, proof) = (config.settings.clone(), root.to_owned(), trusted.clone());
        // A secret may be a program that runs for seconds.
        let resolved = tokio::task::spawn_blocking(move || {
            secrets.into_iter().map(|(name, secret)| Ok((name, secret.resolve(&folder, &proof)?))).collect()
        });
        let failed = |error: String| ProviderError::new(ProblemKind::Connection, error);
        let settings: Result<_, nlq_config::SecretError> = resolved.await.map_err(|error| failed(error.to_string()))?;
        let settings = Settings(settings.map_err(|error| failed(error.to_string()))?);
        let program = Program::new(config.command.clone(), root.to_owned(), settings);
        Ok(Self { dialect: config.dialect, program, capabilities: OnceLock::new() })
    }

    /// Starts the program where it is not running, and fails when it has not said that it can do this.
    async fn can(&self, capability: Capability, cancel: &CancellationToken) -> Result<(), ProviderError> {
        let known = match self.capabilities.get() {
            Some(known) => known,
            None => {
                let told = self.program.capabilities(cancel).await?;
                self.capabilities.get_or_init(|| told.iter().filter_map(|name| Capability::from_name(name)).collect())
            }
        };
        if known.contains(&capability) {
            return Ok(());
        }
        let message = format!("the provider program has not the capability `{}`", capability.name());
        Err(ProviderError::new(ProblemKind::Unsupported, message))
    }
}

#[async_trait]
impl QueryProvider for Custom {
    fn provider_id(&self) -> &'static str {
        "custom"
    }

    fn query_language(&self) -> &'static str {
        self.dialect.language().title()
    }

    fn capabilities(&self) -> &[Capability] {
        self.capabilities.get().map_or(&[], Vec::as_slice)
    }

    async fn schema(&self, options: SchemaOptions<'_>, cancel: CancellationToken) -> Result<Catalog, ProviderError> {
        self.can(Capability::SchemaIntrospection, &cancel).await?;
        let params = json!({ "sampleValues": options.sample_values });
        let told = self.program.ask("schema", params, SCHEMA, &cancel).await?;
        let tables: Vec<Table> = serde_json::from_value(told["tables"].clone()).map_err(|error| {
            ProviderError::new(ProblemKind::Data, format!("the program's schema is damaged: {error}"))
        })?;
        let mut catalog = Catalog { dialect: self.dialect, taken_at: chrono::Utc::now(), tables, ..Catalog::default() };
        catalog.tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
        for table in &mut catalog.tables {
            for column in &mut table.columns {
                // Whatever the program sends: what must not be sampled is not kept.
                let sensitive = options.annotations.is_sensitive(table.schema.as_deref(), &table.name, &column.name);
                if sensitive || !options.sample_values {
                    column.values = None;
                }
            }
        }
        Ok(catalog)
    }

    async fn validate(
        &self,
        query: &ReadOnlyQuery,
        timeout: Duration,
        cancel: CancellationToken,
    ) -> Result<(), ProviderError> {
        self.can(Capability::QueryValidation, &cancel).await?;
        let params = json!({ "query": query.text(), "timeoutMs": millis(timeout) });
        self.program.ask("validate", params, timeout, &cancel).await.map(|_| ())
    }

    async fn explain(
        &self,
        query: &ReadOnlyQuery,
        timeout: Duration,
        cancel: CancellationToken,
    ) -> Result<String, ProviderError> {
        self.can(Capability::QueryExplanation, &cancel).await?;
        let params = json!({ "query": query.text(), "timeoutMs": millis(timeout) });
        let told = self.program.ask("explain", params, timeout, &cancel).await?;
        Ok(told["plan"].as_str().unwrap_or_default().to_owned())
    }

    async fn execute(
        &self,
        query: &ReadOnlyQuery,
        limits: Limits,
        cancel: CancellationToken,
    ) -> Result<Rows, ProviderError> {
        self.can(Capability::QueryExecution, &cancel).await?;
        let params = json!({
            "query": query.text(),
            "limits": { "rows": limits.rows, "bytes": limits.bytes, "timeoutMs": millis(limits.timeout) },
        });
        let begun = Instant::now();
        let told = self.program.ask("execute", params, limits.timeout, &cancel).await?;
        rows(&told, limits, begun.elapsed())
    }

    async fn close(&self) {
        self.program.stop().await;
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Rows as a program tells them; the limits hold whatever it sends.
fn rows(told: &Json, limits: Limits, elapsed: Duration) -> Result<Rows, ProviderError> {
    let damaged = |why: &str| ProviderError::new(ProblemKind::Data, format!("the program's result is damaged: {why}"));
    let columns: Vec<ColumnHead> = told["columns"]
        .as_array()
        .ok_or_else(|| damaged("`columns` is no list"))?
        .iter()
        .map(|column| ColumnHead {
            name: column["name"].as_str().or(column.as_str()).unwrap_or_default().to_owned(),
            type_name: column["type"].as_str().unwrap_or_default().to_owned(),
        })
        .collect();
    let mut truncated = match told["truncated"].as_str() {
        Some("rows") => Some(Truncated::Rows),
        Some("bytes") => Some(Truncated::Bytes),
        _ => None,
    };
    let (mut rows, mut bytes) = (Vec::new(), 0);
    for row in told["rows"].as_array().ok_or_else(|| damaged("`rows` is no list"))? {
        let cells = row.as_array().filter(|cells| cells.len() == columns.len());
        let cells: Vec<Value> =
            cells.ok_or_else(|| damaged("a row has not one cell a column"))?.iter().map(cell).collect();
        if rows.len() == limits.rows {
            truncated = Some(Truncated::Rows);
            break;
        }
        bytes += cells.iter().map(|cell| if let Value::Text(text) = cell { text.len() } else { 8 }).sum::<usize>();
        if bytes > limits.bytes {
            truncated = Some(Truncated::Bytes);
            break;
        }
        rows.push(cells);
    }
    Ok(Rows { columns, rows, truncated, elapsed })
}

fn cell(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::Text(text.clone()),
        other => Value::Text(other.to_string()),
    }
}
