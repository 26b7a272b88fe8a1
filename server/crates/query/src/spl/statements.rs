use nlq_text::Span;

/// The searches of a text: prompts stand between them. Each without the space and the comments around it.
pub(crate) fn statements(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut start = 0;
    for prompt in prompts(text) {
        found.extend(bare(text, Span::new(start, prompt.start)));
        start = prompt.end;
    }
    found.extend(bare(text, Span::new(start, text.len())));
    found
}

/// Where the search starts in which a place lies: behind the prompt before it; none inside a prompt.
pub(super) fn search_start(text: &str, offset: usize) -> Option<usize> {
    let prompts = prompts(text);
    if prompts.iter().any(|prompt| prompt.start < offset && offset < prompt.end) {
        return None;
    }
    Some(prompts.iter().rev().find(|prompt| prompt.end <= offset).map_or(0, |prompt| prompt.end))
}

/// Comments that ask: `-- nlq: ...`, and triple backticks or the `comment` macro whose text starts with `nlq`.
fn prompts(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let end = if line_start(text, at) && is_line_prompt(rest) {
            let mut end = at + rest.find('\n').unwrap_or(rest.len());
            // Lines below it that start with `--` go on with it.
            while let Some(line) = text[end..].strip_prefix('\n')
                && line.trim_start_matches([' ', '\t']).starts_with("--")
                && !asks(line.lines().next().unwrap_or(""))
            {
                end += 1 + line.find('\n').unwrap_or(line.len());
            }
            end
        } else if let Some(length) = comment(rest) {
            at + length
        } else {
            at += skipped(rest);
            continue;
        };
        let span = Span::new(at, end);
        if asks(span.of(text)) {
            found.push(span);
        }
        at = end;
    }
    found
}

fn line_start(text: &str, at: usize) -> bool {
    text[..at].rfind('\n').map_or(&text[..at], |line| &text[line + 1..at]).trim().is_empty()
}

fn is_line_prompt(rest: &str) -> bool {
    rest.strip_prefix("--").is_some_and(asks)
}

fn asks(comment: &str) -> bool {
    let text = comment.trim_start_matches(['-', '`', ' ', '\t', '\r', '\n']);
    let text = text.strip_prefix("comment").map_or(text, |rest| rest.trim_start_matches(['(', '"', ' ']));
    text.strip_prefix("nlq").is_some_and(|rest| rest.starts_with([':', '(']))
}

/// The length of a comment at the start of a text: of triple backticks, or of the macro.
fn comment(rest: &str) -> Option<usize> {
    if let Some(inner) = rest.strip_prefix("```") {
        return Some(inner.find("```").map_or(rest.len(), |end| end + 6));
    }
    let inner = rest.strip_prefix('`')?;
    let called = inner.trim_start().strip_prefix("comment")?.trim_start().starts_with('(');
    // The text of the macro stands in a string, in which backticks may stand.
    called.then(|| {
        let mut at = 1;
        while at < rest.len() {
            match rest.as_bytes()[at] {
                b'`' => return at + 1,
                b'"' => at += skipped(&rest[at..]),
                _ => at += 1,
            }
        }
        rest.len()
    })
}

/// The length of what starts a text: a whole string, or one character.
fn skipped(rest: &str) -> usize {
    if !rest.starts_with('"') {
        return rest.chars().next().map_or(1, char::len_utf8);
    }
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    rest.len()
}

/// What is left without space and comments at both ends.
fn bare(text: &str, span: Span) -> Option<Span> {
    let mut span = span;
    loop {
        let part = span.of(text);
        let start = span.start + (part.len() - part.trim_start().len());
        span = Span::new(start, start + part.trim().len());
        let part = span.of(text);
        if part.is_empty() {
            return None;
        }
        if let Some(length) = part.starts_with("```").then(|| comment(part)).flatten() {
            span.start += length;
        } else if let Some(start) = last_comment(part) {
            span.end = span.start + start;
        } else {
            return Some(span);
        }
    }
}

/// Where the comment starts that ends a text.
fn last_comment(part: &str) -> Option<usize> {
    let mut at = 0;
    while at < part.len() {
        let rest = &part[at..];
        match rest.starts_with("```").then(|| comment(rest)).flatten() {
            Some(length) if at + length >= part.len() => return Some(at),
            Some(length) => at += length,
            None => at += skipped(rest),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        statements(text).into_iter().map(|span| span.of(text)).collect()
    }

    #[test]
    fn prompts_stand_between_searches() {
        let text = "-- nlq: one\n  -- more of it\nindex=a | head 1\n\n| stats count\n``` nlq(x): two ```\n| b ```why```\n\
                    `comment(\"nlq: three `m`\")` c \"``` nlq: no\" -- nlq: no\n";
        assert_eq!(found(text), ["index=a | head 1\n\n| stats count", "| b", "c \"``` nlq: no\" -- nlq: no"]);
        assert_eq!(found("```only```"), [""; 0]);
        assert_eq!(found("a ```x``` b"), ["a ```x``` b"]);
        for text in ["", "`", "```", "`comment(\"", "\"\\", "-- nlq:"] {
            found(text);
        }
    }
}
