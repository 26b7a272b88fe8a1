use nlq_text::Span;
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgErrorPosition};

use crate::{ProblemKind, ProviderError};

/// The server's word on a query that was sent as `prefix` + `sql`, with the place in `sql`.
pub(super) fn of(error: sqlx::Error, prefix: &str, sql: &str) -> ProviderError {
    let sqlx::Error::Database(error) = &error else {
        return ProviderError::new(
            ProblemKind::Connection,
            format!("the connection to PostgreSQL broke ({error}): try again"),
        );
    };
    let Some(error) = error.try_downcast_ref::<PgDatabaseError>() else {
        return ProviderError::new(ProblemKind::Data, error.message());
    };
    let kind = kind_of(error.code());
    let mut message = error.message().to_owned();
    for more in [error.detail(), error.hint()].into_iter().flatten() {
        message.push_str(&format!(" ({})", more.trim_end_matches('.')));
    }
    match error.code() {
        "57014" if error.message().contains("user request") => ProviderError::cancelled(),
        "57014" => ProviderError::timed_out(),
        "55P03" => ProviderError::new(
            kind,
            format!("another transaction holds a lock on what is read ({message}): try again later"),
        ),
        "25006" => ProviderError::new(kind, format!("the query would write, and it runs read-only ({message})")),
        _ => ProviderError::new(kind, message).at(span_of(error, prefix, sql)),
    }
}

/// The category of an SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn kind_of(code: &str) -> ProblemKind {
    match code {
        "42601" | "42000" | "42803" | "42P20" | "42P10" | "42611" => ProblemKind::Syntax,
        "42501" | "25006" => ProblemKind::Permission,
        "57014" | "55P03" | "25P03" => ProblemKind::Timeout,
        _ => match code.get(..2).unwrap_or_default() {
            "42" | "3F" | "3D" => ProblemKind::Schema,
            "28" => ProblemKind::Permission,
            "08" | "53" | "57" => ProblemKind::Connection,
            "0A" => ProblemKind::Syntax,
            _ => ProblemKind::Data,
        },
    }
}

/// The server counts characters of what was sent, from 1; a span counts bytes of the query. It covers the word there.
fn span_of(error: &PgDatabaseError, prefix: &str, sql: &str) -> Option<Span> {
    match error.position()? {
        PgErrorPosition::Original(position) => word_at(sql, position.checked_sub(prefix.chars().count() + 1)?),
        PgErrorPosition::Internal { .. } => None,
    }
}

/// The name (with its qualifiers), number, quoted text or single character that begins at the nth character.
fn word_at(sql: &str, nth: usize) -> Option<Span> {
    let Some((start, first)) = sql.char_indices().nth(nth) else {
        return (sql.chars().count() == nth).then(|| Span::at(sql.len()));
    };
    let rest = &sql[start..];
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.');
    let mut quote = None;
    let mut length = 0;
    for c in rest.chars() {
        let inside = quote.is_some();
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"') => quote = Some('"'),
            (None, '\'') if first == '\'' => quote = Some('\''),
            (None, _) => {}
        }
        if !inside && quote.is_none() && !is_part(c) {
            break;
        }
        length += c.len_utf8();
    }
    Some(Span::new(start, start + length.max(first.len_utf8())))
}

/// Why no connection could be had; never with the password.
pub(super) fn of_connect(error: sqlx::Error, options: &PgConnectOptions) -> ProviderError {
    let place = format!("{}:{}", options.get_host(), options.get_port());
    let user = options.get_username();
    let database = options.get_database().unwrap_or(user);
    let problem = |kind, message: String| ProviderError::new(kind, message);
    let of_tls = |e: &dyn std::fmt::Display| {
        format!(
            "TLS with {place} failed ({e}): check the server's certificate (PGSSLROOTCERT names a private authority's), \
             or `tls` in nlq.yaml"
        )
    };
    match &error {
        // How rustls reports a certificate that it does not trust.
        sqlx::Error::Io(e) if e.kind() == std::io::ErrorKind::InvalidData || e.to_string().contains("certificate") => {
            problem(ProblemKind::Connection, of_tls(e))
        }
        sqlx::Error::Io(e) => problem(
            ProblemKind::Connection,
            match e.kind() {
                std::io::ErrorKind::ConnectionRefused => {
                    format!("nothing answers at {place}: start the server, or check `host` and `port` in nlq.yaml")
                }
                std::io::ErrorKind::NotFound => format!(
                    "there is no PostgreSQL socket in {place}: check `host` and `port` in nlq.yaml, or start the server"
                ),
                std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset => format!(
                    "{place} closed the connection: check that it is a PostgreSQL server, and `tls` in nlq.yaml"
                ),
                _ if e.to_string().contains("lookup") || e.to_string().contains("resolve") => {
                    format!("the host {} is unknown: check `host` in nlq.yaml", options.get_host())
                }
                _ => format!("cannot reach {place} ({e}): check `host` and `port` in nlq.yaml"),
            },
        ),
        sqlx::Error::Tls(e) if e.to_string().contains("does not support TLS") => problem(
            ProblemKind::Connection,
            format!("{place} does not offer TLS: turn it on there, or set `tls: prefer` in nlq.yaml"),
        ),
        sqlx::Error::Tls(e) => problem(ProblemKind::Connection, of_tls(e)),
        sqlx::Error::Database(e) => match e.code().as_deref().unwrap_or_default() {
            "28P01" => problem(
                ProblemKind::Permission,
                format!("{place} refuses the password of {user}: check what `password` in nlq.yaml refers to"),
            ),
            "28000" => problem(
                ProblemKind::Permission,
                format!("{place} refuses {user} ({}): check `user` and `tls` in nlq.yaml", e.message()),
            ),
            "3D000" => problem(
                ProblemKind::Connection,
                format!("{place} has no database {database}: check `database` in nlq.yaml"),
            ),
            "42501" => problem(
                ProblemKind::Permission,
                format!("{user} may not connect to {database} at {place}: ask for the CONNECT right"),
            ),
            "53300" => problem(
                ProblemKind::Connection,
                format!("{place} has no free connection ({}): close others, or try again later", e.message()),
            ),
            "57P03" => problem(
                ProblemKind::Connection,
                format!("{place} is not ready ({}): try again in a moment", e.message()),
            ),
            _ => problem(ProblemKind::Connection, format!("{place} refuses the connection: {}", e.message())),
        },
        // Such as an answer that is not PostgreSQL's.
        e => problem(
            ProblemKind::Connection,
            format!("{place} does not answer as PostgreSQL does ({e}): check `host` and `port` in nlq.yaml"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_characters_becomes_the_bytes_of_a_word() {
        for (sql, nth, word) in [
            ("SELECT 'é', totl FROM t", 12, Some("totl")),
            ("SELECT o.totl+1", 7, Some("o.totl")),
            ("SELECT \"a b\".\"c\" FROM t", 7, Some("\"a b\".\"c\"")),
            ("SELECT 'it' + 1", 7, Some("'it'")),
            ("SELECT a + b", 9, Some("+")),
            ("SELECT \"open", 7, Some("\"open")),
            ("SELECT", 6, Some("")),
            ("SELECT", 9, None),
        ] {
            assert_eq!(word_at(sql, nth).map(|span| span.of(sql)), word, "{sql} at {nth}");
        }
    }
}
