//! What the server keeps besides events: macros, saved searches, indexes.

/// A search macro.
pub(crate) struct Macro {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) definition: &'static str,
}

/// Every macro.
pub(crate) static MACROS: [Macro; 3] = [
    Macro { name: "failed_logins", arguments: &[], definition: "index=security action=failure" },
    Macro { name: "slow", arguments: &["ms"], definition: "duration_ms>$ms$" },
    Macro { name: "errors_of", arguments: &["service"], definition: "index=app level=ERROR service=\"$service$\"" },
];

/// A saved search: name, what it is for, its text.
pub(crate) static SAVED: [(&str, &str, &str); 3] = [
    (
        "Errors by service",
        "How many errors each service logged",
        "index=app level=ERROR | stats count by service | sort - count",
    ),
    ("Failed logins by user", "Sign-ins that failed, by user", "`failed_logins` | top limit=10 user"),
    ("Purchases per day", "Purchases in the shop", "index=web action=purchase status=200 | timechart span=1d count"),
];

/// The indexes.
pub(crate) static INDEXES: [&str; 6] = ["_internal", "app", "archive", "main", "security", "web"];
