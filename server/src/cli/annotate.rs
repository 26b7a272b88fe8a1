use std::collections::BTreeSet;

use nlq_catalog::{Annotations, Catalog};
use serde_json::json;

use super::{
    context::Context,
    error::{CliError, Exit},
    output::{Align, Style, Table},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List tables and columns with and without annotations
    List {
        /// Connection, such as shop/dev (default: the workspace's default connection)
        #[arg(long, short)]
        connection: Option<String>,
        /// Only what has no annotation yet
        #[arg(long)]
        missing: bool,
        /// Print one JSON object a table or column
        #[arg(long)]
        json: bool,
    },
}

/// One table or column and what is said about it.
struct Entry {
    target: String,
    description: Option<String>,
    business_terms: Vec<String>,
    enum_values: Vec<String>,
    sensitive: bool,
    annotated: bool,
    in_schema: bool,
}

pub(super) fn run(command: &Command, context: &Context) -> Result<Exit, CliError> {
    let Command::List { connection, missing, json } = command;
    let session = context.session()?;
    let reference = session.find_connection(connection.as_deref())?;
    let index = session.index(&reference);
    let view = session.view();
    if index.is_none() && view.annotations.tables.is_empty() && view.annotations.columns.is_empty() {
        let message = format!("no schema of {reference} is known yet: run `nlq schema refresh {reference}`");
        return Err(CliError::Failed(message));
    }
    let entries = entries(index.as_ref().map(|index| &**index.catalog()), &view.annotations);
    let shown = entries.iter().filter(|entry| !missing || !entry.annotated);
    if *json {
        for entry in shown {
            context.out.json(&json!({
                "target": entry.target,
                "annotated": entry.annotated,
                "in_schema": entry.in_schema,
                "description": entry.description,
                "business_terms": entry.business_terms,
                "enum_values": entry.enum_values,
                "sensitive": entry.sensitive,
            }))?;
        }
        return Ok(Exit::Clean);
    }
    let out = context.out;
    let mut table =
        Table::new(&[("", Align::Left), ("", Align::Left), ("description", Align::Left), ("also called", Align::Left)]);
    for entry in shown {
        let mark = if entry.annotated { "✓" } else { "·" };
        let description = match (&entry.description, entry.in_schema) {
            (_, false) => "not in the schema".to_owned(),
            (Some(text), _) => text.clone(),
            (None, _) => String::new(),
        };
        let sensitive = if entry.sensitive { " (sensitive)" } else { "" };
        let indent = if entry.target.contains('.') { "  " } else { "" };
        let target = format!("{indent}{}{sensitive}", entry.target);
        table.row([mark.to_owned(), target, description, entry.business_terms.join(", ")]);
    }
    out.line(table.render(out))?;
    let annotated = entries.iter().filter(|entry| entry.annotated && entry.in_schema).count();
    let all = entries.iter().filter(|entry| entry.in_schema).count();
    out.line(out.paint(Style::Dim, format!("({annotated} of {all} tables and columns of {reference} annotated)")))?;
    Ok(Exit::Clean)
}

/// Everything in the schema, then what is annotated and not in it.
fn entries(catalog: Option<&Catalog>, annotations: &Annotations) -> Vec<Entry> {
    let (mut out, mut known) = (Vec::new(), BTreeSet::new());
    for table in catalog.iter().flat_map(|catalog| &catalog.tables) {
        let schema = table.schema.as_deref();
        let keys = |name: &str| {
            let name = name.to_lowercase();
            [schema.map(|schema| format!("{}.{name}", schema.to_lowercase())), Some(name)].into_iter().flatten()
        };
        known.extend(keys(&table.name));
        out.push(table_entry(table.name.clone(), annotations.table(schema, &table.name), true));
        for column in &table.columns {
            let target = format!("{}.{}", table.name, column.name);
            known.extend(keys(&target));
            let mut entry = column_entry(target, annotations.column(schema, &table.name, &column.name), true);
            entry.sensitive = annotations.is_sensitive(schema, &table.name, &column.name);
            out.push(entry);
        }
    }
    let in_schema = catalog.is_none();
    let unknown = |key: &&String| !known.contains(*key);
    for key in annotations.tables.keys().filter(unknown) {
        out.push(table_entry(key.clone(), annotations.tables.get(key), in_schema));
    }
    for key in annotations.columns.keys().filter(unknown) {
        out.push(column_entry(key.clone(), annotations.columns.get(key), in_schema));
    }
    out
}

fn table_entry(target: String, said: Option<&nlq_catalog::TableAnnotation>, in_schema: bool) -> Entry {
    Entry {
        target,
        description: said.and_then(|said| said.description.clone()),
        business_terms: said.map(|said| said.business_terms.clone()).unwrap_or_default(),
        enum_values: Vec::new(),
        sensitive: said.is_some_and(|said| said.sensitive),
        annotated: said.is_some(),
        in_schema,
    }
}

fn column_entry(target: String, said: Option<&nlq_catalog::ColumnAnnotation>, in_schema: bool) -> Entry {
    Entry {
        target,
        description: said.and_then(|said| said.description.clone()),
        business_terms: said.map(|said| said.business_terms.clone()).unwrap_or_default(),
        enum_values: said.map(|said| said.enum_values.clone()).unwrap_or_default(),
        sensitive: said.is_some_and(|said| said.sensitive),
        annotated: said.is_some(),
        in_schema,
    }
}
