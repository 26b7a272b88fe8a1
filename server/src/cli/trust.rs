use std::path::PathBuf;

use nlq_config::{
    CONFIG_FILE, Config, ModelConfig, ModelService, SecretRef, TrustState, TrustStore, UseModel, Workspace,
    parse_config,
};
use nlq_text::Severity;

use super::{
    context::{Context, short},
    error::{CliError, Exit},
    output::{Finding, Output, Source, Style, visible},
    terminal,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder of the workspace (default: the one here)
    path: Option<PathBuf>,
    /// Take trust back
    #[arg(long, conflicts_with_all = ["show", "yes"])]
    revoke: bool,
    /// Only show what would be resolved, run and connected to
    #[arg(long)]
    show: bool,
    /// Accept without asking
    #[arg(long, short)]
    yes: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let workspace = match &args.path {
        Some(path) => {
            let folder = std::fs::canonicalize(path).map_err(|error| CliError::file("open", path, &error))?;
            let none = || CliError::Usage(format!("there is no {CONFIG_FILE} in {} or above it", path.display()));
            Workspace::discover(&folder).ok_or_else(none)?
        }
        None => context.workspace()?,
    };
    let file = workspace.config_file();
    let store = TrustStore::open();
    if args.revoke {
        store.revoke(&file)?;
        context.out.line(format!("{} is no longer trusted.", short(&file)))?;
        return Ok(Exit::Clean);
    }
    let text = std::fs::read_to_string(&file).map_err(|error| CliError::file("read", &file, &error))?;
    let parsed = parse_config(&text);
    let errors: Vec<_> = parsed.diagnostics.iter().filter(|found| found.severity == Severity::Error).collect();
    if !errors.is_empty() {
        // What cannot be read cannot be shown, and nobody should accept what they were not shown.
        let source = Source::hiding(short(&file), text, &parsed.diagnostics);
        for diagnostic in errors {
            context.out.line(Finding { source: &source, diagnostic }.render(context.out))?;
        }
        return Err(CliError::Failed(format!("mend {} first, then trust it", source.path)));
    }
    let state = store.check(&file, &text);
    let state_text = match state {
        TrustState::Trusted(_) => "trusted",
        TrustState::Unknown => "not trusted yet",
        TrustState::Changed => "changed since it was trusted",
    };
    let out = context.out;
    out.line(format!("{} ({state_text})", out.paint(Style::Bold, short(&file))))?;
    out.line(effects(&parsed.value, &workspace, out))?;
    if args.show {
        return Ok(Exit::Clean);
    }
    if matches!(state, TrustState::Trusted(_)) {
        out.line("\nThis content is trusted already.")?;
        return Ok(Exit::Clean);
    }
    if !args.yes {
        if !terminal::is_interactive() {
            return Err(CliError::Usage("nobody is there to ask: pass --yes to accept this".into()));
        }
        if !terminal::confirm("\nLet nlq do this?")? {
            out.line("Nothing was changed.")?;
            return Ok(Exit::Findings);
        }
    }
    store.accept(&file, &text)?;
    out.line("\nTrusted. nlq asks again when this file changes.")?;
    Ok(Exit::Clean)
}

/// What trusting lets nlq do: connections, secrets (as references, never as values) and programs.
fn effects(config: &Config, workspace: &Workspace, out: Output) -> String {
    let mut text = String::from("Trusting it lets nlq, with your rights on this machine:");
    for (reference, connection) in config.connections() {
        let target = format!("({})", connection.kind.described(&workspace.root));
        text.push_str(&format!("\n  connect to {} {}", out.paint(Style::Bold, reference), visible(&target, false)));
    }
    for (reference, connection) in config.connections() {
        for (setting, secret) in connection.kind.secrets() {
            if let Some(action) = action(secret, out) {
                text.push_str(&format!("\n  {action} for {setting} of {reference}"));
            }
        }
    }
    if !config.models.is_empty() && config.orchestrator.use_model != UseModel::Never {
        text.push_str("\n  send questions, names and comments of the schema");
        text.push_str(", and sample values where a connection has `sample_values`, to");
        for (profile, model) in &config.models {
            let service = match model.service {
                ModelService::Anthropic => "Anthropic",
                ModelService::Openai => "OpenAI",
                ModelService::Bedrock => "Amazon Bedrock",
                ModelService::Gemini => "Gemini",
                ModelService::Ollama => "Ollama",
                ModelService::Editor => "the editor's model",
            };
            let place = model.base_url.as_ref().map_or(String::new(), |url| format!(" at {url}"));
            let told = visible(&format!("{service} {}{place}", model.model), false);
            text.push_str(&format!("\n    {} ({})", out.paint(Style::Bold, profile), told.trim_end()));
        }
        for (profile, model) in &config.models {
            for (setting, secret) in model_settings(model) {
                if let Some(action) = action(secret, out) {
                    text.push_str(&format!("\n  {action} for {setting} of the model {profile}"));
                }
            }
        }
    }
    text
}

/// Settings of a model that may be secrets, with their names.
pub(super) fn model_settings(model: &ModelConfig) -> impl Iterator<Item = (&'static str, &SecretRef)> {
    let aws = &model.aws;
    let all = [
        ("api_key", &model.api_key),
        ("base_url", &model.base_url),
        ("region", &aws.region),
        ("access_key_id", &aws.access_key_id),
        ("secret_access_key", &aws.secret_access_key),
        ("session_token", &aws.session_token),
    ];
    all.into_iter().filter_map(|(name, secret)| Some((name, secret.as_ref()?)))
}

fn action(secret: &SecretRef, out: Output) -> Option<String> {
    let name = |name: &str| visible(name, false);
    Some(match secret {
        SecretRef::Literal(_) => return None,
        SecretRef::Env(variable) => format!("read the environment variable {}", name(variable)),
        SecretRef::File(path) => format!("read the file {}", name(path)),
        SecretRef::Keyring { service, user } => format!("read the keyring entry {}/{}", name(service), name(user)),
        SecretRef::Command(command) => format!("{} {}", out.paint(Style::Red, "run the program"), name(command)),
    })
}
