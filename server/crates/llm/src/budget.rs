use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use chrono::{NaiveDate, Utc};
use nlq_config::BudgetConfig;

use crate::{Chat, LlmError, LlmErrorKind, Meter, ModelCall, prices::Price};

/// Characters of a token: English prose has four, SQL and names fewer; an estimate that is rather too high keeps a budget.
const CHARACTERS_OF_A_TOKEN: usize = 3;

/// What models have taken before the prompt at hand.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spent {
    /// Tokens since midnight UTC.
    pub today_tokens: u64,
    /// US dollars since midnight UTC.
    pub today_usd: f64,
    /// US dollars of the workspace in all.
    pub workspace_usd: f64,
}

/// Keeps what models take. Called between requests, never on a thread that may wait: answer from memory.
pub trait Ledger: fmt::Debug + Send + Sync {
    /// What was spent so far.
    fn spent(&self) -> Spent;

    /// A call has ended, well or not.
    fn record(&self, call: &ModelCall);
}

/// What was spent since the program started.
#[derive(Debug, Default)]
pub struct InMemoryLedger {
    spent: Mutex<(NaiveDate, Spent)>,
}

impl Ledger for InMemoryLedger {
    fn spent(&self) -> Spent {
        self.at(Utc::now().date_naive(), None)
    }

    fn record(&self, call: &ModelCall) {
        self.at(Utc::now().date_naive(), Some(call));
    }
}

impl InMemoryLedger {
    /// Takes in what is known from elsewhere, such as from other processes: never less than is known already.
    pub fn at_least(&self, known: Spent) {
        self.at(Utc::now().date_naive(), None);
        let (_, spent) = &mut *self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.today_tokens = spent.today_tokens.max(known.today_tokens);
        spent.today_usd = spent.today_usd.max(known.today_usd);
        spent.workspace_usd = spent.workspace_usd.max(known.workspace_usd);
    }

    fn at(&self, today: NaiveDate, call: Option<&ModelCall>) -> Spent {
        let mut held = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let (day, spent) = &mut *held;
        if *day != today {
            *day = today;
            (spent.today_tokens, spent.today_usd) = (0, 0.0);
        }
        if let Some(call) = call {
            let usd = call.cost_usd.unwrap_or_default();
            spent.today_tokens += call.usage.total();
            spent.today_usd += usd;
            spent.workspace_usd += usd;
        }
        *spent
    }
}

/// The bounds of what models may take.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Budget(pub BudgetConfig);

impl Budget {
    /// Refuses a call that would go beyond a bound by what it sends alone.
    pub(crate) fn check(
        &self,
        model: &str,
        chat: &Chat,
        price: Option<Price>,
        meter: &Meter,
        ledger: &dyn Ledger,
    ) -> Result<(), LlmError> {
        let Self(bounds) = self;
        if bounds.is_unbounded() {
            return Ok(());
        }
        let (spent, tokens) = (ledger.spent(), estimate(chat));
        let Some(price) = price.or_else(|| (!bounds.bounds_dollars()).then(Price::default)) else {
            let message = format!(
                "the budget is in dollars and nlq knows no price of {model}: write it under `prices` in nlq.yaml"
            );
            return Err(LlmError::new(LlmErrorKind::Budget, message));
        };
        let usd = price.input * tokens as f64 / 1e6;
        let tokens_of = [
            ("tokens_per_prompt", bounds.tokens_per_prompt, meter.usage().total()),
            ("tokens_per_day", bounds.tokens_per_day, spent.today_tokens),
        ];
        let dollars_of = [
            ("usd_per_prompt", bounds.usd_per_prompt, meter.cost_usd()),
            ("usd_per_day", bounds.usd_per_day, spent.today_usd),
            ("usd_per_workspace", bounds.usd_per_workspace, spent.workspace_usd),
        ];
        let over = |name: &str, spent: String, bound: String| {
            let message = format!(
                "`{name}` of the budget allows {bound}, of which {spent} are spent: raise it in nlq.yaml, or use the \
                 embedded engine alone"
            );
            Err(LlmError::new(LlmErrorKind::Budget, message))
        };
        for (name, bound, spent) in tokens_of {
            if let Some(bound) = bound.filter(|bound| spent + tokens > *bound) {
                return over(name, spent.to_string(), format!("{bound} tokens"));
            }
        }
        for (name, bound, spent) in dollars_of {
            if let Some(bound) = bound.filter(|bound| spent + usd > *bound) {
                return over(name, format!("${spent:.4}"), format!("${bound}"));
            }
        }
        Ok(())
    }
}

/// Tokens of a request, about.
pub(crate) fn estimate(chat: &Chat) -> u64 {
    let messages: usize = chat.messages.iter().map(|message| message.text.len()).sum();
    let tools: usize = chat.tools.iter().map(|tool| tool.description.len() + tool.parameters.to_string().len()).sum();
    ((chat.system.len() + messages + tools) / CHARACTERS_OF_A_TOKEN) as u64
}
