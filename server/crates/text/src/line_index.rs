use serde::{Deserialize, Serialize};

/// The unit in which an editor counts columns (LSP `PositionEncodingKind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// 16-bit units: the protocol's default.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    fn len(self, ch: char) -> usize {
        match self {
            Encoding::Utf8 => ch.len_utf8(),
            Encoding::Utf16 => ch.len_utf16(),
            Encoding::Utf32 => 1,
        }
    }
}

/// A place as an editor tells it: both counts start at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Position {
    /// Zero-based line.
    pub line: u32,
    /// Zero-based column in the units of an [`Encoding`].
    pub character: u32,
}

/// Where the lines of a text start: turns bytes into positions and back without scanning from the top.
///
/// Lines end at `\n`; a `\r` before it belongs to the line's end and is never inside a position that an editor sends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// The index of `text`.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1));
        Self { starts }
    }

    /// How many lines there are; at least one.
    pub fn lines(&self) -> usize {
        self.starts.len()
    }

    /// The byte at which `line` starts, or none past the end.
    pub fn line_start(&self, line: usize) -> Option<usize> {
        self.starts.get(line).copied()
    }

    /// The zero-based line of a byte.
    pub fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The position of a byte of `text` (the same text that the index was made of). An offset past the end or inside a
    /// character is moved to the nearest place before it.
    pub fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_of(offset);
        let character = text[self.starts[line]..offset].chars().map(|ch| encoding.len(ch)).sum::<usize>();
        Position { line: line as u32, character: character as u32 }
    }

    /// The byte of a position of `text`. A column past the line's end is the line's end; a line past the text's end is
    /// the text's end (LSP 3.17, Position).
    pub fn offset(&self, text: &str, position: Position, encoding: Encoding) -> usize {
        let Some(start) = self.line_start(position.line as usize) else { return text.len() };
        let end = self.line_start(position.line as usize + 1).unwrap_or(text.len());
        let line = text[start..end].trim_end_matches('\n').trim_end_matches('\r');
        let (mut left, mut offset) = (position.character as usize, start);
        for ch in line.chars() {
            let len = encoding.len(ch);
            if left < len {
                break;
            }
            left -= len;
            offset += ch.len_utf8();
        }
        offset
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    #[test]
    fn columns_are_counted_in_the_encoding_asked_for() {
        let text = "A_ß_ℝ_💣x\r\nsecond";
        let index = LineIndex::new(text);
        let x = text.find('x').unwrap();
        let columns = ALL.map(|e| index.position(text, x, e).character);
        assert_eq!(columns, [13, 8, 7]);
        for encoding in ALL {
            assert_eq!(index.offset(text, index.position(text, x, encoding), encoding), x);
        }
    }

    #[test]
    fn places_outside_the_text_are_moved_inside() {
        let text = "ab\r\ncd";
        let index = LineIndex::new(text);
        assert_eq!(index.offset(text, Position { line: 0, character: 99 }, Encoding::Utf16), 2);
        assert_eq!(index.offset(text, Position { line: 99, character: 0 }, Encoding::Utf16), 6);
        assert_eq!(index.position(text, 99, Encoding::Utf16), Position { line: 1, character: 2 });
    }

    proptest! {
        #[test]
        fn every_character_boundary_round_trips(text in "[a-cß💣ℝ\n]{0,40}") {
            let index = LineIndex::new(&text);
            for encoding in ALL {
                for (offset, _) in text.char_indices() {
                    prop_assert_eq!(index.offset(&text, index.position(&text, offset, encoding), encoding), offset);
                }
            }
        }
    }
}
