//! DynamoDB end to end, over DynamoDB Local.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{cli_support::Sandbox, conformance::conforms, systems::System};

/// A statement with this in it is answered late by the front.
const SLOW: &str = "slowly";
/// The access key that the front does not take.
const WRONG: &str = "wrong";

/// Asks DynamoDB Local, which checks no signature.
fn ask(address: &str, operation: &str, body: &Value) -> String {
    let body = body.to_string();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/x-amz-json-1.0\r\n\
         X-Amz-Target: DynamoDB_20120810.{operation}\r\nAuthorization: AWS4-HMAC-SHA256 \
         Credential=tests/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).expect("the server");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a reply");
    assert!(reply.starts_with("HTTP/1.1 200"), "{operation}: {reply}");
    reply
}

/// DynamoDB Local with what it lacks: it refuses a wrong access key as Amazon's own does, and answers some statements late.
fn front(server: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = server.clone();
            // A client that hangs up ends its own thread only.
            thread::spawn(move || pass(client, &server));
        }
    });
    url
}

fn pass(mut client: TcpStream, server: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        let lower = line.to_lowercase();
        if let Some(told) = lower.strip_prefix("content-length:") {
            length = told.trim().parse().unwrap_or(0);
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if head.contains(&format!("Credential={WRONG}/")) {
        let refusal = json!({
            "__type": "com.amazon.coral.service#UnrecognizedClientException",
            "message": "The security token included in the request is invalid.",
        });
        let refusal = refusal.to_string();
        return write!(
            client,
            "HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.0\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{refusal}",
            refusal.len()
        );
    }
    if String::from_utf8_lossy(&body).contains(SLOW) {
        thread::sleep(Duration::from_secs(20));
    }
    let mut upstream = TcpStream::connect(server)?;
    write!(upstream, "{head}Connection: close\r\n\r\n")?;
    upstream.write_all(&body)?;
    std::io::copy(&mut upstream, &mut client)?;
    client.shutdown(Shutdown::Both)
}

/// A table of this name with 30 orders of 3 customers.
fn orders(address: &str, name: &str) {
    let key = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
    let table = json!({
        "TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [key("customer_id", "HASH"), key("placed", "RANGE")],
        "AttributeDefinitions": [{ "AttributeName": "customer_id", "AttributeType": "N" },
            { "AttributeName": "placed", "AttributeType": "S" }],
    });
    ask(address, "CreateTable", &table);
    for n in 0..30 {
        let item = json!({
            "customer_id": { "N": (n % 3).to_string() }, "placed": { "S": format!("2024-{:02}-11T10:00:00", 1 + n / 3) },
            "total": { "N": format!("{n}.5") }, "ship": { "M": { "city": { "S": "Ulm" } } },
        });
        ask(address, "PutItem", &json!({ "TableName": name, "Item": item }));
    }
}

/// A trusted workspace over one table, reached through the front.
fn workspace(address: &str, table: &str, more: &str) -> Sandbox {
    let front = front(address.to_owned());
    let connection = |name: &str, url: &str, key: &str| {
        format!(
            "      {name}: {{ region: us-east-1, endpoint: \"{url}\", access_key_id: {key}, \
             secret_access_key: \"${{file:key}}\", tables: [{table}]{more} }}\n"
        )
    };
    let sandbox = Sandbox::new();
    sandbox.write("key", "canary-of-a-secret-key\n");
    sandbox.write(
        "nlq.yaml",
        &format!(
            "workspace: shop\nproviders:\n  shop:\n    type: dynamodb\n    default_connection: dev\n    connections:\n{}{}{}",
            connection("dev", &front, "tests"),
            connection("wrong_password", &front, WRONG),
            connection("unreachable", "http://127.0.0.1:9", "tests"),
        ),
    );
    sandbox.ok(&["trust", "--yes"]);
    sandbox
}

fn address(server: &System) -> String {
    server.url().trim_start_matches("http://").to_owned()
}

#[test]
fn dynamodb_conforms() {
    let Some(server) = System::dynamodb() else { return };
    orders(&address(server), "conformance");
    let sandbox = workspace(&address(server), "conformance", "");
    let slow = format!("SELECT total FROM conformance WHERE customer_id = 1 AND ship.city <> '{SLOW}'");
    conforms(&sandbox, "shop", &slow, &[]);
    let ran = sandbox.nlq(&["conformance", "shop", "--json"]);
    assert!(!ran.stdout.contains("canary"), "{}", ran.stdout);
}

#[test]
fn questions_become_key_queries_or_are_declined() {
    let Some(server) = System::dynamodb() else { return };
    orders(&address(server), "orders");
    let sandbox = workspace(&address(server), "orders", ", scan_limit: 20");
    sandbox.ok(&["schema", "refresh", "shop/dev"]);
    let ask = |question: &str| {
        let ran = sandbox.nlq(&["ask", "-c", "shop/dev", "--run", "--json", question]);
        serde_json::from_str::<Value>(&ran.stdout).unwrap_or_else(|_| panic!("{ran:#?}"))
    };
    let answer = ask("orders of customer 2 since May 2024");
    assert_eq!(answer["outcome"], "query", "{answer:#}");
    let text = answer["sql"].as_str().expect("a query");
    assert!(text.contains("\"customer_id\" = 2") && text.contains("\"placed\" >= '2024-05-01'"), "{text}");
    assert_eq!(answer["rows"]["rows"].as_array().map(Vec::len), Some(6), "{answer:#}");
    for (question, reason) in [
        ("how many orders does customer 2 have?", "no counts"),
        ("orders with a total over 12", "about 30 items: name a value of `customer_id`"),
    ] {
        let answer = ask(question);
        assert_eq!(answer["outcome"], "abstention", "{answer:#}");
        assert!(answer["reason"].as_str().is_some_and(|told| told.contains(reason)), "{answer:#}");
    }
}
