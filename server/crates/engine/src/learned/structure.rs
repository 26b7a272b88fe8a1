//! Which shape a question asks for: a log-linear model over phrases of the question and elements of the shape.

use std::{cell::RefCell, collections::HashMap};

use super::sketch::Sketch;

/// Every phrase and every element of a shape has a vector; a shape's score is the product of the sums of both.
#[derive(Debug, Default)]
pub(crate) struct Structure {
    rank: usize,
    /// Sorted.
    phrases: Vec<u32>,
    phrase_vectors: Vec<i8>,
    phrase_scale: f32,
    /// By name; the last number is the element's own weight.
    elements: HashMap<String, usize>,
    element_vectors: Vec<f32>,
    /// The shapes that are known, with the sums of their elements' vectors.
    sketches: Vec<(Sketch, Vec<f32>)>,
}

/// The shapes of a question, likeliest first.
pub(crate) struct Shapes<'s> {
    structure: &'s Structure,
    question: Vec<f32>,
    /// Index of a known shape and its log probability.
    pub(crate) ranked: Vec<(usize, f32)>,
    norm: f32,
    /// Of shapes that were asked for.
    known: RefCell<HashMap<Sketch, f32>>,
}

impl Structure {
    /// Reads what training writes: a JSON head of one line (rank, scale, elements, sketches), then hashes of phrases (u32),
    /// their vectors (i8) and those of the elements (f32, one longer than the rank).
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct Head {
            rank: usize,
            scale: f32,
            phrases: usize,
            elements: Vec<String>,
            sketches: Vec<Sketch>,
        }
        let end = bytes.iter().position(|b| *b == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        let rest = &bytes[end + 1..];
        let (hashes, rest) = rest.split_at_checked(head.phrases * 4)?;
        let (vectors, rest) = rest.split_at_checked(head.phrases * head.rank)?;
        let width = head.rank + 1;
        if rest.len() != head.elements.len() * width * 4 {
            return None;
        }
        let mut this = Self {
            rank: head.rank,
            phrases: hashes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect(),
            phrase_vectors: vectors.iter().map(|b| b.cast_signed()).collect(),
            phrase_scale: head.scale,
            elements: head.elements.into_iter().enumerate().map(|(at, name)| (name, at)).collect(),
            element_vectors: rest.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            sketches: Vec::new(),
        };
        this.sketches = head
            .sketches
            .into_iter()
            .map(|sketch| {
                let vector = this.vector(&sketch);
                (sketch, vector)
            })
            .collect();
        Some(this)
    }

    fn vector(&self, sketch: &Sketch) -> Vec<f32> {
        let width = self.rank + 1;
        let mut sum = vec![0.0; width];
        for element in sketch.elements() {
            if let Some(&at) = self.elements.get(&element) {
                for (to, from) in sum.iter_mut().zip(&self.element_vectors[at * width..]) {
                    *to += from;
                }
            }
        }
        sum
    }

    /// Ranks the known shapes for a question with these phrases.
    pub(crate) fn shapes(&self, phrases: &[u32]) -> Shapes<'_> {
        let mut sum = vec![0i32; self.rank];
        for phrase in phrases {
            if let Ok(at) = self.phrases.binary_search(phrase) {
                for (to, from) in sum.iter_mut().zip(&self.phrase_vectors[at * self.rank..]) {
                    *to += i32::from(*from);
                }
            }
        }
        let mut question: Vec<f32> = sum.iter().map(|s| *s as f32 * self.phrase_scale).collect();
        question.push(1.0);
        let mut ranked: Vec<(usize, f32)> =
            self.sketches.iter().enumerate().map(|(at, (_, vector))| (at, dot(&question, vector))).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let top = ranked.first().map_or(0.0, |r| r.1);
        let norm = top + ranked.iter().map(|r| (r.1 - top).exp()).sum::<f32>().max(1.0).ln();
        for (_, p) in &mut ranked {
            *p -= norm;
        }
        Shapes { structure: self, question, ranked, norm, known: RefCell::default() }
    }
}

impl Shapes<'_> {
    pub(crate) fn sketch(&self, at: usize) -> &Sketch {
        &self.structure.sketches[at].0
    }

    /// The log probability of any shape, known or not.
    pub(crate) fn log_probability(&self, sketch: &Sketch) -> f32 {
        if let Some(known) = self.known.borrow().get(sketch) {
            return *known;
        }
        let found = dot(&self.question, &self.structure.vector(sketch)) - self.norm;
        self.known.borrow_mut().insert(sketch.clone(), found);
        found
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
