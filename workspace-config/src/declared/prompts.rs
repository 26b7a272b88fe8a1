//! The keys of a prompt file (the source designs keep prompts as YAML).

use super::{Key, Object, Shape};

pub(crate) static PROMPT: Object = Object {
    name: "prompt",
    doc: "What a model is told, with `{{variables}}` that nlq fills in, and the form of what it is to reply.",
    keys: &[
        Key::new("name", Shape::Name, "The prompt's name: that of the file.").required(),
        Key::new("description", Shape::Text, "What the prompt is for, for people."),
        Key::new("profile", Shape::Name, "The model profile that is asked, of `models` in nlq.yaml.")
            .default("default")
            .others(&["model"]),
        Key::new(
            "system",
            Shape::Text,
            "Instructions and the context that stays the same from question to question: services cache it.",
        )
        .required()
        .others(&["system_prompt"]),
        Key::new("user", Shape::Text, "What changes from question to question.").required().others(&["user_prompt"]),
        Key::new("temperature", Shape::Number { min: 0.0, max: 2.0 }, "Stands above the profile's."),
        Key::new("max_tokens", Shape::Integer { min: 16, max: 1_000_000 }, "Stands above the profile's."),
        Key::new("output", Shape::Object(&OUTPUT), "The form of the reply; free text when not given.")
            .others(&["structured_output"]),
    ],
};

static OUTPUT: Object = Object {
    name: "prompt_output",
    doc: "The form of a reply.",
    keys: &[
        Key::new("name", Shape::Name, "What the form is called: letters, digits and `_`.").required(),
        Key::new("description", Shape::Text, "What it is for, for the model.").required(),
        Key::new("schema", Shape::Free, "The JSON Schema of the reply: an object.").required(),
    ],
};
