//! `nlq check`: what an editor would underline, for a whole workspace and for CI.

mod files;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use files::{Found, Kind};
use nlq_config::{ConnectionRef, TrustStore, Workspace};
use nlq_ide::{Options, Snapshot, WorkspaceView, speaks};
use nlq_syntax::Document;
use nlq_text::{Diagnostic, Severity, Span};
use rayon::prelude::*;

use super::{
    context::{Context, short},
    error::{CliError, Exit},
    output::{Finding, Progress, Source, Style, count},
};
use crate::session::Session;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files and folders (default: the whole workspace)
    paths: Vec<PathBuf>,
    /// Check against the schema snapshots only, do not connect
    #[arg(long)]
    offline: bool,
    /// Print one JSON object a finding
    #[arg(long)]
    json: bool,
    /// Count warnings as errors
    #[arg(long)]
    strict: bool,
}

/// One file and what is wrong with it.
struct Checked {
    source: Source,
    diagnostics: Vec<Diagnostic>,
    /// Prompts and queries, for documents.
    snapshot: Option<Snapshot>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, CliError> {
    let mut by_root: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for path in roots(&args, context)? {
        let workspace = Workspace::discover(&path).ok_or_else(|| {
            let message = "there is no nlq.yaml at it or above it: make one with `nlq init`";
            CliError::Usage(format!("{}: {message}", short(&path)))
        })?;
        by_root.entry(workspace.root).or_default().push(path);
    }
    let mut totals = Totals::default();
    for (root, paths) in by_root {
        let session = Session::open(&root, TrustStore::open());
        let mut found = Vec::new();
        for path in paths {
            found.extend(files::find(&path, &session.view())?);
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found.dedup_by(|a, b| a.path == b.path);
        let mut checked = read_and_check(&found, &session.view());
        if !args.offline {
            ask_the_systems(&session, &mut checked, context).await?;
        }
        session.close().await;
        for file in &checked {
            print(file, &args, context)?;
            totals.add(file);
        }
    }
    if !args.json {
        context.out.line(totals.text(context))?;
    }
    let failed = totals.errors > 0 || (args.strict && totals.warnings > 0);
    Ok(if failed { Exit::Findings } else { Exit::Clean })
}

/// The paths to check, absolute; each exists.
fn roots(args: &Args, context: &Context) -> Result<Vec<PathBuf>, CliError> {
    if args.paths.is_empty() {
        return Ok(vec![context.workspace()?.root]);
    }
    let absolute = |path: &PathBuf| std::fs::canonicalize(path).map_err(|error| CliError::file("check", path, &error));
    args.paths.iter().map(absolute).collect()
}

fn read_and_check(found: &[Found], view: &Arc<WorkspaceView>) -> Vec<Checked> {
    let progress = Progress::bar(found.len(), "Checking");
    let checked: Vec<Option<Checked>> = found
        .par_iter()
        .map(|file| {
            let checked = check_file(file, view);
            progress.step();
            checked
        })
        .collect();
    checked.into_iter().flatten().collect()
}

/// None for a file without anything of nlq's in it.
fn check_file(file: &Found, view: &Arc<WorkspaceView>) -> Option<Checked> {
    let path = short(&file.path);
    let text = match files::read(&file.path) {
        Ok(text) => text,
        Err(message) => {
            let diagnostic = Diagnostic::warning(Span::at(0), "unreadable-file", message);
            let source = Source::new(path, String::new());
            return Some(Checked { source, diagnostics: vec![diagnostic], snapshot: None });
        }
    };
    let (diagnostics, snapshot) = match file.kind {
        Kind::Config => (nlq_ide::config_diagnostics(&text), None),
        Kind::Annotations => (nlq_ide::annotation_diagnostics(&text, view), None),
        Kind::Examples => (nlq_ide::example_diagnostics(&text, &file.path, view), None),
        Kind::Templates => (nlq_ide::prompt_file_diagnostics(&text, &file.path), None),
        Kind::Document(language) => {
            if !files::may_hold_prompts(&text, language, &view.config.trigger) {
                return None;
            }
            let options = nlq_syntax::Options { trigger: view.config.trigger.clone() };
            let snapshot = snapshot(Document::new(&text, language, options), view);
            (nlq_ide::diagnostics(&snapshot), Some(snapshot))
        }
    };
    Some(Checked { source: Source::hiding(path, text, &diagnostics), diagnostics, snapshot })
}

/// A document as the editor's features see it.
pub(super) fn snapshot(document: Document, view: &Arc<WorkspaceView>) -> Snapshot {
    Snapshot {
        document: Arc::new(document),
        workspace: Arc::clone(view),
        runs: Arc::default(),
        today: chrono::Local::now().date_naive(),
        options: Options::default(),
    }
}

/// Lets each trusted, reachable system itself judge the queries that nlq found nothing against.
async fn ask_the_systems(session: &Session, files: &mut [Checked], context: &Context) -> Result<(), CliError> {
    if !session.view().trusted {
        return Ok(());
    }
    let total = files.iter().filter_map(|file| file.snapshot.as_ref()).map(|s| s.document.queries().len()).sum();
    let progress = Progress::bar(total, "Asking the databases");
    let mut away: BTreeSet<ConnectionRef> = BTreeSet::new();
    for file in files {
        let Some(snapshot) = &file.snapshot else { continue };
        for query in snapshot.document.queries() {
            progress.step();
            let Ok(connection) = snapshot.query_connection(query) else { continue };
            let broken = |found: &Diagnostic| found.severity == Severity::Error && query.span.intersects(found.span);
            let asked = query.prompt.is_some() || snapshot.document.directives().check_all;
            if !asked
                || away.contains(&connection.reference)
                || has_placeholders(&query.text)
                || !speaks(query, connection.dialect)
                || file.diagnostics.iter().any(broken)
            {
                continue;
            }
            let verdict = session.validate(&connection.reference, &query.text, context.cancel.clone()).await;
            let Err(error) = verdict else { continue };
            match error.code {
                "cancelled" => return Err(error.into()),
                "connection" | "timeout" | "untrusted" | "secret" | "unsupported" => {
                    let name = &connection.reference;
                    context.out.warn(&format!(
                        "{name} was not asked, its queries are checked against the snapshot only: {error}"
                    ));
                    away.insert(name.clone());
                }
                _ if query.ignored.iter().any(|code| code == "refused-by-system") => {}
                _ => {
                    let span = error.span.map_or(query.span, |span| query.map.to_document(span));
                    let message = format!("{} refuses this query: {error}", connection.reference);
                    file.diagnostics.push(Diagnostic::error(span, "refused-by-system", message));
                }
            }
        }
        file.diagnostics.sort_by_key(|found| found.span);
    }
    Ok(())
}

/// A query with open parameters cannot be judged by the system before they are filled.
fn has_placeholders(query: &str) -> bool {
    query.contains("{{")
        || query.contains('?')
        || query.split('$').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        || named_placeholder(query)
}

/// `:name` or `@name`, but not the cast `::type`.
fn named_placeholder(query: &str) -> bool {
    let chars: Vec<char> = query.chars().collect();
    (0..chars.len()).any(|at| {
        let before = at.checked_sub(1).map_or(' ', |before| chars[before]);
        let starts_name = chars.get(at + 1).is_some_and(|next| next.is_alphabetic() || *next == '_');
        matches!(chars[at], ':' | '@') && starts_name && (before.is_whitespace() || "(=<>,+-*/".contains(before))
    })
}

fn print(file: &Checked, args: &Args, context: &Context) -> Result<(), CliError> {
    for diagnostic in &file.diagnostics {
        let finding = Finding { source: &file.source, diagnostic };
        if args.json {
            context.out.json(&finding.json())?;
        } else {
            context.out.line(finding.render(context.out))?;
            context.out.line("")?;
        }
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Totals {
    files: usize,
    prompts: usize,
    answers: usize,
    errors: usize,
    warnings: usize,
}

impl Totals {
    fn add(&mut self, file: &Checked) {
        self.files += 1;
        if let Some(snapshot) = &file.snapshot {
            self.prompts += snapshot.document.prompts().len();
            self.answers += snapshot.document.queries().iter().filter(|query| query.prompt.is_some()).count();
        }
        let of = |severity| file.diagnostics.iter().filter(|found| found.severity == severity).count();
        self.errors += of(Severity::Error);
        self.warnings += of(Severity::Warning);
    }

    fn text(&self, context: &Context) -> String {
        let out = context.out;
        let seen = format!(
            "Checked {} with {} and {}: ",
            count(self.files, "file"),
            count(self.prompts, "prompt"),
            count(self.answers, "answer")
        );
        let verdict = match (self.errors, self.warnings) {
            (0, 0) => out.paint(Style::Green, "all good"),
            (0, warnings) => out.paint(Style::Yellow, count(warnings, "warning")),
            (errors, 0) => out.paint(Style::Red, count(errors, "error")),
            (errors, warnings) => {
                out.paint(Style::Red, format!("{}, {}", count(errors, "error"), count(warnings, "warning")))
            }
        };
        format!("{seen}{verdict}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_parameters_are_seen_and_casts_are_not() {
        for open in ["x = ?", "x = $1", "x = :name", "x in (@a)", "x = {{name}}"] {
            assert!(has_placeholders(open), "{open}");
        }
        for closed in ["x::text", "'a@b.example'", "cost $ x", "a::int[]"] {
            assert!(!has_placeholders(closed), "{closed}");
        }
    }
}
