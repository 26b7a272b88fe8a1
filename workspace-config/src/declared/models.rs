//! The keys of `nlq.yaml` about language models: which there are, what they may cost. The profiles and who uses which
//! are the source design's (its section 8.2).

use super::{Key, Object, Shape};

pub(crate) static MODEL: Object = Object {
    name: "model",
    doc: "A model profile: a service, a model, and how it is asked.",
    keys: &[
        Key::new(
            "service",
            Shape::Word(&[
                ("anthropic", "Anthropic's Messages API."),
                ("openai", "OpenAI's chat completions, and whatever speaks them: Azure, vLLM, LM Studio, LiteLLM."),
                ("bedrock", "Amazon Bedrock."),
                ("gemini", "Google's Gemini API."),
                ("ollama", "Ollama on this machine or another."),
                ("editor", "The model that the editor offers, such as GitHub Copilot's in VS Code."),
            ]),
            "Who runs the model.",
        )
        .required()
        .others(&["provider", "type", "vendor", "api"]),
        Key::new(
            "model",
            Shape::Text,
            "The model's name at its service; for `service: editor` a model or family, any when it is not given.",
        )
        .others(&["name", "model_name", "model_id", "deployment"]),
        Key::new(
            "api_key",
            Shape::Password,
            "The service's key, as a reference to where it is kept: never written here. Nothing is resolved before the \
             workspace is trusted.",
        )
        .others(&["key", "apikey", "token", "api_token"]),
        Key::new(
            "base_url",
            Shape::TextOrReference,
            "Where the service is, when not at its usual address; for `openai` with the version, as in \
             `http://localhost:8000/v1`.",
        )
        .others(&["url", "endpoint", "host", "api_base"]),
        Key::new(
            "key_header",
            Shape::Text,
            "The header that carries the key, for `openai` services that do not take `Authorization: Bearer`; Azure's \
             is `api-key`.",
        ),
        Key::new("api_version", Shape::Text, "The `api-version` of the address, for `openai` on Azure.")
            .others(&["version"]),
        Key::new("region", Shape::TextOrReference, "The region, for `bedrock`; `AWS_REGION` when not given."),
        Key::new("access_key_id", Shape::TextOrReference, "The AWS access key's id, for `bedrock`.")
            .others(&["aws_access_key_id", "access_key"]),
        Key::new(
            "secret_access_key",
            Shape::Password,
            "The AWS secret access key, for `bedrock`, as a reference. Without it the environment's is used, then the \
             profile's.",
        )
        .others(&["aws_secret_access_key", "secret_key"]),
        Key::new("session_token", Shape::Password, "The AWS session token, for `bedrock`, as a reference.")
            .others(&["aws_session_token"]),
        Key::new(
            "aws_profile",
            Shape::Text,
            "The profile of the AWS credentials file, for `bedrock`; `AWS_PROFILE`, else `default`.",
        )
        .others(&["profile"]),
        Key::new(
            "temperature",
            Shape::Number { min: 0.0, max: 2.0 },
            "How freely it chooses its words; the prompt's own, else the service's, when not given.",
        ),
        Key::new("max_tokens", Shape::Integer { min: 16, max: 1_000_000 }, "Tokens of one reply at most.")
            .default("4096")
            .others(&["max_output_tokens", "max_completion_tokens"]),
        Key::new(
            "context_tokens",
            Shape::Integer { min: 2048, max: 10_000_000 },
            "Tokens that `ollama` may be asked to read at once: more need more memory.",
        )
        .default("32768")
        .others(&["num_ctx", "context_length"]),
        Key::new("timeout_seconds", Shape::Integer { min: 1, max: 3600 }, "A reply that takes longer is given up.")
            .default("60")
            .others(&["timeout"]),
        Key::new(
            "idle_timeout_seconds",
            Shape::Integer { min: 1, max: 3600 },
            "A reply that began and of which nothing more comes for this long is given up.",
        )
        .default("30"),
        Key::new("max_concurrent", Shape::Integer { min: 1, max: 256 }, "Requests under way at once.").default("4"),
        Key::new(
            "fallback",
            Shape::Name,
            "The profile to ask instead when the service does not answer, or not with this key.",
        )
        .others(&["fallbacks"]),
    ],
};

pub(crate) static BUDGET: Object = Object {
    name: "budget",
    doc: "What models may take; no bound where nothing is written. A day begins at midnight UTC.",
    keys: &[
        Key::new("tokens_per_prompt", TOKENS, "Tokens, read and written, that one prompt may take."),
        Key::new("usd_per_prompt", DOLLARS, "US dollars that one prompt may take."),
        Key::new("tokens_per_day", TOKENS, "Tokens, read and written, that a day may take."),
        Key::new("usd_per_day", DOLLARS, "US dollars that a day may take."),
        Key::new("usd_per_workspace", DOLLARS, "US dollars that the workspace may take in all."),
    ],
};

const TOKENS: Shape = Shape::Integer { min: 0, max: 1_000_000_000_000 };
const DOLLARS: Shape = Shape::Number { min: 0.0, max: 1_000_000.0 };

/// A price list: nlq's own, and the form of the entries under `prices`.
pub(crate) static PRICES: Object = Object {
    name: "price_list",
    doc: "Prices of models.",
    keys: &[
        Key::new("date", Shape::Text, "The day on which the prices were right.").required(),
        Key::new("prices", Shape::List(&PRICE), "The prices.").required(),
    ],
};

pub(crate) static PRICE: Object = Object {
    name: "price",
    doc: "What a model takes, in US dollars for a million tokens.",
    keys: &[
        Key::new("model", Shape::Text, "The beginning of the models' names; of several that fit, the longest counts.")
            .required()
            .others(&["name", "model_name"]),
        Key::new("input", PRICE_OF_TOKENS, "Tokens read.").required().others(&["prompt"]),
        Key::new("output", PRICE_OF_TOKENS, "Tokens written.").required().others(&["completion"]),
        Key::new("cache_read", PRICE_OF_TOKENS, "Tokens read from the service's cache; as `input` when not given."),
        Key::new("cache_write", PRICE_OF_TOKENS, "Tokens written to the service's cache; as `input` when not given."),
    ],
};

const PRICE_OF_TOKENS: Shape = Shape::Number { min: 0.0, max: 1_000_000.0 };
