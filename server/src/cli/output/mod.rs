//! How the command line prints: colours, tables, diagnostics, progress.

mod diagnostic;
mod progress;
mod table;

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

pub(super) use diagnostic::{Finding, Source};
pub(super) use progress::Progress;
pub(super) use table::{Align, Table, summary};

use super::error::CliError;

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A colour or weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Blue,
    Cyan,
}

/// Standard output and standard error, each with or without colours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    colors: bool,
    error_colors: bool,
}

impl Output {
    pub(super) fn new(choice: ColorChoice) -> Self {
        let allowed = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let decide = |terminal: bool| match choice {
            ColorChoice::Auto => terminal && allowed,
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        Self { colors: decide(io::stdout().is_terminal()), error_colors: decide(io::stderr().is_terminal()) }
    }

    /// One line (or several) on standard output.
    #[expect(clippy::unused_self, reason = "who prints shows that it was given an output")]
    pub(super) fn line(self, text: impl Display) -> Result<(), CliError> {
        match writeln!(io::stdout().lock(), "{text}") {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(CliError::ClosedPipe),
            Err(error) => Err(CliError::Usage(format!("cannot write the output: {error}"))),
        }
    }

    /// A value as JSON on one line of standard output.
    pub(super) fn json(self, value: &serde_json::Value) -> Result<(), CliError> {
        self.line(value)
    }

    /// `text` in a style, when standard output has colours.
    pub(super) fn paint(self, style: Style, text: impl Display) -> String {
        painted(self.colors, style, text)
    }

    /// `nlq: ...` on standard error.
    pub(super) fn error(self, message: &str) {
        say(&format!("{} {}", painted(self.error_colors, Style::Red, "nlq:"), visible(message, true)));
    }

    /// `nlq: warning: ...` on standard error.
    pub(super) fn warn(self, message: &str) {
        let head = painted(self.error_colors, Style::Yellow, "nlq: warning:");
        say(&format!("{head} {}", visible(message, true)));
    }
}

fn say(line: &str) {
    // Standard error that is closed leaves nowhere to say it.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

fn painted(colors: bool, style: Style, text: impl Display) -> String {
    let code = match style {
        Style::Bold => "1",
        Style::Dim => "2",
        Style::Red => "1;31",
        Style::Green => "32",
        Style::Yellow => "33",
        Style::Blue => "1;34",
        Style::Cyan => "36",
    };
    if colors { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
}

/// `text` with control characters shown as escapes: data must not steer the terminal. Line ends stay when `lines`.
pub(super) fn visible(text: &str, lines: bool) -> String {
    let harmless = |ch: char| !ch.is_control() || (lines && ch == '\n');
    if text.chars().all(harmless) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        if harmless(ch) { out.push(ch) } else { out.extend(ch.escape_default()) }
    }
    out
}

/// `text` with every line moved right.
pub(super) fn indent(text: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    text.lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("{pad}{line}") })
        .collect::<Vec<_>>()
        .join("\n")
}

/// A confidence in words.
pub(super) fn confidence_words(confidence: f64) -> &'static str {
    match confidence {
        c if c >= 0.95 => "almost certainly right",
        c if c >= 0.85 => "very likely right",
        c if c >= 0.7 => "likely right, worth a look",
        c if c >= 0.5 => "as likely right as wrong, please check it",
        _ => "a guess, please check it",
    }
}

/// `1 error`, `2 errors`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        return format!("1 {noun}");
    }
    match noun.strip_suffix('y') {
        Some(stem) => format!("{number} {stem}ies"),
        None => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_steer_the_terminal() {
        assert_eq!(visible("a\x1b[2Jb\nc", false), "a\\u{1b}[2Jb\\nc");
        assert_eq!(visible("a\nb", true), "a\nb");
    }
}
