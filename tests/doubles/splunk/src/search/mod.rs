//! Runs searches over the events: one function a command, one line in [`step`] each. What is known of a command but not built
//! here is refused by name, never guessed.

mod aggregate;
mod arguments;
mod chart;
mod expand;
mod expression;
mod fields;
mod filter;
mod functions;
mod lookup;
mod models;
mod order;
mod rows;
mod stats;
mod text;
mod transaction;
mod view;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

pub(crate) use models::{MODELS, description};
pub(crate) use view::view;

use crate::{
    events,
    tree::{self, Part},
    value::Value,
};

/// One result.
pub(crate) type Row = BTreeMap<String, Value>;

/// Why a search cannot run, in the server's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fatal(pub(crate) String);

impl Fatal {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// A command's own complaint.
    fn of(command: &str, message: impl std::fmt::Display) -> Self {
        Self(format!("Error in '{command}' command: {message}"))
    }
}

/// Results of a search or of a part of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Results {
    /// Their order, where a command gave one; fields that are not named here follow by name.
    pub(crate) fields: Vec<String>,
    /// Only `fields` are shown, also where a row has more.
    pub(crate) only: bool,
    pub(crate) rows: Vec<Row>,
    /// Events, as opposed to rows that a command made.
    pub(crate) events: bool,
    /// From when to when events were searched, where the search or its job says from when.
    range: Option<(f64, f64)>,
}

impl Results {
    fn table(fields: Vec<String>, rows: Vec<Row>) -> Self {
        Self { fields, only: true, rows, ..Self::default() }
    }

    /// Names of what is shown, in order.
    pub(crate) fn shown(&self) -> Vec<String> {
        let mut names = self.fields.clone();
        if !self.only {
            let mut others: Vec<&String> = self.rows.iter().flat_map(|row| row.keys()).collect();
            others.sort();
            others.dedup();
            names.extend(others.into_iter().filter(|name| !self.fields.contains(name)).cloned());
        }
        names
    }

    /// A field that a command adds is shown.
    fn add(&mut self, field: &str) {
        if self.only && !self.fields.iter().any(|known| known == field) {
            self.fields.push(field.to_owned());
        }
    }
}

/// What a search knows of its server and of its job.
pub(crate) struct Search<'a> {
    /// Every event, newest first.
    pub(crate) events: &'a [Row],
    pub(crate) now: f64,
    /// The job's own time range; what a search says stands above it.
    pub(crate) earliest: Option<f64>,
    pub(crate) latest: Option<f64>,
    /// Set from outside when the job is to end.
    pub(crate) stop: &'a AtomicBool,
}

/// Every event as a row, its fields extracted.
pub(crate) fn rows(records: &[events::Record]) -> Vec<Row> {
    let rows = records.iter().enumerate().map(|(serial, record)| {
        let mut row: Row = events::extract::fields(record.sourcetype, &record.raw).into_iter().collect();
        for (name, value) in [
            ("index", record.index),
            ("sourcetype", record.sourcetype),
            ("source", record.source),
            ("host", &record.host),
            ("splunk_server", "double"),
            ("_raw", &record.raw),
        ] {
            row.insert(name.into(), Value::text_of(value));
        }
        row.insert("_sourcetype".into(), Value::text_of(record.sourcetype));
        row.insert("linecount".into(), Value::Number(record.raw.lines().count() as f64));
        row.insert("_time".into(), Value::Number(record.time));
        row.insert("_indextime".into(), Value::Number((record.time + 2.0).floor()));
        row.insert("_cd".into(), Value::Text(format!("1:{serial}")));
        if record.index == "security" {
            row.insert("tag".into(), Value::text_of("authentication"));
        }
        row
    });
    rows.collect()
}

/// Runs a search as it was sent.
pub(crate) fn run(search: &Search<'_>, text: &str) -> Result<Results, Fatal> {
    let text = expand::macros(text)?;
    let text = expand::subsearches(search, &text)?;
    let parsed = tree::parse(&text)?;
    let commands = parsed.commands()?;
    for command in &commands {
        check(*command)?;
    }
    pipeline(search, &commands, Results::default())
}

/// What a server says against a search without running it: the text with its macros expanded, or its complaint.
pub(crate) fn checked(text: &str) -> Result<tree::Parsed, Fatal> {
    let parsed = tree::parse(&expand::macros(text)?)?;
    check_all(parsed.root())?;
    let _ = parsed.commands()?;
    Ok(parsed)
}

