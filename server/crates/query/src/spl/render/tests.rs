use chrono::{NaiveDate, NaiveTime};
use nlq_catalog::{Annotations, Column, Dialect, Table, TypeKind};

use super::*;
use crate::{
    lift::lift,
    plan::{FromToday, Item, TimeUnit},
};

fn column(name: &str, kind: TypeKind) -> Column {
    Column { name: name.to_owned(), kind, ..Column::default() }
}

fn logs() -> Catalog {
    use TypeKind::{Integer, Text, Timestamp};
    let table = |schema: &str, name: &str, kind: TableKind, columns: &[(&str, TypeKind)]| {
        let mut all = vec![column("_time", Timestamp), column("host", Text)];
        all.extend(columns.iter().map(|(name, kind)| column(name, *kind)));
        Table { schema: Some(schema.to_owned()), name: name.to_owned(), kind, columns: all, ..Table::default() }
    };
    let tables = vec![
        table("Authentication", "Authentication", TableKind::DataModel, &[("action", Text), ("user", Text)]),
        table("Authentication", "Failed", TableKind::DataModel, &[("action", Text), ("user", Text)]),
        table(
            "web",
            "access",
            TableKind::Events,
            &[("status", Integer), ("bytes", Integer), ("uri", Text), ("clientip", Text), ("request.region", Text)],
        ),
        table("security", "logins", TableKind::Events, &[("src", Text), ("user", Text), ("action", Text)]),
    ];
    Catalog { dialect: Dialect::Splunk, tables, ..Catalog::default() }
}

fn plan(sql: &str) -> Plan {
    let catalog = Catalog { dialect: Dialect::Sqlite, ..logs() };
    lift(sql, &catalog).unwrap_or_else(|error| panic!("{sql}\n{error}"))
}

fn written(plan: &Plan) -> Result<String, Unwritable> {
    let catalog = logs();
    let text = write(plan, &catalog, &JoinGraph::new(&catalog, &Annotations::default()))?;
    assert_eq!(crate::spl::parse(&text).errors, [], "{text}");
    crate::guard(&text, Dialect::Splunk).unwrap_or_else(|refusal| panic!("{text}\n{refusal}"));
    let context =
        crate::QueryContext { dialect: Dialect::Splunk, catalog: Some(&catalog), annotations: &Annotations::default() };
    assert_eq!(crate::check(&text, context), [], "{text}");
    Ok(text)
}

#[track_caller]
fn check(sql: &str, expected: &str) {
    let text = written(&plan(sql)).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    assert_eq!(text.lines().map(str::trim).collect::<Vec<_>>(), expected.lines().map(str::trim).collect::<Vec<_>>());
}

#[track_caller]
fn refused(sql: &str, part: &str) {
    let error = written(&plan(sql)).expect_err(sql).to_string();
    assert!(error.contains(part), "{error}");
}

#[test]
fn conditions_are_terms_of_the_search_where_it_can_say_them() {
    check("SELECT * FROM access", "index=web sourcetype=access");
    check(
        "SELECT uri, status FROM access WHERE status >= 500 AND uri = '/a b' AND clientip <> '10.0.0.1'",
        "index=web sourcetype=access status>=500 uri=\"/a b\" clientip!=10.0.0.1
         | table uri, status",
    );
    check(
        "SELECT * FROM access WHERE status IN (404, 410) AND uri NOT LIKE '/static%' AND \"request.region\" IS NOT NULL",
        "index=web sourcetype=access status IN (404, 410) uri!=/static* request.region=*",
    );
    check(
        "SELECT * FROM access WHERE status BETWEEN 400 AND 499 AND (host = 'www1' OR clientip IS NULL)",
        "index=web sourcetype=access status>=400 status<=499 (host=www1 OR NOT clientip=*)",
    );
}

