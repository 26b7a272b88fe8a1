use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use chrono::NaiveDate;
use nlq_catalog::{Annotations, Dialect, QueryLanguage};
use nlq_config::{AnnotationFile, Config, ConnectionRef, ExampleFile};
use nlq_engine::{Answer, Engine, Outcome, Question, SchemaIndex};
use nlq_query::QueryContext;
use nlq_syntax::{Document, Named, Prompt, Query};
use nlq_text::Diagnostic;

use crate::{memo::Memo, schema_card::Schema};

/// One document in its workspace, at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The document.
    pub document: Arc<Document>,
    /// The workspace it belongs to; an empty view for a file outside any.
    pub workspace: Arc<WorkspaceView>,
    /// Results of queries of this document that were run in this session, by query text.
    pub runs: Arc<BTreeMap<String, LastRun>>,
    /// What "today" is.
    pub today: NaiveDate,
    /// What the user wants to see.
    pub options: Options,
}

/// What the user wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Check every statement of SQL files, not only answers.
    pub all_statements: bool,
    /// Show notes at the ends of lines.
    pub inlay_hints: bool,
    /// Show commands above prompts.
    pub code_lens: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { all_statements: false, inlay_hints: true, code_lens: true }
    }
}

/// What was said before a prompt, for [`nlq_engine::Question`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conversation<'a> {
    /// Earlier questions, oldest first.
    pub earlier: Vec<&'a str>,
    /// Replies to clarifications, oldest first; those of earlier questions too.
    pub replies: Vec<&'a str>,
}

/// What an answer is remembered by: debug text quotes every part, so no two questions share a key.
fn key(question: Question<'_>) -> String {
    format!("{question:?}")
}

impl Snapshot {
    /// The connection that a prompt is asked of: its own, the file's, or the workspace's default. The error is one
    /// sentence.
    pub fn prompt_connection(&self, prompt: &Prompt) -> Result<&Arc<ConnectionView>, String> {
        self.named_connection(self.connection_name(prompt))
    }

    /// The connection that a query is for: its prompt's, the file's, or the workspace's default.
    pub fn query_connection(&self, query: &Query) -> Result<&Arc<ConnectionView>, String> {
        match query.prompt.and_then(|prompt| self.document.prompts().get(prompt)) {
            Some(prompt) => self.prompt_connection(prompt),
            None => self.named_connection(self.document.directives().connection.as_ref()),
        }
    }

    /// The answer to a prompt, asked of a connection: what is remembered of it, else the embedded engine's, which is
    /// remembered then. None before the schema is known.
    pub fn answer(&self, prompt: usize, connection: &ConnectionView) -> Option<Arc<Answer>> {
        let index = connection.index.as_ref()?;
        self.remembered(prompt, connection, |question| self.workspace.engine.answer(question, index))
    }

