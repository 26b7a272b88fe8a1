//! What stands where in a request's body: the names in it, each with what it is there.

use nlq_text::Span;

use super::{
    json::{Member, Node, Value},
    words::{self, Holds, Over},
};

/// A name in a body.
#[derive(Debug, Clone)]
pub(super) struct Seen<'a> {
    /// The name, without its quotes.
    pub(super) span: Span,
    pub(super) name: &'a str,
    pub(super) what: What<'a>,
}

/// What a name is.
#[derive(Debug, Clone)]
pub(super) enum What<'a> {
    /// A key of the body.
    Body,
    /// A kind of query.
    Query,
    /// A kind of aggregation.
    Aggregation,
    /// A field, and the value beside it.
    Field(Usage, Option<&'a Node>),
}

/// What is done with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    Exact,
    Words,
    Range,
    Exists,
    Aggregated,
    Numbers,
    Sorted,
    Shown,
    /// Of a nested list.
    Path,
}

/// All names of a body, in no order.
pub(super) fn walk(body: &Node) -> Vec<Seen<'_>> {
    let mut walker = Walker { seen: Vec::new() };
    for member in body.members() {
        walker.name(member, What::Body);
        let value = &member.value;
        match member.key.as_str() {
            "query" | "post_filter" => walker.query(value),
            "aggs" | "aggregations" => walker.aggregations(value),
            "sort" => walker.sort(value),
            "_source" => walker.source(value),
            "fields" | "docvalue_fields" => walker.fields(value),
            "collapse" => walker.field_of(value, "field", Usage::Aggregated),
            "highlight" => {
                for field in value.get("fields").map(Node::members).unwrap_or_default() {
                    walker.name(field, What::Field(Usage::Shown, None));
                }
            }
            _ => {}
        }
    }
    walker.seen
}

struct Walker<'a> {
    seen: Vec<Seen<'a>>,
}

/// A range without its quotes.
pub(super) fn unquoted(span: Span) -> Span {
    if span.len() >= 2 { Span::new(span.start + 1, span.end - 1) } else { span }
}

impl<'a> Walker<'a> {
    fn name(&mut self, member: &'a Member, what: What<'a>) {
        self.seen.push(Seen { span: unquoted(member.place), name: &member.key, what });
    }

    /// A field that is named by a text.
    fn field(&mut self, node: &'a Node, usage: Usage) {
        let Some(text) = node.text() else { return };
        // `name^3` counts three times.
        let name = text.split('^').next().unwrap_or(text);
        let span = unquoted(node.span);
        let span = Span::new(span.start, (span.start + name.len()).min(span.end));
        self.seen.push(Seen { span, name, what: What::Field(usage, None) });
    }

    fn field_of(&mut self, node: &'a Node, key: &str, usage: Usage) {
        node.get(key).into_iter().for_each(|field| self.field(field, usage));
    }

    fn query(&mut self, node: &'a Node) {
        for member in node.members() {
            self.name(member, What::Query);
            let Some(query) = words::query_of(&member.key) else { continue };
            let value = &member.value;
            match query.holds {
                Holds::Exact => self.keyed(value, Usage::Exact),
                Holds::Words => self.keyed(value, Usage::Words),
                Holds::Range => self.keyed(value, Usage::Range),
                Holds::Named => self.field_of(value, "field", Usage::Exists),
                Holds::Fields => {
                    for fields in ["fields", "default_field"].iter().filter_map(|key| value.get(key)) {
                        fields.elements().iter().for_each(|field| self.field(field, Usage::Words));
                    }
                }
                Holds::Queries(keys) => {
                    keys.iter().filter_map(|key| value.get(key)).for_each(|inner| self.queries(inner));
                }
                Holds::Nested => {
                    self.field_of(value, "path", Usage::Path);
                    value.get("query").into_iter().for_each(|inner| self.query(inner));
                    if let Some(source) = value.get("inner_hits") {
                        source.get("_source").into_iter().for_each(|shown| self.source(shown));
                        source.get("sort").into_iter().for_each(|keys| self.sort(keys));
                    }
                }
                Holds::Nothing => {}
            }
        }
    }

    fn queries(&mut self, node: &'a Node) {
        node.elements().iter().for_each(|query| self.query(query));
    }

    /// `{ field: ... }` beside options of the query.
    fn keyed(&mut self, node: &'a Node, usage: Usage) {
        for member in node.members().iter().filter(|member| !matches!(member.key.as_str(), "boost" | "_name")) {
            self.name(member, What::Field(usage, Some(&member.value)));
        }
    }

    fn aggregations(&mut self, node: &'a Node) {
        for named in node.members() {
            for member in named.value.members() {
                match member.key.as_str() {
                    "aggs" | "aggregations" => self.aggregations(&member.value),
                    "meta" => {}
                    _ => self.aggregation(member),
                }
            }
        }
    }

    fn aggregation(&mut self, member: &'a Member) {
        self.name(member, What::Aggregation);
        let Some(aggregation) = words::aggregation_of(&member.key) else { return };
        let value = &member.value;
        match aggregation.over {
            Over::Values => self.field_of(value, "field", Usage::Aggregated),
            Over::Numbers => self.field_of(value, "field", Usage::Numbers),
            Over::Path => self.field_of(value, "path", Usage::Path),
            Over::Terms => {
                for term in value.get("terms").into_iter().flat_map(Node::elements) {
                    self.field_of(term, "field", Usage::Aggregated);
                }
            }
            Over::Sources => {
                for source in value.get("sources").into_iter().flat_map(Node::elements) {
                    for kind in source.members().iter().flat_map(|name| name.value.members()) {
                        self.field_of(&kind.value, "field", Usage::Aggregated);
                    }
                }
            }
            Over::Query => self.query(value),
            Over::Filters => {
                let Some(filters) = value.get("filters") else { return };
                if let Value::Object(named) = &filters.value {
                    for filter in named {
                        self.query(&filter.value);
                    }
                } else {
                    self.queries(filters);
                }
            }
            Over::Documents => {
                value.get("sort").into_iter().for_each(|keys| self.sort(keys));
                value.get("_source").into_iter().for_each(|shown| self.source(shown));
            }
            Over::Others => {}
        }
    }

    fn sort(&mut self, node: &'a Node) {
        for key in node.elements() {
            match &key.value {
                Value::Text(_) => self.field(key, Usage::Sorted),
                _ => key.members().iter().for_each(|member| self.name(member, What::Field(Usage::Sorted, None))),
            }
        }
    }

    fn source(&mut self, node: &'a Node) {
        match &node.value {
            Value::Object(members) => {
                for member in members.iter().filter(|member| member.key.starts_with("include")) {
                    member.value.elements().iter().for_each(|field| self.field(field, Usage::Shown));
                }
            }
            _ => node.elements().iter().for_each(|field| self.field(field, Usage::Shown)),
        }
    }

    fn fields(&mut self, node: &'a Node) {
        for field in node.elements() {
            match &field.value {
                Value::Object(_) => self.field_of(field, "field", Usage::Shown),
                _ => self.field(field, Usage::Shown),
            }
        }
    }
}
