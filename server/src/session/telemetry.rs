//! Tells a collector of telemetry what turns took, beside the work and never in its way: what cannot be sent is dropped.

use std::{path::PathBuf, sync::Arc, time::Duration};

use chrono::Utc;
use nlq_config::{SecretRef, Trusted};
use nlq_knowledge::{
    state::TurnRecord,
    telemetry::{metrics, traces},
};
use reqwest::{Client, Url};
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use super::Session;

/// Turns that wait: nobody asks as many before a collector answers, unless it never does.
const WAITING: usize = 1024;

/// With this many turns nothing more is waited for.
const BATCH: usize = 128;

/// How long a turn waits for others to be sent with.
const GATHER: Duration = Duration::from_secs(5);

/// For one request: a collector only takes in what it is told.
const SEND: Duration = Duration::from_secs(5);

/// At the end of the program: how long sending the rest may take.
const FLUSH: Duration = Duration::from_secs(1);

/// A collector that is told.
#[derive(Debug)]
pub(super) struct Telemetry {
    turns: mpsc::Sender<Arc<TurnRecord>>,
    sending: JoinHandle<()>,
}

/// Where a workspace's telemetry goes. The proof of trust is kept for when the address is resolved.
struct Target {
    endpoint: SecretRef,
    root: PathBuf,
    trusted: Trusted,
}

impl Session {
    /// Has the collector told of a turn, where the workspace names one and is trusted. Must be called inside the runtime.
    pub(super) fn export(&self, turn: &Arc<TurnRecord>) {
        let mut state = self.lock();
        let state = &mut *state;
        let endpoint = state.view.config.observability.otlp_endpoint.clone();
        let (Some(endpoint), Some(root), Some(trusted)) = (endpoint, &state.view.root, &state.trusted) else { return };
        let target = || Target { endpoint, root: root.clone(), trusted: trusted.clone() };
        let telemetry = state.telemetry.get_or_insert_with(|| Telemetry::start(target()));
        // A full queue drops what is new.
        let _ = telemetry.turns.try_send(Arc::clone(turn));
    }
}

impl Telemetry {
    fn start(target: Target) -> Self {
        let (turns, waiting) = mpsc::channel(WAITING);
        Self { turns, sending: tokio::spawn(send_all(target, waiting)) }
    }

    /// Sends what still waits.
    pub(super) async fn close(self) {
        drop(self.turns);
        if timeout(FLUSH, self.sending).await.is_err() {
            tracing::debug!("the last telemetry was not sent in time");
        }
    }
}

async fn send_all(target: Target, mut waiting: mpsc::Receiver<Arc<TurnRecord>>) {
    let collector = match Collector::of(target).await {
        Ok(collector) => collector,
        Err(error) => {
            tracing::warn!("no telemetry is sent: {error}");
            return;
        }
    };
    let mut since = Utc::now();
    while let Some(turn) = waiting.recv().await {
        let mut turns = vec![turn];
        // At the end of the program nothing more comes, and nothing is waited for.
        let gathered = async { while turns.len() < BATCH && waiting.recv_many(&mut turns, BATCH).await > 0 {} };
        let _ = timeout(GATHER, gathered).await;
        let until = Utc::now();
        let told = || turns.iter().map(Arc::as_ref);
        let spans = traces(told(), &mut fastrand::Rng::new());
        let numbers = metrics(told(), (since, until));
        since = until;
        let (spans, numbers) =
            tokio::join!(collector.send(&collector.traces, &spans), collector.send(&collector.metrics, &numbers));
        if let Err(error) = spans.and(numbers) {
            tracing::debug!("telemetry of {} turns was dropped: {error}", turns.len());
        }
    }
}

struct Collector {
    client: Client,
    traces: Url,
    metrics: Url,
}

impl Collector {
    /// An error never tells the address, which may be a secret.
    async fn of(Target { endpoint, root, trusted }: Target) -> Result<Self, String> {
        let client = nlq_llm::http_client().map_err(|error| error.to_string())?;
        let name = endpoint.to_string();
        let resolved = tokio::task::spawn_blocking(move || endpoint.resolve(&root, &trusted)).await;
        let address = resolved.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        let signal = |signal: &str| {
            let mut url = Url::parse(address.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
            url.path_segments_mut().ok()?.pop_if_empty().extend(["v1", signal]);
            Some(url)
        };
        match (signal("traces"), signal("metrics")) {
            (Some(traces), Some(metrics)) => Ok(Self { client, traces, metrics }),
            _ => Err(format!(
                "`observability.otlp_endpoint` ({name}) is no address: write one as in `http://localhost:4318`"
            )),
        }
    }

    async fn send(&self, to: &Url, body: &Value) -> reqwest::Result<()> {
        let sent = self.client.post(to.clone()).timeout(SEND).json(body).send().await;
        sent.and_then(|response| response.error_for_status().map(|_| ())).map_err(reqwest::Error::without_url)
    }
}
