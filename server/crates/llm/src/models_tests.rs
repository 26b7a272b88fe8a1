use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use expect_test::expect;
use nlq_config::{AgentModel, BudgetConfig};
use tokio_util::sync::CancellationToken;

use crate::{
    Budget, Chat, Delta, InMemoryLedger, LanguageModel, Ledger, LlmError, LlmErrorKind, Meter, Models, OnDelta,
    Profile, Rendered, Reply, Usage, wire_double::question,
};

/// Says a word and then what it is told to, one after the other.
#[derive(Debug)]
struct Scripted {
    name: &'static str,
    replies: Mutex<VecDeque<Result<(), LlmErrorKind>>>,
    chats: Mutex<Vec<Chat>>,
    /// Requests under way, now and at most.
    under_way: Mutex<(usize, usize)>,
}

#[async_trait::async_trait]
impl LanguageModel for Scripted {
    fn id(&self) -> String {
        format!("anthropic/{}", self.name)
    }

    async fn chat(&self, chat: &Chat, on_delta: OnDelta<'_>, _: CancellationToken) -> Result<Reply, LlmError> {
        self.chats.lock().unwrap().push(chat.clone());
        {
            let mut under_way = self.under_way.lock().unwrap();
            under_way.0 += 1;
            under_way.1 = under_way.1.max(under_way.0);
        }
        on_delta(Delta::Text(self.name));
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.under_way.lock().unwrap().0 -= 1;
        let next = self.replies.lock().unwrap().pop_front().unwrap_or(Ok(()));
        let usage = Usage { input: 1000, output: 100, ..Usage::default() };
        next.map(|()| Reply { text: self.name.into(), usage, ..Reply::default() })
            .map_err(|kind| LlmError::new(kind, "the service failed: ask again later"))
    }
}

fn scripted(name: &'static str, replies: impl IntoIterator<Item = Result<(), LlmErrorKind>>) -> Arc<Scripted> {
    let replies = Mutex::new(replies.into_iter().collect());
    Arc::new(Scripted { name, replies, chats: Mutex::default(), under_way: Mutex::default() })
}

fn profiles(models: &[(&str, &Arc<Scripted>, Option<&str>)]) -> Models {
    let profile = |model: &Arc<Scripted>, fallback: Option<&str>| Profile {
        fallback: fallback.map(str::to_owned),
        max_concurrent: 2,
        ..Profile::new(model.clone())
    };
    Models::new(models.iter().map(|(name, model, fallback)| ((*name).to_owned(), profile(model, *fallback))).collect())
}

fn prompt() -> Rendered {
    Rendered { name: "p".into(), version: "v".into(), profile: "high_accuracy".into(), chat: question() }
}

/// What was heard, the result, and the calls: profile, attempts, tokens, dollars, failure.
async fn ask(models: &Models) -> String {
    let (meter, heard) = (Meter::default(), Mutex::new(String::new()));
    let on_delta = |delta: Delta<'_>| *heard.lock().unwrap() += &format!("{delta:?} ");
    let result = models.ask("query_builder", &prompt(), &meter, &on_delta, CancellationToken::new()).await;
    let result = result.map_or_else(|error| error.to_string(), |reply| reply.text);
    let calls = meter.calls().into_iter().map(|call| {
        format!("{} x{} {} {:?} {:?}; ", call.profile, call.attempts, call.usage.total(), call.cost_usd, call.error)
    });
    format!("{}-> {result} ({})\n", heard.into_inner().unwrap(), calls.collect::<String>().trim_end_matches("; "))
}

