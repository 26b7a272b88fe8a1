//! Values of sensitive columns appear nowhere, whatever the cursor is on.

use std::fmt::Debug;

use nlq_text::Span;

use crate::{
    actions, completions, definition, diagnostics,
    fixture::{SECRETS, fixture},
    folds, hints, hover, lenses, outline, reasoning_markdown, tokens,
};

const TEXT: &str = "\
-- nlq: mails of customers in Zürich
SELECT c.email, c.* FROM customers c WHERE c.email = 'ada@example.or' AND c.email LIKE 'g' ORDER BY email;

-- nlq: customers whose email is ada@example.or

-- nlq: emails of topsecre orders
SELECT email FROM customers WHERE email IN ('', 'topsecre')
";

#[test]
fn values_of_sensitive_columns_are_never_shown() {
    let mut fixture = fixture(TEXT);
    fixture.snapshot.options.all_statements = true;
    let snapshot = &fixture.snapshot;
    let silent = |what: &str, shown: &dyn Debug| {
        let shown = format!("{shown:?}");
        assert!(SECRETS.iter().all(|secret| !shown.contains(secret)), "{what}: {shown}");
    };
    let all = Span::new(0, TEXT.len());
    silent("diagnostics", &diagnostics(snapshot));
    silent("actions", &actions(snapshot, all));
    silent("tokens", &tokens(snapshot, None));
    silent("lenses", &lenses(snapshot));
    silent("hints", &hints(snapshot, all));
    silent("outline", &(outline(snapshot), folds(snapshot)));
    for (offset, _) in TEXT.char_indices() {
        silent("hover", &hover(snapshot, offset));
        silent("completions", &completions(snapshot, offset));
        silent("definition", &definition(snapshot, offset).map(|location| location.span));
    }
    for (index, prompt) in snapshot.document.prompts().iter().enumerate() {
        let connection = snapshot.prompt_connection(prompt).expect("the default connection");
        let answer = snapshot.answer(index, connection).expect("a schema");
        silent(
            "reasoning",
            &reasoning_markdown(&answer, &prompt.text, &connection.reference, connection.index.as_deref()),
        );
    }
}
