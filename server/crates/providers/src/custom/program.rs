//! The program behind a connection: started at the first request, restarted after a crash, stopped with the connection.

use std::{
    collections::HashMap,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::{Mutex as AsyncMutex, oneshot},
};
use tokio_util::{
    codec::{FramedRead, FramedWrite},
    sync::CancellationToken,
};

use super::frames::Frames;
use crate::{Problem, ProblemKind, ProviderError, wait::until};

/// The version of the protocol that nlq speaks.
pub(super) const PROTOCOL: u64 = 1;
/// A program that has not introduced itself by then will not.
const INTRODUCTION: Duration = Duration::from_secs(10);
/// A program that crashes again and again is not started any more: so often ...
const MAX_STARTS: usize = 4;
/// ... within this time.
const STARTS_WITHIN: Duration = Duration::from_mins(1);
/// What a program that was asked to end gets before it is killed.
const FAREWELL: Duration = Duration::from_secs(2);
/// Characters of a program's own words in a message.
const MAX_WORDS: usize = 500;

type Reply = Result<Value, ProviderError>;

/// A program and what it is given when it starts.
#[derive(Debug)]
pub(super) struct Program {
    command: Vec<String>,
    root: PathBuf,
    /// By the program's own names, secrets resolved; never shown.
    settings: Settings,
    running: AsyncMutex<Option<Running>>,
    starts: Mutex<Vec<Instant>>,
}

/// Settings whose values no debug text shows.
pub(super) struct Settings(pub(super) HashMap<String, String>);

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A running program.
#[derive(Debug)]
struct Running {
    child: Child,
    input: Arc<AsyncMutex<FramedWrite<ChildStdin, Frames>>>,
    waiting: Arc<Waiting>,
    capabilities: Vec<String>,
}

/// Requests without an answer yet.
#[derive(Debug, Default)]
struct Waiting(Mutex<Option<Open>>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    replies: HashMap<u64, oneshot::Sender<Reply>>,
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for an answer; none when the program has ended.
    fn place(&self) -> Option<(u64, oneshot::Receiver<Reply>)> {
        let (sender, receiver) = oneshot::channel();
        let mut lock = self.lock();
        let open = lock.as_mut()?;
        open.next += 1;
        open.replies.insert(open.next, sender);
        Some((open.next, receiver))
    }

    fn answer(&self, id: u64, reply: Reply) {
        let waiting = self.lock().as_mut().and_then(|open| open.replies.remove(&id));
        // Who asked may have gone.
        let _ = waiting.map(|sender| sender.send(reply));
    }

    /// Nothing more will come: every request fails, and no further one finds a place.
    fn end(&self, why: &ProviderError) {
        for (_, sender) in self.lock().take().unwrap_or_default().replies {
            let _ = sender.send(Err(why.clone()));
        }
    }
}

impl Program {
    pub(super) fn new(command: Vec<String>, root: PathBuf, settings: Settings) -> Self {
        Self { command, root, settings, running: AsyncMutex::default(), starts: Mutex::default() }
    }

    /// Its name in sentences.
    fn name(&self) -> &str {
        self.command.first().map_or("the program", String::as_str)
    }

    fn failed(&self, why: &str) -> ProviderError {
        let message = format!("the provider program `{}` {why}", self.name());
        ProviderError::new(ProblemKind::Connection, message)
    }

    /// What the program says it can do, as it names it; it is started for that.
    pub(super) async fn capabilities(&self, cancel: &CancellationToken) -> Result<Vec<String>, ProviderError> {
        until(cancel, INTRODUCTION, async { Ok(self.running().await?.2) }).await?
    }

