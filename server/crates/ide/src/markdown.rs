//! Writing well-formed Markdown around text that users, databases and engines wrote.

/// Descriptions longer than this are cut in hovers, characters: a hover is read at a glance.
const LONGEST_PROSE: usize = 400;

/// A text as one line of prose: line ends become spaces, markup is escaped, code spans in balanced backticks stay.
pub(crate) fn prose(text: &str) -> String {
    let text = one_line(text, LONGEST_PROSE);
    let parts: Vec<&str> = text.split('`').collect();
    let balanced = parts.len() % 2 == 1;
    let mut out = String::with_capacity(text.len() + 8);
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push_str(if balanced { "`" } else { "\\`" });
        }
        if balanced && index % 2 == 1 {
            out.push_str(part);
        } else {
            escape(part, &mut out);
        }
    }
    match out.chars().next() {
        // At the start of a line these would begin a heading, a quote or a list.
        Some('#' | '>' | '-' | '+' | '=') => format!("\\{out}"),
        _ => out,
    }
}

fn escape(text: &str, out: &mut String) {
    let mut previous = ' ';
    let mut chars = text.chars().peekable();
    while let Some(ch) = chars.next() {
        let special = match ch {
            '\\' | '*' | '[' | ']' | '<' | '&' | '~' | '|' => true,
            // An underscore inside a word is only itself, and reads better bare.
            '_' => !(previous.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric())),
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(ch);
        previous = ch;
    }
}

/// A text on one line without control characters, cut with an ellipsis at `longest` characters.
pub(crate) fn one_line(text: &str, longest: usize) -> String {
    let words: Vec<&str> =
        text.split(|ch: char| ch.is_whitespace() || ch.is_control()).filter(|w| !w.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(longest) {
        Some((cut, _)) => format!("{}…", line[..cut].trim_end()),
        None => line,
    }
}

/// A name or value as a code span.
pub(crate) fn code(text: &str) -> String {
    let text = one_line(text, LONGEST_PROSE);
    let ticks = "`".repeat(longest_run(&text) + 1);
    if text.is_empty() {
        "` `".into()
    } else if text.contains('`') {
        format!("{ticks} {text} {ticks}")
    } else {
        format!("{ticks}{text}{ticks}")
    }
}

/// A list of code spans, `most` at most, and an ellipsis when there are more.
pub(crate) fn code_list<'a>(texts: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let mut texts = texts.into_iter();
    let mut shown: Vec<String> = texts.by_ref().take(most).map(code).collect();
    if texts.next().is_some() {
        shown.push("…".into());
    }
    shown.join(", ")
}

/// A fenced block.
pub(crate) fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", text.trim_end())
}

fn longest_run(text: &str) -> usize {
    text.split(|ch| ch != '`').map(str::len).max().unwrap_or(0)
}

/// A probability as a person reads it: `92 %`. Never rounds up to certainty.
pub(crate) fn percent(probability: f64) -> String {
    let rounded = (probability * 100.0).round().clamp(0.0, 100.0);
    format!("{} %", if rounded >= 100.0 && probability < 1.0 { 99.0 } else { rounded })
}

/// A count with thousands separated: `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_prose_is_escaped_and_names_stay_readable() {
        for (text, expected) in [
            ("orders.total_amount is _meant_", "orders.total_amount is \\_meant\\_"),
            ("# not a heading\r\n* nor a list", "\\# not a heading \\* nor a list"),
            ("use `a_b*` here", "use `a_b*` here"),
            ("one ` alone [x](y) <b>", "one \\` alone \\[x\\](y) \\<b>"),
            ("💣 \u{7}ß", "💣 ß"),
        ] {
            assert_eq!(prose(text), expected);
        }
        assert_eq!(prose(&"x".repeat(900)).chars().count(), LONGEST_PROSE + 1);
    }

    #[test]
    fn fences_and_spans_outlast_the_backticks_inside() {
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(fenced("sql", "SELECT '```'\n"), "````sql\nSELECT '```'\n````");
    }

    #[test]
    fn figures_read_well() {
        assert_eq!([percent(0.924), percent(0.999), percent(1.0)], ["92 %", "99 %", "100 %"]);
        assert_eq!([count(7), count(1234), count(1234567)], ["7", "1,234", "1,234,567"]);
    }
}
