//! Macros, put in as the text that they stand for.

use nlq_catalog::{Catalog, Object, ObjectKind};
use nlq_text::Edit;

use super::{parse, tree::Macro};

/// How deep macros may stand in macros: Splunk ends where one holds itself.
const MAX_DEPTH: usize = 16;

/// Longer texts are not expanded further.
const MAX_BYTES: usize = 256 * 1024;

/// A search with every macro replaced whose text the catalog has; others stay as they are. What a macro stands for takes its
/// arguments where it has `$name$`.
pub fn expand(text: &str, catalog: &Catalog) -> String {
    let mut text = text.to_owned();
    for _ in 0..MAX_DEPTH {
        let edits: Vec<Edit> = parse(&text)
            .macros
            .iter()
            .filter_map(|call| Some(Edit { span: call.span, text: expansion(call, definition(call, catalog)?)? }))
            .collect();
        if edits.is_empty() || text.len() > MAX_BYTES {
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

fn expansion(call: &Macro, object: &Object) -> Option<String> {
    let mut text = object.definition.clone()?;
    for (name, argument) in object.arguments.iter().zip(&call.arguments) {
        text = text.replace(&format!("${name}$"), &argument.text);
    }
    Some(text)
}
