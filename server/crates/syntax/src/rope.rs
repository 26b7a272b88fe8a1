//! Editing a text held as a rope: places that an editor tells, and what tree-sitter must know of an edit.
//!
//! The rope counts lines as [`nlq_text::LineIndex`] does (only `\n` ends one) because the crate is built without
//! `unicode_lines` and `cr_lines`.

use nlq_text::{Encoding, Position, Span};
use ropey::Rope;
use tree_sitter::{InputEdit, Point};

/// The byte of a position, by the rules of [`nlq_text::LineIndex::offset`].
pub(crate) fn offset(rope: &Rope, position: Position, encoding: Encoding) -> usize {
    let (row, column) = (position.line as usize, position.character as usize);
    let Some(line) = rope.get_line(row) else { return rope.len_bytes() };
    let mut end = line.len_chars();
    let ends_with = |end: usize, ch| end > 0 && line.char(end - 1) == ch;
    if ends_with(end, '\n') {
        end -= 1;
    }
    while ends_with(end, '\r') {
        end -= 1;
    }
    // A column inside a character is the character's start.
    let chars = match encoding {
        Encoding::Utf8 => line.byte_to_char(column.min(line.len_bytes())),
        Encoding::Utf16 => line.utf16_cu_to_char(column.min(line.len_utf16_cu())),
        Encoding::Utf32 => column,
    };
    rope.line_to_byte(row) + line.char_to_byte(chars.min(end))
}

/// Puts `text` in the place of `span`, whose ends are character boundaries of the rope.
pub(crate) fn replace(rope: &mut Rope, span: Span, text: &str) -> InputEdit {
    let (start_byte, old_end_byte, new_end_byte) = (span.start, span.end, span.start + text.len());
    let (start_position, old_end_position) = (point(rope, start_byte), point(rope, old_end_byte));
    let start = rope.byte_to_char(start_byte);
    rope.remove(start..rope.byte_to_char(old_end_byte));
    rope.insert(start, text);
    let new_end_position = point(rope, new_end_byte);
    InputEdit { start_byte, old_end_byte, new_end_byte, start_position, old_end_position, new_end_position }
}

fn point(rope: &Rope, at: usize) -> Point {
    let row = rope.byte_to_line(at);
    Point { row, column: at - rope.line_to_byte(row) }
}

#[cfg(test)]
mod tests {
    use nlq_text::LineIndex;
    use proptest::prelude::*;

    use super::*;

    fn point_in(text: &str, at: usize) -> Point {
        let lines = LineIndex::new(text);
        let row = lines.line_of(at);
        Point { row, column: at - lines.line_start(row).unwrap() }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The texts are repeated so that they fill many of the rope's leaves.
        #[test]
        fn places_are_those_of_the_line_index(
            text in "[abß💣ℝ\n\r\u{2028}\u{85}\u{b}]{0,60}",
            line in 0.0..1.1f64,
            character in prop_oneof![0..20u32, 0..6000u32, Just(u32::MAX)],
        ) {
            let text = text.repeat(80);
            let (rope, lines) = (Rope::from_str(&text), LineIndex::new(&text));
            prop_assert_eq!(rope.len_lines(), lines.lines());
            let position = Position { line: (line * lines.lines() as f64) as u32, character };
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                prop_assert_eq!(offset(&rope, position, encoding), lines.offset(&text, position, encoding));
            }
        }

        #[test]
        fn an_edit_tells_where_it_began_and_ended(
            text in "[abß💣\n\r\u{2028}]{1,60}",
            new in "[aß💣\n\r]{0,8}",
            (from, to) in (0.0..1.0f64, 0.0..1.0f64),
        ) {
            let old = text.repeat(80);
            let place = |part: f64| old.floor_char_boundary((part * old.len() as f64) as usize);
            let span = Span::new(place(from.min(to)), place(from.max(to)));
            let mut expected = old.clone();
            expected.replace_range(span.start..span.end, &new);
            let mut rope = Rope::from_str(&old);
            let edit = replace(&mut rope, span, &new);
            prop_assert_eq!(rope.to_string(), expected.as_str());
            prop_assert_eq!((edit.start_byte, edit.old_end_byte), (span.start, span.end));
            prop_assert_eq!(edit.new_end_byte, span.start + new.len());
            prop_assert_eq!(edit.start_position, point_in(&old, span.start));
            prop_assert_eq!(edit.old_end_position, point_in(&old, span.end));
            prop_assert_eq!(edit.new_end_position, point_in(&expected, edit.new_end_byte));
        }
    }
}
