//! The scenarios, each over one connection. What a scenario needs is derived from the schema: a plan over one of its
//! tables, written in the connection's language.

use std::time::{Duration, Instant};

use nlq_catalog::{Catalog, Column, ColumnId, Dialect, QueryLanguage, TableId, TableKind};
use nlq_config::ConnectionRef;
use nlq_providers::{Limits, QueryProvider, Rows, SchemaOptions};
use nlq_query::{
    QueryContext, check, guard,
    joins::JoinGraph,
    plan::{Expr, Item, Plan},
    write,
};
use nlq_text::Severity;
use serde::Serialize;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::denied::denied;
use crate::session::{Session, SessionError};

/// A name that no schema has.
const NOBODY: &str = "nlq_no_such_field";
/// Rows of the query that is run.
const ROWS: u64 = 5;
/// The time limit that a slow query must not outlast.
const SHORT: Duration = Duration::from_millis(300);
/// What a time limit or a cancel may take to be kept, over the network and with the system's own time to notice.
const KEPT: Duration = Duration::from_secs(5);

/// One thing that every provider must do right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scenario {
    Connect,
    WrongPassword,
    Unreachable,
    Introspect,
    Valid,
    Invalid,
    UnknownField,
    Run,
    Limit,
    Timeout,
    Cancel,
    Denied,
}

impl Scenario {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::WrongPassword => "wrong password",
            Self::Unreachable => "unreachable",
            Self::Introspect => "introspect",
            Self::Valid => "valid query",
            Self::Invalid => "invalid query",
            Self::UnknownField => "unknown field",
            Self::Run => "run",
            Self::Limit => "row limit",
            Self::Timeout => "time limit",
            Self::Cancel => "cancel",
            Self::Denied => "denied operation",
        }
    }
}

/// What came of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(super) enum Outcome {
    Passed { told: String },
    Failed { why: String },
    Untried { why: String },
}

impl Outcome {
    pub(super) fn passed(told: impl Into<String>) -> Self {
        Self::Passed { told: told.into() }
    }

    pub(super) fn failed(why: impl Into<String>) -> Self {
        Self::Failed { why: why.into() }
    }

    fn untried(why: impl Into<String>) -> Self {
        Self::Untried { why: why.into() }
    }

    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Passed { .. } => "ok",
            Self::Failed { .. } => "FAILED",
            Self::Untried { .. } => "untried",
        }
    }

    pub(super) fn why(&self) -> &str {
        match self {
            Self::Passed { told: why } | Self::Failed { why } | Self::Untried { why } => why,
        }
    }
}

