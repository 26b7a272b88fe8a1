//! What the read-only guard passes and refuses.

use nlq_catalog::{Dialect, Object};

use super::{expand, fixture::server, guard::guard};

fn refused(text: &str) -> (&'static str, String) {
    match guard(text, Dialect::Splunk) {
        Ok(_) => panic!("passed: {text}"),
        Err(refusal) => (refusal.code, refusal.span.of(text).to_owned()),
    }
}

#[test]
fn searches_that_only_read_pass() {
    for text in [
        "index=web status=500 | stats count by uri | sort - count | head 10",
        "| tstats count where index=web by host",
        "index=web [search index=b | fields c] | join d [| inputlookup users.csv] | foreach x* [eval <<FIELD>>=1]",
        "| makeresults | eval a=\"| delete\" | append [search index=web]",
        "``` | delete ``` index=web",
        "| from datamodel:\"Web.Hits\" | search x=1",
    ] {
        let passed = guard(text, Dialect::Splunk).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
        assert!(!passed.text().starts_with("```"));
    }
    assert_eq!(guard("\n index=web ```c``` ", Dialect::Splunk).unwrap().text(), "index=web");
}

#[test]
fn commands_that_write_run_or_reach_outside_are_refused_wherever_they_stand() {
    for name in [
        "delete",
        "outputlookup",
        "outputcsv",
        "collect",
        "mcollect",
        "meventcollect",
        "sendemail",
        "script",
        "run",
        "map",
        "rest",
        "dump",
        "sendalert",
        "tscollect",
        "savedsearch",
        "summaryindex",
        "runshellscript",
        "input",
        "crawl",
        "DELETE",
        "OutputLookup",
    ] {
        let lower = name.to_ascii_lowercase();
        for text in [
            format!("index=web | {name} x"),
            format!("index=web [search index=web | {name} x]"),
            format!("index=web | append [search index=web | {name} x]"),
            format!("| {name} x"),
            format!("| eval a=[search b | {name} x] "),
            format!("index=web | appendpipe [{name} x]"),
            format!("index=web x=[search b | {name} x]"),
            format!("index=web | stats count(eval(a=[search b | {name} c]))"),
            format!("index=web | custom (a [search b | {name} c])"),
            format!("|{name}"),
        ] {
            let (code, on) = refused(&text);
            assert_eq!(code, "denied-command", "{text}");
            assert!(on.to_ascii_lowercase() == lower || on == "custom", "{text}: {on}");
        }
    }
}

#[test]
fn what_is_not_known_to_only_read_is_refused() {
    assert_eq!(refused("index=web | mycommand x"), ("denied-command", "mycommand".into()));
    assert_eq!(refused("index=web | dbxquery query=\"drop\""), ("denied-command", "dbxquery".into()));
    assert_eq!(refused("index=web | `anything`"), ("denied-command", "`anything`".into()));
    assert_eq!(refused("`anything(1)` index=web"), ("denied-command", "`anything(1)`".into()));
    assert_eq!(refused("| from savedsearch:x").0, "denied-command");
    assert_eq!(refused("savedsearch=\"x\"").0, "denied-command");
    assert_eq!(refused("| union savedsearch:x [search y]").0, "denied-command");
}

#[test]
fn what_splunk_might_read_otherwise_is_refused() {
    for text in [
        "index=a | head 1 -- nlq: | delete",
        "index=a | head 1 --nlq-ignore: x | delete",
        "index=a 'b | delete | search c'",
        "index=a 'b [rest /x] c'",
        "index=a | eval x='b | delete | eval y='",
        "index=a $x|delete$",
        "index=a \\\" | delete | search \\\"",
        "index=a b\\| delete",
        "index=a \"`m`\"",
        "index=a ```x``` `m`",
    ] {
        assert!(guard(text, Dialect::Splunk).is_err(), "{text}");
    }
    for text in ["index=a \"x \\\" | delete \" | head 1", "index=a \"-- nlq: x\"", "index=a ``` `m` | delete ```"] {
        assert!(guard(text, Dialect::Splunk).is_ok(), "{text}");
    }
}

#[test]
fn what_is_not_one_search_is_refused() {
    assert_eq!(refused("").0, "syntax");
    assert_eq!(refused("``` only a comment ```").0, "syntax");
    assert_eq!(refused("index=web | stats count by").0, "syntax");
    assert_eq!(refused("index=web (").0, "syntax");
    assert_eq!(refused("index=web \u{0}").0, "syntax");
    assert_eq!(refused("index=a\n-- nlq: x\nindex=b"), ("several-statements", "index=b".into()));
}

#[test]
fn macros_whose_text_is_known_are_put_in_before() {
    let (catalog, _) = server();
    assert_eq!(expand("`outer(7)` | head 1", &catalog), "index=web sourcetype=access earliest=-7d | head 1");
    assert!(guard(&expand("`outer(7)` | head 1", &catalog), Dialect::Splunk).is_ok());
    assert_eq!(expand("`unknown` \"`web`\" `since`", &catalog), "`unknown` \"`web`\" `since`");
    let kept = expand("index=web | `keep`", &catalog);
    assert_eq!(guard(&kept, Dialect::Splunk).unwrap_err().code, "denied-command");
    // Macros that would be gigabytes are left: by their number, and by where their arguments stand.
    let mut huge = catalog.clone();
    let object = |name: &str, definition: String, arguments: &[&str]| Object {
        name: name.to_owned(),
        definition: Some(definition),
        arguments: arguments.iter().map(ToString::to_string).collect(),
        ..Object::default()
    };
    huge.objects = vec![object("long", "a ".repeat(50_000), &[]), object("wide", "$x$ ".repeat(50_000), &["x"])];
    assert!(expand(&"`long` ".repeat(20_000), &huge).len() < 1 << 20);
    let wide = format!("index=a `wide({})`", "b".repeat(50_000));
    assert_eq!(expand(&wide, &huge), wide);
    // A macro that holds itself ends, and is not passed.
    assert!(guard(&expand("`endless`", &catalog), Dialect::Splunk).is_err());
}
