//! `nlq doctor`: what is wrong with this set-up, and how to mend it.

use std::path::{Path, PathBuf};

use nlq_config::{ConnectionKind, ConnectionRef, SecretRef, TrustState, TrustStore, Trusted, Workspace};
use nlq_text::Severity;
use serde::Serialize;
use serde_json::json;

use super::{
    context::{Context, short},
    error::{CliError, Exit},
    output::{Output, Progress, Style, count, visible},
    trust,
};
use crate::session::Session;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Do not connect to anything
    #[arg(long)]
    offline: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
struct Check {
    /// A stable name such as `trust` or `connection`.
    name: &'static str,
    /// What it is about, such as a connection; empty for the workspace.
    #[serde(skip_serializing_if = "String::is_empty")]
    subject: String,
    status: Status,
    /// What was found.
    message: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "String::is_empty")]
    mend: String,
}

#[derive(Debug, Default)]
struct Report(Vec<Check>);

impl Report {
    fn ok(&mut self, name: &'static str, subject: impl ToString, message: impl Into<String>) {
        self.add(name, subject, Status::Ok, message, "");
    }

    fn warn(
        &mut self,
        name: &'static str,
        subject: impl ToString,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.add(name, subject, Status::Warn, message, mend);
    }

    fn fail(
        &mut self,
        name: &'static str,
        subject: impl ToString,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.add(name, subject, Status::Fail, message, mend);
    }

    fn add(
        &mut self,
        name: &'static str,
        subject: impl ToString,
        status: Status,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) {
        let (subject, message, mend) = (subject.to_string(), message.into(), mend.into());
        self.0.push(Check { name, subject, status, message, mend });
    }

    fn worst(&self) -> Status {
        let has = |status| self.0.iter().any(|check| check.status == status);
        if has(Status::Fail) {
            Status::Fail
        } else if has(Status::Warn) {
            Status::Warn
        } else {
            Status::Ok
        }
    }
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, CliError> {
    let mut report = Report::default();
    program(&mut report);
    match context.workspace() {
        Ok(workspace) => examine(&workspace, &args, context, &mut report).await,
        Err(error) => {
            let message = match error {
                CliError::Usage(message) | CliError::Failed(message) => message,
                CliError::ClosedPipe => return Err(error),
            };
            report.fail("config", "", message, "run `nlq init` in your project's folder, or try `nlq demo`");
        }
    }
    editors(&mut report);
    let worst = report.worst();
    if args.json {
        context.out.json(&json!({ "version": env!("CARGO_PKG_VERSION"), "status": worst, "checks": report.0 }))?;
    } else {
        for check in &report.0 {
            context.out.line(text(check, context.out))?;
        }
        context.out.line(verdict(&report, context.out))?;
    }
    Ok(if worst == Status::Fail { Exit::Findings } else { Exit::Clean })
}

async fn examine(workspace: &Workspace, args: &Args, context: &Context, report: &mut Report) {
    let file = workspace.config_file();
    let shown = short(&file);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => {
            return report.fail("config", "", format!("cannot read {shown}: {error}"), "mend its permissions");
        }
    };
    let store = TrustStore::open();
    let session = Session::open(&workspace.root, store.clone());
    let view = session.view();
    let errors = view.config_diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    if errors > 0 {
        report.fail("config", "", format!("{shown} has {}", count(errors, "error")), "`nlq check` shows where");
    } else if view.config_diagnostics.is_empty() {
        report.ok("config", "", format!("{shown} is valid"));
    } else {
        let warnings = count(view.config_diagnostics.len(), "warning");
        report.warn("config", "", format!("{shown} has {warnings}"), "`nlq check` shows where");
    }
    let trusted = match store.check(&file, &text) {
        TrustState::Trusted(trusted) => {
            report.ok("trust", "", "this workspace is trusted");
            Some(trusted)
        }
        TrustState::Unknown => {
            report.warn("trust", "", "this workspace is not trusted: nothing is connected to", "run `nlq trust`");
            None
        }
        TrustState::Changed => {
            let message = "nlq.yaml changed since it was trusted: nothing is connected to";
            report.warn("trust", "", message, "look at the change, then run `nlq trust`");
            None
        }
    };
    let connections: Vec<ConnectionRef> = view.config.connections().map(|(reference, _)| reference).collect();
    if connections.is_empty() && errors == 0 {
        report.fail("connection", "", "nlq.yaml names no connection", "add one under `providers`");
    }
    for reference in &connections {
        examine_connection(&session, workspace, reference, trusted.as_ref(), args, context, report).await;
    }
    models(&session, workspace, trusted.as_ref(), report);
    annotations(&session, report);
    session.close().await;
}