/// A connection under trial.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    session: &'a Session,
    reference: &'a ConnectionRef,
    slow: Option<&'a str>,
    cancel: &'a CancellationToken,
    catalog: Option<Catalog>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(
        session: &'a Session,
        reference: &'a ConnectionRef,
        slow: Option<&'a str>,
        cancel: &'a CancellationToken,
    ) -> Self {
        Self { session, reference, slow, cancel, catalog: None }
    }

    pub(super) async fn try_one(&mut self, scenario: Scenario) -> Outcome {
        let tried = match scenario {
            Scenario::Connect => self.connect().await,
            Scenario::Introspect => self.introspect().await,
            Scenario::Valid => self.valid().await,
            Scenario::Invalid => self.invalid().await,
            Scenario::UnknownField => self.unknown_field().await,
            Scenario::Run => self.runs().await,
            Scenario::Limit => self.limit().await,
            Scenario::Timeout => self.timeout().await,
            Scenario::Cancel => self.cancelled().await,
            Scenario::Denied => self.denied(),
            Scenario::WrongPassword | Scenario::Unreachable => {
                Ok(Outcome::untried("it is tried by a connection of its own"))
            }
        };
        tried.unwrap_or_else(|error| match error.code {
            "unsupported" => Outcome::untried(error.message),
            _ => Outcome::failed(error.message),
        })
    }

    async fn provider(&self) -> Result<Arc<dyn QueryProvider>, SessionError> {
        self.session.provider(self.reference).await
    }

    fn dialect(&self) -> Result<Dialect, SessionError> {
        self.session.dialect(self.reference)
    }

    /// The schema, read once.
    pub(super) async fn schema(&mut self) -> Result<&Catalog, SessionError> {
        if self.catalog.is_none() {
            let view = self.session.view();
            let options = SchemaOptions { sample_values: false, annotations: &view.annotations };
            let read = self.provider().await?.schema(options, self.cancel.clone()).await?;
            self.catalog = Some(read);
        }
        Ok(self.catalog.get_or_insert_default())
    }

    /// The table with the most rows that has a column, and that column: one that queries of the system may ask for alone.
    async fn column(&mut self) -> Result<ColumnId, SessionError> {
        let catalog = self.schema().await?;
        let tables =
            catalog.table_ids().filter(|(_, table)| table.kind != TableKind::Nested && !table.columns.is_empty());
        let largest = tables.max_by_key(|(_, table)| table.row_estimate.unwrap_or(1));
        let (table, _) =
            largest.ok_or_else(|| SessionError::new("no-schema", "the schema has no table with a column"))?;
        // What every row has says most of a run.
        let share = |id: &ColumnId| catalog.column(*id).presence.unwrap_or(1.0);
        let columns = catalog.column_ids(table).map(|(id, _)| id);
        let fullest = columns.reduce(|best, id| if share(&id) > share(&best) { id } else { best });
        Ok(fullest.unwrap_or(ColumnId { table: TableId(0), column: 0 }))
    }

    /// A query for one column, as the connection's language writes it.
    async fn query(&mut self, limit: Option<u64>) -> Result<String, SessionError> {
        let column = self.column().await?;
        let catalog = self.schema().await?;
        written(catalog, column, limit)
    }

    async fn connect(&mut self) -> Result<Outcome, SessionError> {
        let begun = Instant::now();
        self.schema().await?;
        let provider = self.provider().await?;
        let can: Vec<&str> = provider.capabilities().iter().map(|capability| capability.name()).collect();
        let (took, id) = (begun.elapsed().as_millis(), provider.provider_id());
        Ok(Outcome::passed(format!("{id} in {took} ms, with the schema; it can {}", can.join(", "))))
    }

    async fn introspect(&mut self) -> Result<Outcome, SessionError> {
        let catalog = self.schema().await?;
        let columns: usize = catalog.tables.iter().map(|table| table.columns.len()).sum();
        if columns == 0 {
            return Ok(Outcome::failed("the schema has no column"));
        }
        Ok(Outcome::passed(format!("{} tables, {columns} columns", catalog.tables.len())))
    }

    async fn valid(&mut self) -> Result<Outcome, SessionError> {
        let query = self.query(Some(ROWS)).await?;
        self.session.validate(self.reference, &query, self.cancel.clone()).await?;
        Ok(Outcome::passed(query))
    }

    async fn invalid(&mut self) -> Result<Outcome, SessionError> {
        let query = format!("{} )(", self.query(Some(ROWS)).await?);
        match self.session.validate(self.reference, &query, self.cancel.clone()).await {
            Ok(()) => Ok(Outcome::failed(format!("it is taken: {query}"))),
            Err(error) if matches!(error.code, "syntax" | "refused") => Ok(Outcome::passed(error.message)),
            Err(error) => Err(error),
        }
    }

    /// A field that does not exist must be told, by the system or, where the system takes any field, by the checker: where
    /// fields come and go with the records, at least one that is a slip of a known one.
    async fn unknown_field(&mut self) -> Result<Outcome, SessionError> {
        let column = self.column().await?;
        let known = self.schema().await?.clone();
        let like = known.column(column).clone();
        let mut query = String::new();
        for name in [NOBODY.to_owned(), format!("{}{}", like.name, like.name.chars().last().unwrap_or('x'))] {
            let mut pretended = known.clone();
            let columns = &mut pretended.tables[column.table.0 as usize].columns;
            columns.push(Column { name: name.clone(), ..like.clone() });
            let nobody = ColumnId { table: column.table, column: columns.len() as u32 - 1 };
            query = written(&pretended, nobody, Some(ROWS))?;
            let by_system = match self.session.validate(self.reference, &query, self.cancel.clone()).await {
                Ok(()) => None,
                Err(error) if error.code == "schema" => Some(error.message),
                Err(error) if error.code == "unsupported" => None,
                Err(error) => return Err(error),
            };
            let view = self.session.view();
            let context =
                QueryContext { dialect: known.dialect, catalog: Some(&known), annotations: &view.annotations };
            let told = |found: &nlq_text::Diagnostic| {
                found.severity <= Severity::Warning && found.message.contains(name.as_str())
            };
            let by_checker = check(&query, context).into_iter().find(told).map(|found| found.message);
            match (by_system, by_checker) {
                (Some(message), Some(_)) => {
                    return Ok(Outcome::passed(format!("by the system and the checker: {message}")));
                }
                (Some(message), None) => return Ok(Outcome::passed(format!("by the system: {message}"))),
                (None, Some(message)) => return Ok(Outcome::passed(format!("by the checker: {message}"))),
                (None, None) => {}
            }
        }
        Ok(Outcome::failed(format!("nobody says that the field does not exist: {query}")))
    }

    async fn execute(&mut self, query: &str, limits: Limits, cancel: CancellationToken) -> Result<Rows, SessionError> {
        let query = guard(query, self.dialect()?)?;
        Ok(self.provider().await?.execute(&query, limits, cancel).await?)
    }

    fn limits(&self) -> Limits {
        let agents = self.session.view().config.agents;
        Limits { rows: agents.max_result_rows, bytes: agents.max_result_bytes, timeout: agents.execution_timeout }
    }

    async fn runs(&mut self) -> Result<Outcome, SessionError> {
        let query = self.query(Some(ROWS)).await?;
        // A language that has no limit of its own is held by that of the run.
        let own = self.dialect()?.language() != QueryLanguage::Partiql;
        let limits = if own { self.limits() } else { Limits { rows: ROWS as usize, ..self.limits() } };
        let rows = self.execute(&query, limits, self.cancel.clone()).await?;
        match rows.rows.len() {
            0 => Ok(Outcome::failed(format!("there are no rows: {query}"))),
            some if some as u64 > ROWS => Ok(Outcome::failed(format!("{some} rows of {ROWS} at most: {query}"))),
            some => Ok(Outcome::passed(format!("{some} rows in {} ms", rows.elapsed.as_millis()))),
        }
    }

    async fn limit(&mut self) -> Result<Outcome, SessionError> {
        let query = self.query(None).await?;
        let rows = self.execute(&query, Limits { rows: 2, ..self.limits() }, self.cancel.clone()).await?;
        Ok(match (rows.rows.len(), rows.truncated) {
            (2, Some(_)) => Outcome::passed("2 rows, told as cut"),
            (0..=2, None) => Outcome::untried("the largest table has no more than 2 rows"),
            (count, truncated) => Outcome::failed(format!("{count} rows of 2 at most, cut: {truncated:?}")),
        })
    }

    async fn timeout(&mut self) -> Result<Outcome, SessionError> {
        let Some(slow) = self.slow else { return Ok(Outcome::untried("no slow query was given (--slow)")) };
        let begun = Instant::now();
        let ran = self.execute(slow, Limits { timeout: SHORT, ..self.limits() }, self.cancel.clone()).await;
        let took = begun.elapsed();
        Ok(match ran {
            Ok(_) => Outcome::failed(format!("it ran to its end in {} ms", took.as_millis())),
            Err(error) if error.code != "timeout" => return Err(error),
            Err(_) if took > SHORT + KEPT => {
                Outcome::failed(format!("it was stopped only after {} ms", took.as_millis()))
            }
            Err(error) => Outcome::passed(format!("after {} ms: {error}", took.as_millis())),
        })
    }

    /// Cancelled while it runs, and another query runs right after.
    async fn cancelled(&mut self) -> Result<Outcome, SessionError> {
        let Some(slow) = self.slow else { return Ok(Outcome::untried("no slow query was given (--slow)")) };
        let (token, limits) = (self.cancel.child_token(), self.limits());
        let stop = token.clone();
        let begun = Instant::now();
        tokio::spawn(async move {
            tokio::time::sleep(SHORT).await;
            stop.cancel();
        });
        let ran = self.execute(slow, limits, token).await;
        let took = begun.elapsed();
        match ran {
            Ok(_) => return Ok(Outcome::failed(format!("it ran to its end in {} ms", took.as_millis()))),
            Err(error) if error.code != "cancelled" => return Err(error),
            Err(_) if took > SHORT + KEPT => {
                return Ok(Outcome::failed(format!("it was stopped only after {} ms", took.as_millis())));
            }
            Err(_) => {}
        }
        let query = self.query(Some(ROWS)).await?;
        self.execute(&query, limits, self.cancel.clone()).await?;
        Ok(Outcome::passed(format!("after {} ms, and the next query ran", took.as_millis())))
    }

    fn denied(&self) -> Result<Outcome, SessionError> {
        let dialect = self.dialect()?;
        let all = denied(dialect.language());
        let passed: Vec<&&str> = all.iter().filter(|text| guard(text, dialect).is_ok()).collect();
        Ok(match passed.first() {
            None => Outcome::passed(format!("{} are refused before they are sent", all.len())),
            Some(text) => Outcome::failed(format!("the guard passes: {text}")),
        })
    }
}

fn written(catalog: &Catalog, column: ColumnId, limit: Option<u64>) -> Result<String, SessionError> {
    let graph = JoinGraph::new(catalog, &nlq_catalog::Annotations::default());
    let limit = limit.filter(|_| catalog.dialect.language() != QueryLanguage::Partiql);
    let plan = Plan { select: vec![Item { expr: Expr::Column(column), alias: None }], limit, ..Plan::default() };
    write(&plan, catalog, &graph).map_err(|error| SessionError::new("unsupported", error.to_string()))
}
