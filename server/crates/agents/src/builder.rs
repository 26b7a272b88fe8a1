//! The query builder: asks for a query and, when it failed, tells the model why and asks again.

use nlq_catalog::{Dialect, QueryLanguage};
use nlq_llm::{LlmError, LlmErrorKind, Message, Meter, Models, OnDelta, Prompts, Rendered, Stop};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    Failure, Task,
    context::{Room, SchemaContext, chosen, write},
    draft::Draft,
    hints::{conversation, examples, hints},
    redact::redacted,
};

/// Who asks, in audits.
pub(crate) const BUILDER: &str = "query_builder";
/// How often a prompt that is too long is made shorter: each time to half.
const MAX_SHRINKS: u32 = 3;

/// How a query of a dialect looks: what may stand in it at all.
fn form(dialect: Dialect) -> &'static str {
    match dialect.language() {
        QueryLanguage::Sql => {
            "is one read-only statement that begins with SELECT or WITH; it writes nothing, locks nothing, sets nothing"
        }
        QueryLanguage::Spl => {
            "is one search that only reads: it begins with index= (or with | tstats, | inputlookup, | makeresults) and pipes \
             through search, where, eval, stats, chart, timechart, top, rare, sort, head, dedup, rename, table, fields, rex, bin, \
             eventstats, streamstats, lookup or transaction"
        }
        QueryLanguage::Mongodb => {
            "is one call db.collection.aggregate([...]) of stages that only read, such as $match, $group, $lookup, $unwind, \
             $sort, $limit and $project; $out, $merge, $where, $function and $accumulator are refused"
        }
        QueryLanguage::QueryDsl => {
            "is one search request: a line GET index/_search, then its JSON body; scripts are refused"
        }
        QueryLanguage::Partiql => {
            "is one PartiQL SELECT of one table or one of its indexes (\"table\".\"index\"), without joins, GROUP BY or aggregates, \
             whose WHERE names the partition key"
        }
    }
}

/// What is written into every system prompt of a dialect.
fn rules(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => {
            "Dates are text or numbers: use date(), strftime() and julianday(). Integer division cuts: multiply by 1.0 first. \
             There is no ILIKE, no INTERVAL and no DATE_TRUNC; LIKE ignores the case of ASCII letters."
        }
        Dialect::Postgresql => {
            "Names in double quotes keep their case: write them as they stand in the schema. Use date_trunc() and intervals for \
             time. Integer division cuts: cast to numeric first. Every shown column that is no aggregate stands in GROUP BY."
        }
        Dialect::Splunk => {
            "Name index and sourcetype first. Times are earliest= and latest= (-24h@h, @d, now, or month/day/year:hour:minute:second). \
             In search a field is compared as field=value and text in double quotes; in where and eval text without quotes is a \
             field. Only fields of the last stats, table or fields are there afterwards. Use tstats where a data model covers all \
             fields."
        }
        Dialect::Mongodb => {
            "Field names are paths as the schema writes them; a field's value in an expression is \"$path\". Unwind an array before \
             its elements are grouped. Dates are compared with ISODate(\"...\"); $dateTrunc and $dateToString cut them. Group keys \
             come back as _id: name them in a last $project."
        }
        Dialect::Opensearch | Dialect::Elasticsearch => {
            "Exact values and aggregations take keyword fields, words in text take match. Fields of nested objects stand in nested \
             queries and aggregations with their path. When only numbers are asked for, size is 0. Dates take ranges, with date \
             maths such as now-7d/d."
        }
        Dialect::Dynamodb => {
            "Names stand in double quotes, text in single quotes. ORDER BY takes only the sort key. begins_with, contains and \
             attribute_type are functions; a missing attribute is IS MISSING."
        }
    }
}

/// Why there is no draft.
#[derive(Debug)]
pub(crate) enum NoDraft {
    /// The service failed.
    Service(LlmError),
    /// The model declined.
    Declined,
    /// Its reply is not in the form that was asked for; what is wrong with it.
    Unreadable(String),
}

