//! Where in a YAML file a cursor stands, told from indentation: a file that is being typed is seldom valid.

use nlq_text::Span;

/// A step from the root to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    /// The line on which an item begins, so that items differ.
    Item(usize),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The way to the mapping whose key is being typed, or to the value itself.
    pub(super) path: Vec<Step>,
    /// True after `key:`.
    pub(super) value: bool,
    /// The word that the cursor touches.
    pub(super) word: Span,
    /// The other keys of the mapping.
    pub(super) siblings: Vec<String>,
    /// The column at which the mapping's keys stand; none inside braces.
    pub(super) column: Option<usize>,
    /// True when the word is a key already: a `:` follows it.
    pub(super) colon: bool,
}

/// Ends a word.
fn is_end(ch: char) -> bool {
    ch.is_whitespace() || matches!(ch, ',' | '[' | ']' | '{' | '}' | '"' | '\'' | '#')
}

/// Finds the cursor; none inside a comment.
pub(super) fn cursor(text: &str, offset: usize) -> Option<Cursor> {
    let offset = offset.min(text.len());
    let before = text.get(..offset)?;
    let mut walk = Walk::default();
    let mut found = None;
    let mut keys: Vec<(Vec<Step>, String)> = Vec::new();
    let mut start = 0;
    for (number, line) in text.split('\n').enumerate() {
        let end = start + line.len();
        if (start..=end).contains(&offset) {
            found = Some(walk.stop(text, start, offset, number)?);
        }
        if let Some(name) = walk.line(line, number) {
            keys.push((walk.parent(), name));
            if (start..=end).contains(&offset) {
                keys.pop();
            }
        }
        start = end + 1;
    }
    let (mut cursor, flow) = found?;
    if !flow {
        cursor.siblings = keys.into_iter().filter(|(parent, _)| *parent == cursor.path).map(|(_, name)| name).collect();
    }
    let start = before.rfind(is_end).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let rest = &text[offset..];
    let end = rest.find(|ch| is_end(ch) || (ch == ':' && !cursor.value)).unwrap_or(rest.len());
    cursor.word = Span::new(start, offset + end);
    cursor.colon = rest[end..].starts_with(':');
    Some(cursor)
}

/// The keys and items that the present line stands in, each with its column.
#[derive(Default)]
struct Walk {
    open: Vec<(usize, Step)>,
}

impl Walk {
    fn path(&self) -> Vec<Step> {
        self.open.iter().map(|(_, step)| step.clone()).collect()
    }

    /// The way to the mapping of the last key.
    fn parent(&self) -> Vec<Step> {
        let mut path = self.path();
        path.pop();
        path
    }

    /// Enters the items that begin on a line; gives the column and the rest.
    fn items<'a>(&mut self, line: &'a str, number: usize) -> (usize, &'a str) {
        let mut rest = line.trim_start_matches(' ');
        let mut column = line.len() - rest.len();
        while let Some(item) = rest.strip_prefix('-').filter(|item| item.is_empty() || item.starts_with([' ', '\r'])) {
            self.open.retain(|(other, step)| *other < column || (*other == column && matches!(step, Step::Key(_))));
            self.open.push((column, Step::Item(number)));
            rest = item.trim_start_matches(' ');
            column += 1 + item.len() - rest.len();
        }
        (column, rest)
    }

    /// Enters a line; gives the name of its key.
    fn line(&mut self, line: &str, number: usize) -> Option<String> {
        let (column, rest) = self.items(line, number);
        let (name, _) = key_of(rest)?;
        self.open.retain(|(other, _)| *other < column);
        self.open.push((column, Step::Key(name.clone())));
        Some(name)
    }

    /// Where a cursor on this line stands, and whether inside braces or brackets.
    fn stop(&self, text: &str, start: usize, offset: usize, number: usize) -> Option<(Cursor, bool)> {
        let mut walk = Walk { open: self.open.clone() };
        let line = &text[start..offset];
        let (column, rest) = walk.items(line, number);
        if rest.starts_with('#') || rest.contains(" #") {
            return None;
        }
        walk.open.retain(|(other, _)| *other < column);
        let mut cursor = Cursor {
            path: walk.path(),
            value: false,
            word: Span::at(offset),
            siblings: Vec::new(),
            column: Some(column),
            colon: false,
        };
        let mut value = offset - rest.len();
        if let Some((name, at)) = key_of(rest) {
            cursor.path.push(Step::Key(name));
            cursor.value = true;
            value += at;
        }
        let inside = text[value..offset].trim_start().starts_with(['{', '[']);
        if inside {
            let end = text[offset..].find(['\r', '\n']).map_or(text.len(), |at| offset + at);
            flow(&text[value..end], offset - value, number, &mut cursor);
        }
        Some((cursor, inside))
    }
}

/// The key that a line begins with, and where its value starts.
fn key_of(line: &str) -> Option<(String, usize)> {
    if line.starts_with(['#', '{', '[']) {
        return None;
    }
    let colon = line.match_indices(':').map(|(at, _)| at).find(|at| {
        let rest = &line[at + 1..];
        rest.is_empty() || rest.starts_with([' ', '\r', '\t'])
    })?;
    let name = line[..colon].trim().trim_matches(['"', '\'']);
    (!name.is_empty()).then(|| (name.to_owned(), colon + 1))
}

/// One pair of braces or brackets.
struct Level {
    map: bool,
    key: Option<String>,
    keys: Vec<String>,
    word: usize,
}

/// Goes into braces and brackets on the cursor's line.
fn flow(text: &str, offset: usize, number: usize, cursor: &mut Cursor) {
    let mut levels: Vec<Level> = Vec::new();
    let (mut quote, mut stopped) = (None, None);
    let ends = [(text.len(), '\n')];
    for (at, ch) in text.char_indices().chain(ends) {
        if at >= offset && stopped.is_none() {
            for level in &levels {
                match &level.key {
                    Some(key) => cursor.path.push(Step::Key(key.clone())),
                    None if !level.map => cursor.path.push(Step::Item(number)),
                    None => {}
                }
            }
            let key = levels.last().is_some_and(|level| level.map && level.key.is_none());
            (cursor.value, cursor.column, stopped) = (!key, None, Some(levels.len()));
        }
        match (quote, ch) {
            (Some(open), _) => quote = quote.filter(|_| ch != open),
            (None, '"' | '\'') => quote = Some(ch),
            (None, '{' | '[') => {
                levels.push(Level { map: ch == '{', key: None, keys: Vec::new(), word: at + 1 });
            }
            (None, '}' | ']' | '\n') => {
                let level = levels.pop();
                if stopped.is_some_and(|depth| levels.len() < depth || ch == '\n') {
                    cursor.siblings = level.map(|level| level.keys).unwrap_or_default();
                    return;
                }
            }
            (None, ',' | ':') => {
                if let Some(level) = levels.last_mut() {
                    let name = text[level.word..at].trim().trim_matches(['"', '\'']);
                    let here = (level.word..=at).contains(&offset);
                    level.key = (ch == ':').then(|| name.to_owned());
                    if level.map && ch == ':' && !here {
                        level.keys.push(name.to_owned());
                    }
                    level.word = at + 1;
                }
            }
            _ => {}
        }
    }
}