fn check_all(part: Part<'_>) -> Result<(), Fatal> {
    for child in part.children() {
        if child.kind().ends_with("command") && child.kind() != "macro_command" {
            check(child)?;
        }
        check_all(child)?;
    }
    Ok(())
}

/// What can be told of a command without rows.
fn check(part: Part<'_>) -> Result<(), Fatal> {
    let name = part.command();
    match name.as_str() {
        "search" => filter::compile(part, 0.0).map(|_| ()),
        "where" | "eval" => expression::check(&name, part),
        "stats" | "eventstats" | "streamstats" | "chart" | "timechart" => stats::check(&name, part),
        "tstats" => models::check(part),
        "top" | "rare" | "dedup" if part.fields("field").is_empty() => {
            Err(Fatal::of(&name, "No fields are specified."))
        }
        "lookup" | "inputlookup" => lookup::check(&name, part),
        "rex" | "regex" => text::check(&name, part),
        _ => Ok(()),
    }
}

fn pipeline(search: &Search<'_>, commands: &[Part<'_>], from: Results) -> Result<Results, Fatal> {
    let mut results = from;
    for (position, command) in commands.iter().enumerate() {
        if search.stop.load(Ordering::Relaxed) {
            return Err(Fatal::new("Search was canceled"));
        }
        results = step(search, *command, results, position == 0)?;
    }
    Ok(results)
}

/// Runs one command.
fn step(search: &Search<'_>, part: Part<'_>, from: Results, first: bool) -> Result<Results, Fatal> {
    let name = part.command();
    if first && !GENERATING.contains(&name.as_str()) {
        return Err(Fatal::new(format!(
            "Error in '{name}' command: This command must not be the first command of a search."
        )));
    }
    if !first && GENERATING.contains(&name.as_str()) && !["search", "inputlookup", "tstats"].contains(&name.as_str()) {
        return Err(Fatal::of(&name, "This command must be the first command of a search."));
    }
    match name.as_str() {
        "search" if first => filter::events(search, part),
        "search" => filter::rows(search, part, from),
        "where" => expression::filter(search, part, from),
        "eval" => expression::assign(search, part, from),
        "fieldformat" => Ok(from),
        "stats" => stats::stats(search, part, from),
        "eventstats" => stats::eventstats(search, part, from),
        "streamstats" => stats::streamstats(search, part, from),
        "timechart" => chart::timechart(search, part, from),
        "chart" => chart::chart(search, part, from),
        "top" | "rare" => order::top(part, from),
        "sort" => order::sort(part, from),
        "head" => order::head(search, part, from),
        "tail" => order::tail(part, from),
        "reverse" => Ok(Results { rows: from.rows.into_iter().rev().collect(), ..from }),
        "dedup" => order::dedup(part, from),
        "uniq" => Ok(order::uniq(from)),
        "rename" => Ok(fields::rename(part, from)),
        "table" => Ok(fields::table(part, from)),
        "fields" => Ok(fields::fields(part, from)),
        "fillnull" => fields::fillnull(part, from),
        "filldown" => fields::filldown(part, from),
        "fieldsummary" => fields::summary(part, from),
        "addtotals" => fields::addtotals(part, from),
        "bin" | "bucket" => fields::bin(part, from),
        "mvexpand" => fields::mvexpand(part, from),
        "makemv" => text::makemv(part, from),
        "rex" => text::rex(part, from),
        "regex" => text::regex(part, from),
        "spath" => text::spath(part, from),
        "replace" => text::replace(part, from),
        "makeresults" => rows::makeresults(search, part),
        "metadata" => rows::metadata(search, part),
        "eventcount" => rows::eventcount(search, part),
        "append" | "appendcols" => rows::append(search, part, from, &name),
        "join" => rows::join(search, part, from),
        "format" => Ok(expand::format(&from)),
        "return" => expand::returned(part, from),
        "lookup" => lookup::lookup(part, from),
        "inputlookup" => lookup::inputlookup(search, part, from),
        "transaction" => transaction::transaction(search, part, from),
        "tstats" => models::tstats(search, part),
        "transpose" => rows::transpose(part, from),
        other => Err(Fatal::of(other, "This stand-in for a server does not run this command.")),
    }
}

