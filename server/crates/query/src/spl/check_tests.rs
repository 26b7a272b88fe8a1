//! What is found wrong or doubtful.

use nlq_catalog::{Annotations, Dialect};
use nlq_text::apply_edits;

use super::{
    check::check,
    fixture::{context, server},
};
use crate::QueryContext;

/// Each finding: code, what it stands on, message.
fn found(text: &str) -> Vec<(&'static str, String, String)> {
    let server = server();
    check(text, context(&server))
        .into_iter()
        .map(|diagnostic| (diagnostic.code, diagnostic.span.of(text).to_owned(), diagnostic.message))
        .collect()
}

fn codes(text: &str) -> Vec<(&'static str, String)> {
    found(text).into_iter().map(|(code, on, _)| (code, on)).collect()
}

fn one(text: &str, code: &str, on: &str) {
    let found = codes(text);
    let found: Vec<_> = found.iter().map(|(code, on)| (*code, on.as_str())).collect();
    assert_eq!(found, [(code, on)], "{text}");
}

#[test]
fn sound_searches_have_no_findings() {
    for text in [
        "index=web sourcetype=access status>=500 earliest=-24h@h | stats count AS n BY uri | sort - n | head 10",
        "`web` `since(7)` status=404 | timechart span=1d limit=5 count BY method",
        "| tstats summariesonly=t count FROM datamodel=Web.Hits WHERE Hits.status=500 BY Hits.url _time span=1h",
        "| inputlookup users.csv | rename name AS who | table id who",
        "index=web | rex field=uri \"^/(?<part>\\w+)\" | stats dc(part) AS parts, p95(bytes) AS big | eval x=round(big/parts, 2)",
        "index=web | eval day=strftime(_time, \"%F\") | chart count OVER day BY method | addtotals",
        "index=web status={{status}} | where bytes > {{size}} | stats count(eval(status=404)) AS bad",
        "index=web | lookup users.csv id AS clientip OUTPUT name | stats values(name) BY clientip",
        "index=web [search index=security | fields src | rename src AS clientip | format] | top 5 uri",
        "index=web | append [| makeresults count=1 | eval uri=\"none\"] | stats count by uri",
        "`comment(\"why\")` | tstats count where index=web by host",
        "index=web | stats avg(bytes) AS mean | eval upper=mean*2, high=if(upper>9, 1, coalesce(missing, 0))",
        "index=_internal sourcetype=anything | head 1",
        "index=web | stats count BY uri | fields - missing | fillnull value=0 missing",
        "-- nlq: one\nindex=web | head 1\n-- nlq: two\nindex=security | head 1",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn unknown_commands_functions_and_options_with_what_was_meant() {
    let text = "index=web | statz count";
    let server = server();
    let diagnostics = check(text, context(&server));
    assert_eq!(diagnostics[0].code, "unknown-command");
    assert_eq!(diagnostics[0].message, "`statz` is no documented command of Splunk; did you mean `stats`?");
    assert_eq!(apply_edits(text, &diagnostics[0].fixes[0].edits), "index=web | stats count");
    one("index=web | eval a=lowr(uri)", "unknown-function", "lowr");
    one("index=web | eval a=dc(uri)", "unknown-function", "dc");
    one("index=web | stats cuont(uri)", "unknown-function", "cuont");
    one("index=web | convert citme(_time)", "unknown-function", "citme");
    one("index=web | timechart spann=1h count", "unknown-option", "spann");
    one("index=web [search index=web | hed 5]", "unknown-command", "hed");
}

#[test]
fn functions_take_as_many_arguments_as_they_take() {
    assert_eq!(
        found("index=web | eval a=if(status=200, 1)"),
        [("wrong-arguments", "if".into(), "`if` takes 3 arguments, not 2: if(condition, then, else).".into())]
    );
    one("| makeresults | eval a=now(1)", "wrong-arguments", "now");
    one("| makeresults | eval a=round(1, 2, 3)", "wrong-arguments", "round");
    one("| makeresults | eval a=case(true())", "wrong-arguments", "case");
    one("index=web | stats avg", "wrong-arguments", "avg");
    one("index=web | where len()>1", "wrong-arguments", "len");
}

#[test]
fn what_makes_rows_stands_first() {
    one("index=web | makeresults", "misplaced-command", "makeresults");
    one("index=web | inputlookup users.csv", "misplaced-command", "inputlookup");
    assert_eq!(codes("index=web | inputlookup append=t users.csv"), []);
    assert_eq!(codes("index=web | tstats append=t prestats=t count where index=web"), []);
}

#[test]
fn fields_that_cannot_be_there_any_more() {
    assert_eq!(
        found("index=web | stats count BY uri | sort - bytes"),
        [(
            "unknown-field",
            "bytes".into(),
            "No field `bytes` is left here: the commands before do not keep or make it.".into()
        )]
    );
    one("index=web | table uri status | where stauts=200", "unknown-field", "stauts");
    one("index=web | fields uri | stats sum(bytes)", "unknown-field", "bytes");
    one("index=web | stats count AS n BY uri | rename uri AS path | table uri n", "unknown-field", "uri");
    one("index=web | top uri | search method=GET", "unknown-field", "method");
    one("| makeresults | eval a=b", "unknown-field", "b");
    // What a macro, an open command or a wildcard brings is not known.
    for text in [
        "index=web | stats count BY uri | `web` | sort bytes",
        "index=web | stats values(*) AS * BY uri | sort bytes",
        "index=web | stats count BY uri | spath | sort bytes",
        "index=web | timechart count BY method | eval x=GET+POST",
        "index=web | fields uri b* | where bytes>1",
    ] {
        assert_eq!(codes(text), [], "{text}");
    }
}

#[test]
fn fields_that_events_do_not_have_are_told_only_when_one_is_near() {
    one("index=web sourcetype=access stattus=200", "unknown-field", "stattus");
    one("index=web sourcetype=access | stats sum(byte)", "unknown-field", "byte");
    assert_eq!(codes("index=web sourcetype=access session=5"), []);
}

#[test]
fn names_that_the_server_does_not_have() {
    one("`wep`", "unknown-macro", "wep");
    one("`since`", "wrong-arguments", "`since`");
    one("index=web | lookup user.csv id", "unknown-lookup", "user.csv");
    one("index=wbe", "unknown-index", "wbe");
    one("index=web sourcetype=acess", "unknown-sourcetype", "acess");
    one("| tstats count FROM datamodel=Wep.Hits", "unknown-data-model", "Wep");
    // Without a schema nothing of it is known.
    let annotations = Annotations::default();
    let context = QueryContext { dialect: Dialect::Splunk, catalog: None, annotations: &annotations };
    assert_eq!(check("`wep` index=wbe | lookup user.csv id | eval x=y", context), []);
}

#[test]
fn times_that_are_none() {
    one("index=web earliest=yesterday", "bad-time", "yesterday");
    one("index=web latest=\"-5x@d\"", "bad-time", "\"-5x@d\"");
    assert_eq!(codes("index=web earliest=-7d@d latest=now"), []);
}

#[test]
fn commands_that_nlq_does_not_run_are_told_wherever_they_stand() {
    one("index=web | delete", "denied-command", "delete");
    one("index=web [search index=web | outputlookup x.csv]", "denied-command", "outputlookup");
    one("index=web | map search=\"search x\"", "denied-command", "map");
    assert_eq!(
        found("index=web | `keep`"),
        [("denied-command", "`keep`".into(), "Macro `keep` holds `outputlookup`, which nlq does not run.".into())]
    );
}

#[test]
fn what_is_no_spl_is_told_with_its_place() {
    one("index=web | stats count by", "syntax", "by");
    one("index=web | | head 5", "syntax", "|");
    one("index=web (a", "syntax", "(");
    // Each of the searches is read for itself.
    let text = "-- nlq: a\nindex=web | head 1\n-- nlq: b\nindex=web | hed 1";
    one(text, "unknown-command", "hed");
}
