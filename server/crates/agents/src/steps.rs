//! A question that one query cannot answer becomes ordered steps, each a question of its own to one connection; the last
//! step combines what they found (seeds/003: plan, step executor, summary).

use std::collections::BTreeSet;

use nlq_llm::{LlmError, LlmErrorKind, Meter, Rendered, Reply};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::{Agents, builder::render, context::plain, orchestrator::ORCHESTRATOR};

/// More steps than this are no plan but a guess.
const MAX_STEPS: usize = 6;

/// Ordered steps.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// In order; each depends on earlier ones only.
    pub steps: Vec<Step>,
    /// What is made of their results.
    pub combine: Combine,
}

/// A question to one connection.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Step {
    /// Letters, digits and `_`: the name of the table that holds its result.
    pub id: String,
    /// What it is for.
    pub description: String,
    /// `provider/connection`.
    pub connection: String,
    /// The question.
    pub question: String,
    /// Earlier steps whose results it needs.
    pub depends_on: Vec<String>,
}

/// What is made of the results.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Combine {
    /// `query`: a query over the results; `answer`: words; `none`: the last step's result is the answer.
    pub kind: CombineKind,
    /// The question to the results.
    pub question: String,
}

/// How results become an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "told at `Combine::kind`")]
pub enum CombineKind {
    Query,
    Answer,
    #[default]
    None,
}

impl Agents {
    /// Asks the model for a plan. `connections` are those that steps may ask, with their schemas in words.
    pub async fn plan(
        &self,
        question: &str,
        conversation: &str,
        today: chrono::NaiveDate,
        connections: &[(String, String)],
        meter: &Meter,
        cancel: &CancellationToken,
    ) -> Result<Plan, LlmError> {
        let told: Vec<String> = connections.iter().map(|(name, schema)| format!("{name}\n{schema}")).collect();
        let variables = [
            ("connections", told.join("\n\n")),
            ("question", question.to_owned()),
            ("conversation", conversation.to_owned()),
            ("today", today.to_string()),
        ];
        let prompt = render(&self.prompts, "plan_steps", &variables)?;
        let reply = self.models.ask(ORCHESTRATOR, &prompt, meter, &|_| {}, cancel.clone()).await?;
        let known: BTreeSet<&str> = connections.iter().map(|(name, _)| name.as_str()).collect();
        let unreadable =
            |why: String| LlmError::new(LlmErrorKind::InvalidReply, format!("the plan cannot be used: {why}"));
        let plan: Plan = read(&reply, &prompt).and_then(|plan: Plan| plan.sound(&known)).map_err(unreadable)?;
        Ok(plan)
    }

    /// Asks the model for an answer in words from the results of steps, which are `results` in words.
    pub async fn combine(
        &self,
        question: &str,
        results: &str,
        meter: &Meter,
        cancel: &CancellationToken,
    ) -> Result<String, LlmError> {
        #[derive(Deserialize)]
        struct Said {
            answer: String,
        }
        let variables = [("question", question.to_owned()), ("results", results.to_owned())];
        let prompt = render(&self.prompts, "combine_answer", &variables)?;
        let reply = self.models.ask(ORCHESTRATOR, &prompt, meter, &|_| {}, cancel.clone()).await?;
        let said: Said = read(&reply, &prompt).map_err(|why| LlmError::new(LlmErrorKind::InvalidReply, why))?;
        Ok(said.answer.trim().to_owned())
    }
}

fn read<T: serde::de::DeserializeOwned>(reply: &Reply, prompt: &Rendered) -> Result<T, String> {
    serde_json::from_value(prompt.read_output(reply)?).map_err(|error| error.to_string())
}

impl Plan {
    /// The plan, when every step can be done in its order; else what is wrong.
    fn sound(mut self, connections: &BTreeSet<&str>) -> Result<Self, String> {
        if self.steps.is_empty() || self.steps.len() > MAX_STEPS {
            return Err(format!("it has {} steps, and may have 1 to {MAX_STEPS}", self.steps.len()));
        }
        let mut done: BTreeSet<String> = BTreeSet::new();
        for step in &mut self.steps {
            let is_name = !step.id.is_empty()
                && step.id.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '_')
                && !step.id.starts_with(|ch: char| ch.is_ascii_digit());
            if !is_name || !done.insert(step.id.to_lowercase()) {
                return Err(format!("`{}` is not a name of its own", plain(&step.id)));
            }
            if !connections.contains(step.connection.as_str()) {
                return Err(format!("there is no connection `{}`", plain(&step.connection)));
            }
            if let Some(later) = step
                .depends_on
                .iter()
                .find(|id| !done.contains(&id.to_lowercase()) || id.eq_ignore_ascii_case(&step.id))
            {
                return Err(format!("step `{}` needs `{}`, which does not come before it", step.id, plain(later)));
            }
            step.description = plain(&step.description);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(steps: &[(&str, &str, &[&str])]) -> Result<Plan, String> {
        let step = |(id, connection, needs): &(&str, &str, &[&str])| Step {
            id: (*id).into(),
            connection: (*connection).into(),
            depends_on: needs.iter().map(|need| (*need).to_owned()).collect(),
            ..Step::default()
        };
        let steps = steps.iter().map(step).collect();
        Plan { steps, ..Plan::default() }.sound(&["shop/dev", "crm/dev"].into())
    }

    #[test]
    fn steps_can_be_done_in_their_order() {
        assert!(plan(&[("a", "shop/dev", &[]), ("b", "crm/dev", &["a"])]).is_ok());
        for (steps, why) in [
            (&[][..], "it has 0 steps, and may have 1 to 6"),
            (
                &[("a", "shop/dev", &["b"][..]), ("b", "crm/dev", &[])],
                "step `a` needs `b`, which does not come before it",
            ),
            (&[("a", "shop/dev", &["a"])], "step `a` needs `a`, which does not come before it"),
            (&[("a", "hr/dev", &[])], "there is no connection `hr/dev`"),
            (&[("a", "shop/dev", &[]), ("A", "shop/dev", &[])], "`A` is not a name of its own"),
            (&[("a; DROP", "shop/dev", &[])], "`a; DROP` is not a name of its own"),
        ] {
            assert_eq!(plan(steps).unwrap_err(), why);
        }
    }
}