/// Commands that a search may start with, of those that run here.
const GENERATING: [&str; 6] = ["search", "makeresults", "metadata", "eventcount", "inputlookup", "tstats"];

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_718_884_800;

    fn records() -> Vec<events::Record> {
        events::generate(NOW)
    }

    fn found(rows: &[Row], text: &str) -> Result<Results, Fatal> {
        let stop = AtomicBool::new(false);
        run(&Search { events: rows, now: NOW as f64, earliest: None, latest: None, stop: &stop }, text)
    }

    /// What is shown, a line a row.
    fn shown(rows: &[Row], text: &str) -> String {
        match found(rows, text) {
            Ok(results) => {
                let names = results.shown();
                let line = |row: &Row| {
                    let cells = names.iter().map(|name| row.get(name).map(Value::each).unwrap_or_default().join("+"));
                    cells.collect::<Vec<_>>().join(" ")
                };
                let lines: Vec<String> = results.rows.iter().map(line).collect();
                format!("{}\n{}", names.join(" "), lines.join("\n"))
            }
            Err(Fatal(text)) => text,
        }
    }

    #[test]
    fn counts_are_those_of_the_records() {
        let records = records();
        let rows = rows(&records);
        let count = |keep: &dyn Fn(&events::Record) -> bool| records.iter().filter(|record| keep(record)).count();
        let field = |record: &events::Record, name: &str| record.fields.get(name).map(|value| value.to_string());
        let week = (NOW - 7 * 86_400) as f64;
        for (text, expected) in [
            ("search index=web", count(&|r| r.index == "web")),
            (
                "search index=web status>=500",
                count(&|r| field(r, "status").is_some_and(|s| r.index == "web" && s.starts_with('5'))),
            ),
            ("search index=* earliest=-7d", count(&|r| r.time >= week)),
            ("search index=security failed password", count(&|r| r.raw.contains("Failed password"))),
            ("search index=app NOT user=*", count(&|r| r.index == "app" && field(r, "user").is_none())),
            (
                "search index=app error_code IN (E_AUTH, \"E_DB*\")",
                count(&|r| field(r, "error_code").is_some_and(|c| c.contains("E_AUTH") || c.contains("E_DB"))),
            ),
            (
                "search index=app level=error | where duration_ms > 500 AND like(service, \"c%\")",
                count(&|r| {
                    r.fields.get("level").is_some_and(|level| level == "ERROR")
                        && r.fields["duration_ms"].as_i64() > Some(500)
                        && field(r, "service").is_some_and(|s| s.starts_with("\"c"))
                }),
            ),
        ] {
            assert!(expected > 0, "{text}");
            let got = shown(&rows, &format!("{text} | stats count"));
            assert_eq!(got, format!("count\n{expected}"), "{text}");
        }
        assert_eq!(shown(&rows, "search error | stats count"), "count\n0", "no index is named, and main is empty");
    }

    #[test]
    fn commands_do_what_their_reference_says() {
        let made = "| makeresults format=csv data=\"k,v,w\na,1,x\na,3,\nb,2,y\nb,10,x\nc,,z\"";
        for (rest, expected) in [
            (
                "stats count sum(v) AS s avg(v) median(v) by k",
                "k count s avg(v) median(v)\na 2 4 2 3\nb 2 12 6 10\nc 1   ",
            ),
            ("stats count(eval(v>2)) AS big values(w) AS w dc(w) AS n", "big w n\n2 x+y+z 3"),
            ("sort - v | table k v | head 2", "k v\nb 10\na 3"),
            ("sort str(v) | head 3 | table v", "v\n1\n10\n2"),
            ("dedup k | table k v", "k v\na 1\nb 2\nc "),
            ("top limit=1 k", "k count percent\na 2 40.000000"),
            ("rare limit=1 k", "k count percent\nc 1 20.000000"),
            ("chart count over k by w", "k x y z NULL\na 1 0 0 1\nb 1 1 0 0\nc 0 0 1 0"),
            ("eval n=if(v>=2, \"much\", \"little\") | stats count by n", "n count\nlittle 2\nmuch 3"),
            ("streamstats sum(v) AS run | table run | tail 2", "run\n16\n16"),
            ("streamstats window=2 current=f sum(v) AS run | table run | head 3", "run\n\n1\n4"),
            ("eventstats max(v) AS m by k | where v=m | table k v", "k v\na 3\nb 10"),
            ("rename v AS value, k AS \"the key\" | table \"the key\" value | head 1", "the key value\na 1"),
            ("rex field=w \"(?<letter>[xy])\" | stats count by letter", "letter count\nx 2\ny 1"),
            ("where isnull(v) | eval p=coalesce(v, \"none\") | table p", "p\nnone"),
            ("stats list(v) AS l by k | mvexpand l | head 2", "k l\na 1\na 3"),
            ("fields k v | addtotals col=t labelfield=k label=sum | tail 1", "k v Total\nsum 16 16"),
            ("append [| makeresults | eval k=\"d\"] | stats dc(k)", "dc(k)\n4"),
            ("join k [| makeresults format=csv data=\"k,z\nb,7\"] | table k v z", "k v z\nb 2 7\nb 10 7"),
            ("search k IN (a, b) v>1 NOT w=x | table k v", "k v\na 3\nb 2"),
            ("bin v span=5 | stats count by v", "v count\n0-5 3\n10-15 1"),
            (
                "stats p90(v) perc50(v) exactperc25(v) range(v) stdev(v)",
                "p90(v) perc50(v) exactperc25(v) range(v) stdev(v)\n10 2 1 9 4.08248290463863",
            ),
            ("xyzzy", "Unknown search command 'xyzzy'."),
            ("stats nosuch(v)", "Error in 'stats' command: The argument 'nosuch(v)' is invalid."),
            ("eval a=nosuch(v)", "Error in 'eval' command: The 'nosuch' function is unsupported or undefined."),
            ("eval a=round()", "Error in 'eval' command: The arguments to the 'round' function are invalid."),
            ("kmeans", "Error in 'kmeans' command: This stand-in for a server does not run this command."),
            (
                "lookup nosuch k",
                "Error in 'lookup' command: Could not construct lookup 'nosuch'. See search.log for more details.",
            ),
        ] {
            assert_eq!(shown(&[], &format!("{made} | {rest}")), expected, "{rest}");
        }
    }

    #[test]
    fn timecharts_show_every_bucket() {
        let rows = rows(&records());
        let text =
            "search index=app sourcetype=payments status=declined earliest=-2d@d latest=@d | timechart span=12h count";
        let shown = shown(&rows, text);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!((lines[0], lines.len()), ("_time count _span", 5), "{shown}");
        let counted: f64 = lines[1..].iter().filter_map(|line| line.split(' ').nth(1)?.parse::<f64>().ok()).sum();
        let declined = "search index=app sourcetype=payments status=declined earliest=-2d@d latest=@d | stats count";
        assert_eq!(format!("count\n{counted}"), super::tests::shown(&rows, declined));
    }

    #[test]
    fn a_model_counts_what_its_search_counts() {
        let rows = rows(&records());
        let model =
            "| tstats count from datamodel=Authentication where Authentication.action=failure by Authentication.app";
        let search = "search index=security tag=authentication action=failure | stats count by app";
        let values = |text: &str| shown(&rows, text).lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(values(model), values(search));
        let child = "| tstats count from datamodel=Authentication.Failed_Authentication";
        let all = "search index=security action=failure | stats count";
        assert_eq!(shown(&rows, child), shown(&rows, all));
    }

    #[test]
    fn a_subsearch_is_a_filter() {
        let rows = rows(&records());
        let text = "search index=security [search index=security action=failure | top limit=2 user | fields user] | stats dc(user)";
        assert_eq!(shown(&rows, text), "dc(user)\n2");
        let text = "search index=app | where duration_ms > [search index=app | stats max(duration_ms) AS m | return $m] | stats count";
        assert_eq!(shown(&rows, text), "count\n0");
    }

    #[test]
    fn what_is_no_search_is_refused_in_words() {
        for (text, expected) in [
            ("search index=web | where a=", "Error in 'where' command: The expression is malformed."),
            ("search (a", "unbalanced parentheses"),
            ("search \"a", "Unbalanced quotes."),
            ("search a | | stats count", "Missing a search command before '|'"),
            ("search a [ search b", "Missing ']'"),
            ("search `nosuch`", "cannot be found"),
            ("search earliest=yesterday", "Invalid value \"yesterday\" for time term 'earliest'"),
            ("| stats count", "must not be the first command"),
        ] {
            let error = shown(&[], text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
