use nlq_providers::{Rows, Truncated, Value};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Output, Style, visible};

/// Columns wider than this are cut with `…`: a screen, not a file; `--json` has everything.
const MAX_CELL: usize = 60;

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Align {
    Left,
    Right,
}

/// Rows in aligned columns.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Table {
    head: Vec<(String, Align)>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone)]
struct Cell {
    text: String,
    style: Option<Style>,
}

impl Table {
    /// A table of columns.
    pub(in crate::cli) fn new(columns: &[(&str, Align)]) -> Self {
        Self { head: columns.iter().map(|(name, align)| (cut(name), *align)).collect(), rows: Vec::new() }
    }

    /// Adds a row of plain cells.
    pub(in crate::cli) fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(|cell| Cell { text: cut(cell.as_ref()), style: None }).collect());
    }

    /// The rows of a result, at most `limit`: numbers to the right, NULL told from the text "NULL" by its colour.
    pub(in crate::cli) fn of(rows: &Rows, limit: usize) -> Self {
        let numeric = |column: usize| {
            let mut cells = rows.rows.iter().map(|row| &row[column]).filter(|cell| **cell != Value::Null).peekable();
            cells.peek().is_some() && cells.all(|cell| matches!(cell, Value::Int(_) | Value::Float(_)))
        };
        let head = rows.columns.iter().enumerate();
        let head = head.map(|(i, c)| (cut(&c.name), if numeric(i) { Align::Right } else { Align::Left })).collect();
        let cell = |value: &Value| Cell {
            text: cut(&value.to_string()),
            style: (*value == Value::Null).then_some(Style::Dim),
        };
        Self { head, rows: rows.rows.iter().take(limit).map(|row| row.iter().map(cell).collect()).collect() }
    }

    /// The table as text, without a line end at its end.
    pub(in crate::cli) fn render(&self, out: Output) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.width());
            cells.chain([self.head[column].0.width()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let last = widths.len().saturating_sub(1);
        let place = |column: usize, text: &str, style: Option<Style>| {
            let pad = " ".repeat(widths[column].saturating_sub(text.width()));
            let painted = style.map_or_else(|| text.to_owned(), |style| out.paint(style, text));
            match self.head[column].1 {
                Align::Right => format!("{pad}{painted}"),
                Align::Left if column == last => painted,
                Align::Left => format!("{painted}{pad}"),
            }
        };
        let head = self.head.iter().enumerate().map(|(i, (name, _))| place(i, name, Some(Style::Bold)));
        let mut lines = vec![head.collect::<Vec<_>>().join("  ").trim_end().to_owned()];
        lines.push(widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  "));
        for row in &self.rows {
            let cells = row.iter().enumerate().map(|(i, cell)| place(i, &cell.text, cell.style));
            lines.push(cells.collect::<Vec<_>>().join("  ").trim_end().to_owned());
        }
        lines.join("\n")
    }
}

/// What is said below a result: how many rows, and whether a limit cut it.
pub(in crate::cli) fn summary(rows: &Rows, shown: usize) -> String {
    let total = rows.rows.len();
    let rows_text = super::count(total, "row");
    let shown = if shown < total { format!(", the first {shown} shown") } else { String::new() };
    let cut = match rows.truncated {
        Some(Truncated::Rows) => ", cut at the row limit: there are more",
        Some(Truncated::Bytes) => ", cut at the size limit: there are more",
        None => "",
    };
    format!("({rows_text}{shown}{cut}; {:.1} ms)", rows.elapsed.as_secs_f64() * 1000.0)
}

fn cut(text: &str) -> String {
    let text = visible(text, false);
    if text.width() <= MAX_CELL {
        return text;
    }
    let (mut out, mut width) = (String::new(), 0);
    for ch in text.chars() {
        width += ch.width().unwrap_or(0);
        if width >= MAX_CELL {
            break;
        }
        out.push(ch);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::expect;
    use nlq_providers::ColumnHead;

    use super::*;
    use crate::cli::output::ColorChoice;

    fn rows(cells: Vec<Vec<Value>>) -> Rows {
        let column = |name: &str| ColumnHead { name: name.into(), type_name: String::new() };
        Rows {
            columns: vec![column("city"), column("orders")],
            rows: cells,
            truncated: Some(Truncated::Rows),
            elapsed: Duration::from_micros(1234),
        }
    }

    #[test]
    fn columns_align_whatever_the_script_and_null_is_visible() {
        let rows = rows(vec![
            vec![Value::Text("東京".into()), Value::Int(7)],
            vec![Value::Text("São Paulo".into()), Value::Null],
            vec![Value::Text("two\nlines".into()), Value::Int(1200)],
        ]);
        let text = Table::of(&rows, 10).render(Output::new(ColorChoice::Never));
        expect![[r"
            city        orders
            ──────────  ──────
            東京             7
            São Paulo     NULL
            two\nlines    1200"]]
        .assert_eq(&text);
        assert_eq!(summary(&rows, 3), "(3 rows, cut at the row limit: there are more; 1.2 ms)");
    }

    #[test]
    fn long_cells_are_cut_at_a_character() {
        assert_eq!(cut(&"ä".repeat(100)).chars().count(), MAX_CELL);
    }
}
