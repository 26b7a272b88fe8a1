//! What editors are told: symbols, completion, outline, what is sensitive.

use nlq_text::apply_edits;

use super::{
    complete::complete,
    fixture::{context, server},
    outline::outline,
    sensitive::{sensitive_literals, sensitive_outputs},
    symbols::symbols,
};
use crate::{CompletionKind, SensitiveOutputs, SymbolKind};

/// The completions at `$0`, best first.
fn offered(text: &str) -> Vec<String> {
    let server = server();
    let offset = text.find("$0").unwrap();
    let text = text.replace("$0", "");
    complete(&text, offset, context(&server)).into_iter().map(|one| one.label).collect()
}

fn best(text: &str) -> String {
    offered(text).into_iter().next().unwrap_or_default()
}

/// What a word of a text is told to be.
fn told(text: &str, word: &str) -> Option<String> {
    let server = server();
    let at = text.find(word).unwrap();
    let symbol = symbols(text, context(&server)).into_iter().find(|symbol| symbol.span.contains(at))?;
    Some(match symbol.kind {
        SymbolKind::Word { explanation } => explanation,
        SymbolKind::Table(id) => format!("table {}", server.0.table(id).name),
        SymbolKind::Column(id) => format!("column {}", server.0.column(id).name),
        SymbolKind::Derived { name } => format!("derived {name}"),
        other => format!("{other:?}"),
    })
}

#[test]
fn commands_after_a_pipe_and_in_a_subsearch() {
    assert_eq!(best("index=web | stat$0"), "stats");
    assert_eq!(best("index=web | $0"), "abstract");
    assert_eq!(best("| tst$0"), "tstats");
    assert_eq!(best("index=web | append [| make$0"), "makeresults");
    assert!(offered("index=web | ts$0").contains(&"timechart".to_owned()) || !offered("index=web | ts$0").is_empty());
    let server = server();
    let text = "index=web | dedu";
    let found = complete(text, text.len(), context(&server));
    assert_eq!(found[0].kind, CompletionKind::Command);
    assert!(found[0].documentation.as_ref().unwrap().contains("first events"));
    let edit = nlq_text::Edit { span: found[0].span, text: found[0].label.clone() };
    assert_eq!(apply_edits(text, &[edit]), "index=web | dedup");
}

#[test]
fn what_a_search_looks_in() {
    assert_eq!(offered("index=$0"), ["security", "web"]);
    assert_eq!(best("index=web sourcetype=ac$0"), "access");
    assert_eq!(best("index=web status=$0"), "200");
    assert_eq!(best("index=web status IN (200, 4$0"), "404");
    assert_eq!(best("ind$0"), "index=");
    assert!(offered("index=web earliest=$0").contains(&"-24h@h".to_owned()));
    assert_eq!(best("index=web sourcetype=access meth$0"), "method");
    assert_eq!(best("index=web \"meth$0"), "");
    assert_eq!(offered("password=$0"), [""; 0]);
}

#[test]
fn functions_fields_and_options_by_command() {
    assert_eq!(best("index=web | eval x=low$0"), "lower");
    assert_eq!(best("index=web | where stat$0"), "status");
    assert_eq!(best("index=web | stats cou$0"), "count");
    assert_eq!(best("index=web | stats sum(byt$0"), "bytes");
    assert_eq!(best("index=web | stats count by me$0"), "method");
    assert_eq!(best("index=web | timechart spa$0"), "sparkline");
    assert!(offered("index=web | timechart spa$0").contains(&"span=".to_owned()));
    assert_eq!(best("index=web | lookup us$0"), "users.csv");
    assert_eq!(best("| tstats count from datamodel=$0"), "Web.Hits");
}

#[test]
fn fields_that_commands_before_have_made() {
    assert_eq!(offered("index=web | stats count AS hits BY uri | sort $0"), ["hits", "uri", "limit="]);
    assert!(offered("index=web | eval size_kb=bytes/1024 | stats avg(si$0").contains(&"size_kb".to_owned()));
    assert!(!offered("index=web | table uri | where $0").contains(&"bytes".to_owned()));
}

