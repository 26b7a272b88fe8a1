//! What is asked of the tree again and again.

use nlq_text::Span;

use super::tree::*;

impl Value {
    /// The text of a word or string.
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Literal(literal) => Some(&literal.text),
            _ => None,
        }
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Value::Literal(literal) => literal.span,
            Value::Macro(call) => call.span,
            Value::Subsearch(pipeline) => pipeline.span,
            Value::Terms(term) => term.span,
            Value::Expr(expr) => expr.span,
            Value::Words(span, _) => *span,
        }
    }
}

impl Aggregation {
    /// The name of its result.
    pub fn output(&self) -> &str {
        self.alias.as_ref().map_or(&self.written, |alias| &alias.text)
    }
}

impl Renaming {
    /// The other name, or the field's own.
    pub fn output(&self) -> &Name {
        self.alias.as_ref().unwrap_or(&self.field)
    }
}

impl Argument {
    /// The name that it is; none for a call, a group, a subsearch.
    pub fn into_name(self) -> Option<Name> {
        match self.kind {
            ArgumentKind::Name(name) => Some(name),
            ArgumentKind::Macro(call) => Some(Name { span: call.span, text: call.name.text, form: NameForm::Macro }),
            _ => None,
        }
    }

    /// The name that it is; none for a call, a group, a subsearch, a macro.
    pub fn name(&self) -> Option<&Name> {
        match &self.kind {
            ArgumentKind::Name(name) => Some(name),
            _ => None,
        }
    }
}

impl Command {
    /// An option by its key, in lower case; the last one where it is given twice.
    pub fn setting(&self, key: &str) -> Option<&Setting> {
        self.options.iter().rev().find(|setting| setting.key.text == key)
    }

    /// The text of an option.
    pub fn option(&self, key: &str) -> Option<&str> {
        self.setting(key)?.value.text()
    }

    /// Whether an option is on: `t`, `true`, `1`, `yes`; `otherwise` where it is not given or says neither.
    pub fn flag(&self, key: &str, otherwise: bool) -> bool {
        match self.option(key).map(str::to_ascii_lowercase).as_deref() {
            Some("t" | "true" | "1" | "yes" | "y") => true,
            Some("f" | "false" | "0" | "no" | "n") => false,
            _ => otherwise,
        }
    }

    /// The words among the arguments of a command without a body of its own.
    pub fn words(&self) -> impl Iterator<Item = &Name> {
        let arguments: &[Argument] = match &self.body {
            Body::Other { arguments, .. } | Body::Macro { arguments, .. } => arguments,
            _ => &[],
        };
        arguments.iter().filter_map(Argument::name)
    }

    /// The subsearches right inside it, in order of place.
    pub fn subsearches(&self) -> Vec<&Pipeline> {
        let mut found = Vec::new();
        for setting in &self.options {
            in_value(&setting.value, &mut found);
        }
        match &self.body {
            Body::Search(Some(term)) | Body::InputLookup { filter: Some(term), .. } => in_term(term, &mut found),
            Body::Where(expr) | Body::Head { condition: Some(expr), .. } => in_expr(expr, &mut found),
            Body::Eval(assignments) => assignments.iter().for_each(|one| in_expr(&one.value, &mut found)),
            Body::Stats(stats) => {
                stats.filter.iter().for_each(|term| in_term(term, &mut found));
                stats.aggregations.iter().for_each(|one| in_aggregation(one, &mut found));
            }
            Body::Join { search, .. } => found.extend(search),
            Body::Combine { searches, .. } => found.extend(searches),
            Body::Foreach { template, .. } => found.extend(template),
            Body::Macro { arguments, .. } | Body::Other { arguments, .. } => in_arguments(arguments, &mut found),
            _ => {}
        }
        found.sort_by_key(|pipeline| pipeline.span);
        found.dedup_by_key(|pipeline| pipeline.span);
        found
    }
}

impl Pipeline {
    /// Every command, also those of subsearches, each after the one that it stands in.
    pub fn all_commands(&self) -> Vec<&Command> {
        let mut found = Vec::new();
        for command in &self.commands {
            found.push(command);
            found.extend(command.subsearches().into_iter().flat_map(Pipeline::all_commands));
        }
        found
    }
}

fn in_value<'a>(value: &'a Value, found: &mut Vec<&'a Pipeline>) {
    match value {
        Value::Subsearch(pipeline) => found.push(pipeline),
        Value::Terms(term) => in_term(term, found),
        Value::Expr(expr) => in_expr(expr, found),
        Value::Words(_, arguments) => in_arguments(arguments, found),
        Value::Literal(_) | Value::Macro(_) => {}
    }
}

fn in_term<'a>(term: &'a Term, found: &mut Vec<&'a Pipeline>) {
    match &term.kind {
        TermKind::And(terms) | TermKind::Or(terms) => terms.iter().for_each(|term| in_term(term, found)),
        TermKind::Not(term) => in_term(term, found),
        TermKind::Compare { value, .. } => in_value(value, found),
        TermKind::In { values, .. } => values.iter().for_each(|value| in_value(value, found)),
        TermKind::Subsearch(pipeline) => found.push(pipeline),
        TermKind::Text(_) | TermKind::Directive { .. } | TermKind::Macro(_) => {}
    }
}

fn in_expr<'a>(expr: &'a Expr, found: &mut Vec<&'a Pipeline>) {
    match &expr.kind {
        ExprKind::Subsearch(pipeline) => found.push(pipeline),
        _ => expr.operands().for_each(|operand| in_expr(operand, found)),
    }
}

fn in_aggregation<'a>(aggregation: &'a Aggregation, found: &mut Vec<&'a Pipeline>) {
    match &aggregation.kind {
        AggregationKind::Eval(expr) => in_expr(expr, found),
        AggregationKind::Call { arguments, .. } => {
            for argument in arguments {
                match argument {
                    AggregationArgument::Eval(expr) => in_expr(expr, found),
                    AggregationArgument::Nested(inner) => in_aggregation(inner, found),
                    AggregationArgument::Field(_) => {}
                }
            }
        }
        AggregationKind::Macro(_) => {}
    }
}

fn in_arguments<'a>(arguments: &'a [Argument], found: &mut Vec<&'a Pipeline>) {
    for argument in arguments {
        match &argument.kind {
            ArgumentKind::Subsearch(pipeline) => found.push(pipeline),
            ArgumentKind::Call { arguments, .. } | ArgumentKind::Group(arguments) => in_arguments(arguments, found),
            ArgumentKind::Setting(setting) => in_value(&setting.value, found),
            ArgumentKind::Name(_) | ArgumentKind::Macro(_) => {}
        }
    }
}

impl Expr {
    /// The expressions right inside it, in order.
    pub fn operands(&self) -> impl Iterator<Item = &Expr> {
        let (one, two, rest): (Option<&Expr>, Option<&Expr>, &[Expr]) = match &self.kind {
            ExprKind::Call { arguments, .. } => (None, None, arguments),
            ExprKind::Binary { left, right, .. } => (Some(left), Some(right), &[]),
            ExprKind::Not(operand) | ExprKind::Negate(operand) => (Some(operand), None, &[]),
            ExprKind::In { value, list } => (Some(value), None, list),
            ExprKind::Field(_)
            | ExprKind::Text(_)
            | ExprKind::Number(_)
            | ExprKind::Macro(_)
            | ExprKind::Subsearch(_)
            | ExprKind::Unread => (None, None, &[]),
        };
        one.into_iter().chain(two).chain(rest)
    }
}
