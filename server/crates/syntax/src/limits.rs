//! Limits that keep every keystroke fast and every prompt readable.

/// Larger files are kept as text only: reading a dump of that size on every keystroke helps nobody.
pub(crate) const MAX_FILE_BYTES: usize = 5 * 1024 * 1024;

/// Longer prompts are cut before the engine sees them: a question of more than two pages is a mistake.
pub(crate) const MAX_PROMPT_CHARS: usize = 4_000;

/// Longest short name of a prompt, in characters: what an outline shows on one line.
pub(crate) const MAX_NAME_CHARS: usize = 60;
