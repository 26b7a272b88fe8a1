//! Commands on the text of fields: `rex`, `regex`, `spath`, `makemv`, `replace`.

use fancy_regex::Regex;

use super::{Fatal, Results, arguments::Arguments};
use crate::{
    events::extract,
    tree::Part,
    value::{Value, fits},
};

fn compiled(command: &str, pattern: &str) -> Result<Regex, Fatal> {
    Regex::new(pattern).map_err(|_| {
        Fatal::of(
            command,
            format!("Encountered the following error while compiling the regex '{pattern}': Regex: syntax error."),
        )
    })
}

/// Compiles the patterns of a command.
pub(super) fn check(command: &str, part: Part<'_>) -> Result<(), Fatal> {
    if command == "regex" {
        return part.field("pattern").map_or(Ok(()), |pattern| compiled(command, &pattern.word()).map(|_| ()));
    }
    let arguments = Arguments::of(part);
    if arguments.option("mode").is_some_and(|mode| mode == "sed") {
        return Ok(());
    }
    let words = arguments.words();
    let pattern = words.first().ok_or_else(|| Fatal::of("rex", "No regular expression is specified."))?;
    let pattern = compiled("rex", pattern)?;
    if pattern.capture_names().flatten().next().is_none() {
        let message = format!(
            "The regex '{}' does not extract anything. It should specify at least one named group. Format: \
             (?<name>...).",
            words[0]
        );
        return Err(Fatal::of("rex", message));
    }
    Ok(())
}

/// `rex`.
pub(super) fn rex(part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let field = arguments.option("field").unwrap_or_else(|| "_raw".into());
    let words = arguments.words();
    let Some(pattern) = words.first() else { return Err(Fatal::of("rex", "No regular expression is specified.")) };
    if arguments.option("mode").is_some_and(|mode| mode == "sed") {
        return sed(&field, pattern, from);
    }
    let pattern = compiled("rex", pattern)?;
    let max = arguments.number("max_match")?.unwrap_or(1);
    let names: Vec<String> = pattern.capture_names().flatten().map(str::to_owned).collect();
    for row in &mut from.rows {
        let Some(text) = row.get(&field).map(Value::text) else { continue };
        let found = pattern.captures_iter(&text).flatten().take(if max == 0 { usize::MAX } else { max });
        let found: Vec<_> = found.collect();
        for name in &names {
            let values: Vec<String> = found.iter().filter_map(|c| Some(c.name(name)?.as_str().to_owned())).collect();
            if !values.is_empty() {
                row.insert(name.clone(), Value::many(values));
            }
        }
    }
    names.iter().for_each(|name| from.add(name));
    Ok(from)
}

/// `s/pattern/with/g`.
fn sed(field: &str, expression: &str, mut from: Results) -> Result<Results, Fatal> {
    let parts: Vec<&str> = expression.split('/').collect();
    let ["s", pattern, with, flags] = parts.as_slice() else {
        return Err(Fatal::of("rex", format!("Failed to initialize sed. Invalid expression '{expression}'.")));
    };
    let pattern = compiled("rex", pattern)?;
    let with = with.replace('$', "$$").replace("\\1", "${1}").replace("\\2", "${2}").replace("\\3", "${3}");
    for row in &mut from.rows {
        if let Some(text) = row.get(field).map(Value::text) {
            let text = if flags.contains('g') {
                pattern.replace_all(&text, with.as_str())
            } else {
                pattern.replace(&text, with.as_str())
            };
            row.insert(field.to_owned(), Value::Text(text.into_owned()));
        }
    }
    Ok(from)
}

/// `regex`.
pub(super) fn regex(part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let field = part.field("field").map_or_else(|| "_raw".to_owned(), |field| field.word());
    let not = part.symbol("operator") == Some("!=");
    let pattern = compiled("regex", &part.field("pattern").map(|pattern| pattern.word()).unwrap_or_default())?;
    from.rows.retain(|row| {
        let text = row.get(&field).map(Value::text);
        text.map_or(not, |text| pattern.is_match(&text).unwrap_or(false) != not)
    });
    Ok(from)
}

/// `spath`.
pub(super) fn spath(part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let input = arguments.option("input").unwrap_or_else(|| "_raw".into());
    let path = arguments.option("path").or_else(|| arguments.words().into_iter().next());
    let output = arguments.option("output").or_else(|| path.clone());
    for row in &mut from.rows {
        let Some(text) = row.get(&input).map(Value::text) else { continue };
        for (name, value) in extract::json(&text) {
            match (&path, &output) {
                (Some(path), Some(output)) if name == *path => drop(row.insert(output.clone(), value)),
                (None, _) => drop(row.insert(name, value)),
                _ => {}
            }
        }
    }
    if let Some(output) = output {
        from.add(&output);
    }
    Ok(from)
}

/// `makemv`.
pub(super) fn makemv(part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let by = arguments.option("delim").unwrap_or_else(|| " ".into());
    let words = arguments.words();
    let field = words.last().ok_or_else(|| Fatal::of("makemv", "No field is specified."))?;
    for row in &mut from.rows {
        if let Some(text) = row.get(field).map(Value::text) {
            row.insert(field.clone(), Value::many(text.split(by.as_str()).map(str::to_owned).collect()));
        }
    }
    Ok(from)
}

/// `replace`: whole values, `*` stands for anything.
pub(super) fn replace(part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let words = Arguments::of(part).words();
    let aliased: Vec<String> = words;
    let at = |word: &str| aliased.iter().position(|found| found.eq_ignore_ascii_case(word));
    let (Some(with), end) = (at("with"), at("in")) else { return Err(Fatal::of("replace", "Missing 'with'.")) };
    let (Some(old), Some(new)) = (aliased.get(with.wrapping_sub(1)), aliased.get(with + 1)) else {
        return Err(Fatal::of("replace", "Missing what to replace."));
    };
    let fields: &[String] = end.map_or(&[], |end| &aliased[end + 1..]);
    for row in &mut from.rows {
        for (name, value) in row.iter_mut() {
            let meant = fields.is_empty() && !name.starts_with('_') || fields.contains(name);
            if meant && fits(old, &value.text(), false) {
                *value = Value::text_of(new);
            }
        }
    }
    Ok(from)
}