#[test]
fn macros_in_backticks_and_nothing_in_comments() {
    assert_eq!(best("`we$0"), "web");
    assert_eq!(best("index=web | `si$0"), "since(days)");
    assert_eq!(offered("index=web ``` stat$0"), [""; 0]);
    for text in ["$0", "|$0", "[$0", "\"$0", "é$0", "| eval é$0", "]$0", "index=web\n-- nlq: x\n$0"] {
        offered(text);
    }
}

#[test]
fn words_are_explained() {
    let text = "index=web sourcetype=access `since(7)` status=404 | eval kb=round(bytes/1024) | stats dc(uri) AS pages BY kb | lookup users.csv id";
    assert!(told(text, "eval").unwrap().starts_with("**eval** *streaming command*\n\nIt computes a field."));
    assert!(told(text, "round").unwrap().contains("round(number, digits)"));
    assert!(told(text, "dc").unwrap().contains("different values"));
    assert!(told(text, "since").unwrap().contains("earliest=-$days$d"));
    assert!(told(text, "web").unwrap().contains("Sourcetypes: `access`"));
    assert_eq!(told(text, "access").unwrap(), "table access");
    assert_eq!(told(text, "status").unwrap(), "column status");
    assert_eq!(told(text, "kb | lookup").unwrap(), "derived kb");
    assert!(told(text, "users.csv").unwrap().contains("`name`"));
    assert!(
        told("index=web | outputlookup x", "outputlookup")
            .unwrap()
            .contains("nlq does not run it, because it writes a lookup")
    );
}

#[test]
fn outlines() {
    let found = outline("index=web sourcetype=access status=500 | stats count BY uri | sort - count | head 3").unwrap();
    assert_eq!(found.tables, ["access"]);
    assert!(found.aggregated && found.filtered && found.ranked && !found.by_time && !found.nested && !found.joined);
    let found = outline("| tstats count FROM datamodel=Web.Hits BY _time").unwrap();
    assert_eq!((found.tables, found.by_time, found.filtered), (vec!["Web.Hits".to_owned()], true, false));
    assert!(outline("index=a [search index=b] | join c [search d]").is_some_and(|found| found.nested && found.joined));
    assert_eq!(outline("index=a |"), None);
    assert_eq!(outline(""), None);
}

#[test]
fn what_shows_sensitive_fields_is_masked() {
    let server = server();
    let masked = |text: &str, columns: &[&str]| sensitive_outputs(text, context(&server)).masked(columns);
    assert_eq!(masked("index=security | table user password", &["user", "password"]), [1]);
    assert_eq!(masked("index=security | stats values(password) AS p, count BY user", &["user", "p", "count"]), [1]);
    // By name too, whatever the order.
    assert_eq!(masked("index=security | stats values(password) AS p, count BY user", &["p", "count", "user"]), [0, 1]);
    assert_eq!(masked("index=security | stats dc(password) AS p BY user", &["user", "p"]), [0; 0]);
    assert_eq!(masked("index=security | eval x=upper(password) | table x", &["x"]), [0]);
    assert_eq!(masked("index=security | rename password AS q | table q user", &["q", "user"]), [0]);
    assert_eq!(masked("index=security | rex \"(?<x>.*)\" | table x", &["x"]), [0]);
    assert_eq!(masked("index=security | head 1", &["_raw", "user"]), [0, 1]);
    assert_eq!(masked("index=security | chart count BY user password", &["user", "secret1"]), [0, 1]);
    assert_eq!(masked("index=web sourcetype=access | head 1", &["_raw", "uri"]), [0; 0]);
    assert_eq!(masked("index=security | `m` | table user", &["user"]), [0]);
    let (catalog, _) = &server;
    let none = nlq_catalog::Annotations::default();
    let context = crate::QueryContext { annotations: &none, ..context(&server) };
    assert_eq!(sensitive_outputs("index=security", context), SensitiveOutputs::Unknown { named: false });
    assert_eq!(catalog.tables.len(), 3);
}

#[test]
fn literals_beside_sensitive_fields_are_told() {
    let server = server();
    let literals = |text: &str| sensitive_literals(text, context(&server));
    assert_eq!(literals("index=web status=404"), [""; 0]);
    for text in [
        "password=hunter2*",
        "| where password=\"hunter2\"",
        "password IN (a, hunter2)",
        "password=\"hunter2\" |",
        "NOT password=*hunter2*",
    ] {
        assert!(literals(text).contains(&"hunter2".to_owned()), "{text}: {:?}", literals(text));
    }
}