    /// The remembered answer to a prompt, made by `answer` the first time.
    pub(crate) fn remembered(
        &self,
        prompt: usize,
        connection: &ConnectionView,
        answer: impl FnOnce(Question<'_>) -> Answer,
    ) -> Option<Arc<Answer>> {
        let conversation = self.conversation(prompt);
        let question = self.question(prompt, &conversation)?;
        Some(connection.answers.get(&key(question), || answer(question)))
    }

    /// Keeps another answer to a prompt, such as a model's: from now on it is what the document shows.
    pub fn remember(&self, prompt: usize, connection: &ConnectionView, answer: Arc<Answer>) {
        let conversation = self.conversation(prompt);
        if let Some(question) = self.question(prompt, &conversation) {
            connection.answers.put(key(question), answer);
        }
    }

    fn question<'a>(&'a self, prompt: usize, said: &'a Conversation<'a>) -> Option<Question<'a>> {
        let text = self.document.prompts().get(prompt)?.text.as_str();
        Some(Question { text, earlier: &said.earlier, replies: &said.replies, today: self.today })
    }

    /// What was said before a prompt.
    pub fn conversation(&self, prompt: usize) -> Conversation<'_> {
        let prompts = self.document.prompts();
        let mut turns = Vec::new();
        let mut at = Some(prompt);
        while let Some((index, turn)) = at.and_then(|index| Some((index, prompts.get(index)?))) {
            turns.push(turn);
            // A conversation only goes back: this also ends the walk should the document ever say otherwise.
            at = turn.continues.filter(|earlier| *earlier < index);
        }
        turns.reverse();
        let replies = turns.iter().flat_map(|turn| &turn.replies);
        Conversation {
            replies: replies.map(|reply| reply.reply.as_str()).filter(|reply| !reply.is_empty()).collect(),
            earlier: turns.iter().rev().skip(1).rev().map(|turn| turn.text.as_str()).collect(),
        }
    }

    /// A prompt with its connection and, when the schema is known, the engine's answer; none when its connection is
    /// not known or there is nothing to read.
    pub(crate) fn reading(&self, index: usize) -> Option<Reading<'_>> {
        let prompt = self.document.prompts().get(index).filter(|prompt| !prompt.text.is_empty())?;
        let connection = self.prompt_connection(prompt).ok()?;
        let answer = self.answer(index, connection);
        let standing = prompt.answer.and_then(|query| self.document.queries().get(query));
        Some(Reading { prompt, connection, answer, standing })
    }

    /// The prompt that the cursor touches, with its index.
    pub(crate) fn prompt_at(&self, offset: usize) -> Option<(usize, &Prompt)> {
        self.document.prompts().iter().enumerate().find(|(_, prompt)| prompt.span.touches(offset))
    }

    /// The query that the cursor touches, with its index.
    pub(crate) fn query_at(&self, offset: usize) -> Option<(usize, &Query)> {
        self.document.queries().iter().enumerate().find(|(_, query)| query.span.touches(offset))
    }

    /// What the checker says of a query; ranges are bytes of the query's text. Nothing for a query in another language
    /// than its connection's.
    /// Remembered: asking again costs a look-up.
    pub(crate) fn check(&self, query: &Query, connection: &ConnectionView) -> Arc<Vec<Diagnostic>> {
        if !speaks(query, connection.dialect) {
            return Arc::default();
        }
        connection.checks.get(&query.text, || nlq_query::check(&query.text, self.query_context(connection)))
    }

    /// What a connection's queries are read against.
    pub(crate) fn query_context<'a>(&'a self, connection: &'a ConnectionView) -> QueryContext<'a> {
        let catalog = connection.index.as_ref().map(|index| index.catalog().as_ref());
        QueryContext { dialect: connection.dialect, catalog, annotations: self.annotations(connection) }
    }

    /// What the team says about a connection's schema.
    fn annotations<'a>(&'a self, connection: &'a ConnectionView) -> &'a Annotations {
        connection.index.as_ref().map_or(&self.workspace.annotations, |index| index.annotations())
    }

    /// Where the connection of a prompt is named.
    pub(crate) fn connection_name<'a>(&'a self, prompt: &'a Prompt) -> Option<&'a Named> {
        prompt.connection.as_ref().or(self.document.directives().connection.as_ref())
    }

    fn named_connection(&self, name: Option<&Named>) -> Result<&Arc<ConnectionView>, String> {
        let (reference, _) = self.workspace.config.find_connection(name.map(|name| name.name.as_str()))?;
        let view = self.workspace.connections.get(&reference);
        view.ok_or_else(|| format!("connection `{reference}` could not be read: see the problems of nlq.yaml"))
    }
}

/// A prompt as it was read.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) prompt: &'a Prompt,
    pub(crate) connection: &'a Arc<ConnectionView>,
    /// What the engine makes of it; none before the schema is known.
    pub(crate) answer: Option<Arc<Answer>>,
    /// The query that stands below it.
    pub(crate) standing: Option<&'a Query>,
}

impl Reading<'_> {
    /// How sure the engine is of the query that counts: the one that stands below the prompt or, when there is none,
    /// the one it would write. None when it would write another: of a query changed by hand it knows nothing.
    pub(crate) fn confidence(&self) -> Option<f64> {
        let answer = self.answer.as_ref()?;
        let Outcome::Query { sql, .. } = &answer.outcome else { return None };
        match self.standing {
            Some(query) if !same_query(sql, &query.text) => {
                let other = answer.alternatives.iter().find(|other| same_query(&other.sql, &query.text))?;
                Some(other.confidence)
            }
            _ => Some(answer.confidence),
        }
    }
}

/// True when two queries differ in white space and a closing `;` at most.
pub(crate) fn same_query(one: &str, other: &str) -> bool {
    fn words(text: &str) -> impl Iterator<Item = &str> {
        text.trim_end_matches(|ch: char| ch == ';' || ch.is_whitespace()).split_whitespace()
    }
    words(one).eq(words(other))
}

/// True for a query in the language of a connection: a query that says no language is.
pub fn speaks(query: &Query, dialect: Dialect) -> bool {
    query.language.is_empty() || QueryLanguage::from_fence(&query.language) == Some(dialect.language())
}

/// How the last run of a query went.
#[derive(Debug, Clone, PartialEq)]
pub struct LastRun {
    /// Rows that came.
    pub rows: usize,
    /// True when a limit cut them.
    pub truncated: bool,
    /// How long the system took.
    pub elapsed: Duration,
    /// What the system said against it.
    pub error: Option<String>,
}

/// What is known of a workspace: its files, read and merged.
#[derive(Debug, Default)]
pub struct WorkspaceView {
    /// Its folder; none for a file outside any workspace.
    pub root: Option<PathBuf>,
    /// `nlq.yaml`.
    pub config: Arc<Config>,
    /// What is wrong with `nlq.yaml`.
    pub config_diagnostics: Vec<Diagnostic>,
    /// Whether its present content may act.
    pub trusted: bool,
    /// Annotation files in order.
    pub annotation_files: Vec<AnnotationSource>,
    /// All of them merged.
    pub annotations: Arc<Annotations>,
    /// Example files in order.
    pub example_files: Vec<ExampleSource>,
    /// Connections with their schemas.
    pub connections: BTreeMap<ConnectionRef, Arc<ConnectionView>>,
    /// The embedded engine with this workspace's settings.
    pub engine: Engine,
}

