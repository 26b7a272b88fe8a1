//! A table of the report, as Markdown and for the terminal.

use crate::cli::output::{Align, Table};

/// Columns and rows of text; the first column stands left, the others right.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    /// The last column is text too.
    told: bool,
}

impl Grid {
    pub(super) fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new(), told: false }
    }

    /// The last column is text.
    pub(super) fn told(mut self) -> Self {
        self.told = true;
        self
    }

    pub(super) fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    pub(super) fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut out = line(self.head.iter().map(ToString::to_string).collect());
        let rule = (0..self.head.len()).map(|at| if self.align(at) == Align::Left { "---" } else { "---:" }.to_owned());
        out.push_str(&line(rule.collect()));
        for row in &self.rows {
            out.push_str(&line(row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect()));
        }
        out
    }

    pub(super) fn table(&self) -> Table {
        let head: Vec<(&str, Align)> = self.head.iter().enumerate().map(|(at, name)| (*name, self.align(at))).collect();
        let mut table = Table::new(&head);
        self.rows.iter().for_each(|row| table.row(row));
        table
    }

    fn align(&self, at: usize) -> Align {
        if at == 0 || (self.told && at + 1 == self.head.len()) { Align::Left } else { Align::Right }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_do_not_break_the_table() {
        let mut grid = Grid::new(&["what", "count", "meaning"]).told();
        grid.row(["a|b", "1", "two\nlines"]);
        assert_eq!(grid.markdown(), "| what | count | meaning |\n| --- | ---: | --- |\n| a\\|b | 1 | two lines |\n");
    }
}
