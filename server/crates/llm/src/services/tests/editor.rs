use std::{sync::Arc, time::Duration};

use expect_test::expect;

use super::*;
use crate::{EditorFailure, EditorModel, EditorReply, EditorRequest, EditorTransport, wire_double::question};

#[derive(Debug)]
struct Scripted(&'static str);

#[async_trait::async_trait]
impl EditorTransport for Scripted {
    async fn complete(
        &self,
        request: EditorRequest,
        on_text: crate::OnText<'_>,
        _: CancellationToken,
    ) -> Result<EditorReply, EditorFailure> {
        expect![[r#"{"id":"fast-0","profile":"fast","model":"gpt-4o","system":"You write SQL.","messages":[{"role":"user","text":"how many orders"}],"tools":[{"name":"answer","description":"The answer.","parameters":{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}}],"must_call":"answer","temperature":0.1,"max_tokens":100}"#]]
            .assert_eq(&serde_json::to_string(&request).unwrap());
        on_text("So");
        match self.0 {
            "hang" => std::future::pending().await,
            json => match serde_json::from_str(json) {
                Ok(failure) => Err(failure),
                Err(_) => Ok(serde_json::from_str(json).unwrap()),
            },
        }
    }
}

async fn asked(script: &'static str) -> String {
    let model = EditorModel::new(Some(Arc::new(Scripted(script))), "fast", "gpt-4o", Duration::from_millis(50));
    let (result, heard) = ask(&model, &question()).await;
    let result = result.map_or_else(|error| format!("{:?} {error}", error.kind), |reply| shown(&reply));
    format!("{heard} {result}\n")
}

#[tokio::test]
async fn replies_and_failures_come_as_the_contract_says() {
    let scripts = [
        r#"{"text":"So","calls":[{"id":"1","name":"answer","arguments":{"query":"x"}}],"stop":"tool_use","usage":null,"model":"copilot/gpt-4o"}"#,
        r#"{"kind":"not_available","message":"no consent."}"#,
        r#"{"kind":"refused"}"#,
        r#"{"kind":"context_length"}"#,
        r#"{"kind":"rate_limited"}"#,
        "hang",
    ];
    let mut all = String::new();
    for script in scripts {
        all += &asked(script).await;
    }
    expect![[r#"
        So| ToolUse "So" [1 answer({"query":"x"})] in 0 out 0 read 0 write 0
        So| Configuration the editor offers no such model (no consent): allow nlq to use it, or change `models` in nlq.yaml
        So| Refusal "" [] in 0 out 0 read 0 write 0
        So| ContextLength the prompt is longer than the editor's model reads: ask with fewer tables or examples
        So| RateLimited(None) the editor's model takes no more requests for now: ask again later
        So| Timeout the editor's model did not answer within 0 s: ask again, or raise `timeout_seconds` of the model in nlq.yaml
    "#]]
    .assert_eq(&all);
}
