//! Query DSL: search requests of OpenSearch and Elasticsearch in the form of their developer tools, a line such as
//! `GET index/_search` and then a JSON body.

mod check;
mod complete;
mod editor;
mod fields;
#[cfg(test)]
mod fixture;
mod guard;
mod json;
mod language;
mod request;
mod walk;
mod words;
mod write;

use nlq_catalog::Column;

pub(crate) use language::Dsl;

/// A request in parts, for those who send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The index, or several with commas, as written.
    pub index: String,
    /// `_search` or `_count`.
    pub endpoint: String,
    /// The body as plain JSON.
    pub body: String,
}

/// The parts of a query that the guard has passed; none of any other text.
pub fn parts(text: &str) -> Option<Parts> {
    let all = request::requests(text);
    let [request] = all.as_slice() else { return None };
    let indices: Vec<&str> = request.indices(text).into_iter().map(|span| span.of(text)).collect();
    let body = request.body.as_ref().map_or_else(|| "{}".to_owned(), json::Node::json);
    let endpoint = request.endpoint(text).to_owned();
    (request.wrong.is_empty() && !indices.is_empty()).then(|| Parts { index: indices.join(","), endpoint, body })
}

/// How a text field that has a sub-field with its whole values is written as a column's type.
const WITH: &str = "text with .";

/// The type of a text field, which has a sub-field of this name that keeps whole values, as a column's type.
pub fn text_type(keyword: Option<&str>) -> String {
    keyword.map_or_else(|| "text".to_owned(), |name| format!("{WITH}{name}"))
}

/// The type of a field's column, as the mapping names it; `nested` of lists.
pub(crate) fn is_analysed(column: &Column) -> bool {
    column.type_name == "text" || column.type_name.starts_with(WITH) || column.type_name == "match_only_text"
}

/// The sub-field with the whole values of a text field.
pub(crate) fn keyword_of(column: &Column) -> Option<&str> {
    column.type_name.strip_prefix(WITH)
}
