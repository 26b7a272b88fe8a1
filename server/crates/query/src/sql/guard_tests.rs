use nlq_catalog::Dialect::{self, Postgresql, Sqlite};

use super::guard;

/// Refused by every dialect.
const HOSTILE: &[&str] = &[
    "",
    "   ",
    "-- only a comment",
    "/* nothing */ ;",
    "INSERT INTO t VALUES (1)",
    "insert into t select * from u",
    "UPDATE t SET a = 1",
    "DELETE FROM t",
    "delete from t where 1 = 1 returning *",
    "DROP TABLE t",
    "CREATE TABLE t (a int)",
    "CREATE TABLE t AS SELECT 1",
    "CREATE VIEW v AS SELECT 1",
    "CREATE INDEX i ON t (a)",
    "ALTER TABLE t ADD COLUMN b int",
    "TRUNCATE TABLE t",
    "VACUUM",
    "ANALYZE",
    "REINDEX t",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT s",
    "SELECT 1; DROP TABLE t",
    "SELECT 1;; SELECT 2",
    "SELECT 1; -- x\nDELETE FROM t",
    "DROP TABLE t; SELECT 1",
    "SELECT 1 /* ; */ ; /* c */ DROP TABLE t",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE DELETE FROM t",
    "WITH x AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM x",
    "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
    "WITH x AS (UPDATE t SET a = 1 RETURNING *) SELECT * FROM x",
    "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
    "WITH x AS (SELECT 1) DELETE FROM t",
    "WITH x AS (SELECT 1) UPDATE t SET a = 2",
    "SELECT * FROM (DELETE FROM t RETURNING *) d",
    "SELECT * FROM t WHERE a IN (DELETE FROM t RETURNING a)",
    "SELECT * FROM t UNION DELETE FROM t",
    "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
    "GRANT ALL ON t TO u",
    "REVOKE ALL ON t FROM u",
    "SET x = 1",
    "SELECT * FROM t FOR UPDATE",
    "SELECT 'open",
    "SELECT \"open",
    "SELECT",
    "SELECT * FROM t WHERE (a = 1",
    "SELECT * FROM t WHERE a = 1)",
    "lorem ipsum",
    "SELECT\u{200b} 1",
    "SELECT\u{a0}1",
    "SELECT 1 \u{feff}",
    "SELECT \u{202e}1",
    "SELECT '\0'",
    "FROM t SELECT a",
    "SELECT TOP 1 * FROM t",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DEALLOCATE p",
    "CALL f()",
    "SHOW TABLES",
    "USE db",
    "KILL 1",
    "COMMENT ON TABLE t IS 'x'",
    "SELECT 1 INTO t",
];

