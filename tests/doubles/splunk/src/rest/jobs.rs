//! Searches as jobs.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value as Json, json};

use super::{
    Reply, Request, Server,
    reply::{self, Entry, Format, atom, escaped, failed},
};
use crate::{
    objects,
    search::{self, Fatal, Results, Search},
    time,
};

/// Pauses of a slow search, in which it looks whether it is to stop.
const SLICE: Duration = Duration::from_millis(5);

#[derive(Debug, Clone)]
enum State {
    Running,
    Done(Arc<Results>),
    Failed(Fatal),
}

struct Job {
    sid: String,
    search: String,
    state: Mutex<State>,
    ended: Condvar,
    stop: AtomicBool,
    finalized: AtomicBool,
    started: Instant,
    took: Mutex<Duration>,
}

/// All jobs that were not deleted.
#[derive(Default)]
pub(super) struct Jobs {
    all: Mutex<BTreeMap<String, Arc<Job>>>,
    made: AtomicUsize,
}

impl Jobs {
    fn find(&self, sid: &str) -> Option<Arc<Job>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).get(sid).cloned()
    }

    /// Stops a job and forgets it.
    fn remove(&self, sid: &str) -> bool {
        let found = self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(sid);
        if let Some(job) = &found {
            job.stop.store(true, Ordering::Relaxed);
        }
        found.is_some()
    }
}

impl Job {
    fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end(&self, state: State) {
        *self.took.lock().unwrap_or_else(PoisonError::into_inner) = self.started.elapsed();
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        self.ended.notify_all();
    }

