//! The keys of `observability` in `nlq.yaml`: the source design's section 10 and appendix A.

use super::{Key, Object, Shape};

pub(crate) static OBSERVABILITY: Object = Object {
    name: "observability",
    doc: "What is kept of questions and answers, on this machine.",
    keys: &[
        Key::new(
            "trace_level",
            Shape::Word(&[
                ("none", "Nothing."),
                ("summary", "The stages and what they came to."),
                ("full", "Every step with its evidence."),
            ]),
            "How much of an answer's reasoning is kept with its turn.",
        )
        .default("full"),
        Key::new(
            "trace_retention_days",
            Shape::Integer { min: 1, max: 3650 },
            "Turns older than this are taken out, in days.",
        )
        .default("90"),
    ],
};