const HOSTILE_POSTGRESQL: &[&str] = &[
    "SELECT * INTO t2 FROM t",
    "SELECT * INTO TEMP t2 FROM t",
    "SELECT a INTO UNLOGGED t2 FROM t",
    "SELECT * FROM t FOR SHARE",
    "SELECT * FROM t FOR NO KEY UPDATE",
    "SELECT * FROM t FOR KEY SHARE",
    "SELECT * FROM t FOR UPDATE SKIP LOCKED LIMIT 1",
    "SELECT * FROM (SELECT * FROM t FOR UPDATE) x",
    "SELECT pg_sleep(10)",
    "SELECT PG_SLEEP(10)",
    "SELECT pg_catalog.pg_sleep(10)",
    "SELECT pg_catalog.\"pg_sleep\"(10)",
    "SELECT \"pg_catalog\".\"pg_sleep\" (10)",
    "SELECT pg_sleep/**/(10)",
    "SELECT pg_sleep -- x\n(10)",
    "SELECT U&\"pg\\005fsleep\"(10)",
    "SELECT u&\"\\0070g_sleep\"(10)",
    "SELECT x.pg_sleep FROM abs(10.0::float8) x",
    "SELECT (x).pg_sleep FROM abs(10.0::float8) x",
    "SELECT (SELECT pg_sleep(1))",
    "SELECT 1 WHERE EXISTS (SELECT pg_sleep(1))",
    "SELECT * FROM pg_sleep(1)",
    "SELECT * FROM t, LATERAL pg_sleep(t.a)",
    "SELECT * FROM t JOIN LATERAL pg_sleep(1) ON true",
    "SELECT CASE WHEN pg_sleep(1) IS NULL THEN 1 END",
    "SELECT 1 ORDER BY pg_sleep(1)",
    "SELECT 1 GROUP BY pg_sleep(1)",
    "SELECT 1 LIMIT (SELECT length(pg_sleep(1)::text))",
    "SELECT a FROM t HAVING pg_sleep(1) IS NULL",
    "SELECT sum(a) FILTER (WHERE pg_sleep(1) IS NULL) FROM t",
    "SELECT sum(a) OVER (ORDER BY pg_sleep(1)) FROM t",
    "VALUES (pg_sleep(1))",
    "SELECT ARRAY[pg_sleep(1)::text]",
    "SELECT ARRAY(SELECT pg_sleep(1)::text)",
    "SELECT pg_sleep_for('5 minutes')",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('/etc/passwd')",
    "SELECT * FROM pg_ls_dir('/')",
    "SELECT pg_stat_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/x')",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_get(1)",
    "SELECT lowrite(1, 'x')",
    "SELECT * FROM dblink('host=x', 'select 1') AS t(a int)",
    "SELECT dblink_exec('x', 'drop table t')",
    "SELECT pg_terminate_backend(1)",
    "SELECT pg_cancel_backend(1)",
    "SELECT pg_reload_conf()",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT nextval('s')",
    "SELECT setval('s', 1)",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_try_advisory_xact_lock(1)",
    "SELECT query_to_xml('delete from t', true, true, '')",
    "SELECT query_to_xml_and_xmlschema('select 1', true, true, '')",
    "SELECT database_to_xml(true, true, '')",
    "SELECT table_to_xml('pg_authid', true, true, '')",
    "SELECT ts_stat('select pg_sleep(1)')",
    "SELECT ts_rewrite('a'::tsquery, 'select 1')",
    "SELECT * FROM crosstab('select 1') AS t(a int)",
    "SELECT pg_switch_wal()",
    "SELECT pg_create_restore_point('x')",
    "SELECT pg_drop_replication_slot('x')",
    "SELECT pg_logical_emit_message(true, 'a', 'b')",
    "SELECT pg_replication_origin_create('x')",
    "SELECT pg_export_snapshot()",
    "SELECT pg_notify('c', 'p')",
    "SELECT pg_stat_reset()",
    "SELECT http_get('http://x')",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_catalog.pg_shadow",
    "SELECT * FROM \"pg_shadow\"",
    "SELECT * FROM PG_SHADOW",
    "TABLE pg_shadow",
    "TABLE pg_catalog.pg_authid",
    "SELECT * FROM a, pg_user_mappings",
    "SELECT * FROM ONLY pg_authid",
    "SELECT * FROM ONLY (pg_authid)",
    "SELECT * FROM ONLY pg_catalog.\"pg_authid\" AS x",
    "SELECT * FROM t JOIN ONLY pg_shadow ON true",
    "SELECT * FROM t WHERE EXISTS (SELECT * FROM only/**/pg_stats)",
    "SELECT * FROM pg_settings",
    "SELECT * FROM pg_db_role_setting",
    "SELECT current_setting('app.jwt_secret')",
    "SELECT TREAT(1.0::float8 AS pg_sleep)",
    "SELECT utl_file.fopen('/etc', 'passwd', 'r')",
    "SELECT * FROM run_command_on_workers('delete from t')",
    "SELECT * FROM pg_largeobject",
    "SELECT * FROM pg_stats",
    "SELECT * FROM pg_hba_file_rules",
    "SELECT * FROM pg_hba_file_rules()",
    "SELECT 1 UNION ALL (SELECT 2 FROM (SELECT * FROM pg_file_settings) x)",
    "COPY t TO PROGRAM 'x'",
    "COPY t FROM '/etc/passwd'",
    "COPY (SELECT 1) TO '/tmp/x'",
    "DO $$ BEGIN DELETE FROM t; END $$",
    "LISTEN c",
    "NOTIFY c",
    "LOCK TABLE t",
    "LOAD 'x'",
    "DISCARD ALL",
    "RESET ALL",
    "SELECT E'\\'' , pg_sleep(1) --'",
    "SELECT 'a\\', pg_sleep(1) --'",
    "SELECT $a$ $b$ $a$, pg_sleep(1), $b$ $b$",
    "SELECT /* /* */ pg_sleep(1) */ */ 1",
    "SELECT 1 -- x\r, pg_sleep(1)",
    "SELECT * FROM ROWS FROM (pg_sleep(1))",
    "SELECT {fn pg_sleep(1)}",
    "SELECT @pg_sleep(1)",
    "SELECT :pg_sleep(1)",
    "SELECT cron.schedule('x')[pg_sleep(1)::text::int]",
    "REFRESH MATERIALIZED VIEW v",
    "CLUSTER t",
    "CHECKPOINT",
];