    fn wait(&self) -> State {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while matches!(*state, State::Running) {
            state = self.ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.clone()
    }

    fn entry(&self) -> Entry {
        let state = self.state();
        let (word, done, failed, count) = match &state {
            State::Running => ("RUNNING", false, false, 0),
            State::Done(results) => ("DONE", true, false, results.rows.len()),
            State::Failed(_) => ("FAILED", true, true, 0),
        };
        let events = matches!(&state, State::Done(results) if results.events);
        let messages = if let State::Failed(Fatal(text)) = &state {
            json!([{ "type": "fatal", "text": text }])
        } else {
            json!([])
        };
        let took =
            if done { *self.took.lock().unwrap_or_else(PoisonError::into_inner) } else { self.started.elapsed() };
        Entry::new(
            &self.search,
            json!({
                "sid": self.sid, "dispatchState": word, "isDone": done, "isFailed": failed, "isFinalized":
                self.finalized.load(Ordering::Relaxed), "isPaused": false, "isSaved": false, "isZombie": false,
                "doneProgress": if done { 1.0 } else { 0.5 }, "resultCount": count,
                "eventCount": if events { count } else { 0 }, "scanCount": count, "resultPreviewCount": count,
                "runDuration": took.as_secs_f64(), "ttl": 600, "priority": 5, "search": self.search,
                "messages": messages,
            }),
        )
    }
}

/// `search/parser`, which is JSON in both versions where that is asked for.
pub(super) fn parser(request: &Request) -> Reply {
    let Some(text) = request.get("q") else {
        return failed(400, "FATAL", "Search string cannot be empty.", Format::Json);
    };
    match ready(text).and_then(|text| search::view(&text)) {
        Ok(view) => Reply::json(200, &view),
        Err(Fatal(text)) => failed(400, "FATAL", &text, Format::Json),
    }
}

/// A search begins with a command: `search` or a pipe.
fn ready(text: &str) -> Result<String, Fatal> {
    let text = text.trim();
    let word = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').next().unwrap_or_default();
    if text.is_empty() {
        return Err(Fatal::new("Search string cannot be empty."));
    }
    if !text.starts_with('|') && !text.starts_with('`') && !word.eq_ignore_ascii_case("search") {
        return Err(Fatal::new(format!("Unknown search command '{word}'.")));
    }
    Ok(text.to_owned())
}

fn time_of(server: &Server, request: &Request, name: &str) -> Result<Option<f64>, Fatal> {
    let Some(text) = request.get(name) else { return Ok(None) };
    let at = time::modified(server.options.now as f64, text);
    at.map(Some).ok_or_else(|| Fatal::new(format!("Invalid {name}: '{text}'.")))
}

/// Checks a search and starts it on a thread of its own.
fn start(server: &Arc<Server>, request: &Request, text: &str) -> Result<Arc<Job>, Fatal> {
    let text = ready(text)?;
    search::checked(&text)?;
    let (earliest, latest) = (time_of(server, request, "earliest_time")?, time_of(server, request, "latest_time")?);
    let made = server.jobs.made.fetch_add(1, Ordering::Relaxed);
    let sid = request.get("id").map_or_else(|| format!("{}.{made}", server.options.now), str::to_owned);
    let job = Arc::new(Job {
        sid: sid.clone(),
        search: text,
        state: Mutex::new(State::Running),
        ended: Condvar::new(),
        stop: AtomicBool::new(false),
        finalized: AtomicBool::new(false),
        started: Instant::now(),
        took: Mutex::new(Duration::ZERO),
    });
    {
        let mut all = server.jobs.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.contains_key(&sid) {
            return Err(Fatal::new(format!("A job with the id '{sid}' exists.")));
        }
        all.insert(sid, Arc::clone(&job));
    }
    let most = request.number("max_time").filter(|seconds| *seconds > 0).map(|s| Duration::from_secs(s as u64));
    let limit = request.number("max_count").unwrap_or(500_000);
    let (server, running) = (Arc::clone(server), Arc::clone(&job));
    std::thread::spawn(move || run(&server, &running, (earliest, latest), most, limit));
    Ok(job)
}

fn run(
    server: &Server,
    job: &Job,
    (earliest, latest): (Option<f64>, Option<f64>),
    most: Option<Duration>,
    limit: usize,
) {
    while job.started.elapsed() < server.options.slow && !job.stop.load(Ordering::Relaxed) {
        if most.is_some_and(|most| job.started.elapsed() > most) {
            // What was found until then is the result: nothing yet.
            job.finalized.store(true, Ordering::Relaxed);
            return job.end(State::Done(Arc::new(Results::default())));
        }
        std::thread::sleep(SLICE);
    }
    let search = Search { events: &server.events, now: server.options.now as f64, earliest, latest, stop: &job.stop };
    job.end(match search::run(&search, &job.search) {
        Ok(mut results) => {
            results.rows.truncate(limit);
            State::Done(Arc::new(results))
        }
        Err(fatal) => State::Failed(fatal),
    });
}

/// POST `search/jobs`.
pub(super) fn create(server: &Arc<Server>, request: &Request, format: Format) -> Reply {
    let Some(text) = request.get("search") else {
        return failed(400, "FATAL", "Empty search.", format);
    };
    let job = match start(server, request, text) {
        Ok(job) => job,
        Err(Fatal(text)) => return failed(400, "FATAL", &text, format),
    };
    match request.get("exec_mode") {
        Some("oneshot") => {
            let state = job.wait();
            server.jobs.remove(&job.sid);
            page(state, request, format)
        }
        Some("blocking") => {
            job.wait();
            created(&job, format)
        }
        _ => created(&job, format),
    }
}

fn created(job: &Job, format: Format) -> Reply {
    match format {
        Format::Json => Reply::json(201, &json!({ "sid": job.sid })),
        Format::Xml => Reply::xml(201, &format!("<response>\n  <sid>{}</sid>\n</response>", escaped(&job.sid))),
    }
}

/// POST `saved/searches/{name}/dispatch`.
pub(super) fn dispatch(server: &Arc<Server>, name: &str, request: &Request, format: Format) -> Reply {
    let Some((_, _, text)) = objects::SAVED.iter().find(|(known, ..)| *known == name) else {
        return unknown("saved search", name, format);
    };
    let text = if text.starts_with(['|', '`']) { (*text).to_owned() } else { format!("search {text}") };
    match start(server, request, &text) {
        Ok(job) => created(&job, format),
        Err(Fatal(text)) => failed(400, "FATAL", &text, format),
    }
}

fn unknown(what: &str, name: &str, format: Format) -> Reply {
    failed(404, "ERROR", &format!("Could not find {what}={name}"), format)
}

fn unknown_sid(format: Format) -> Reply {
    failed(404, "FATAL", "Unknown sid.", format)
}

/// GET `search/jobs`.
pub(super) fn list(server: &Server, request: &Request, format: Format) -> Reply {
    let all: Vec<Entry> = {
        let jobs = server.jobs.all.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.values().map(|job| job.entry()).collect()
    };
    reply::entries("search/jobs", all, request.number("count"), request.number("offset"), format)
}

/// GET `search/jobs/{sid}`.
pub(super) fn status(server: &Server, sid: &str, format: Format) -> Reply {
    let Some(job) = server.jobs.find(sid) else { return unknown_sid(format) };
    match format {
        Format::Json => reply::entries("search/jobs", vec![job.entry()], Some(0), None, format),
        Format::Xml => Reply::xml(200, &atom(&job.entry(), &format!("/services/search/jobs/{sid}"))),
    }
}

/// DELETE `search/jobs/{sid}`.
pub(super) fn delete(server: &Server, sid: &str, format: Format) -> Reply {
    if server.jobs.remove(sid) { failed(200, "INFO", "Search job cancelled.", format) } else { unknown_sid(format) }
}

/// POST `search/jobs/{sid}/control`.
pub(super) fn control(server: &Server, sid: &str, request: &Request, format: Format) -> Reply {
    let Some(job) = server.jobs.find(sid) else { return unknown_sid(format) };
    match request.get("action") {
        Some("cancel") => delete(server, sid, format),
        Some("finalize") => {
            job.finalized.store(true, Ordering::Relaxed);
            job.stop.store(true, Ordering::Relaxed);
            failed(200, "INFO", "Search job finalized.", format)
        }
        Some("pause" | "unpause" | "touch" | "setttl" | "setpriority" | "save" | "unsave") => {
            failed(200, "INFO", "Action taken.", format)
        }
        other => {
            let text = format!("Invalid action: {}", other.unwrap_or_default());
            failed(400, "ERROR", &text, format)
        }
    }
}

/// `results`, `results_preview`, `events` of a job.
pub(super) fn results(server: &Server, sid: &str, request: &Request, format: Format) -> Reply {
    let Some(job) = server.jobs.find(sid) else { return unknown_sid(format) };
    match job.state() {
        State::Running => Reply { status: 204, kind: "text/plain", body: String::new() },
        ended => page(ended, request, format),
    }
}

fn page(state: State, request: &Request, format: Format) -> Reply {
    let (count, offset) = (request.number("count"), request.number("offset").unwrap_or(0));
    match state {
        State::Done(results) => reply::results(&results, count, offset, &[], format),
        State::Failed(Fatal(text)) => {
            let message = json!({ "type": "FATAL", "text": text });
            reply::results(&Results::default(), count, offset, &[message], format)
        }
        State::Running => Reply { status: 204, kind: "text/plain", body: String::new() },
    }
}

/// `search/jobs/export`: results as they come, an object a line.
pub(super) fn export(server: &Arc<Server>, request: &Request, format: Format) -> Reply {
    let text = request.get("search").unwrap_or_default();
    let job = match start(server, request, text) {
        Ok(job) => job,
        Err(Fatal(text)) => return failed(400, "FATAL", &text, format),
    };
    let state = job.wait();
    server.jobs.remove(&job.sid);
    if format == Format::Xml {
        return page(state, request, format);
    }
    let lines: Vec<Json> = match state {
        State::Done(results) => {
            let (_, rows) = reply::objects(&results, request.number("count").or(Some(0)), 0);
            let last = rows.len().saturating_sub(1);
            let line = |(index, row)| {
                let mut line = json!({ "preview": false, "offset": index, "result": row });
                if index == last {
                    line["lastrow"] = json!(true);
                }
                line
            };
            rows.into_iter().enumerate().map(line).collect()
        }
        // The status was sent before the search failed.
        State::Failed(Fatal(text)) => vec![json!({ "messages": [{ "type": "FATAL", "text": text }] })],
        State::Running => Vec::new(),
    };
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Reply { status: 200, kind: "application/json; charset=UTF-8", body }
}
