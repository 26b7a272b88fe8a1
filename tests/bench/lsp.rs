//! Latency and memory of the language server, measured over the real binary as an editor would feel them.
//!
//! Prints one line a figure: the 50th and 95th percentile beside the bar that the project holds itself to. Nothing is
//! asserted: a busy machine is no bug.

#[path = "../support/client.rs"]
mod client;

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use client::{Client, Shop, capabilities, range};
use nlq_catalog::{Annotations, Catalog};
use nlq_engine::{Engine, Question, SchemaIndex};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_nlq");
const SAMPLES: usize = 200;

fn main() {
    let shop = Shop::new(BINARY);
    println!("{:<58} {:>9} {:>9} {:>9}  bar", "figure (release build)", "p50", "p95", "max");
    spawn(&shop);
    idle_memory(&shop);
    editing(&shop);
    cancelling(&shop);
    engine(&shop);
}

fn report(figure: &str, mut samples: Vec<Duration>, bar: &str) {
    samples.sort();
    let at = |share: f64| samples[((samples.len() as f64 * share) as usize).min(samples.len() - 1)].as_secs_f64() * 1e3;
    println!(
        "{:<58} {:>6.2} ms {:>6.2} ms {:>6.2} ms  {bar}",
        format!("{figure}, n={}", samples.len()),
        at(0.5),
        at(0.95),
        at(1.0)
    );
}

fn spawn(shop: &Shop) {
    let samples = (0..SAMPLES).map(|_| {
        let begin = Instant::now();
        let mut client = Client::spawn(BINARY, &shop.root(), &shop.state());
        client.initialize(&shop.root(), capabilities(), Value::Null);
        begin.elapsed()
    });
    report("spawn to initialize reply", samples.collect(), "p95 <= 25 ms");
}

fn idle_memory(shop: &Shop) {
    let mut client = Client::start(BINARY, &shop.root(), &shop.state());
    for (file, language) in [("report.sql", "sql"), ("report.py", "python"), ("questions.nlq", "nlq")] {
        let path = shop.root().join(file);
        let uri = client.open(&path, language, &fs::read_to_string(&path).expect("a demo file"));
        client.diagnostics(&uri, 1);
        client.request("textDocument/semanticTokens/full", json!({ "textDocument": { "uri": uri } }));
    }
    client.settle(Duration::from_secs(2));
    let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", client.pid())).unwrap_or_default();
    let kib = rollup
        .lines()
        .find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    match kib {
        Some(kib) => println!(
            "{:<58} {:>6.1} MiB {:>21}  <= 30 MiB",
            "idle memory (PSS), demo workspace, its three files open",
            kib / 1024.0,
            ""
        ),
        None => println!("idle memory: this system does not tell PSS"),
    }
}

/// 1,500 lines of SQL with 100 prompts, each answered.
fn long_file() -> String {
    let mut text = String::new();
    for number in 0..100 {
        text.push_str(&format!(
            "-- nlq: the {} customers with the most orders since {}\n\
             SELECT\n  c.id,\n  c.name,\n  count(o.id) AS orders\nFROM customers c\nJOIN orders o\n  ON o.customer_id = c.id\n\
             WHERE o.placed_at >= '2023-01-01'\n  AND o.status <> 'cancelled'\nGROUP BY c.id, c.name\nORDER BY orders DESC\n\
             LIMIT {};\n\n-- a plain comment\n",
            number + 1,
            2000 + number % 25,
            number + 1
        ));
    }
    text
}

