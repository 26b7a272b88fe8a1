//! `nlq schema`: read the schema from the system, say what changed, show it.

mod changes;

use changes::changes;
use nlq_catalog::{Annotations, Catalog, Table as SchemaTable};
use serde_json::json;

use super::{
    context::Context,
    error::{CliError, Exit},
    output::{Align, Output, Progress, Style, Table, count, visible},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Read the schema from the database and write its snapshot
    Refresh {
        /// Connection, such as shop/dev (default: the workspace's default connection)
        connection: Option<String>,
        /// Every connection of the workspace
        #[arg(long, conflicts_with = "connection")]
        all: bool,
        /// Print one JSON object a connection
        #[arg(long)]
        json: bool,
    },
    /// Show the tables, or the columns of one table, from the snapshot
    Show {
        /// A table, such as orders or public.orders
        table: Option<String>,
        /// Connection, such as shop/dev (default: the workspace's default connection)
        #[arg(long, short)]
        connection: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: Command, context: &Context) -> Result<Exit, CliError> {
    match command {
        Command::Refresh { connection, all, json } => refresh(connection.as_deref(), all, json, context).await,
        Command::Show { table, connection, json } => show(table.as_deref(), connection.as_deref(), json, context),
    }
}

async fn refresh(name: Option<&str>, all: bool, as_json: bool, context: &Context) -> Result<Exit, CliError> {
    let session = context.session()?;
    let references = if all {
        session.view().config.connections().map(|(reference, _)| reference).collect()
    } else {
        vec![session.find_connection(name)?]
    };
    let mut exit = Exit::Clean;
    for reference in references {
        let before = session.index(&reference).map(|index| index.catalog().clone());
        let progress = Progress::spinner(format!("Reading the schema of {reference}"));
        let read = session.refresh_schema(&reference, context.cancel.clone()).await;
        drop(progress);
        let catalog = match read {
            Ok(catalog) => catalog,
            // One connection that is away must not keep the others from being read.
            Err(error) if all => {
                exit = Exit::Findings;
                if as_json {
                    let error = json!({ "code": error.code, "message": error.message });
                    context.out.json(&json!({ "connection": reference.to_string(), "error": error }))?;
                }
                context.out.error(&format!("{reference}: {error}"));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let changes = before.as_ref().map(|before| changes(before, &catalog));
        if as_json {
            context.out.json(&json!({
                "connection": reference.to_string(),
                "fingerprint": catalog.fingerprint(),
                "tables": catalog.tables.len(),
                "changes": changes,
            }))?;
            continue;
        }
        let columns = catalog.tables.iter().map(|table| table.columns.len()).sum();
        let size = format!("{}, {}", count(catalog.tables.len(), "table"), count(columns, "column"));
        context.out.line(format!("{}: {size}", context.out.paint(Style::Bold, &reference)))?;
        match changes {
            None => context.out.line("  first snapshot")?,
            Some(changes) if changes.is_empty() => context.out.line("  nothing changed")?,
            Some(changes) => {
                for change in changes {
                    context.out.line(format!("  {}", visible(&change.to_string(), false)))?;
                }
            }
        }
    }
    session.close().await;
    Ok(exit)
}

fn show(table: Option<&str>, connection: Option<&str>, as_json: bool, context: &Context) -> Result<Exit, CliError> {
    let session = context.session()?;
    let reference = session.find_connection(connection)?;
    let Some(index) = session.index(&reference) else {
        let message = format!("no schema of {reference} is known yet: run `nlq schema refresh {reference}`");
        return Err(CliError::Failed(message));
    };
    let (catalog, annotations) = (index.catalog(), index.annotations());
    let Some(name) = table else {
        if as_json {
            context.out.json(&json!(catalog.tables))?;
        } else {
            context.out.line(tables_text(catalog, annotations, context.out))?;
        }
        return Ok(Exit::Clean);
    };
    let (schema, plain) = name.rsplit_once('.').map_or((None, name), |(schema, table)| (Some(schema), table));
    let Some(id) = catalog.find_table(schema, plain) else {
        let near = nlq_text::did_you_mean(plain, catalog.tables.iter().map(|table| table.name.as_str()));
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        return Err(CliError::Failed(format!("{reference} has no table {name}{hint}")));
    };
    let table = catalog.table(id);
    if as_json {
        context.out.json(&json!(table))?;
    } else {
        context.out.line(table_text(table, annotations, context.out))?;
    }
    Ok(Exit::Clean)
}

fn full_name(table: &SchemaTable) -> String {
    table.schema.as_ref().map_or_else(|| table.name.clone(), |schema| format!("{schema}.{}", table.name))
}

fn tables_text(catalog: &Catalog, annotations: &Annotations, out: Output) -> String {
    let columns = [
        ("name", Align::Left),
        ("kind", Align::Left),
        ("columns", Align::Right),
        ("rows", Align::Right),
        ("description", Align::Left),
    ];
    let mut shown = Table::new(&columns);
    for table in &catalog.tables {
        let said = annotations.table(table.schema.as_deref(), &table.name);
        let said = said.and_then(|said| said.description.clone()).or_else(|| table.comment.clone());
        let rows = table.row_estimate.map(|rows| rows.to_string()).unwrap_or_default();
        let columns = table.columns.len().to_string();
        shown.row([full_name(table), table.kind.title().to_owned(), columns, rows, said.unwrap_or_default()]);
    }
    shown.render(out)
}

fn table_text(table: &SchemaTable, annotations: &Annotations, out: Output) -> String {
    let schema = table.schema.as_deref();
    let said = annotations.table(schema, &table.name);
    let description = said.and_then(|said| said.description.clone()).or_else(|| table.comment.clone());
    let mut text = format!("{} ({})", out.paint(Style::Bold, visible(&full_name(table), false)), table.kind.title());
    if let Some(description) = description {
        text.push_str(&format!("\n{}", visible(&description, true)));
    }
    let columns = [
        ("column", Align::Left),
        ("type", Align::Left),
        ("key", Align::Left),
        ("values", Align::Left),
        ("description", Align::Left),
    ];
    let mut shown = Table::new(&columns);
    for column in &table.columns {
        let said = annotations.column(schema, &table.name, &column.name);
        let sensitive = annotations.is_sensitive(schema, &table.name, &column.name);
        let null = if column.nullable { "" } else { " not null" };
        let values = match (&column.values, said) {
            _ if sensitive => "(sensitive)".to_owned(),
            (_, Some(said)) if !said.enum_values.is_empty() => said.enum_values.join(", "),
            (Some(sample), _) => sample.values.join(", "),
            _ => String::new(),
        };
        let description = said.and_then(|said| said.description.clone()).or_else(|| column.comment.clone());
        shown.row([
            column.name.clone(),
            format!("{}{null}", column.type_name),
            key(table, &column.name),
            values,
            description.unwrap_or_default(),
        ]);
    }
    format!("{text}\n\n{}", shown.render(out))
}

fn key(table: &SchemaTable, column: &str) -> String {
    let mut keys = Vec::new();
    if table.primary_key.iter().any(|name| name == column) {
        keys.push("primary".to_owned());
    }
    for key in &table.foreign_keys {
        if let Some(at) = key.columns.iter().position(|name| name == column) {
            let to = key.to_columns.get(at).map(|to| format!(".{to}")).unwrap_or_default();
            keys.push(format!("→ {}{to}", key.to_table));
        }
    }
    keys.join(", ")
}
