use std::ops::Range;

/// The `{{variables}}` of a text with their ranges, braces included.
pub(crate) fn variables(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let starts = text.match_indices("{{").map(|(start, _)| start);
    starts.filter_map(|start| {
        let inner = &text[start + 2..];
        let end = inner.find("}}")?;
        let name = inner[..end].trim();
        let is_name = !name.is_empty() && name.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '_');
        is_name.then_some((name, start..start + 2 + end + 2))
    })
}

/// The text with its variables filled in, once: what stands in a value is never looked at. The error is a variable
/// without a value.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (name, range) in variables(text) {
        let value = values.iter().find(|(known, _)| *known == name).ok_or(name)?;
        out += &text[at..range.start];
        out += value.1;
        at = range.end;
    }
    out += &text[at..];
    Ok(out.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_never_filled_in_again() {
        let values = [("a", "{{b}} {{a}}"), ("b", "no")];
        assert_eq!(fill("{{a}}-{{ b }}-{{}}-{{not this}}-{", &values).unwrap(), "{{b}} {{a}}-no-{{}}-{{not this}}-{");
        assert_eq!(fill("x {{c}}", &values).unwrap_err(), "c");
    }
}