async fn examine_connection(
    session: &Session,
    workspace: &Workspace,
    reference: &ConnectionRef,
    trusted: Option<&Trusted>,
    args: &Args,
    context: &Context,
    report: &mut Report,
) {
    let view = session.view();
    let Ok((_, connection)) = view.config.find_connection(Some(&reference.to_string())) else { return };
    if let ConnectionKind::Sqlite(sqlite) = &connection.kind {
        let path = workspace.root.join(&sqlite.path);
        if !path.is_file() {
            let message = format!("the database file {} does not exist", short(&path));
            return report.fail("connection", reference, message, "create it, or mend `path` in nlq.yaml");
        }
    }
    let mut usable = true;
    if let Some(trusted) = trusted {
        for (setting, secret) in connection.kind.secrets() {
            if matches!(secret, SecretRef::Literal(_)) {
                continue;
            }
            match secret.resolve(&workspace.root, trusted) {
                Ok(_) => report.ok("secret", reference, format!("{setting} can be resolved")),
                Err(error) => {
                    usable = false;
                    report.fail("secret", reference, format!("{setting}: {error}"), "set what it refers to");
                }
            }
        }
    }
    let mut fresh = None;
    if trusted.is_some() && usable && !args.offline {
        let progress = Progress::spinner(format!("Reaching {reference}"));
        let reached = session.validate(reference, "SELECT 1", context.cancel.clone()).await;
        if reached.is_ok() {
            fresh = read_schema(session, reference, context).await;
        }
        drop(progress);
        match reached {
            Ok(()) => report.ok("connection", reference, "can be reached"),
            Err(error) => {
                let mend = "check that the system runs, and host, port, user and password in nlq.yaml";
                report.fail("connection", reference, error.message, mend);
            }
        }
    }
    snapshot(session, reference, fresh, report);
}

/// Whether the models' keys can be had. None is asked: that may cost money.
fn models(session: &Session, workspace: &Workspace, trusted: Option<&Trusted>, report: &mut Report) {
    for (profile, model) in &session.view().config.models {
        let mut secrets = trust::model_settings(model).filter(|(_, secret)| !matches!(secret, SecretRef::Literal(_)));
        let resolved = trusted.map(|trusted| {
            let wrong = |(setting, secret): (&str, &SecretRef)| {
                secret.resolve(&workspace.root, trusted).err().map(|error| format!("{setting}: {error}"))
            };
            secrets.find_map(wrong)
        });
        match resolved {
            Some(Some(wrong)) => report.fail("model", profile, wrong, "set what it refers to"),
            Some(None) => report.ok("model", profile, "what it needs can be resolved; it was not asked"),
            None => report.warn("model", profile, "is not asked in a workspace that is not trusted", "run `nlq trust`"),
        }
    }
}

/// The present schema's fingerprint, read without touching the snapshot file: a doctor changes nothing.
async fn read_schema(session: &Session, reference: &ConnectionRef, context: &Context) -> Option<String> {
    let provider = session.provider(reference).await.ok()?;
    let view = session.view();
    let options = nlq_providers::SchemaOptions { sample_values: false, annotations: &view.annotations };
    provider.schema(options, context.cancel.clone()).await.ok().map(|catalog| catalog.fingerprint())
}