const HOSTILE_SQLITE: &[&str] = &[
    "ATTACH DATABASE 'x' AS y",
    "ATTACH 'x' AS y",
    "DETACH y",
    "PRAGMA writable_schema = 1",
    "PRAGMA journal_mode = delete",
    "PRAGMA table_info(t)",
    "REPLACE INTO t VALUES (1)",
    "INSERT OR REPLACE INTO t VALUES (1)",
    "VACUUM INTO '/tmp/x'",
    "SELECT load_extension('x')",
    "SELECT LOAD_EXTENSION('x')",
    "SELECT \"load_extension\"('x')",
    "SELECT [load_extension]('x')",
    "SELECT `load_extension`('x')",
    "SELECT load_extension /* c */ ('x')",
    "SELECT readfile('/etc/passwd')",
    "SELECT writefile('/tmp/x', 'y')",
    "SELECT edit('x')",
    "SELECT fts3_tokenizer('simple')",
    "SELECT fts3_tokenizer('simple', x'00')",
    "SELECT * FROM fsdir('/')",
    "SELECT * FROM fsdir",
    "SELECT * FROM lsdir('/')",
    "SELECT * FROM zipfile('x')",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM pragma_wal_checkpoint",
    "SELECT * FROM pragma_journal_mode('delete')",
    "SELECT * FROM \"pragma_database_list\"()",
    "SELECT * FROM t JOIN pragma_journal_mode",
    "SELECT * FROM sqlite_dbpage",
    "SELECT * FROM sqlite_stat4",
    "SELECT * FROM main.sqlite_dbpage",
    "SELECT eval('drop table t')",
    "SELECT (SELECT eval('drop table t'))",
    "SELECT 1 WHERE eval('x')",
    "SELECT 1 ORDER BY eval('x')",
    "SELECT count(*) FILTER (WHERE eval('x')) FROM t",
    "SELECT sum(a) OVER (PARTITION BY eval('x')) FROM t",
    "VALUES (eval('x'))",
    "SELECT CASE eval('x') WHEN 1 THEN 2 END",
    "SELECT * FROM t JOIN u ON eval('x')",
    "WITH x AS (SELECT eval('x')) SELECT * FROM x",
    "SELECT 'a\\', eval('x') --'",
    "SELECT /* /* */ eval('x') /* */",
    "SELECT 1 LIMIT eval('x')",
    "CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM u; END",
    "CREATE VIRTUAL TABLE x USING fts5(a)",
    "CREATE TEMP TABLE x AS SELECT 1",
    "DROP VIEW v",
    "END",
    "RELEASE s",
];

const HARMLESS: &[&str] = &[
    "SELECT 1",
    "SELECT * FROM t -- the end",
    "-- the start\nSELECT * FROM t /* x */ ; -- the end",
    "WITH x AS (SELECT a FROM t) SELECT * FROM x WHERE a IN (SELECT b FROM u) ORDER BY 1 LIMIT 10 OFFSET 5",
    "VALUES (1, 'DROP TABLE t'), (2, 'x; DELETE FROM t')",
    "SELECT 'pg_sleep(1)', ';', '--', '/*' FROM t",
    "SELECT count(*) FILTER (WHERE a > 1), sum(b) OVER (PARTITION BY c ORDER BY d ROWS 3 PRECEDING) FROM t",
    "SELECT a FROM t UNION ALL SELECT b FROM u EXCEPT SELECT c FROM v",
    "SELECT \"update\", \"delete\" FROM \"insert\"",
    "SELECT CASE WHEN a IS NULL THEN 'x' ELSE 'y' END, CAST(b AS int), coalesce(c, 0) FROM t LEFT JOIN u USING (id)",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT * FROM n",
    "SELECT 'größe 💣', a FROM t WHERE b = 'ü'",
];

