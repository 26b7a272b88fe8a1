use nlq_text::Span;

/// Where the pieces of an extracted text (a prompt over several comment lines, a query in an escaped string literal)
/// stand in the document: sorted pairs of extracted range and document range. Inside a piece of equal lengths offsets
/// map one to one; a piece of unequal lengths (an escape sequence) maps as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextMap {
    pieces: Vec<(Span, Span)>,
}

impl TextMap {
    /// A map of one piece: the extracted text stands in the document as it is.
    pub fn identity(document: Span) -> Self {
        Self { pieces: vec![(Span::new(0, document.len()), document)] }
    }

    /// Adds the next piece; both ranges come after the last ones.
    pub fn push(&mut self, extracted: Span, document: Span) {
        self.pieces.push((extracted, document));
    }

    /// The pieces.
    pub fn pieces(&self) -> &[(Span, Span)] {
        &self.pieces
    }

    /// The map of the text that is left when only the ranges `kept` of the extracted text stay, in order.
    pub(crate) fn select(&self, kept: &[Span]) -> Self {
        let (mut map, mut done) = (Self::default(), 0);
        for keep in kept {
            let first = self.pieces.partition_point(|(inner, _)| inner.end <= keep.start);
            for (inner, outer) in self.pieces[first..].iter().take_while(|(inner, _)| inner.start < keep.end) {
                let clip = Span::new(inner.start.max(keep.start), inner.end.min(keep.end));
                let place = Span::new(clip.start - keep.start, clip.end - keep.start).shift(done);
                if inner.len() == outer.len() {
                    let start = outer.start + clip.start - inner.start;
                    map.push(place, Span::new(start, start + clip.len()));
                } else {
                    map.push(place, *outer);
                }
            }
            done += keep.len();
        }
        map
    }

    /// The document range of a range of the extracted text.
    pub fn to_document(&self, extracted: Span) -> Span {
        let start = self.outer(extracted.start, false);
        let end = if extracted.is_empty() { start } else { self.outer(extracted.end, true) };
        Span::new(start, end)
    }

    /// The extracted offset of a document offset that touches a piece.
    pub fn to_extracted(&self, document: usize) -> Option<usize> {
        let inside = self.pieces.iter().find(|(_, outer)| outer.contains(document));
        let (inner, outer) = inside.or_else(|| self.pieces.iter().find(|(_, outer)| outer.touches(document)))?;
        Some(match document {
            _ if inner.len() == outer.len() => inner.start + document - outer.start,
            end if end == outer.end => inner.end,
            _ => inner.start,
        })
    }

    fn outer(&self, offset: usize, is_end: bool) -> usize {
        let found = if is_end {
            self.pieces.iter().rev().find(|(inner, _)| inner.start < offset)
        } else {
            self.pieces.iter().find(|(inner, _)| offset < inner.end).or(self.pieces.last())
        };
        let Some((inner, outer)) = found else { return self.pieces.first().map_or(0, |(_, outer)| outer.start) };
        if inner.len() == outer.len() {
            (outer.start + offset.saturating_sub(inner.start)).min(outer.end)
        } else if is_end || offset >= inner.end {
            outer.end
        } else {
            outer.start
        }
    }
}
