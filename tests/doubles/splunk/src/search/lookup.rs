//! `lookup` and `inputlookup`.

use super::{Fatal, Results, Row, Search, arguments::Arguments, filter};
use crate::{events, tree::Part, value::Value};

/// Looks for the table.
pub(super) fn check(command: &str, part: Part<'_>) -> Result<(), Fatal> {
    let name = part.field("table").map(|table| table.word()).unwrap_or_default();
    if events::lookup(&name).is_some() {
        return Ok(());
    }
    Err(match command {
        "lookup" => {
            Fatal::of(command, format!("Could not construct lookup '{name}'. See search.log for more details."))
        }
        _ => Fatal::of(command, format!("The lookup table '{name}' does not exist or is not available.")),
    })
}

/// `inputlookup`.
pub(super) fn inputlookup(search: &Search<'_>, part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    check("inputlookup", part)?;
    let table = events::lookup(&part.field("table").map(|table| table.word()).unwrap_or_default());
    let filter = filter::of_clause(part.field("where"), search.now)?;
    let Some(table) = table else { return Ok(from) };
    let rows = table.rows.iter().map(|row| {
        let cells = table.columns.iter().zip(*row).map(|(name, cell)| ((*name).to_owned(), Value::text_of(cell)));
        cells.collect::<Row>()
    });
    let rows = rows.filter(|row| filter.holds(row));
    if Arguments::of(part).flag("append", false)? {
        table.columns.iter().for_each(|name| from.add(name));
        from.rows.extend(rows);
        return Ok(from);
    }
    Ok(Results::table(table.columns.iter().map(|name| (*name).to_owned()).collect(), rows.collect()))
}

/// `lookup`.
pub(super) fn lookup(part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    check("lookup", part)?;
    let Some(table) = events::lookup(&part.field("table").map(|table| table.word()).unwrap_or_default()) else {
        return Ok(from);
    };
    let pairs = |field: &str| -> Vec<(String, String)> {
        let all = part.fields(field).into_iter().map(|pair| {
            let name = pair.field("field").map(|name| name.word()).unwrap_or_default();
            let alias = pair.field("alias").map_or_else(|| name.clone(), |alias| alias.word());
            (name, alias)
        });
        all.collect()
    };
    let place = |name: &str| {
        table.columns.iter().position(|column| *column == name).ok_or_else(|| {
            Fatal::of(
                "lookup",
                format!("Could not find all of the specified lookup fields in the lookup table: '{name}'."),
            )
        })
    };
    let mut keys = Vec::new();
    for (name, alias) in pairs("match") {
        keys.push((place(&name)?, alias));
    }
    let mut outputs = Vec::new();
    for (name, alias) in pairs("output") {
        outputs.push((place(&name)?, alias));
    }
    if outputs.is_empty() {
        let free = table.columns.iter().enumerate().filter(|(at, _)| !keys.iter().any(|(key, _)| key == at));
        outputs = free.map(|(at, name)| (at, (*name).to_owned())).collect();
    }
    let new = part.field("mode").is_some_and(|mode| mode.text().eq_ignore_ascii_case("outputnew"));
    for row in &mut from.rows {
        let fits =
            |line: &&&[&str]| keys.iter().all(|(at, field)| row.get(field).is_some_and(|v| v.text() == line[*at]));
        let found = table.rows.iter().find(|line| fits(line));
        for (at, field) in &outputs {
            match found {
                Some(line) if !(new && row.contains_key(field)) => {
                    drop(row.insert(field.clone(), Value::text_of(line[*at])));
                }
                None if !new => drop(row.remove(field)),
                _ => {}
            }
        }
    }
    outputs.iter().for_each(|(_, field)| from.add(field));
    Ok(from)
}