/// One conversation with the model about one question.
pub(crate) struct Builder<'a> {
    models: &'a Models,
    prompts: &'a Prompts,
    meter: &'a Meter,
    task: Task<'a>,
    picked: &'a [String],
    max_examples: usize,
    room: Room,
    /// What the model sees of the schema now.
    pub(crate) schema: SchemaContext,
    first: Rendered,
    /// What was said after the question: failed replies and what was wrong with them.
    turns: Vec<Message>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(
        (models, prompts, meter): (&'a Models, &'a Prompts, &'a Meter),
        task: Task<'a>,
        picked: &'a [String],
        room: Room,
        max_examples: usize,
    ) -> Result<Self, LlmError> {
        let mut builder = Self {
            models,
            prompts,
            meter,
            task,
            picked,
            max_examples,
            room,
            schema: SchemaContext::default(),
            first: Rendered::default(),
            turns: Vec::new(),
        };
        builder.prepare()?;
        Ok(builder)
    }

    fn prepare(&mut self) -> Result<(), LlmError> {
        let task = self.task;
        self.schema = write(task, &chosen(task, self.picked, self.room), self.room);
        let dialect = task.index.catalog().dialect;
        let variables = [
            ("dialect", dialect.title().to_owned()),
            ("form", form(dialect).to_owned()),
            ("rules", rules(dialect).to_owned()),
            ("schema", self.schema.text.clone()),
            ("examples", examples(task.examples, self.max_examples)),
            ("question", task.question.to_owned()),
            ("conversation", conversation(task)),
            ("hints", hints(task)),
            ("today", task.today.to_string()),
        ];
        self.first = render(self.prompts, "generate_query", &variables)?;
        Ok(())
    }

    /// Asks for a query. A prompt that the model finds too long is made shorter.
    pub(crate) async fn propose(
        &mut self,
        temperature: Option<f64>,
        on_delta: OnDelta<'_>,
        cancel: &CancellationToken,
    ) -> Result<Draft, NoDraft> {
        let mut shrinks = 0;
        loop {
            match self.ask(temperature, on_delta, cancel).await {
                Err(NoDraft::Service(error)) if error.kind == LlmErrorKind::ContextLength && shrinks < MAX_SHRINKS => {
                    shrinks += 1;
                    self.room = Room { tables: (self.room.tables / 2).max(1), tokens: self.room.tokens / 2 };
                    self.max_examples /= 2;
                    self.prepare().map_err(NoDraft::Service)?;
                }
                other => return other,
            }
        }
    }

    /// Asks once for a query, from the beginning of the conversation as it stands.
    pub(crate) async fn ask(
        &self,
        temperature: Option<f64>,
        on_delta: OnDelta<'_>,
        cancel: &CancellationToken,
    ) -> Result<Draft, NoDraft> {
        let mut prompt = self.first.clone();
        prompt.chat.messages.extend(self.turns.iter().cloned());
        prompt.chat.temperature = temperature.or(prompt.chat.temperature);
        let reply = self.models.ask(BUILDER, &prompt, self.meter, on_delta, cancel.clone()).await;
        let reply = reply.map_err(NoDraft::Service)?;
        if reply.stop == Stop::Refusal {
            return Err(NoDraft::Declined);
        }
        let output = prompt.read_output(&reply).map_err(NoDraft::Unreadable)?;
        Draft::read(output).map_err(NoDraft::Unreadable)
    }

    /// Tells the model what was wrong with its query.
    pub(crate) fn failed(&mut self, draft: &Draft, failure: &Failure, notes: &[String]) -> Result<(), LlmError> {
        let error = redacted(&failure.message, &draft.query);
        let notes: Vec<String> = notes.iter().map(|note| redacted(note, &draft.query)).collect();
        self.told(&draft.query, failure.category.name(), &error, &notes.join("\n"))
    }

    /// Tells the model that its reply could not be read.
    pub(crate) fn unreadable(&mut self, why: &str) -> Result<(), LlmError> {
        self.told("", "form", why, "reply in the form that was asked for, with one query")
    }

    fn told(&mut self, query: &str, category: &str, error: &str, hints: &str) -> Result<(), LlmError> {
        let hints = if hints.is_empty() { "none" } else { hints };
        let variables = [
            ("query", query.to_owned()),
            ("category", category.to_owned()),
            ("error", error.to_owned()),
            ("hints", hints.to_owned()),
        ];
        let repair = render(self.prompts, "repair_query", &variables)?;
        self.turns.push(Message::assistant(json!({ "query": query }).to_string()));
        self.turns.extend(repair.chat.messages);
        Ok(())
    }
}

/// A prompt with its variables; a fault of its file is a fault of the configuration.
pub(crate) fn render(prompts: &Prompts, name: &str, variables: &[(&str, String)]) -> Result<Rendered, LlmError> {
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    prompts.render(name, &variables)
}
