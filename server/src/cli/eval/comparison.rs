//! How a comparison of two runs is shown.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::{
    calibration::share,
    compare::Comparison,
    grid::Grid,
    measure::Scored,
    report::{code, percent, points},
};
use crate::cli::output::count;

/// Questions of each kind on the terminal; the report has all.
pub(super) const SHOWN: usize = 10;

/// A comparison with what the runs are called.
pub(super) struct Shown<'a> {
    pub(super) comparison: &'a Comparison<'a>,
    pub(super) names: [String; 2],
    pub(super) copies: u8,
}

impl Shown<'_> {
    /// Right answers of both runs.
    pub(super) fn summary(&self) -> Grid {
        let all = self.comparison.questions;
        let (first, second) = self.comparison.right;
        let mut grid = Grid::new(&["run", "right", "questions", "ex"]);
        for (name, right) in self.names.iter().zip([first, second]) {
            grid.row([name.clone(), right.to_string(), all.to_string(), percent(share(right, all))]);
        }
        grid
    }

    /// The difference, and whether it can be chance.
    pub(super) fn verdict(&self) -> String {
        let comparison = self.comparison;
        let (first, second) = comparison.accuracies();
        let copies = if self.copies > 0 { format!(", on {} perturbed copies too", self.copies) } else { String::new() };
        format!(
            "{} became right, {} became wrong{copies}: {} points, 95 % interval {} to {} (bootstrap over {}), \
             sign test p = {:.4}",
            comparison.became_right.len(),
            comparison.became_wrong.len(),
            points(second - first),
            points(comparison.interval.0),
            points(comparison.interval.1),
            count(comparison.databases, "database"),
            comparison.sign_test,
        )
    }

    /// The questions that became right or wrong, at most so many of each.
    pub(super) fn changes(&self, most: Option<usize>) -> String {
        let mut out = String::new();
        for (title, changed) in
            [("Became right", &self.comparison.became_right), ("Became wrong", &self.comparison.became_wrong)]
        {
            if changed.is_empty() {
                continue;
            }
            let _ = writeln!(out, "\n## {title}");
            for (first, second) in changed.iter().take(most.unwrap_or(usize::MAX)) {
                let _ = write!(out, "{}", change(first, second));
            }
            let more = changed.len() - changed.len().min(most.unwrap_or(usize::MAX));
            if more > 0 {
                let _ = writeln!(out, "- and {more} more: `--report DIR` writes all");
            }
        }
        out.trim_end().to_owned()
    }

    /// Writes `comparison.md` into a folder.
    pub(super) fn write(&self, folder: &Path) -> Result<PathBuf> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let path = folder.join("comparison.md");
        let text = format!(
            "# Two runs compared\n\n{}\n{}.\n{}\n",
            self.summary().markdown(),
            self.verdict(),
            self.changes(None)
        );
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

fn change(first: &Scored<'_>, second: &Scored<'_>) -> String {
    let said = |scored: &Scored<'_>| scored.query.map_or_else(|| "no query".to_owned(), code);
    format!(
        "- {} ({}): {}\n  - before: {}\n  - now: {}\n",
        code(&first.asked.name()),
        first.asked.database(),
        first.asked.question.replace('\n', " "),
        said(first),
        said(second)
    )
}