const HARMLESS_POSTGRESQL: &[&str] = &[
    "SELECT date_trunc('month', placed_at) AS m, sum(x)::numeric(10,2) FROM public.orders GROUP BY 1",
    "SELECT * FROM generate_series(1, 10) AS g(i), unnest(ARRAY[1,2]) u",
    "SELECT a ->> 'b', c @> '{}'::jsonb, d ? 'e', f[1:2] FROM t WHERE e ILIKE '%x%' AND g ~* 'h'",
    "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b DESC NULLS LAST FETCH FIRST 5 ROWS ONLY",
    "SELECT extract(year FROM d), d AT TIME ZONE 'UTC', interval '1 day', E'a\\'b', $x$it's$x$ FROM t",
    "SELECT ARRAY(SELECT a FROM t), EXISTS (SELECT 1), a = ANY ('{1,2}'::int[]), (1, 2) = (a, b) FROM t",
    "SELECT a, grouping(a), sum(b) FROM t GROUP BY ROLLUP (a)",
    "SELECT * FROM t, LATERAL (SELECT t.a) x, LATERAL jsonb_array_elements(t.j) e",
    "SELECT current_date, now(), string_agg(a, ',' ORDER BY a), percentile_cont(0.5) WITHIN GROUP (ORDER BY b) FROM t",
];

const HARMLESS_SQLITE: &[&str] = &[
    "SELECT [a b], `c`, \"d\" FROM t WHERE a GLOB 'x*' AND b IS NOT c AND d IS 5",
    "SELECT strftime('%Y', d), group_concat(a, ', '), t.rowid FROM t INDEXED BY i WHERE a == 1",
    "SELECT name FROM sqlite_master",
    "SELECT * FROM pragma_table_info('t')",
    "SELECT * FROM json_each('[1]')",
    "SELECT a FROM t LIMIT 5, 10",
    "SELECT query, edit, system FROM query",
];

