//! Logs of applications: JSON of services, and key=value pairs of payments.

use chrono::DateTime;
use serde_json::{Map, Value, json};

use super::{Record, SPAN, put, random::Random, tables};

const SERVICES: [(&str, i64); 6] =
    [("checkout", 240), ("catalog", 60), ("accounts", 90), ("search", 130), ("shipping", 310), ("mailer", 45)];
const CODES: [(&str, &str); 5] = [
    ("E_TIMEOUT", "upstream did not answer in time"),
    ("E_DB_CONN", "no connection to the database"),
    ("E_VALIDATION", "a required field is missing"),
    ("E_AUTH", "the token has expired"),
    ("E_STOCK", "the item is out of stock"),
];

pub(super) fn records(now: i64) -> Vec<Record> {
    let mut records = services(now);
    records.extend(payments(now));
    records
}

fn services(now: i64) -> Vec<Record> {
    let mut random = Random::new(0x6170_7000);
    let users = tables::users();
    (0..2000)
        .map(|_| {
            let millis = (now - random.between(1, SPAN)) * 1000 + random.between(0, 1000);
            let (service, usual) = *random.skewed(&SERVICES);
            let level = match random.between(0, 100) {
                0..=9 => "ERROR",
                10..=24 => "WARN",
                25..=39 => "DEBUG",
                _ => "INFO",
            };
            let host = format!("app{}", random.between(1, 5));
            let mut fields = Map::new();
            put(&mut fields, "level", level);
            put(&mut fields, "service", service);
            let slow = if level == "ERROR" { 4 } else { 1 };
            let duration = usual * slow + random.between(0, usual * 2);
            put(&mut fields, "duration_ms", duration);
            let mut message = "request handled";
            if level == "ERROR" {
                let (code, words) = *random.skewed(&CODES);
                put(&mut fields, "error_code", code);
                message = words;
            }
            if random.percent(70) {
                put(&mut fields, "user", *random.skewed(&users));
            }
            put(&mut fields, "environment", if random.percent(85) { "production" } else { "staging" });
            put(&mut fields, "message", message);
            let request = format!("{:08x}", random.between(0, 1 << 32));
            let region = *random.skewed(&["eu-west", "us-east", "ap-south"]);
            let stamp = DateTime::from_timestamp_millis(millis).unwrap_or_default();
            let mut line = Map::new();
            put(&mut line, "timestamp", stamp.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
            line.extend(fields.clone());
            line.insert("request".into(), json!({ "id": request, "region": region }));
            put(&mut fields, "request.id", request);
            put(&mut fields, "request.region", region);
            Record {
                time: millis as f64 / 1000.0,
                index: "app",
                sourcetype: "app:json",
                source: "/var/log/app/service.log",
                host,
                raw: Value::Object(line).to_string(),
                fields,
            }
        })
        .collect()
}

fn payments(now: i64) -> Vec<Record> {
    let mut random = Random::new(0x7061_7900);
    let users = tables::users();
    (0..800)
        .map(|_| {
            let time = now - random.between(1, SPAN);
            let user = *random.skewed(&users);
            let cents = random.between(750, 62_000);
            let amount = cents as f64 / 100.0;
            let currency = *random.skewed(&["EUR", "USD", "GBP"]);
            let method = *random.skewed(&["card", "paypal", "invoice"]);
            let status = if random.percent(9) {
                "declined"
            } else if random.percent(5) {
                "refunded"
            } else {
                "settled"
            };
            let id = format!("T{:06}", random.between(0, 1_000_000));
            let stamp = DateTime::from_timestamp(time, 0).unwrap_or_default().format("%Y-%m-%d %H:%M:%S");
            let raw = format!(
                "{stamp} transaction_id={id} user={user} amount={amount} currency={currency} method={method} \
                 status={status} note=\"order of {user}\""
            );
            let mut fields = Map::new();
            for (name, value) in [
                ("transaction_id", id.as_str()),
                ("user", user),
                ("currency", currency),
                ("method", method),
                ("status", status),
            ] {
                put(&mut fields, name, value);
            }
            fields.insert("amount".into(), serde_json::from_str(&amount.to_string()).unwrap_or_default());
            Record {
                time: time as f64,
                index: "app",
                sourcetype: "payments",
                source: "/var/log/app/payments.log",
                host: "pay1".to_owned(),
                raw,
                fields,
            }
        })
        .collect()
}
