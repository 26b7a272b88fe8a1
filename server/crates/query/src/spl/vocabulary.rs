//! The documented commands and functions of SPL: what they are called, what they do, what they take.

use std::sync::LazyLock;

/// A documented command.
#[derive(Debug)]
pub(super) struct CommandInfo {
    pub(super) name: &'static str,
    pub(super) kind: CommandKind,
    /// What it does, as the rest of "It ...".
    pub(super) does: &'static str,
    /// Keys of its options; `*` where any key may stand.
    pub(super) options: Vec<&'static str>,
}

/// How a command treats what comes before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CommandKind {
    /// It makes rows, and stands first.
    Generating,
    /// It changes, adds or drops rows.
    Streaming,
    /// It makes a table out of all rows.
    Transforming,
}

/// A documented function.
#[derive(Debug)]
pub(super) struct FunctionInfo {
    pub(super) name: &'static str,
    /// The fewest and the most arguments; none for any number.
    pub(super) least: usize,
    pub(super) most: Option<usize>,
    /// As it is written: `round(number, digits)`.
    pub(super) form: &'static str,
    /// What it gives.
    pub(super) gives: &'static str,
}

/// Columns: name, kind, what it does, keys of options.
static COMMANDS: LazyLock<Vec<CommandInfo>> = LazyLock::new(|| {
    let rows = include_str!("commands.tsv").lines().map(|line| {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or("");
        let (name, kind, does, options) = (next(), next(), next(), next());
        let kind = match kind {
            "generating" => CommandKind::Generating,
            "transforming" => CommandKind::Transforming,
            _ => CommandKind::Streaming,
        };
        CommandInfo { name, kind, does, options: options.split(' ').filter(|key| !key.is_empty()).collect() }
    });
    rows.collect()
});
static EVAL: LazyLock<Vec<FunctionInfo>> = LazyLock::new(|| functions(include_str!("eval_functions.tsv")));
static STATS: LazyLock<Vec<FunctionInfo>> = LazyLock::new(|| functions(include_str!("stats_functions.tsv")));

/// Columns: name, fewest and most arguments (`*` for any number), form, what it gives.
fn functions(table: &'static str) -> Vec<FunctionInfo> {
    let rows = table.lines().map(|line| {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or("");
        let (name, least, most) = (next(), next().parse().unwrap_or(0), next().parse().ok());
        FunctionInfo { name, least, most, form: next(), gives: next() }
    });
    rows.collect()
}

/// All commands, by name.
pub(super) fn commands() -> &'static [CommandInfo] {
    &COMMANDS
}

/// The command of a name in lower case.
pub(super) fn command(name: &str) -> Option<&'static CommandInfo> {
    COMMANDS.iter().find(|info| info.name == name)
}

/// All functions of `eval` and `where`, by name.
pub(super) fn eval_functions() -> &'static [FunctionInfo] {
    &EVAL
}

/// The function of `eval` of a name in lower case.
pub(super) fn eval_function(name: &str) -> Option<&'static FunctionInfo> {
    EVAL.iter().find(|info| info.name == name)
}

/// All functions of `stats`, by name.
pub(super) fn stats_functions() -> &'static [FunctionInfo] {
    &STATS
}

/// The function of `stats` of a name in lower case; a percentile's number is left aside.
pub(super) fn stats_function(name: &str) -> Option<&'static FunctionInfo> {
    let percentile = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let known = |name: &str| STATS.iter().find(|info| info.name == name);
    known(name).filter(|info| info.name != "p").or_else(|| {
        known(percentile).filter(|info| {
            percentile != name && matches!(info.name, "p" | "perc" | "percentile" | "exactperc" | "upperperc")
        })
    })
}

/// Why nlq runs no search with this command, as the rest of "it ..."; none for one that only reads.
pub(super) fn denied(name: &str) -> Option<&'static str> {
    DENIED.iter().find(|(denied, _)| *denied == name).map(|(_, reason)| *reason)
}

const DENIED: &[(&str, &str)] = &[
    ("collect", "writes into an index"),
    ("crawl", "looks through the server's files"),
    ("delete", "deletes events"),
    ("dump", "writes files"),
    ("input", "changes the server's inputs"),
    ("map", "runs searches that are made of data"),
    ("mcollect", "writes into an index"),
    ("meventcollect", "writes into an index"),
    ("outputcsv", "writes a file"),
    ("outputlookup", "writes a lookup"),
    ("rest", "reads the server's own settings and users"),
    ("run", "runs a program"),
    ("runshellscript", "runs a program"),
    ("savedsearch", "runs a search that may hold any command"),
    ("script", "runs a program"),
    ("sendalert", "starts an alert's action"),
    ("sendemail", "sends e-mail"),
    ("stash", "writes into an index"),
    ("summaryindex", "writes into an index"),
    ("sumindex", "writes into an index"),
    ("tscollect", "writes files"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_whole_and_sorted() {
        assert!(commands().len() > 140);
        assert!(commands().is_sorted_by(|a, b| a.name < b.name));
        assert!(commands().iter().all(|info| !info.does.is_empty()));
        for table in [eval_functions(), stats_functions()] {
            assert!(table.is_sorted_by(|a, b| a.name < b.name));
            assert!(table.iter().all(|info| info.form.starts_with(info.name) && !info.gives.is_empty()));
            assert!(table.iter().all(|info| info.most.is_none_or(|most| most >= info.least)));
        }
    }

    #[test]
    fn percentiles_are_known_with_their_number_only() {
        assert!(
            ["p95", "perc99.9", "exactperc50", "upperperc1", "percentile5"].iter().all(|f| stats_function(f).is_some())
        );
        assert!(["p", "avg5", "p9x", "95"].iter().all(|f| stats_function(f).is_none()));
    }
}
