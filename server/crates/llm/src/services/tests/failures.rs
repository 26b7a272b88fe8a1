use std::time::{Duration, Instant};

use expect_test::expect;

use super::*;
use crate::{
    Anthropic, Deadlines, LlmErrorKind,
    wire_double::{Step, question, reply, stream},
};

/// What one reply is understood as.
async fn understood(script: Vec<Step>) -> String {
    let double = Double::start(vec![script]).await;
    let (result, _) = ask(&model(Anthropic, &double), &question()).await;
    result.map_or_else(|error| format!("{:?} {error}\n", error.kind), |reply| shown(&reply) + "\n")
}

#[tokio::test]
async fn statuses_and_bodies_say_what_to_do() {
    let of = |status: &str, headers: &str, kind: &str, message: &str| {
        reply(
            status,
            headers,
            &serde_json::json!({"type": "error", "error": {"type": kind, "message": message}}).to_string(),
        )
    };
    let leak = format!("invalid x-api-key {KEY}");
    let scripts = vec![
        of(
            "429 Too Many Requests",
            "retry-after: 7\r\n",
            "rate_limit_error",
            "Number of requests has exceeded your rate limit.",
        ),
        of("429 Too Many Requests", "retry-after-ms: 1500\r\nretry-after: 2\r\n", "rate_limit_error", "slow down"),
        of("429 Too Many Requests", "", "insufficient_quota", "You exceeded your current quota"),
        of("529 ", "", "overloaded_error", "Overloaded"),
        reply("502 Bad Gateway", "content-type: text/html\r\n", "<html>\n<h1>Bad Gateway</h1></html>"),
        of("401 Unauthorized", "", "authentication_error", &leak),
        of("400 Bad Request", "", "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        of("400 Bad Request", "", "invalid_request_error", "messages: at least one message is required"),
        of("404 Not Found", "", "not_found_error", "model: some-model"),
        reply("302 Found", "location: http://other.example/\r\n", ""),
    ];
    let mut all = String::new();
    for script in scripts {
        all += &understood(script).await;
    }
    expect![[r#"
        RateLimited(Some(7s)) Anthropic takes no more requests for now (429 rate_limit_error: Number of requests has exceeded your rate limit): ask again later
        RateLimited(Some(1.5s)) Anthropic takes no more requests for now (429 rate_limit_error: slow down): ask again later
        Authentication Anthropic does not take the key or the account (429 insufficient_quota: You exceeded your current quota): check the model's key in nlq.yaml
        Overloaded(None) Anthropic is overloaded or broken for now (529 overloaded_error: Overloaded): ask again later
        Overloaded(None) Anthropic is overloaded or broken for now (502): ask again later
        Authentication Anthropic does not take the key or the account (401 authentication_error: invalid x-api-key [key]): check the model's key in nlq.yaml
        ContextLength the prompt is longer than the model of Anthropic reads (400 invalid_request_error: prompt is too long: 210000 tokens > 200000 maximum): ask with fewer tables or examples
        BadRequest Anthropic refuses the request (400 invalid_request_error: messages: at least one message is required): check the model's settings in nlq.yaml
        Configuration Anthropic has no such model or address (404 not_found_error: model: some-model): check `model` and `base_url` in nlq.yaml
        Configuration Anthropic has no such model or address (302): check `model` and `base_url` in nlq.yaml
    "#]]
    .assert_eq(&all);
}

#[tokio::test]
async fn streams_that_fail_on_the_way_are_told_apart() {
    let whole = super::anthropic::answer();
    let begun = &whole[..8];
    let overloaded = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    let refused = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\"},\"usage\":{\"output_tokens\":2}}\n\n";
    let with = |last: &str| stream(begun.iter().map(String::as_str).chain([last]));
    let scripts = [
        stream(begun),
        with(overloaded),
        with("data: {\"type\": oops\n\n"),
        stream([refused, "data: {\"type\":\"message_stop\"}\n\n"]),
    ];
    let mut all = String::new();
    for script in scripts {
        all += &understood(script).await;
    }
    expect![[r#"
        Connection the connection to Anthropic broke in the middle of its reply: ask again
        Overloaded(None) Anthropic is overloaded or broken for now (overloaded_error: Overloaded): ask again later
        InvalidReply Anthropic sent an event that is not JSON: check that `service` and `base_url` in nlq.yaml belong together
        Refusal "" [] in 0 out 2 read 0 write 0
    "#]]
    .assert_eq(&all);
}

#[tokio::test]
async fn silence_ends_at_the_deadlines() {
    let mut stalled = stream(&super::anthropic::answer()[..3]);
    stalled.push(Step::Hang);
    let double = Double::start(vec![stalled, vec![Step::Hang]]).await;
    let deadlines = Deadlines { total: Duration::from_millis(400), idle: Duration::from_millis(100) };
    let model = model(Anthropic, &double).deadlines(deadlines);
    for expected in ["fell silent", "did not finish"] {
        let begun = Instant::now();
        let error = ask(&model, &question()).await.0.unwrap_err();
        assert_eq!(error.kind, LlmErrorKind::Timeout);
        assert!(error.message.contains(expected), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        double.left().await;
    }
}

#[tokio::test]
async fn a_cancel_closes_the_connection_at_once() {
    let mut begun = stream(&super::anthropic::answer()[..4]);
    begun.push(Step::Hang);
    let double = Double::start(vec![begun]).await;
    let model = model(Anthropic, &double);
    let (cancel, heard) = (CancellationToken::new(), tokio::sync::Notify::new());
    let on_delta = |_: Delta<'_>| heard.notify_one();
    let question = question();
    let asked = model.chat(&question, &on_delta, cancel.clone());
    let cancelled = async {
        heard.notified().await;
        cancel.cancel();
        Instant::now()
    };
    let (result, at) = tokio::join!(asked, cancelled);
    assert_eq!(result.unwrap_err().kind, LlmErrorKind::Cancelled);
    double.left().await;
    assert!(at.elapsed() < Duration::from_millis(250), "{:?}", at.elapsed());
}

#[tokio::test]
async fn no_service_there_is_no_riddle() {
    let mut double = Double::start(Vec::new()).await;
    double.url = "http://127.0.0.1:1".into();
    let error = ask(&model(Anthropic, &double), &question()).await.0.unwrap_err();
    assert_eq!(error.kind, LlmErrorKind::Connection);
    expect!["cannot reach Anthropic at 127.0.0.1: Connection refused (os error 111); check the network and `base_url` in nlq.yaml"].assert_eq(&error.message);
}
