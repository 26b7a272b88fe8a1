//! What a collector of telemetry is told, and what it is never told.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::cli_support::{SHOP, Sandbox};

/// A collector's address, and every path that is posted to with its body.
fn collector() -> (String, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/otel/", listener.local_addr().expect("an address"));
    let (sender, told) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let (mut head, mut length) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") {
                let from = head.len();
                reader.read_line(&mut head).expect("a line");
                if let Some(count) = head[from..].to_lowercase().strip_prefix("content-length:") {
                    length = count.trim().parse().expect("a length");
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            reader.get_mut().write_all(answer).expect("an answer");
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            if sender.send((path, serde_json::from_slice(&body).expect("JSON"))).is_err() {
                return;
            }
        }
    });
    (url, told)
}

fn exporting_to(endpoint: &str) -> String {
    format!("{SHOP}observability: {{ otlp_endpoint: \"{endpoint}\" }}\n")
}

#[test]
fn a_collector_is_told_numbers_and_names_and_no_text() {
    let sandbox = Sandbox::shop();
    let (url, told) = collector();
    sandbox.write("collector", &url);
    sandbox.write("nlq.yaml", &exporting_to("${file:collector}"));
    sandbox.ok(&["ask", "how many customers are there", "--offline"]);
    assert!(told.try_recv().is_err(), "an untrusted workspace tells nobody");

    sandbox.ok(&["trust", "--yes"]);
    sandbox.ok(&["ask", "how many customers are from Germany"]);
    let wait = || told.recv_timeout(Duration::from_secs(5)).expect("both signals");
    let mut bodies = [wait(), wait()];
    bodies.sort_by(|one, other| one.0.cmp(&other.0));
    let [(metrics_path, metrics), (traces_path, traces)] = bodies;
    assert_eq!((metrics_path.as_str(), traces_path.as_str()), ("/otel/v1/metrics", "/otel/v1/traces"));

    let spans = traces["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans");
    let names: Vec<_> = spans.iter().filter_map(|span| span["name"].as_str()).collect();
    assert!(names[0] == "question" && names.contains(&"validation"), "{names:?}");
    let all = metrics["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().expect("metrics");
    let names: Vec<_> = all.iter().filter_map(|metric| metric["name"].as_str()).collect();
    assert!(
        names.starts_with(&["nlq.questions_total", "nlq.validations_total", "nlq.query_latency_seconds"]),
        "{names:?}"
    );
    let text = format!("{traces}{metrics}").to_lowercase();
    let work = sandbox.root().display().to_string().to_lowercase();
    for word in ["german", "customers", "select", "how many", "shop", &work] {
        assert!(!text.contains(word), "{word} in {text}");
    }
}

#[test]
fn a_collector_that_is_away_or_silent_never_fails_or_holds_an_answer() {
    let sandbox = Sandbox::shop();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address");
    let ask = |endpoint: &str| {
        sandbox.write("nlq.yaml", &exporting_to(endpoint));
        sandbox.ok(&["trust", "--yes"]);
        let begun = Instant::now();
        let ran = sandbox.ok(&["ask", "how many customers are there"]);
        assert!(begun.elapsed() < Duration::from_secs(4), "it waited {:?}", begun.elapsed());
        ran.stderr
    };
    assert_eq!(ask(&format!("http://{address}")), "");
    drop(silent);
    assert_eq!(ask(&format!("http://{address}")), "");
    sandbox.write("collector", "no address");
    assert_eq!(ask("${file:collector}"), "");
}
