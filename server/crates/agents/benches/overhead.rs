//! What nlq itself takes of a question that a model answers, over a schema of 100 tables: everything from the question to the
//! answer, with a model and a database that answer at once. The model is asked over real HTTP, so the figure holds the request,
//! the stream and its reading, and also the little that the model's side takes here.
//! `cargo bench -p nlq-agents`.

#[path = "../../engine/benches/large/mod.rs"]
mod large;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::NaiveDate;
use nlq_agents::{Agents, Calibration, Event, Failure, Settings, System, Task};
use nlq_engine::{Engine, Question, SchemaIndex};
use nlq_llm::{Meter, Models, OpenAi, Profile, Prompts, Remote, Secret, http_client};
use nlq_providers::{ColumnHead, Rows, Value};
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

/// Answers at once.
struct Database;

#[async_trait::async_trait]
impl System for Database {
    async fn validate(&self, _: &str, _: CancellationToken) -> Result<(), Failure> {
        Ok(())
    }

    async fn run(&self, _: &str, _: CancellationToken) -> Result<Rows, Failure> {
        let columns = vec![ColumnHead { name: "n".into(), type_name: "integer".into() }];
        Ok(Rows { columns, rows: vec![vec![Value::Int(1)]], truncated: None, elapsed: Duration::ZERO })
    }
}

/// Speaks OpenAI's chat completions, as a stream: the same query to every question.
async fn model(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let asked: Json = serde_json::from_slice(&body)?;
        let tool = asked["tool_choice"]["function"]["name"].as_str().unwrap_or_default();
        let arguments = if tool.contains("table") {
            json!({ "tables": ["web_order", "store_customer"], "reason": "named" })
        } else {
            json!({ "query": "SELECT count(*) FROM web_order", "explanation": "counts", "confidence": 0.95 })
        };
        let call = json!([{ "index": 0, "id": "1", "type": "function",
            "function": { "name": tool, "arguments": arguments.to_string() } }]);
        let chunks = [
            json!({ "choices": [{ "index": 0, "delta": { "role": "assistant", "tool_calls": call } }] }),
            json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "tool_calls" }] }),
            json!({ "choices": [], "usage": { "prompt_tokens": 1000, "completion_tokens": 50 } }),
        ];
        let mut events: Vec<String> = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
        events.push("data: [DONE]\n\n".to_owned());
        let events = events.concat();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n", events.len());
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(events.as_bytes()).await?;
    }
}

#[tokio::main]
async fn main() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(model(stream));
        }
    });
    let wire = OpenAi { key_header: None, api_version: None };
    let remote = Remote::new(http_client().expect("a client"), wire, "instant");
    let remote =
        remote.key(Some(Secret::lazy(|| Ok("key".into())))).base_url(Some(Secret::lazy(move || Ok(url.clone()))));
    let agents = Agents {
        models: Arc::new(Models::new([("default".to_owned(), Profile::new(Arc::new(remote)))].into())),
        prompts: Arc::new(Prompts::default()),
        calibration: Calibration::default(),
        settings: Settings {
            max_iterations: 5,
            confidence_threshold: 0.85,
            clarification_threshold: 0.0,
            max_tables: 20,
            max_examples: 5,
            candidates: 1,
        },
    };
    let index = SchemaIndex::new(Arc::new(large::schema()), Arc::default());
    let engine = Engine::default();
    let today = NaiveDate::from_ymd_opt(2024, 6, 1).expect("a day");
    let cancel = CancellationToken::new();
    let mut times = Vec::new();
    for text in large::questions() {
        let begun = Instant::now();
        let embedded = engine.answer(Question { text: &text, earlier: &[], replies: &[], today }, &index);
        let task = Task {
            question: &text,
            earlier: &[],
            replies: &[],
            today,
            index: &index,
            embedded: &embedded,
            examples: &[],
            may_sample: true,
        };
        let meter = Meter::default();
        let done = agents.answer(task, Some(&Database), &meter, &|_: Event<'_>| {}, &cancel).await;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        assert!(done.is_ok_and(|done| done.iterations == 1) && meter.calls().len() == 2, "{:?}", meter.calls());
    }
    // The first question reads the weights and opens the connection.
    let first = times.remove(0);
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() as f64 * share) as usize).min(times.len() - 1)];
    println!(
        "nlq's own time a question, {} tables, n={}: p50 {:.2} ms, p95 {:.2} ms, max {:.2} ms (bar: p95 <= 15 ms); first {first:.2} ms",
        index.catalog().tables.len(),
        times.len(),
        at(0.5),
        at(0.95),
        at(1.0),
    );
}
