use chrono::{TimeDelta, Utc};
use nlq_llm::{ModelCall, Usage};
use serde_json::json;

use super::*;

fn turn(question: &str) -> TurnRecord {
    TurnRecord {
        workspace: "/home/me/shop".into(),
        connection: "shop/dev".into(),
        document: Some("file:///home/me/shop/a.sql".into()),
        opening: question.into(),
        user_input: question.into(),
        query: Some("SELECT 1".into()),
        confidence: 0.9,
        validation: ValidationStatus::Passed,
        iterations: 1,
        reasoning: json!({ "stages": [{ "name": "Intent", "steps": [], "conclusion": "a count" }] }),
        schema_context: vec!["orders".into()],
        agents: vec![AgentTrace { agent: "validator".into(), conclusion: "accepted".into(), latency_ms: 3.0 }],
        latency_ms: 12.0,
        created_at: Utc::now(),
        ..TurnRecord::default()
    }
}

fn call(agent: &str) -> ModelCall {
    ModelCall {
        agent: agent.into(),
        model: "anthropic/claude".into(),
        prompt: "build".into(),
        prompt_version: "abc".into(),
        usage: Usage { input: 100, output: 20, cache_read: 5, cache_write: 0 },
        cost_usd: Some(0.25),
        ..ModelCall::default()
    }
}

async fn store(folder: &tempfile::TempDir) -> StateStore {
    StateStore::open(&folder.path().join("state.db")).await.unwrap()
}

#[tokio::test]
async fn a_prompt_that_is_asked_again_continues_its_conversation() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let asked = TurnRecord { outcome: TurnOutcome::Clarification, query: None, ..turn("revenue") };
    let first = store.record(&asked, TraceLevel::Full).await.unwrap();
    let replied = TurnRecord { replies: vec!["total_amount".into()], ..turn("revenue") };
    let second = store.record(&replied, TraceLevel::Full).await.unwrap();
    assert_eq!((second.conversation.as_str(), first.number, second.number), (first.conversation.as_str(), 1, 2));
    let other = store.record(&turn("orders"), TraceLevel::Full).await.unwrap();
    assert_ne!(other.conversation, first.conversation);

    let conversations = store.conversations(&ConversationFilter::default()).await.unwrap();
    assert_eq!(conversations.iter().map(|one| one.turns).sum::<u32>(), 3);
    let one = conversations.iter().find(|one| one.id == first.conversation).unwrap();
    assert_eq!((one.status.as_str(), one.opening.as_str()), ("completed", "revenue"));
    let turns = store.turns(&first.conversation[..6]).await.unwrap();
    assert_eq!(turns.len(), 2);
    assert_eq!(turns[0].record.outcome, TurnOutcome::Clarification);
    let stored = TurnRecord { created_at: turns[1].record.created_at, ..replied };
    assert_eq!(turns[1].record, stored, "everything comes back");
}

#[tokio::test]
async fn on_the_command_line_only_a_reply_continues() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let plain = TurnRecord { document: None, ..turn("revenue") };
    let asked = TurnRecord { outcome: TurnOutcome::Clarification, query: None, ..plain.clone() };
    let first = store.record(&asked, TraceLevel::Full).await.unwrap();
    let again = store.record(&asked, TraceLevel::Full).await.unwrap();
    assert_ne!(first.conversation, again.conversation);
    let replied = TurnRecord { replies: vec!["total".into()], ..plain.clone() };
    assert_eq!(store.record(&replied, TraceLevel::Full).await.unwrap().conversation, again.conversation);
    let told = TurnRecord { conversation: Some(first.conversation.clone()), ..plain };
    assert_eq!(store.record(&told, TraceLevel::Full).await.unwrap().conversation, first.conversation);
}

#[tokio::test]
async fn reasoning_is_kept_as_the_level_says() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    for (level, expected) in [
        (TraceLevel::Full, json!({ "stages": [{ "name": "Intent", "steps": [], "conclusion": "a count" }] })),
        (TraceLevel::Summary, json!({ "stages": [{ "name": "Intent", "conclusion": "a count" }] })),
        (TraceLevel::None, json!(null)),
    ] {
        let id = store.record(&turn("q"), level).await.unwrap();
        let filter = AuditFilter { turn: Some(id.turn), reasoning: true, ..AuditFilter::default() };
        assert_eq!(store.audit(&filter).await.unwrap()[0].record.reasoning, expected);
    }
    let listed = store.audit(&AuditFilter::default()).await.unwrap();
    assert!(listed.iter().all(|row| row.record.reasoning.is_null()));
}

#[tokio::test]
async fn a_run_is_noted_in_the_last_turn_that_gave_the_query() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    for _ in 0..2 {
        store.record(&turn("q"), TraceLevel::Full).await.unwrap();
    }
    store.executed("/home/me/shop", "shop/dev", "SELECT 1", true).await.unwrap();
    store.executed("/home/me/shop", "shop/dev", "SELECT 2", true).await.unwrap();
    store.executed("/other", "shop/dev", "SELECT 1", false).await.unwrap();
    let rows = store.audit(&AuditFilter::default()).await.unwrap();
    let noted: Vec<_> = rows.iter().map(|row| (row.turn_number, row.record.execution_success)).collect();
    assert_eq!(noted, [(2, Some(true)), (1, None)]);
}