/// One annotation file.
#[derive(Debug, Clone)]
pub struct AnnotationSource {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: Arc<str>,
    /// What it says.
    pub file: Arc<AnnotationFile>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// One file of reviewed examples.
#[derive(Debug, Clone)]
pub struct ExampleSource {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: Arc<str>,
    /// What it says.
    pub file: Arc<ExampleFile>,
}

/// One connection with its schema.
#[derive(Debug)]
pub struct ConnectionView {
    /// Its name.
    pub reference: ConnectionRef,
    /// What it speaks.
    pub dialect: Dialect,
    /// Its schema, prepared for linking; none before the first snapshot.
    pub index: Option<Arc<SchemaIndex>>,
    /// Where its snapshot file is.
    pub snapshot_file: Option<PathBuf>,
    /// When its schema was read.
    pub schema_taken_at: Option<SystemTime>,
    /// How it stands.
    pub state: ConnectionState,
    /// Answers of the embedded engine to prompts of this schema: a cache, filled as features ask.
    pub(crate) answers: Memo<Answer>,
    /// Findings of the checker on queries of this schema: a cache.
    pub(crate) checks: Memo<Vec<Diagnostic>>,
}

/// How a connection stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ConnectionState {
    /// Not used in this session.
    #[default]
    Idle,
    /// Being opened or read.
    Connecting,
    /// The last use went well.
    Ready,
    /// The last use failed; the sentence says why.
    Failed(String),
}

impl ConnectionView {
    /// As people read it: `shop/dev (SQLite)`.
    pub fn title(&self) -> String {
        format!("{} ({})", self.reference, self.dialect.title())
    }

    /// A connection with its schema.
    pub fn new(
        reference: ConnectionRef,
        dialect: Dialect,
        index: Option<Arc<SchemaIndex>>,
        snapshot_file: Option<PathBuf>,
        state: ConnectionState,
    ) -> Self {
        let schema_taken_at = index.as_ref().map(|index| index.catalog().taken_at.into());
        Self {
            reference,
            dialect,
            index,
            snapshot_file,
            schema_taken_at,
            state,
            answers: Memo::default(),
            checks: Memo::default(),
        }
    }

    /// Its schema with what the team says about it.
    pub(crate) fn schema(&self) -> Option<Schema<'_>> {
        self.index.as_ref().map(|index| Schema { catalog: index.catalog(), annotations: index.annotations() })
    }

    /// The same connection and schema (and caches) in another state.
    pub fn with_state(&self, state: ConnectionState) -> Self {
        Self {
            reference: self.reference.clone(),
            dialect: self.dialect,
            index: self.index.clone(),
            snapshot_file: self.snapshot_file.clone(),
            schema_taken_at: self.schema_taken_at,
            state,
            answers: self.answers.clone(),
            checks: self.checks.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;

    #[test]
    fn a_conversation_is_the_questions_and_replies_above() {
        let fixture = fixture(
            "//- /a.nlq\n# Revenue\n\nrevenue per month\n\n```sql\nSELECT 1\n```\n\n> Which amount?\n\ntotal_amount\n\nnow only for Zürich\n",
        );
        let prompts = fixture.snapshot.document.prompts();
        let last = prompts.len() - 1;
        assert_eq!(prompts[last].text, "now only for Zürich");
        let conversation = fixture.snapshot.conversation(last);
        assert_eq!(conversation, Conversation { earlier: vec!["revenue per month"], replies: vec!["total_amount"] });
        assert_eq!(fixture.snapshot.conversation(0).earlier, Vec::<&str>::new());
    }

    #[test]
    fn a_reply_in_a_comment_is_no_part_of_the_question() {
        let fixture = fixture("-- nlq: revenue\n-- nlq-reply: total_amount\n-- per month\n");
        assert_eq!(fixture.snapshot.document.prompts()[0].text, "revenue per month");
        assert_eq!(fixture.snapshot.conversation(0), Conversation { earlier: vec![], replies: vec!["total_amount"] });
    }

    #[test]
    fn the_engine_is_asked_once_a_question() {
        let fixture = fixture("-- nlq: orders\n");
        let connection = fixture.snapshot.prompt_connection(&fixture.snapshot.document.prompts()[0]).unwrap();
        let first = fixture.snapshot.answer(0, connection).unwrap();
        assert!(Arc::ptr_eq(&first, &fixture.snapshot.answer(0, connection).unwrap()));
        let mut tomorrow = fixture.snapshot.clone();
        tomorrow.today = tomorrow.today.succ_opt().unwrap();
        assert!(!Arc::ptr_eq(&first, &tomorrow.answer(0, connection).unwrap()), "another day, another question");
    }

    #[test]
    fn queries_are_the_same_but_for_white_space() {
        assert!(same_query("SELECT a\n  FROM b", "SELECT a FROM b ;\n"));
        assert!(!same_query("SELECT a FROM b", "SELECT a FROM c"));
    }
}
