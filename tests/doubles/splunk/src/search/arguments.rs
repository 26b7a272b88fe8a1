//! Arguments of commands that the grammar keeps as words and options.

use super::Fatal;
use crate::tree::Part;

/// Options, words and the fields after `BY` of a command.
pub(super) struct Arguments<'a> {
    name: String,
    part: Part<'a>,
}

impl<'a> Arguments<'a> {
    pub(super) fn of(part: Part<'a>) -> Self {
        Self { name: part.command(), part }
    }

    /// The value of an option, without its quotes; written after BY too.
    pub(super) fn option(&self, key: &str) -> Option<String> {
        let mut options = self.part.fields("option");
        for clause in ["by", "over", "sortby"] {
            options.extend(self.part.field(clause).map(|by| by.fields("option")).unwrap_or_default());
        }
        let of = |option: &Part<'_>| option.field("key").is_some_and(|found| found.text().eq_ignore_ascii_case(key));
        options.into_iter().find(of).and_then(|option| option.field("value")).map(|value| value.word())
    }

    /// A number of an option.
    pub(super) fn number(&self, key: &str) -> Result<Option<usize>, Fatal> {
        let Some(text) = self.option(key) else { return Ok(None) };
        let number = text.parse().map_err(|_| self.invalid(key, &text));
        number.map(Some)
    }

    /// A yes or no of an option.
    pub(super) fn flag(&self, key: &str, default: bool) -> Result<bool, Fatal> {
        match self.option(key).map(|text| text.to_lowercase()).as_deref() {
            None => Ok(default),
            Some("t" | "true" | "1" | "yes") => Ok(true),
            Some("f" | "false" | "0" | "no") => Ok(false),
            Some(other) => Err(self.invalid(key, other)),
        }
    }

    /// Words that are no options.
    pub(super) fn words(&self) -> Vec<String> {
        let mut parts = self.part.fields("argument");
        parts.extend(self.part.fields("field"));
        parts.into_iter().map(|part| part.word()).collect()
    }

    /// The fields after BY.
    pub(super) fn by(&self) -> Vec<String> {
        let by = self.part.field("by").map(|by| by.fields("field")).unwrap_or_default();
        by.into_iter().map(|field| field.word()).collect()
    }

    pub(super) fn invalid(&self, key: &str, value: &str) -> Fatal {
        Fatal::of(&self.name, format!("Invalid value '{value}' for the option '{key}'."))
    }
}
