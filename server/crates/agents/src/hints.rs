//! What the embedded engine derived of a question, told to the model in words; never its query.

use std::fmt::Write;

use nlq_engine::LinkKind;
use nlq_knowledge::Found;
use nlq_query::identifier;

use crate::{
    Task,
    context::{plain, written},
};

/// How the words of the question were understood, one line each.
pub(crate) fn hints(task: Task<'_>) -> String {
    let catalog = task.index.catalog();
    let column = |id| {
        let id: nlq_catalog::ColumnId = id;
        format!("{}.{}", written(catalog, id.table), identifier(&catalog.column(id).name, catalog.dialect))
    };
    let mut out = String::new();
    for link in &task.embedded.links {
        let word = link.span.of(task.question).trim();
        if word.is_empty() {
            continue;
        }
        let said = match &link.kind {
            LinkKind::Table(id) => format!("may name the table {}", written(catalog, *id)),
            LinkKind::Column(id) => format!("may name the column {}", column(*id)),
            LinkKind::Value { value, columns } if !columns.is_empty() => {
                let held: Vec<String> = columns.iter().take(3).map(|id| column(*id)).collect();
                // A stored value may differ from the user's word only in case and space: that much may be told.
                let same = value.eq_ignore_ascii_case(word);
                let spelled = if same { format!(" as '{}'", plain(value)) } else { String::new() };
                format!("is a value held by {}{spelled}", held.join(" or "))
            }
            LinkKind::Time(range) => format!("is the time {range}"),
            LinkKind::Term(name) => format!("is the declared term \"{name}\""),
            LinkKind::Unknown => "names nothing in the schema that is known".to_owned(),
            LinkKind::Value { .. } | LinkKind::Number(_) | LinkKind::Operation(_) => continue,
        };
        let _ = writeln!(out, "\"{word}\" {said}");
    }
    or_none(out)
}

/// What was said before.
pub(crate) fn conversation(task: Task<'_>) -> String {
    let mut out = String::new();
    for earlier in task.earlier {
        let _ = writeln!(out, "earlier question: {earlier}");
    }
    for reply in task.replies {
        let _ = writeln!(out, "the user's reply to a question of yours: {reply}");
    }
    or_none(out)
}

/// Examples to follow and to avoid.
pub(crate) fn examples(found: &[Found], limit: usize) -> String {
    let mut out = String::new();
    for good in [true, false] {
        for found in found.iter().filter(|found| found.example.good == good).take(limit) {
            let example = &found.example;
            let _ = writeln!(out, "question: {}", plain(&example.question));
            let head = if good { "reviewed query" } else { "wrong query, do not write this" };
            let _ = writeln!(out, "{head}: {}", example.query.trim());
            if let Some(note) = &example.note {
                let _ = writeln!(out, "because: {}", plain(note));
            }
            out.push('\n');
        }
    }
    or_none(out)
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text.trim_end().to_owned() }
}