fn dialect_cases<'a>(dialect: Dialect, both: &'a [&'a str], pg: &'a [&'a str], lite: &'a [&'a str]) -> Vec<&'a str> {
    both.iter().chain(if dialect == Postgresql { pg } else { lite }).copied().collect()
}

#[test]
fn hostile_statements_are_refused_with_a_place_inside_the_text() {
    let mut passed = Vec::new();
    for dialect in [Sqlite, Postgresql] {
        for text in dialect_cases(dialect, HOSTILE, HOSTILE_POSTGRESQL, HOSTILE_SQLITE) {
            match guard(text, dialect) {
                Ok(_) => passed.push((dialect, text)),
                Err(refusal) => {
                    assert!(refusal.span.end <= text.len() && !refusal.message.is_empty(), "{text:?}: {refusal:?}");
                }
            }
        }
    }
    assert!(passed.is_empty(), "{passed:#?}");
}

#[test]
fn queries_pass() {
    for dialect in [Sqlite, Postgresql] {
        for text in dialect_cases(dialect, HARMLESS, HARMLESS_POSTGRESQL, HARMLESS_SQLITE) {
            if let Err(refusal) = guard(text, dialect) {
                panic!("{} refused {text:?}: {refusal:?}", dialect.title());
            }
        }
    }
}

#[test]
fn the_text_that_runs_has_no_tail() {
    let passed = guard(" -- a\n SELECT 'x;' -- b\n ; -- c", Sqlite).unwrap();
    assert_eq!(passed.text(), "SELECT 'x;'");
}

#[test]
fn refusals_say_what_and_where() {
    let text = "SELECT 1;\nSELECT pg_catalog.\"pg_sleep\"(5)";
    let refusal = guard(&text[10..], Postgresql).unwrap_err();
    assert_eq!(refusal.code, "denied-function");
    assert_eq!(refusal.span.of(&text[10..]), "\"pg_sleep\"");
    assert_eq!(guard(text, Postgresql).unwrap_err().code, "several-statements");
    assert_eq!(guard("DROP TABLE t", Sqlite).unwrap_err().code, "not-a-query");
    assert_eq!(guard("SELEC 1", Sqlite).unwrap_err().code, "syntax");
}

#[test]
fn long_and_deep_statements_are_refused_and_overflow_nothing() {
    for dialect in [Sqlite, Postgresql] {
        let deep = format!("SELECT {}1{}", "(".repeat(50_000), ")".repeat(50_000));
        assert!(guard(&deep, dialect).is_err());
        let long = format!("SELECT 1{}", " + 1".repeat(100_000));
        assert!(guard(&long, dialect).is_err());
        let chain = format!("SELECT 1 WHERE {}", vec!["a = 1"; 1_000].join(" OR "));
        assert!(guard(&chain, dialect).is_ok());
        let list = format!("SELECT 1 WHERE a IN ({})", vec!["1"; 20_000].join(","));
        assert!(guard(&list, dialect).is_ok());
    }
}

/// Random mixes of fragments: whatever passes must hold no write and no denied call outside strings and comments.
#[test]
fn random_mixes_never_pass_a_write() {
    const PARTS: &[&str] = &[
        "SELECT ",
        "1",
        " FROM ",
        "t",
        " WHERE ",
        "DELETE FROM t",
        "INSERT INTO t VALUES (1)",
        "UPDATE t SET a = 1",
        ";",
        "--",
        "/*",
        "*/",
        "\n",
        "'",
        "\"",
        "(",
        ")",
        ",",
        " WITH x AS (",
        " RETURNING *",
        "pg_sleep(1)",
        "load_extension('x')",
        " UNION ",
        "DROP TABLE t",
        "$$",
        "$a$",
        "E'",
        "\\",
        "[",
        "]",
        "`",
        " AS ",
        "x",
        "U&\"",
        " INTO ",
        " FOR UPDATE",
        "\r",
        "pg_shadow",
        "TABLE ",
        "*",
        ".",
        "::",
        "@",
        ":",
        "?",
        "{",
        "}",
        "#",
        "\u{a0}",
    ];
    let mut seed: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut next = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 33) as usize % below
    };
    let (mut passed, mut tried) = (0, 0);
    while tried < 20_000 {
        tried += 1;
        let mut text = String::from("SELECT 1 ");
        for _ in 0..=next(9) {
            text.push_str(PARTS[next(PARTS.len())]);
        }
        for dialect in [Sqlite, Postgresql] {
            let Ok(query) = guard(&text, dialect) else { continue };
            passed += 1;
            let bare = without_quoted(query.text(), dialect).to_lowercase();
            let bare: String = bare.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(");
            // `DELETE` may be a column's alias: a write can stand only at the start, in parentheses or after UNION.
            for write in [
                "(delete from",
                "(insert into",
                "(update t",
                "union delete",
                "union insert",
                ") delete",
                ") insert",
                ";",
            ] {
                assert!(!bare.contains(write), "{}: {text:?} passed with {write:?}", dialect.title());
            }
            let denied = if dialect == Sqlite { "load_extension(" } else { "pg_sleep(" };
            let called = bare
                .match_indices(denied)
                .any(|(at, _)| !bare[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
            assert!(!called, "{}: {text:?} passed with {denied:?}", dialect.title());
        }
    }
    assert!(passed > 20, "the mixes test too little: {passed}");
}

/// A deliberately independent reading of strings, quoted names and comments.
fn without_quoted(text: &str, dialect: Dialect) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(ch) = rest.chars().next() {
        let end = |from: usize, mark: &str| rest[from..].find(mark).map_or(rest.len(), |at| from + at + mark.len());
        let skip = match ch {
            '\'' if dialect == Postgresql && out.ends_with(['e', 'E']) => {
                let (mut at, bytes) = (1, rest.as_bytes());
                while at < bytes.len() && bytes[at] != b'\'' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                (at + 1).min(rest.len())
            }
            '\'' => end(1, "'"),
            '"' => end(1, "\""),
            '`' if dialect == Sqlite => end(1, "`"),
            '[' if dialect == Sqlite => end(1, "]"),
            '$' if dialect == Postgresql && rest.starts_with("$$") => end(2, "$$"),
            '$' if dialect == Postgresql && rest.starts_with("$a$") => end(3, "$a$"),
            '-' if rest.starts_with("--") => {
                rest.find(|c| c == '\n' || (c == '\r' && dialect == Postgresql)).unwrap_or(rest.len())
            }
            '/' if rest.starts_with("/*") => end(2, "*/"),
            _ => 0,
        };
        if skip == 0 {
            out.push(ch);
            rest = &rest[ch.len_utf8()..];
        } else {
            out.push(' ');
            rest = &rest[skip..];
        }
    }
    out
}