fn snapshot(session: &Session, reference: &ConnectionRef, present: Option<String>, report: &mut Report) {
    let mend = format!("run `nlq schema refresh {reference}`");
    let view = session.view();
    let Some(connection) = view.connections.get(reference) else { return };
    let Some(index) = &connection.index else {
        return match &connection.state {
            nlq_ide::ConnectionState::Failed(why) if connection.snapshot_file.as_ref().is_some_and(|f| f.exists()) => {
                report.fail("schema", reference, why.clone(), mend);
            }
            _ => report.warn("schema", reference, "no schema snapshot yet: prompts are not understood", mend),
        };
    };
    let catalog = index.catalog();
    let size = count(catalog.tables.len(), "table");
    let taken = catalog.taken_at.format("%Y-%m-%d %H:%M UTC");
    match present {
        Some(present) if present != catalog.fingerprint() => {
            let message = format!("the schema changed since its snapshot of {taken}");
            report.warn("schema", reference, message, mend);
        }
        Some(_) => report.ok("schema", reference, format!("the snapshot is up to date ({size})")),
        None => report.ok("schema", reference, format!("there is a snapshot of {taken} ({size})")),
    }
}

fn annotations(session: &Session, report: &mut Report) {
    let view = session.view();
    if view.annotation_files.is_empty() {
        let mend = "describe your tables in a file `something.annotations.yaml`: answers get better with every term";
        return report.warn("annotations", "", "there is no annotation file", mend);
    }
    for source in &view.annotation_files {
        let found = nlq_ide::annotation_diagnostics(&source.text, &view);
        let errors = found.iter().filter(|found| found.severity == Severity::Error).count();
        let name = short(&source.path);
        if errors > 0 {
            report.fail("annotations", name, count(errors, "error"), "`nlq check` shows where");
        } else if !found.is_empty() {
            report.warn("annotations", name, count(found.len(), "warning"), "`nlq check` shows where");
        } else if view.connections.values().all(|connection| connection.index.is_none()) {
            report.ok("annotations", name, "is valid; no schema is known yet to compare it with");
        } else {
            report.ok("annotations", name, "matches the schema");
        }
    }
}

fn program(report: &mut Report) {
    let version = env!("CARGO_PKG_VERSION");
    let Ok(this) = std::env::current_exe() else { return };
    match on_path(if cfg!(windows) { "nlq.exe" } else { "nlq" }) {
        Some(found) if same_file(&found, &this) => report.ok("program", "", format!("nlq {version}, on PATH")),
        Some(found) => {
            let message = format!("nlq {version} is {}, but PATH has {}", this.display(), found.display());
            report.warn("program", "", message, "editors start the one on PATH: remove one of the two");
        }
        None => {
            let mend = "install it with `cargo install --path server`, or name this file in the editor's settings";
            report.warn("program", "", format!("nlq {version} is not on PATH: {}", this.display()), mend);
        }
    }
}

fn editors(report: &mut Report) {
    let hints = [
        ("code", "VS Code", "install the extension of editors/vscode, then open the folder"),
        (
            "nvim",
            "Neovim",
            "add editors/nvim to the runtime path and `vim.lsp.enable('nlq')`; `:checkhealth nlq` tells more",
        ),
    ];
    for (program, title, hint) in hints {
        if on_path(program).is_some() {
            report.ok("editor", title, format!("found; {hint}"));
        }
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn same_file(a: &Path, b: &Path) -> bool {
    std::fs::canonicalize(a).ok().is_some_and(|a| std::fs::canonicalize(b).ok() == Some(a))
}

fn text(check: &Check, out: Output) -> String {
    let mark = match check.status {
        Status::Ok => out.paint(Style::Green, "  ok"),
        Status::Warn => out.paint(Style::Yellow, "warn"),
        Status::Fail => out.paint(Style::Red, "fail"),
    };
    let subject = if check.subject.is_empty() { String::new() } else { format!("{}: ", check.subject) };
    let mut text = format!("{mark}  {:<11} {}", check.name, visible(&format!("{subject}{}", check.message), true));
    if !check.mend.is_empty() {
        text.push_str(&format!("\n                  → {}", check.mend));
    }
    text
}

fn verdict(report: &Report, out: Output) -> String {
    let of = |status| report.0.iter().filter(|check| check.status == status).count();
    match (of(Status::Fail), of(Status::Warn)) {
        (0, 0) => out.paint(Style::Green, "Everything is in order."),
        (0, warnings) => format!("It works; {} could be better.", count(warnings, "thing")),
        (failures, _) => out.paint(Style::Red, format!("{} to mend.", count(failures, "thing"))),
    }
}
