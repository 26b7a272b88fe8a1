//! Macros, put in as the text that they stand for.

use nlq_catalog::{Catalog, Object, ObjectKind};
use nlq_text::Edit;

use super::{parse, tree::Macro};

/// How deep macros may stand in macros: Splunk ends where one holds itself.
const MAX_DEPTH: usize = 16;

/// Longer texts are not made: a macro for which there is no room stays as it is. Measured before anything is copied, for a
/// snapshot of somebody else's may hold a few macros that would be gigabytes.
const MAX_BYTES: usize = 256 * 1024;

/// A search with every macro replaced whose text the catalog has; others stay as they are. What a macro stands for takes its
/// arguments where it has `$name$`.
pub fn expand(text: &str, catalog: &Catalog) -> String {
    let mut text = text.to_owned();
    for _ in 0..MAX_DEPTH {
        let mut room = MAX_BYTES.saturating_sub(text.len());
        let mut edits = Vec::new();
        for call in &parse(&text).macros {
            if let Some(made) = definition(call, catalog).and_then(|object| expansion(call, object, room)) {
                room -= made.len();
                edits.push(Edit { span: call.span, text: made });
            }
        }
        if edits.is_empty() {
            break;
        }
        text = nlq_text::apply_edits(&text, &edits);
    }
    text
}

/// The macro of a call: of its name and with as many arguments.
pub(super) fn definition<'a>(call: &Macro, catalog: &'a Catalog) -> Option<&'a Object> {
    macros(catalog).find(|object| object.name == call.name.text && object.arguments.len() == call.arguments.len())
}

/// The macros of a catalog.
pub(super) fn macros(catalog: &Catalog) -> impl Iterator<Item = &Object> {
    catalog.objects.iter().filter(|object| object.kind == ObjectKind::Macro)
}

/// What a call stands for; none when that is not known, or longer than `room`.
fn expansion(call: &Macro, object: &Object, room: usize) -> Option<String> {
    let mut text = object.definition.as_ref().filter(|text| text.len() <= room)?.clone();
    for (name, argument) in object.arguments.iter().zip(&call.arguments) {
        let place = format!("${name}$");
        let longer = text.matches(&place).count().saturating_mul(argument.text.len());
        if longer.saturating_add(text.len()) > room {
            return None;
        }
        text = text.replace(&place, &argument.text);
    }
    (text.len() <= room).then_some(text)
}