    /// Asks the program and waits for its answer; when that is late or cancelled, the program is told.
    pub(super) async fn ask(
        &self,
        method: &str,
        params: Value,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<Value, ProviderError> {
        let (input, waiting, _) = until(cancel, INTRODUCTION, self.running()).await??;
        let Some((id, reply)) = waiting.place() else { return Err(self.failed("has ended: try again")) };
        let sent = async {
            let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
            let written = input.lock().await.send(request).await;
            written.map_err(|_| self.failed("takes no requests any more: try again"))?;
            reply.await.unwrap_or_else(|_| Err(self.failed("has ended: try again")))
        };
        let answer = until(cancel, timeout, sent).await;
        if answer.is_err() {
            waiting.answer(id, Err(ProviderError::cancelled()));
            let told = json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": id } });
            // Not waited for: a program that reads nothing must not hold up who asked.
            tokio::spawn(async move {
                let _ = tokio::time::timeout(FAREWELL, async { input.lock().await.send(told).await }).await;
            });
        }
        answer?
    }

    /// The running program, started when there is none.
    #[allow(clippy::type_complexity, reason = "three handles of one program")]
    async fn running(
        &self,
    ) -> Result<(Arc<AsyncMutex<FramedWrite<ChildStdin, Frames>>>, Arc<Waiting>, Vec<String>), ProviderError> {
        let mut running = self.running.lock().await;
        if running.as_ref().is_none_or(|it| it.waiting.lock().is_none()) {
            *running = None;
            *running = Some(self.start().await?);
        }
        let it = running.as_ref().expect("it was just started");
        Ok((Arc::clone(&it.input), Arc::clone(&it.waiting), it.capabilities.clone()))
    }

    async fn start(&self) -> Result<Running, ProviderError> {
        {
            let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
            starts.retain(|start| start.elapsed() < STARTS_WITHIN);
            if starts.len() >= MAX_STARTS {
                let why = format!("ended {MAX_STARTS} times within a minute: see what it prints on its standard error");
                return Err(self.failed(&why));
            }
            starts.push(Instant::now());
        }
        let (program, arguments) = self.command.split_first().ok_or_else(|| self.failed("is not named"))?;
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(&self.root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.failed(&format!("cannot be started: {error}; check `command` in nlq.yaml")))?;
        let (Some(input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(self.failed("has no standard input and output"));
        };
        let waiting = Arc::new(Waiting(Mutex::new(Some(Open::default()))));
        tokio::spawn(read(output, Arc::clone(&waiting), self.failed("has ended")));
        let name = self.name().to_owned();
        tokio::spawn(async move {
            let mut lines = BufReader::new(errors).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                tracing::debug!("{name}: {line}");
            }
        });
        let mut running = Running {
            child,
            input: Arc::new(AsyncMutex::new(FramedWrite::new(input, Frames))),
            waiting,
            capabilities: Vec::new(),
        };
        let introduced = self.introduce(&mut running);
        match tokio::time::timeout(INTRODUCTION, introduced).await {
            Ok(Ok(())) => Ok(running),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(self.failed("did not answer `initialize` within 10 s")),
        }
    }

    async fn introduce(&self, running: &mut Running) -> Result<(), ProviderError> {
        let Some((id, reply)) = running.waiting.place() else { return Err(self.failed("has ended at its start")) };
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": "initialize", "params": {
            "protocolVersion": PROTOCOL,
            "client": { "name": "nlq", "version": env!("CARGO_PKG_VERSION") },
            "settings": self.settings.0,
        } });
        let sent = running.input.lock().await.send(request).await;
        sent.map_err(|_| self.failed("ended at its start: see what it prints on its standard error"))?;
        let told = reply.await.unwrap_or_else(|_| Err(self.failed("has ended at its start")))?;
        match told["protocolVersion"].as_u64() {
            Some(PROTOCOL) => {}
            other => {
                let version = other.map_or("none".to_owned(), |version| version.to_string());
                return Err(self.failed(&format!("speaks protocol version {version}, nlq speaks {PROTOCOL}")));
            }
        }
        let capabilities = told["capabilities"].as_array().map(Vec::as_slice).unwrap_or_default();
        running.capabilities = capabilities.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect();
        Ok(())
    }

    /// Asks the program to end, and ends it when it does not.
    pub(super) async fn stop(&self) {
        let Some(mut running) = self.running.lock().await.take() else { return };
        let goodbye = async {
            let mut input = running.input.lock().await;
            let _ = input.send(json!({ "jsonrpc": "2.0", "method": "exit" })).await;
            let _ = input.close().await;
        };
        let _ = tokio::time::timeout(FAREWELL, goodbye).await;
        if tokio::time::timeout(FAREWELL, running.child.wait()).await.is_err() {
            let _ = running.child.kill().await;
        }
    }
}

/// Hands every answer to who waits for it, until the program ends.
async fn read(output: ChildStdout, waiting: Arc<Waiting>, ended: ProviderError) {
    let mut messages = FramedRead::new(output, Frames);
    let mut why = ended;
    loop {
        match messages.next().await {
            Some(Ok(message)) => {
                if let Some(id) = message["id"].as_u64() {
                    waiting.answer(id, reply(message));
                }
            }
            Some(Err(error)) => {
                why.0.message = format!("{}: {error}", why.0.message);
                break;
            }
            None => break,
        }
    }
    waiting.end(&why);
}

fn reply(mut message: Value) -> Reply {
    if message.get("error").is_none_or(Value::is_null) {
        return Ok(message["result"].take());
    }
    Err(ProviderError(problem(&message["error"])))
}

/// A problem as a program tells it: `{ message, data: { kind, start, end } }`.
pub(super) fn problem(told: &Value) -> Problem {
    let words = told["message"].as_str().unwrap_or("it failed without saying why");
    let data = &told["data"];
    let kind = match data["kind"].as_str() {
        Some("syntax") => ProblemKind::Syntax,
        Some("schema") => ProblemKind::Schema,
        Some("permission") => ProblemKind::Permission,
        Some("timeout") => ProblemKind::Timeout,
        Some("data") => ProblemKind::Data,
        Some("cancelled") => ProblemKind::Cancelled,
        _ => ProblemKind::Connection,
    };
    let at = |key: &str| data[key].as_u64().and_then(|at| usize::try_from(at).ok());
    let span = at("start").zip(at("end")).filter(|(start, end)| start <= end);
    Problem {
        kind,
        span: span.map(|(start, end)| nlq_text::Span::new(start, end)),
        message: words.chars().map(|ch| if ch.is_control() { ' ' } else { ch }).take(MAX_WORDS).collect(),
    }
}