#[tokio::test]
async fn a_turn_is_written_in_a_few_milliseconds() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let mut times = Vec::new();
    for question in 0..100 {
        let begun = std::time::Instant::now();
        store.record(&turn(&question.to_string()), TraceLevel::Full).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort();
    println!("a turn is recorded in p50 {:?}, p95 {:?}", times[50], times[95]);
    assert!(times[0] < std::time::Duration::from_millis(100), "{times:?}");
}

#[tokio::test]
async fn what_models_cost_outlives_the_turns() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let dear = TurnRecord { calls: vec![call("query_builder"), call("validator")], ..turn("q") };
    store.record(&dear, TraceLevel::Full).await.unwrap();
    store.record(&TurnRecord { workspace: "/other".into(), ..dear.clone() }, TraceLevel::Full).await.unwrap();
    let row = &store.audit(&AuditFilter::default()).await.unwrap()[0];
    assert_eq!((row.total_tokens_input, row.total_tokens_output, row.total_cost_usd), (210, 40, 0.5));
    assert_eq!((row.models_used.len(), row.prompt_versions[0].as_str()), (1, "build@abc"));
    store.prune("/home/me/shop", Utc::now() + TimeDelta::days(1)).await.unwrap();
    let left = store.audit(&AuditFilter::default()).await.unwrap();
    assert_eq!(left.iter().map(|row| row.record.workspace.as_str()).collect::<Vec<_>>(), ["/other"]);
    assert_eq!(store.conversations(&ConversationFilter::default()).await.unwrap().len(), 1);
    let spent = store.spent("/home/me/shop").await.unwrap();
    assert_eq!(spent, Spent { tokens_today: 250, usd_today: 0.5, usd_workspace: 0.5 });
    assert_eq!(store.spent("/nowhere").await.unwrap(), Spent::default());
}

#[tokio::test]
async fn metrics_are_counted_from_the_turns() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let searched = TurnRecord {
        examples_searched: true,
        examples_retrieved: vec!["a".into(), "b".into()],
        examples_used: vec!["a".into()],
        calls: vec![call("query_builder")],
        iterations: 3,
        execution_success: Some(true),
        ..turn("one")
    };
    store.record(&searched, TraceLevel::None).await.unwrap();
    store.record(&TurnRecord { validation: ValidationStatus::Failed, ..turn("two") }, TraceLevel::None).await.unwrap();
    let asked = TurnRecord {
        outcome: TurnOutcome::Clarification,
        validation: ValidationStatus::None,
        iterations: 0,
        examples_searched: true,
        ..turn("three")
    };
    store.record(&asked, TraceLevel::None).await.unwrap();
    let old = TurnRecord { created_at: Utc::now() - TimeDelta::days(30), ..turn("four") };
    store.record(&old, TraceLevel::None).await.unwrap();
    let stats = store.stats(Some("/home/me/shop"), Some(Utc::now() - TimeDelta::days(7))).await.unwrap();
    assert_eq!((stats.questions_total, stats.queries, stats.clarifications), (3, 2, 1));
    assert_eq!((stats.validation_pass_rate, stats.rag_hit_rate), (Some(0.5), Some(0.5)));
    assert_eq!((stats.query_success_rate, stats.rag_example_usage_rate), (Some(1.0 / 3.0), Some(0.5)));
    assert_eq!((stats.iterations_per_query.count, stats.iterations_per_query.max), (2, 3.0));
    assert_eq!((stats.tokens_by_agent["query_builder"], stats.models["anthropic/claude"].calls), (125, 1));
    assert_eq!(stats.agent_latency_by_type["validator"].p50, 0.003);
    let met: Vec<_> = stats.targets().iter().map(|target| target.met).collect();
    assert_eq!(met, [Some(false), Some(false), Some(false), Some(true)]);
    assert_eq!(store.stats(Some("/none"), None).await.unwrap().query_success_rate, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_that_start_and_write_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/state.db");
    let programs: Vec<_> = (0..4)
        .map(|program| {
            let file = file.clone();
            tokio::spawn(async move {
                let store = StateStore::open(&file).await.unwrap();
                for question in 0..20 {
                    store.record(&turn(&format!("{program} {question}")), TraceLevel::Full).await.unwrap();
                    store.record(&turn("the same"), TraceLevel::Full).await.unwrap();
                }
                store.close().await;
            })
        })
        .collect();
    for program in programs {
        program.await.unwrap();
    }
    let store = StateStore::open(&file).await.unwrap();
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 160);
    let conversations = store.conversations(&ConversationFilter::default()).await.unwrap();
    assert_eq!(conversations.iter().find(|one| one.opening == "the same").map(|one| one.turns), Some(80));
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.db");
    std::fs::write(&file, "this is no database, and it is long enough to be told from an empty one. ".repeat(20))
        .unwrap();
    let damaged = StateStore::open(&file).await.unwrap_err().to_string();
    assert!(damaged.contains("damaged: move the file away") && damaged.contains("state.db"), "{damaged}");

    let file = folder.path().join("newer.db");
    let store = StateStore::open(&file).await.unwrap();
    sqlx::query("PRAGMA user_version = 99").execute(&store.pool).await.unwrap();
    store.close().await;
    let newer = StateStore::open(&file).await.unwrap_err().to_string();
    assert!(newer.contains("update nlq"), "{newer}");

    let unmade = StateStore::open(&file.join("below a file/state.db")).await.unwrap_err().to_string();
    assert!(unmade.contains("NLQ_STATE_DIR"), "{unmade}");
}