#[tokio::test]
async fn what_passes_is_tried_again_and_heard_anew() {
    let model = scripted("m", [Err(LlmErrorKind::Overloaded(None)), Err(LlmErrorKind::Connection)]);
    expect![[r#"
        Text("m") Restart Text("m") Restart Text("m") -> m (default x3 1178 None None)
    "#]]
    .assert_eq(&ask(&profiles(&[("default", &model, None)])).await);
}

#[tokio::test]
async fn what_does_not_pass_is_not_tried_again() {
    for kind in [LlmErrorKind::BadRequest, LlmErrorKind::ContextLength, LlmErrorKind::Authentication] {
        let model = scripted("m", [Err(kind)]);
        ask(&profiles(&[("default", &model, None)])).await;
        assert_eq!(model.chats.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_long_wait_is_said_and_not_waited_for() {
    let model = scripted("m", [Err(LlmErrorKind::RateLimited(Some(Duration::from_mins(2))))]);
    let begun = Instant::now();
    let said = ask(&profiles(&[("default", &model, None)])).await;
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert!(said.contains("the service failed: it may be asked again in 120 s at "), "{said}");
}

#[tokio::test]
async fn the_fallback_is_asked_when_a_service_does_not_answer() {
    let failing = scripted("a", [Err(LlmErrorKind::Authentication)]);
    let other = scripted("claude-sonnet-4-5", []);
    let models = profiles(&[("high_accuracy", &failing, Some("cheap")), ("cheap", &other, Some("high_accuracy"))]);
    expect![[r#"
        Text("a") Restart Text("claude-sonnet-4-5") -> claude-sonnet-4-5 (high_accuracy x1 39 None Some("the service failed: ask again later"); cheap x1 1100 Some(0.0045) None)
    "#]].assert_eq(&ask(&models).await);
}

#[tokio::test]
async fn agents_have_their_own_profile_and_temperature() {
    let (one, two) = (scripted("a", []), scripted("b", []));
    let agent = AgentModel { profile: Some("special".into()), temperature: Some(0.7) };
    let models = profiles(&[("default", &one, None), ("special", &two, None)])
        .with_agents(BTreeMap::from([("query_builder".to_owned(), agent)]));
    ask(&models).await;
    assert_eq!(two.chats.lock().unwrap()[0].temperature, Some(0.7));
    assert!(one.chats.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_budget_is_kept_before_each_call() {
    let model = scripted("claude-sonnet-4-5", []);
    let ledger = Arc::new(InMemoryLedger::default());
    let bounds = BudgetConfig { tokens_per_day: Some(2000), ..BudgetConfig::default() };
    let models = profiles(&[("default", &model, None)]).with_budget(Budget(bounds), ledger.clone());
    let said = [ask(&models).await, ask(&models).await, ask(&models).await].concat();
    expect![[r#"
        Text("claude-sonnet-4-5") -> claude-sonnet-4-5 (default x1 1100 Some(0.0045) None)
        Text("claude-sonnet-4-5") -> claude-sonnet-4-5 (default x1 1100 Some(0.0045) None)
        -> `tokens_per_day` of the budget allows 2000 tokens, of which 2200 are spent: raise it in nlq.yaml, or use the embedded engine alone (default x0 0 None Some("`tokens_per_day` of the budget allows 2000 tokens, of which 2200 are spent: raise it in nlq.yaml, or use the embedded engine alone"))
    "#]].assert_eq(&said);
    assert_eq!(model.chats.lock().unwrap().len(), 2);
    assert_eq!(ledger.spent().today_tokens, 2200);

    let unknown = scripted("no-such-model", []);
    let bounds = BudgetConfig { usd_per_prompt: Some(1.0), ..BudgetConfig::default() };
    let models = profiles(&[("default", &unknown, None)]).with_budget(Budget(bounds), ledger);
    expect![[r#"
        -> the budget is in dollars and nlq knows no price of anthropic/no-such-model: write it under `prices` in nlq.yaml (default x0 0 None Some("the budget is in dollars and nlq knows no price of anthropic/no-such-model: write it under `prices` in nlq.yaml"))
    "#]].assert_eq(&ask(&models).await);
}

#[tokio::test]
async fn only_so_many_requests_are_under_way() {
    let model = scripted("m", []);
    let models = profiles(&[("default", &model, None)]);
    futures::future::join_all((0..8).map(|_| ask(&models))).await;
    assert_eq!(*model.under_way.lock().unwrap(), (0, 2));
}

#[tokio::test]
async fn a_cancel_ends_the_waits_between_attempts_too() {
    let model = scripted("m", [Err(LlmErrorKind::RateLimited(Some(Duration::from_secs(20))))]);
    let models = profiles(&[("default", &model, None)]);
    let (meter, cancel, prompt) = (Meter::default(), CancellationToken::new(), prompt());
    let begun = Instant::now();
    let asked = models.ask("query_builder", &prompt, &meter, &|_| {}, cancel.clone());
    let (result, ()) = tokio::join!(asked, async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        cancel.cancel();
    });
    assert_eq!(result.unwrap_err().kind, LlmErrorKind::Cancelled);
    assert!(begun.elapsed() < Duration::from_millis(300), "{:?}", begun.elapsed());
    assert_eq!(meter.calls()[0].attempts, 1);
}

#[tokio::test]
async fn without_a_profile_it_says_where_to_add_one() {
    expect![[r#"
        -> there is no model profile `high_accuracy` and no `default`: add one under `models` in nlq.yaml ()
    "#]]
    .assert_eq(&ask(&Models::default()).await);
}

#[tokio::test]
async fn a_fallback_that_leads_back_ends() {
    let failing = scripted("a", [Err(LlmErrorKind::Authentication), Err(LlmErrorKind::Authentication)]);
    let models = profiles(&[("default", &failing, Some("no-such-profile"))]);
    assert!(ask(&models).await.contains("the service failed"));
    assert_eq!(failing.chats.lock().unwrap().len(), 1);
}
