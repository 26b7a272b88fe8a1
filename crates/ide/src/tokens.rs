use nlq_text::Span;

use crate::Snapshot;

/// A word of a prompt and how it was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Its range; never crosses a line.
    pub span: Span,
    /// As what.
    pub kind: TokenKind,
    /// Set when it was not understood.
    pub modifier: Option<TokenModifier>,
}

/// Kinds of tokens, in the order of the legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum TokenKind {
    Trigger,
    Table,
    Column,
    Value,
    Number,
    Time,
    Operation,
    Term,
    Unknown,
}

/// Modifiers, in the order of the legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenModifier {
    /// Not understood.
    Unresolved,
}

/// The tokens of all prompts that touch `range` (all prompts when none), in order.
pub fn tokens(snapshot: &Snapshot, range: Option<Span>) -> Vec<Token> {
    let _ = (snapshot, range);
    Vec::new()
}
