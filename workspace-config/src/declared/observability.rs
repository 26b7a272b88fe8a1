//! The keys of `observability` in `nlq.yaml`: the source design's section 10 and appendix A.

use super::{Key, Object, Shape};

pub(crate) static OBSERVABILITY: Object = Object {
    name: "observability",
    doc: "For how long questions and answers are kept on this machine, and who is told what they took.",
    keys: &[
        Key::new(
            "trace_retention_days",
            Shape::Integer { min: 1, max: 3650 },
            "Turns older than this are taken out, in days.",
        )
        .default("90"),
        Key::new(
            "otlp_endpoint",
            Shape::TextOrReference,
            "Address of an OpenTelemetry collector, such as `http://localhost:4318`, that gets traces and metrics as \
             OTLP over HTTP in JSON: names, outcomes and numbers, never a question, a query or a value. Nobody is told \
             when it is not given or the workspace is not trusted.",
        )
        .others(&["otlp", "otel_endpoint", "opentelemetry", "exporter_otlp_endpoint"]),
    ],
};
