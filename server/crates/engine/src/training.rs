//! What training sees of the engine: questions with known answers as rows for the models of shapes and of columns, and
//! readings with their features. Used by `nlq-train` alone.

use chrono::NaiveDate;
use nlq_query::plan::Plan;

use crate::{
    SchemaIndex,
    learned::{
        evidence::Evidence,
        phrases::phrases,
        sketch::Sketch,
        slots::{Columns, WIDTH},
    },
    linker::link,
    spelling,
    time::Clock,
    weights,
};

/// A question with the shape and the columns of its right answer.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Lesson {
    /// Hashes of the question's phrases.
    pub phrases: Vec<u32>,
    /// The shape of the answer, as the weights' file holds it; none when no shape fits.
    pub sketch: Option<String>,
    /// Its elements.
    pub elements: Vec<String>,
    /// For each slot its rows, one a column.
    #[serde(skip)]
    pub slots: Vec<Vec<(Vec<f32>, bool)>>,
}

/// Numbers of a row of [`Lesson::slots`].
pub const SLOT_WIDTH: usize = WIDTH;

/// Names of the features of a reading ([`crate::Candidate::features`]).
pub fn feature_names() -> Vec<&'static str> {
    weights::names().collect()
}

/// What a question teaches whose right answer is `gold`.
pub fn lesson(text: &str, index: &SchemaIndex, gold: Option<&Plan>, today: NaiveDate) -> Lesson {
    let (tokens, _) = spelling::words(text, index);
    let chunks = link(text, &tokens, index, Clock { today, fiscal_start: 1 });
    let evidence = Evidence::new(&tokens, &chunks, index);
    let mut lesson = Lesson { phrases: phrases(&evidence), sketch: None, elements: Vec::new(), slots: Vec::new() };
    let Some((sketch, filling)) = gold.and_then(Sketch::of) else { return lesson };
    let columns = Columns::new(&evidence);
    let mut before = Vec::new();
    for (slot, id) in sketch.slots().into_iter().zip(&filling.columns) {
        let mut rows = Vec::new();
        // A reference and the key that it refers to hold the same values: the other is not wrong.
        let same = index.graph().referred(*id);
        let others = columns.worthwhile.iter().filter(|c| *c != id && index.graph().referred(**c) != same);
        let around = columns.around(slot, &before);
        for column in std::iter::once(id).chain(others) {
            let mut row = Vec::with_capacity(WIDTH);
            columns.row(&around, *column, &mut row);
            rows.push((row, column == id));
        }
        lesson.slots.push(rows);
        before.push((slot, *id));
    }
    lesson.sketch = serde_json::to_string(&sketch).ok();
    lesson.elements = sketch.elements();
    lesson
}