#[test]
fn what_a_search_cannot_say_is_an_expression() {
    check(
        "SELECT * FROM access WHERE status = 200 AND uri = '/a*b' AND \"request.region\" = clientip",
        "index=web sourcetype=access status=200
         | where uri=\"/a*b\" AND 'request.region'=clientip",
    );
    check(
        "SELECT * FROM access WHERE uri LIKE '%*x\"' OR status = 404",
        "index=web sourcetype=access
         | where (like(lower(uri), \"%*x\\\"\") OR status=404)",
    );
}

#[test]
fn groups() {
    check("SELECT count(*) FROM access WHERE status = 404", "index=web sourcetype=access status=404\n| stats count");
    check(
        "SELECT uri, count(*) AS hits, count(DISTINCT clientip) AS clients FROM access GROUP BY uri \
         HAVING count(*) > 5 ORDER BY hits DESC, uri LIMIT 3",
        "index=web sourcetype=access
         | stats count, dc(clientip) AS clients BY uri
         | where count>5
         | sort 3 -count, uri",
    );
    check(
        "SELECT avg(bytes) FROM access GROUP BY \"request.region\" ORDER BY \"request.region\"",
        "index=web sourcetype=access
         | stats avg(bytes) AS avg_bytes BY request.region
         | sort 0 request.region
         | table avg_bytes",
    );
    check(
        "SELECT max(bytes) - min(bytes) AS spread, host FROM access GROUP BY host",
        "index=web sourcetype=access
         | stats max(bytes) AS max_bytes, min(bytes) AS min_bytes BY host
         | eval spread=max_bytes-min_bytes
         | table spread, host",
    );
    check("SELECT max(_time) FROM access", "index=web sourcetype=access\n| stats max(_time) AS _time");
    refused("SELECT sum(DISTINCT bytes) FROM access", "different values");
    refused("SELECT strftime('%Y', uri), count(*) FROM access GROUP BY 1", "time of events");
}

#[test]
fn the_most_frequent_are_top() {
    check(
        "SELECT uri, count(*) FROM access GROUP BY uri ORDER BY count(*) DESC LIMIT 5",
        "index=web sourcetype=access\n| top limit=5 showperc=false uri",
    );
    check(
        "SELECT uri FROM access GROUP BY uri ORDER BY count(*) LIMIT 1",
        "index=web sourcetype=access\n| rare limit=1 showperc=false showcount=false uri",
    );
    // Not by the number of events.
    check(
        "SELECT uri, sum(bytes) FROM access GROUP BY uri ORDER BY sum(bytes) DESC LIMIT 5",
        "index=web sourcetype=access\n| stats sum(bytes) AS sum_bytes BY uri\n| sort 5 -sum_bytes",
    );
}

#[test]
fn steps_of_time() {
    check(
        "SELECT strftime('%Y-%m-%d %H:00', _time) AS hour, count(*) FROM access GROUP BY 1 ORDER BY 1",
        "index=web sourcetype=access\n| timechart span=1h cont=false count",
    );
    check(
        "SELECT datetime(strftime('%s', _time) / 300 * 300, 'unixepoch'), host, count(*) FROM access GROUP BY 1, 2",
        "index=web sourcetype=access\n| bin _time span=5m\n| stats count BY _time, host",
    );
    check(
        "SELECT strftime('%Y-%W', _time), avg(bytes) FROM access GROUP BY 1",
        "index=web sourcetype=access
         | eval _time=relative_time(_time, \"@w1\")
         | stats avg(bytes) AS avg_bytes BY _time",
    );
    refused("SELECT date(_time), max(_time) FROM access GROUP BY 1", "at once");
}

#[test]
fn events_in_their_order() {
    check("SELECT * FROM access ORDER BY _time DESC LIMIT 10", "index=web sourcetype=access\n| head 10");
    check(
        "SELECT uri, bytes FROM access ORDER BY bytes DESC, _time LIMIT 3",
        "index=web sourcetype=access\n| sort 3 -bytes, _time\n| table uri, bytes",
    );
    check(
        "SELECT DISTINCT clientip FROM access ORDER BY clientip",
        "index=web sourcetype=access\n| dedup clientip\n| sort 0 clientip\n| table clientip",
    );
    refused("SELECT * FROM access LIMIT 0", "at least one");
}

#[test]
fn searches_within_searches() {
    check(
        "SELECT count(*) FROM access WHERE clientip NOT IN (SELECT src FROM logins WHERE action = 'failure')",
        "index=web sourcetype=access NOT [ search index=security sourcetype=logins action=failure | dedup src | \
         table src | rename src AS clientip ] ```at most 10,000 values```
         | stats count",
    );
    check(
        "SELECT uri FROM access WHERE bytes > (SELECT avg(bytes) FROM access)",
        "index=web sourcetype=access\n| eventstats avg(bytes) AS avg_bytes\n| where bytes>avg_bytes\n| table uri",
    );
    check(
        "SELECT uri FROM access WHERE status = 200 AND bytes > (SELECT avg(bytes) FROM access)",
        "index=web sourcetype=access
         | eventstats avg(bytes) AS avg_bytes
         | where bytes>avg_bytes
         | where status=200
         | table uri",
    );
    check(
        "SELECT uri FROM access WHERE status = 200 AND bytes = (SELECT max(bytes) FROM access WHERE status = 200)",
        "index=web sourcetype=access status=200
         | eventstats max(bytes) AS max_bytes
         | where bytes=max_bytes
         | table uri",
    );
    refused(
        "SELECT uri FROM access WHERE bytes > (SELECT avg(bytes) FROM access WHERE status = 404)",
        "those same events",
    );
    refused("SELECT uri FROM access WHERE clientip IN (SELECT src FROM logins) OR status = 1", "within an `or`");
    refused("SELECT clientip FROM access UNION SELECT src FROM logins", "combine");
}

#[test]
fn time_is_told_to_the_search() {
    let said = |back, unit, start| Some(FromToday { back, unit, start });
    let day = |day: u32| NaiveDate::from_ymd_opt(2024, 5, day).unwrap_or_default();
    let at = |d: u32, hour: u32, said| {
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        Some(Moment::At { moment: day(d).and_time(time), said })
    };
    let show = |from: Option<Moment>, until: Option<Moment>| {
        let mut plan = plan("SELECT count(*) FROM access");
        let expr = Expr::Column(logs().find_column(TableId(2), "_time").unwrap_or_else(|| panic!("no _time")));
        plan.filter = Some(Predicate::Within { expr, from, until });
        written(&plan).unwrap_or_else(|error| error.to_string())
    };
    use TimeUnit::{Day, Hour, Week};
    for (from, until, expected) in [
        (Some(Moment::Ago { count: 24, unit: Hour }), None, "earliest=-24h"),
        (at(15, 0, said(0, Day, Day)), at(16, 0, said(-1, Day, Day)), "earliest=@d"),
        (at(14, 0, said(1, Day, Day)), at(15, 0, said(0, Day, Day)), "earliest=-1d@d latest=@d"),
        (at(14, 8, said(1, Day, Day)), None, "earliest=-1d@d+8h"),
        (at(6, 0, said(1, Week, Week)), at(13, 0, said(0, Week, Week)), "earliest=-1w@w1 latest=@w1"),
        (at(1, 0, None), at(2, 14, None), "earliest=\"05/01/2024:00:00:00\" latest=\"05/02/2024:14:00:00\""),
    ] {
        assert_eq!(show(from, until), format!("index=web sourcetype=access {expected}\n| stats count"));
    }
    // A second span, and one that is one of two.
    let expr = Expr::Column(logs().find_column(TableId(2), "_time").unwrap_or_else(|| panic!("no _time")));
    let within = |from, until| Predicate::Within { expr: expr.clone(), from, until };
    let mut plan = plan("SELECT count(*) FROM access");
    plan.filter = Some(Predicate::Or(vec![
        within(Some(Moment::Ago { count: 5, unit: Hour }), None),
        within(at(1, 0, None), at(2, 0, None)),
    ]));
    assert_eq!(
        written(&plan).unwrap_or_else(|error| error.to_string()),
        "index=web sourcetype=access\n| where (_time>=relative_time(now(), \"-5h\") OR \
         (_time>=strptime(\"2024-05-01\", \"%Y-%m-%d\") AND _time<strptime(\"2024-05-02\", \"%Y-%m-%d\")))\n| stats count"
    );
}

#[test]
fn annotations_are_spl() {
    let raw = |sql: &str| Expr::Raw { table: TableId(2), sql: sql.to_owned() };
    let mut plan = plan("SELECT count(*) FROM access WHERE status = 200");
    plan.filter = Some(Predicate::And(vec![
        Predicate::Raw { table: TableId(2), sql: "status>=500 AND host=\"www1\"".to_owned() },
        Predicate::Raw { table: TableId(2), sql: "NOT (isnull(uri))".to_owned() },
    ]));
    plan.select = vec![Item { expr: raw("100*count(eval(status>=500))/count"), alias: Some("error rate".to_owned()) }];
    assert_eq!(
        written(&plan).unwrap_or_else(|error| error.to_string()),
        "index=web sourcetype=access status>=500 host=www1\n| where (NOT (isnull(uri)))\n\
         | stats count(eval(status>=500)) AS count_eval_status_500, count\n\
         | eval error_rate=100*count_eval_status_500/count\n| table error_rate"
    );
    plan.select = vec![Item { expr: raw("p95(bytes)"), alias: Some("slowest".to_owned()) }];
    plan.filter = None;
    assert_eq!(
        written(&plan).unwrap_or_else(|error| error.to_string()),
        "index=web sourcetype=access\n| stats p95(bytes) AS slowest"
    );
    plan.select = vec![Item { expr: raw("bytes*2"), alias: None }];
    assert!(written(&plan).is_err_and(|error| error.to_string().contains("no aggregate")));
}

#[test]
fn data_models_are_counted() {
    check(
        "SELECT user, count(*) FROM Failed WHERE action = 'failure' AND host LIKE 'db%' GROUP BY user HAVING count(*) > 3 \
         ORDER BY count(*) DESC",
        "| tstats count FROM datamodel=Authentication.Failed WHERE Authentication.action=failure host=db* \
         BY Authentication.user
         | rename Authentication.* AS *
         | where count>3
         | sort 0 -count",
    );
    check(
        "SELECT date(_time), count(DISTINCT user) FROM Authentication GROUP BY 1 ORDER BY 1",
        "| tstats dc(Authentication.user) AS dc_user FROM datamodel=Authentication.Authentication BY _time span=1d
         | sort 0 _time",
    );
    check(
        "SELECT DISTINCT user FROM Authentication",
        "| tstats count FROM datamodel=Authentication.Authentication BY Authentication.user
         | rename Authentication.* AS *
         | table user",
    );
    refused("SELECT user FROM Authentication", "does not show events");
    refused("SELECT count(*) FROM Authentication WHERE user = host", "comparisons of fields with values");
}