fn editing(shop: &Shop) {
    let mut client = Client::start(BINARY, &shop.root(), &shop.state());
    let text = long_file();
    let path = shop.root().join("long.sql");
    let uri = client.open(&path, "sql", &text);
    client.diagnostics(&uri, 1);
    let lines: Vec<&str> = text.lines().collect();
    println!("  ({} lines, {} prompts)", lines.len(), text.matches("nlq:").count());
    let of = |version: i64, uri: &str| {
        let uri = uri.to_owned();
        move |params: &Value| params["version"] == version && params["uri"] == uri.as_str()
    };
    let keystrokes = |client: &mut Client, offset: usize| {
        let samples = (0..SAMPLES).map(|index| {
            let line = (index * 7 % 100) * 15 + offset;
            let begin = Instant::now();
            let version = client.change(&uri, Some(range((line, lines[line].len()), (line, lines[line].len()))), " x");
            let fits = of(version, &uri);
            let (at, _) = client.timed_notification("textDocument/publishDiagnostics", fits);
            let took = at - begin;
            let undone = client.change(&uri, Some(range((line, lines[line].len()), (line, lines[line].len() + 2))), "");
            let fits = of(undone, &uri);
            client.timed_notification("textDocument/publishDiagnostics", fits);
            took
        });
        samples.collect::<Vec<_>>()
    };
    let in_query = keystrokes(&mut client, 3);
    report("keystroke in a query to diagnostics", in_query, "p95 <= 30 ms");
    let in_prompt = keystrokes(&mut client, 0);
    report("keystroke in a prompt to diagnostics", in_prompt, "p95 <= 30 ms");
    let mut timed = |method: &str, params: &dyn Fn(usize) -> Value| {
        let samples = (0..SAMPLES).map(|index| {
            let begin = Instant::now();
            let id = client.ask(method, params(index * 7 % 100 * 15));
            client.reply(id).0 - begin
        });
        samples.collect::<Vec<_>>()
    };
    let at = |line: usize, character: usize| json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } });
    let on = |line: usize| json!({ "textDocument": { "uri": uri }, "range": range((line, 4), (line, 4)), "context": { "diagnostics": [] } });
    report("hover on a column", timed("textDocument/hover", &|line| at(line + 3, 5)), "p95 <= 5 ms");
    report("hover on a prompt's word", timed("textDocument/hover", &|line| at(line, 22)), "p95 <= 5 ms");
    report("code-action list on a prompt", timed("textDocument/codeAction", &|line| on(line)), "p95 <= 10 ms");
    report("completion in a query", timed("textDocument/completion", &|line| at(line + 3, 4)), "p95 <= 20 ms");
    report(
        "semantic tokens, whole file",
        timed("textDocument/semanticTokens/full", &|_| json!({ "textDocument": { "uri": uri } })),
        "",
    );
    report(
        "code lenses, whole file",
        timed("textDocument/codeLens", &|_| json!({ "textDocument": { "uri": uri } })),
        "p95 <= 10 ms",
    );
}

fn cancelling(shop: &Shop) {
    let mut client = Client::start(BINARY, &shop.root(), &shop.state());
    let slow =
        "-- nlq: count\nWITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;\n";
    let uri = client.open(&shop.root().join("slow.sql"), "sql", slow);
    let run = json!({ "command": "nlq.run", "arguments": [{ "uri": uri, "query": 0 }] });
    let mut samples = Vec::new();
    while samples.len() < SAMPLES {
        let running: Vec<i64> = (0..10).map(|_| client.ask("workspace/executeCommand", run.clone())).collect();
        client.settle(Duration::from_millis(20));
        for id in running {
            let begin = Instant::now();
            client.notify("$/cancelRequest", json!({ "id": id }));
            samples.push(client.reply(id).0 - begin);
        }
    }
    report("cancel to its reply, ten slow queries running", samples, "p95 <= 20 ms");
}

/// The demo's own prompts, asked inside this process.
fn engine(shop: &Shop) {
    let snapshot =
        fs::read_to_string(shop.root().join(".nlq/schema/shop.dev.json")).expect("the demo wrote its snapshot");
    let catalog = Arc::new(Catalog::from_snapshot(&snapshot).expect("a whole snapshot"));
    let annotated =
        fs::read_to_string(shop.root().join("shop.annotations.yaml")).expect("the demo wrote its annotations");
    let parsed = nlq_config::parse_annotations(&annotated).value;
    let annotations: Arc<Annotations> = Arc::new(nlq_config::merge_annotations([&parsed]));
    let index = SchemaIndex::new(catalog, annotations);
    let engine = Engine::default();
    let prompts: Vec<String> = ["report.sql", "questions.nlq", "report.py"]
        .iter()
        .flat_map(|file| {
            let path = shop.root().join(file);
            let language = nlq_syntax::Language::from_path(&path).expect("a language of ours");
            let text = fs::read_to_string(path).expect("a demo file");
            let document = nlq_syntax::Document::new(&text, language, nlq_syntax::Options::default());
            document.prompts().iter().map(|prompt| prompt.text.clone()).collect::<Vec<_>>()
        })
        .collect();
    let today = chrono::NaiveDate::from_ymd_opt(2024, 6, 1).expect("a day");
    let samples = (0..SAMPLES.max(prompts.len())).map(|index_of| {
        let text = &prompts[index_of % prompts.len()];
        let begin = Instant::now();
        std::hint::black_box(engine.answer(Question { text, earlier: &[], replies: &[], today }, &index));
        begin.elapsed()
    });
    report("ask on the demo database, inside the process", samples.collect(), "p50 <= 10 ms");
}
