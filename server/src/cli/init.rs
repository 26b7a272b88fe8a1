//! `nlq init`: a first nlq.yaml, with a comment for every choice, and a first annotation file.

use std::{fs, fs::OpenOptions, io::Write, path::Path};

use nlq_config::{CONFIG_FILE, parse_config};
use nlq_text::Severity;

use super::{
    context::{Context, short},
    error::{CliError, Exit},
    terminal,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of the system, such as shop
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Which system it is
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    kind: Option<SystemKind>,
    /// Name of its first connection
    #[arg(long, value_name = "NAME", default_value = "dev")]
    connection: String,
    /// SQLite: the database file, relative to the workspace
    #[arg(long)]
    path: Option<String>,
    /// PostgreSQL: host name
    #[arg(long)]
    host: Option<String>,
    /// PostgreSQL: port
    #[arg(long)]
    port: Option<u16>,
    /// PostgreSQL: database name
    #[arg(long)]
    database: Option<String>,
    /// PostgreSQL: user name
    #[arg(long)]
    user: Option<String>,
    /// PostgreSQL: where the password is kept: ${env:NAME}, ${file:PATH}, ${keyring:SERVICE/USER} or ${command:...}
    #[arg(long, value_name = "REFERENCE")]
    password_ref: Option<String>,
    /// Ask nothing: take defaults for what the flags leave out
    #[arg(long, short)]
    yes: bool,
    /// Replace an nlq.yaml that is there
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SystemKind {
    Sqlite,
    #[value(alias = "postgres")]
    Postgresql,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let folder = context.folder();
    if !folder.is_dir() {
        return Err(CliError::Usage(format!("{} is not a folder", folder.display())));
    }
    let file = folder.join(CONFIG_FILE);
    if file.exists() && !args.force {
        let file = short(&file);
        return Err(CliError::Usage(format!("{file} is there already: edit it, or replace it with --force")));
    }
    let asker = Asker { asks: !args.yes && terminal::is_interactive() };
    let provider = asker.text("Name of the system", args.provider.as_deref(), &folder_name(folder), "--provider")?;
    let provider = name(&provider, "--provider")?;
    let connection = name(&args.connection, "--connection")?;
    let kind = system_kind(args, &asker)?;
    let (text, next) = match kind {
        SystemKind::Sqlite => {
            let found = database_file(folder).unwrap_or_default();
            let path = asker.text("Database file", args.path.as_deref(), &found, "--path")?;
            let missing = !folder.join(&path).is_file();
            let next = missing.then(|| format!("{path} does not exist yet: create it before you ask anything."));
            (sqlite_config(&provider, &connection, &path), next)
        }
        SystemKind::Postgresql => (postgres_config(&provider, &connection, args, &asker)?, None),
    };
    if let Some(error) = parse_config(&text).diagnostics.iter().find(|found| found.severity == Severity::Error) {
        return Err(CliError::Usage(format!("these settings do not make a valid {CONFIG_FILE}: {}", error.message)));
    }
    write(&file, &text, args.force)?;
    let out = context.out;
    out.line(format!("Wrote {}", short(&file)))?;
    let annotations = folder.join(format!("{provider}.annotations.yaml"));
    if annotations.exists() {
        out.line(format!("Kept {}", short(&annotations)))?;
    } else {
        write(&annotations, ANNOTATIONS, false)?;
        out.line(format!("Wrote {}", short(&annotations)))?;
    }
    if let Some(next) = next {
        out.line(next)?;
    }
    out.line(format!(
        "\nNext:\n  nlq trust            allow nlq to connect\n  nlq schema refresh   read the schema of \
         {provider}/{connection}\n  nlq ask \"...\"        ask it something"
    ))?;
    Ok(Exit::Clean)
}

/// Takes what a flag says, else asks, else takes the default.
struct Asker {
    asks: bool,
}

impl Asker {
    fn text(&self, question: &str, flag: Option<&str>, default: &str, flag_name: &str) -> Result<String, CliError> {
        let answer = match flag {
            Some(value) => value.to_owned(),
            None if self.asks => terminal::line(question, default)?,
            None => default.to_owned(),
        };
        if answer.trim().is_empty() {
            return Err(CliError::Usage(format!("{} is missing: give it with {flag_name}", question.to_lowercase())));
        }
        Ok(answer.trim().to_owned())
    }
}

fn system_kind(args: &Args, asker: &Asker) -> Result<SystemKind, CliError> {
    if let Some(kind) = args.kind {
        return Ok(kind);
    }
    if args.host.is_some() || args.database.is_some() || args.user.is_some() {
        return Ok(SystemKind::Postgresql);
    }
    if args.path.is_some() || !asker.asks {
        return Ok(SystemKind::Sqlite);
    }
    let answer = terminal::line("Type: sqlite or postgresql", "sqlite")?;
    <SystemKind as clap::ValueEnum>::from_str(&answer, true)
        .map_err(|_| CliError::Usage(format!("{answer} is not a type that nlq knows: sqlite or postgresql")))
}

fn postgres_config(provider: &str, connection: &str, args: &Args, asker: &Asker) -> Result<String, CliError> {
    let host = asker.text("Host", args.host.as_deref(), "localhost", "--host")?;
    let port = asker.text("Port", args.port.map(|port| port.to_string()).as_deref(), "5432", "--port")?;
    let port: u16 = port.parse().map_err(|_| CliError::Usage(format!("{port} is not a port: give 1 to 65535")))?;
    let database = asker.text("Database", args.database.as_deref(), provider, "--database")?;
    let user = asker.text("User (best one that may only read)", args.user.as_deref(), "", "--user")?;
    let variable = format!("{}_PASSWORD", provider.to_uppercase().replace('-', "_"));
    let default = format!("${{env:{variable}}}");
    let password = asker.text("Password, as a reference", args.password_ref.as_deref(), &default, "--password-ref")?;
    let settings = format!(
        "        host: {}
        port: {port}
        database: {}
        # Best a user that may only read.
        user: {}
        # A reference to where the password is kept, never the password itself:
        # ${{env:NAME}}, ${{file:PATH}}, ${{keyring:SERVICE/USER}} or ${{command:PROGRAM ARGS}}.
        password: {}
        # disable, prefer, require, or verify-full (checks certificate and host name).
        tls: prefer
        # Schemas to read; without this all but the system's own.
        # schemas: [public]
",
        scalar(&host),
        scalar(&database),
        scalar(&user),
        scalar(&password)
    );
    Ok(config(provider, connection, "postgresql", &settings))
}

fn sqlite_config(provider: &str, connection: &str, path: &str) -> String {
    let settings = format!("        # The database file, relative to this file.\n        path: {}\n", scalar(path));
    config(provider, connection, "sqlite", &settings)
}

fn config(provider: &str, connection: &str, kind: &str, settings: &str) -> String {
    format!(
        "# An nlq workspace: which systems questions are asked of, and how to reach them.
# nlq connects to nothing before you accept this file with `nlq trust`.
workspace: {provider}

# The connection of questions that name none.
default_connection: {provider}/{connection}

providers:
  # One system; its connections (dev, staging, prod) share annotations.
  {provider}:
    type: {kind}
    connections:
      {connection}:
{settings}
# The word that begins a question in a comment: `-- nlq: orders per month`.
# trigger: nlq

# What the team says about tables and columns.
# annotations: [\"**/*.annotations.yaml\"]

# Limits of a run.
# agents:
#   validator:
#     execution_timeout_seconds: 30
#     max_result_rows: 100
"
    )
}

const ANNOTATIONS: &str = "\
# What your team says about tables and columns. Every line makes answers better:
# nlq understands the words below, and editors show them on hover.
annotations: []
  # - table: orders
  #   description: Customer purchase orders
  #   business_terms: [purchases, sales]
  #
  # - column: orders.status
  #   description: How far the order is
  #   enum_values: [pending, shipped, delivered, cancelled]
  #
  # - column: customers.email
  #   sensitive: true        # never sampled, never shown

# Words that pick rows.
# terms:
#   - name: big order
#     table: orders
#     condition: total_amount > 1000

# Named figures.
# metrics:
#   - name: revenue
#     table: orders
#     expression: sum(total_amount)
";

/// A YAML scalar: plain where that is safe, else quoted (a JSON string is a YAML string).
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|ch: char| ch.is_ascii_alphabetic() || ch == '/' || ch == '.')
        && text.chars().all(|ch| ch.is_ascii_alphanumeric() || "_./-".contains(ch))
        && !matches!(text.to_lowercase().as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n");
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// A name that can stand in `provider/connection` and in a file name.
fn name(text: &str, flag: &str) -> Result<String, CliError> {
    let fits = text.starts_with(|ch: char| ch.is_ascii_alphabetic())
        && text.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '_' || ch == '-');
    if fits {
        return Ok(text.to_owned());
    }
    Err(CliError::Usage(format!("{flag} {text}: a name is letters, digits, - and _, and begins with a letter")))
}

fn folder_name(folder: &Path) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name: String = name.chars().map(|ch| if ch.is_ascii_alphanumeric() { ch } else { '_' }).collect();
    if name.starts_with(|ch: char| ch.is_ascii_alphabetic()) { name } else { "main".into() }
}

/// A SQLite file in the folder, to propose.
fn database_file(folder: &Path) -> Option<String> {
    let mut files: Vec<String> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| [".db", ".sqlite", ".sqlite3"].iter().any(|end| name.ends_with(end)))
        .collect();
    files.sort();
    files.into_iter().next()
}

fn write(file: &Path, text: &str, replace: bool) -> Result<(), CliError> {
    let mut options = OpenOptions::new();
    if replace {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let written = options.write(true).open(file).and_then(|mut opened| opened.write_all(text.as_bytes()));
    written.map_err(|error| CliError::file("write", file, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_reads_back_as_itself() {
        assert_eq!(scalar("data/shop.db"), "data/shop.db");
        assert_eq!(scalar("no"), "\"no\"");
        assert_eq!(scalar("a: b # \"c\""), r#""a: b # \"c\"""#);
    }
}
