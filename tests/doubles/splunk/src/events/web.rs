//! Requests to a web shop, in the combined log format of Apache's documentation.

use chrono::DateTime;
use serde_json::Map;

use super::{Record, SPAN, put, random::Random, tables};

const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
    "Mozilla/5.0 (compatible; ExampleBot/2.1; +http://bot.example.net)",
    "curl/8.5.0",
];
const REFERERS: [&str; 4] =
    ["-", "https://www.example.com/", "https://search.example.org/results", "https://news.example.net/shop"];
const ACTIONS: [&str; 5] = ["view", "addtocart", "purchase", "remove", "changequantity"];

pub(super) fn records(now: i64) -> Vec<Record> {
    let mut random = Random::new(0x7765_6200);
    let (users, products) = (tables::users(), tables::products());
    let clients: Vec<String> = (0..60)
        .map(|n| format!("{}.{}.{}.{}", 20 + n % 7, random.between(1, 250), random.between(1, 250), 10 + n))
        .collect();
    (0..3000)
        .map(|_| {
            let time = now - random.between(1, SPAN);
            let client = random.skewed(&clients).clone();
            let user = if random.percent(35) { *random.skewed(&users) } else { "-" };
            let host = *random.skewed(&["www1", "www2", "www3"]);
            let (product, category) = *random.skewed(&products);
            let action = *random.skewed(&ACTIONS);
            let mut fields = Map::new();
            let (method, path, query) = match random.between(0, 10) {
                0 => ("GET", "/".to_owned(), None),
                1 => ("GET", format!("/category/{category}"), None),
                2 => ("GET", "/search".to_owned(), Some(format!("q={category}"))),
                3 => ("POST", "/login".to_owned(), None),
                4 => ("GET", "/static/site.css".to_owned(), None),
                5 => ("GET", format!("/product/{product}"), None),
                6 => ("HEAD", "/health".to_owned(), None),
                _ => {
                    put(&mut fields, "action", action);
                    put(&mut fields, "product_id", product);
                    let method = if action == "view" { "GET" } else { "POST" };
                    (method, "/cart.do".to_owned(), Some(format!("action={action}&product_id={product}")))
                }
            };
            let status = match random.between(0, 100) {
                0..=79 => 200,
                80..=84 => 304,
                85..=87 => 302,
                88..=93 => 404,
                94..=95 => 403,
                96..=97 => 500,
                _ => 503,
            };
            let bytes = if status == 304 || method == "HEAD" { 0 } else { random.between(180, 48_000) };
            let (referer, agent) = (*random.skewed(&REFERERS), *random.skewed(&AGENTS));
            let uri = query.as_ref().map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
            let stamp = DateTime::from_timestamp(time, 0).unwrap_or_default().format("%d/%b/%Y:%H:%M:%S +0000");
            let raw = format!(
                "{client} - {user} [{stamp}] \"{method} {uri} HTTP/1.1\" {status} {bytes} \"{referer}\" \"{agent}\""
            );
            for (name, value) in [
                ("clientip", client.as_str()),
                ("method", method),
                ("uri", &uri),
                ("uri_path", &path),
                ("useragent", agent),
            ] {
                put(&mut fields, name, value);
            }
            if user != "-" {
                put(&mut fields, "user", user);
            }
            if referer != "-" {
                put(&mut fields, "referer", referer);
            }
            if let Some(query) = query {
                put(&mut fields, "uri_query", query);
            }
            put(&mut fields, "status", status);
            put(&mut fields, "bytes", bytes);
            put(&mut fields, "version", "HTTP/1.1");
            Record {
                time: time as f64,
                index: "web",
                sourcetype: "access_combined",
                source: "/var/log/httpd/access_log",
                host: host.to_owned(),
                raw,
                fields,
            }
        })
        .collect()
}
