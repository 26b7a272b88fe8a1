//! The validator: the read-only guard, the checker, the system itself, a bounded run, a look at the result.

use nlq_providers::{Rows, Value};
use nlq_query::{QueryContext, check, expand, guard};
use nlq_text::Severity;
use tokio_util::sync::CancellationToken;

use crate::{Category, Failure, System, Task};

/// What validation said of a query.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// The system took it; its rows, when it was run.
    Passed(Option<Rows>),
    /// Nothing is wrong with it as far as the snapshot tells; the system was not asked.
    Unasked,
    /// It is wrong.
    Failed(Failure),
}

impl Verdict {
    pub(crate) fn rows(&self) -> Option<&Rows> {
        match self {
            Verdict::Passed(rows) => rows.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Verdict::Failed(_))
    }
}

/// What is known of a query: the verdict, and what the checker noted.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    pub(crate) verdict: Verdict,
    /// Sentences with what to do next; help for a repair.
    pub(crate) notes: Vec<String>,
}

/// Checks a query. Without a system only what the snapshot tells is known.
pub(crate) async fn checked(
    sql: &str,
    task: Task<'_>,
    system: Option<&dyn System>,
    runs: bool,
    cancel: &CancellationToken,
) -> Checked {
    let catalog = task.index.catalog();
    if let Err(refusal) = guard(&expand(sql, catalog), catalog.dialect) {
        let category = if refusal.code == "syntax" { Category::Syntax } else { Category::Refused };
        let failure = Failure { category, span: Some(refusal.span), message: refusal.message };
        return Checked { verdict: Verdict::Failed(failure), notes: Vec::new() };
    }
    let context =
        QueryContext { dialect: catalog.dialect, catalog: Some(catalog), annotations: task.index.annotations() };
    let found = check(sql, context);
    let notes: Vec<String> = found.iter().take(5).map(|diagnostic| diagnostic.message.clone()).collect();
    let verdict = match system {
        // The system knows better than a snapshot: what the checker says is only help.
        Some(system) => asked(sql, system, runs, cancel).await,
        None => match found.iter().find(|diagnostic| diagnostic.severity == Severity::Error) {
            Some(error) => {
                let category = if error.code == "syntax" { Category::Syntax } else { Category::Schema };
                let (span, message) = (Some(error.span), error.message.clone());
                Verdict::Failed(Failure { category, message, span })
            }
            None => Verdict::Unasked,
        },
    };
    Checked { verdict, notes }
}

async fn asked(sql: &str, system: &dyn System, runs: bool, cancel: &CancellationToken) -> Verdict {
    if let Err(failure) = system.validate(sql, cancel.clone()).await {
        return Verdict::Failed(failure);
    }
    if !runs {
        return Verdict::Passed(None);
    }
    match system.run(sql, cancel.clone()).await {
        Ok(rows) => Verdict::Passed(Some(rows)),
        Err(failure) => Verdict::Failed(failure),
    }
}

/// What is odd about a result, in words.
pub(crate) fn doubts(rows: &Rows) -> Option<String> {
    if rows.rows.is_empty() {
        return Some("it gives no rows".to_owned());
    }
    // One column of NULLs among others is common; nothing but NULLs is an aggregate over no rows, or a join that misses.
    let all_null = rows.rows.iter().flatten().all(|cell| *cell == Value::Null);
    all_null.then(|| "it gives nothing but NULL".to_owned())
}
