//! From the grammar's tree to [`tree`](super::tree): one function for what each rule says.

use nlq_text::Span;
use tree_sitter::Node;

use super::tree::*;

/// How deep subsearches, parentheses and operators may nest; far above any search that a person writes, far below what
/// fills a thread's stack.
const MAX_DEPTH: usize = 200;

/// Reads nodes; collects macros and what cannot be read.
pub(super) struct Reader<'a> {
    text: &'a str,
    macros: Vec<Macro>,
    errors: Vec<SyntaxError>,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, macros: Vec::new(), errors: Vec::new(), depth: 0 }
    }

    pub(super) fn finish(mut self, pipeline: Pipeline, errors: Vec<SyntaxError>) -> Search {
        self.macros.sort_by_key(|call| call.span);
        self.macros.dedup_by_key(|call| call.span);
        self.errors.extend(errors);
        self.errors.sort_by_key(|error| error.span);
        Search { pipeline, errors: self.errors, macros: self.macros }
    }

    /// The first search of a text.
    pub(super) fn source(&mut self, node: Node<'_>) -> Pipeline {
        let search = children(node).into_iter().find(|child| child.kind() == "search");
        self.pipeline(search.unwrap_or(node))
    }

    fn pipeline(&mut self, node: Node<'_>) -> Pipeline {
        self.nested(node, |reader| {
            let commands =
                children(node).into_iter().filter(|child| child.kind().ends_with("command")).collect::<Vec<_>>();
            let commands: Vec<Command> = commands.into_iter().map(|child| reader.command(child)).collect();
            Pipeline { span: node.byte_range().into(), commands }
        })
        .unwrap_or_default()
    }

    /// Reads what may nest; none, and an error, where it nests too deep.
    fn nested<T>(&mut self, node: Node<'_>, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth == MAX_DEPTH {
            if self.errors.is_empty() {
                let message = format!("Nothing is read that is nested more than {MAX_DEPTH} deep; make it flatter.");
                self.errors.push(SyntaxError { span: node.byte_range().into(), message });
            }
            return None;
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        Some(read)
    }

    // ---- commands ----

    fn command(&mut self, node: Node<'_>) -> Command {
        let span: Span = node.byte_range().into();
        let mut name = match node.child_by_field_name("name") {
            Some(name) => self.name(name),
            None => Name { span: Span::at(span.start), text: "search".into(), form: NameForm::Bare },
        };
        name.text.make_ascii_lowercase();
        let mut options = Vec::new();
        let body = self.body(node, &name.text, &mut options);
        Command { span, name, options, body }
    }

    fn body(&mut self, node: Node<'_>, name: &str, options: &mut Vec<Setting>) -> Body {
        self.options(node, options);
        match node.kind() {
            "search_command" => {
                let terms = node.child_by_field_name("expression").map(|terms| self.term(terms));
                // A macro alone at the start of a subsearch may be any command.
                match terms {
                    Some(Term { kind: TermKind::Macro(call), .. })
                        if node.child_by_field_name("name").is_none()
                            && node.parent().is_some_and(|parent| parent.kind() == "subsearch") =>
                    {
                        Body::Macro { call, arguments: Vec::new() }
                    }
                    terms => Body::Search(terms),
                }
            }
            "where_command" => Body::Where(self.expr_of(node, "expression")),
            "eval_command" => {
                self.stray_macros(node);
                Body::Eval(all(node, "assignment").into_iter().map(|one| self.assignment(one)).collect())
            }
            "stats_command" | "tstats_command" => Body::Stats(Box::new(self.stats(node, options))),
            "top_command" => {
                let mut fields = self.names(node, "field");
                let limit = leading_number(&mut fields);
                Body::Top { limit, fields, by: self.by(node, options) }
            }
            "fields_command" => {
                let remove = node.child_by_field_name("sign").is_some_and(|sign| sign.kind() == "-");
                Body::Fields { remove, fields: self.names(node, "field") }
            }
            "sort_command" => {
                self.settings(node, "option", options);
                Body::Sort(self.sort(node, options))
            }
            "rename_command" => {
                self.stray_macros(node);
                Body::Rename(self.renamings(node, "renaming"))
            }
            "dedup_command" => {
                let mut fields = self.names(node, "field");
                let count = leading_number(&mut fields);
                let sort_by = node.child_by_field_name("sortby").map(|clause| self.sort(clause, &[]).keys);
                Body::Dedup { count, fields, sort_by: sort_by.unwrap_or_default() }
            }
            "head_command" => {
                self.stray_macros(node);
                let count = node.child_by_field_name("count").and_then(|count| self.at(count).parse().ok());
                let condition = node.child_by_field_name("condition").map(|condition| self.expr(condition));
                Body::Head { count: count.or_else(|| number_option(options, "limit")), condition }
            }
            "regex_command" => Body::Regex {
                field: node.child_by_field_name("field").map(|field| self.name(field)),
                negated: node.child_by_field_name("operator").is_some_and(|operator| operator.kind() == "!="),
                pattern: match node.child_by_field_name("pattern") {
                    Some(pattern) => self.pattern(pattern),
                    None => Literal { span: node.byte_range().into(), text: String::new(), quoted: false },
                },
            },
            "lookup_command" => {
                let mode = node.child_by_field_name("mode");
                Body::Lookup {
                    table: self.table(node),
                    matches: self.renamings(node, "match"),
                    keep: mode.is_some_and(|mode| self.at(mode).eq_ignore_ascii_case("outputnew")),
                    outputs: self.renamings(node, "output"),
                }
            }
            "inputlookup_command" => Body::InputLookup { table: self.table(node), filter: self.filter(node) },
            "transaction_command" => self.transaction(node, options),
            "macro_command" => {
                let call = children(node).into_iter().find(|child| child.kind() == "macro");
                let call = call.map(|call| self.macro_call(call));
                let arguments = self.arguments(node);
                match call {
                    Some(call) => Body::Macro { call, arguments },
                    None => Body::Other { arguments, by: Vec::new() },
                }
            }
            _ => self.known(node, name, options),
        }
    }

    /// A command that the grammar reads as any other, and that has a body all the same.
    fn known(&mut self, node: Node<'_>, name: &str, options: &mut Vec<Setting>) -> Body {
        let by = self.by(node, options);
        let arguments = self.arguments(node);
        if !by.is_empty() {
            return Body::Other { arguments, by };
        }
        match name {
            "rex" => {
                let pattern = all(node, "argument").into_iter().find(|one| one.kind() == "string");
                Body::Rex { pattern: pattern.map(|pattern| self.pattern(pattern)) }
            }
            "fillnull" | "filldown" => Body::Fill(names(arguments)),
            "tail" => {
                let mut names = names(arguments);
                Body::Head { count: leading_number(&mut names), condition: None }
            }
            "bin" | "bucket" | "discretize" => Body::Bin(arguments.into_iter().find_map(renaming)),
            "join" => {
                let (fields, mut searches) = split(arguments);
                Body::Join { fields, search: searches.pop() }
            }
            "append" | "appendcols" | "appendpipe" | "multisearch" | "union" | "set" => {
                let (words, searches) = split(arguments);
                Body::Combine { words, searches }
            }
            "foreach" => {
                let (fields, mut searches) = split(arguments);
                Body::Foreach { fields, template: searches.pop() }
            }
            "convert" => Body::Convert(arguments.into_iter().filter_map(conversion).collect()),
            "replace" => replacements(arguments),
            _ => Body::Other { arguments, by },
        }
    }

    fn options(&mut self, node: Node<'_>, options: &mut Vec<Setting>) {
        self.settings(node, "option", options);
    }

    fn settings(&mut self, node: Node<'_>, field: &str, options: &mut Vec<Setting>) {
        for option in all(node, field) {
            let setting = self.setting(option);
            if !options.iter().any(|known| known.span == setting.span) {
                options.push(setting);
            }
        }
    }

    fn setting(&mut self, node: Node<'_>) -> Setting {
        let key = node.child_by_field_name("key").or_else(|| node.child_by_field_name("field")).unwrap_or(node);
        let mut key = self.name(key);
        if node.kind() != "condition" {
            key.text.make_ascii_lowercase();
        }
        let operator = node.child_by_field_name("operator").map_or(Comparison::Equal, comparison);
        Setting { span: node.byte_range().into(), key, operator, value: self.value_of(node) }
    }

    fn stats(&mut self, node: Node<'_>, options: &mut Vec<Setting>) -> Stats {
        let aggregations = all(node, "aggregation").into_iter().map(|one| self.aggregation(one)).collect();
        let from = node.child_by_field_name("from").map(|clause| From {
            span: clause.byte_range().into(),
            kind: clause.child_by_field_name("kind").map(|kind| lowered(self.name(kind))),
            source: clause.child_by_field_name("source").map(|source| self.name(source)),
        });
        let filter = self.filter(node);
        let mut over = None;
        for clause in all(node, "over") {
            over = self.names(clause, "field").into_iter().next();
            self.options(clause, options);
        }
        let series = all(node, "by").into_iter().find_map(|clause| clause.child_by_field_name("where"));
        let series = series.map(|clause| self.series(clause));
        Stats { aggregations, from, filter, over, by: self.by(node, options), series }
    }

    fn series(&mut self, node: Node<'_>) -> SeriesFilter {
        let aggregation = node.child_by_field_name("aggregation").unwrap_or(node);
        let operator = node.child_by_field_name("operator").map_or("", |operator| self.at(operator));
        let value = node.child_by_field_name("value").unwrap_or(node);
        SeriesFilter {
            span: node.byte_range().into(),
            aggregation: self.aggregation(aggregation),
            operator: operator.to_ascii_lowercase(),
            value: self.literal(value),
        }
    }

    fn aggregation(&mut self, node: Node<'_>) -> Aggregation {
        let alias = node.child_by_field_name("alias").map(|alias| self.name(alias));
        let kind = if let Some(function) = node.child_by_field_name("function") {
            let function = lowered(self.name(function));
            let arguments = all(node, "argument").into_iter().map(|one| self.aggregated(one)).collect();
            AggregationKind::Call { function, arguments }
        } else if let Some(expression) = node.child_by_field_name("expression") {
            AggregationKind::Eval(self.expr(expression))
        } else {
            let call = node.child_by_field_name("macro").unwrap_or(node);
            AggregationKind::Macro(self.macro_call(call))
        };
        let end = alias.is_some().then(|| children(node).into_iter().find(|child| child.kind() == "AS")).flatten();
        let written = Span::new(node.start_byte(), end.map_or(node.end_byte(), |end| end.start_byte())).of(self.text);
        Aggregation { span: node.byte_range().into(), kind, alias, written: written.split_whitespace().collect() }
    }

    fn aggregated(&mut self, node: Node<'_>) -> AggregationArgument {
        match node.kind() {
            "eval_call" => AggregationArgument::Eval(self.expr(node)),
            "aggregation" => AggregationArgument::Nested(Box::new(self.aggregation(node))),
            _ => AggregationArgument::Field(self.name(node)),
        }
    }

    fn filter(&mut self, node: Node<'_>) -> Option<Term> {
        let clause = node.child_by_field_name("where")?;
        clause.child_by_field_name("expression").map(|terms| self.term(terms))
    }

    fn by(&mut self, node: Node<'_>, options: &mut Vec<Setting>) -> Vec<Name> {
        let clauses = children(node).into_iter().filter(|child| child.kind() == "by_clause");
        let mut names = Vec::new();
        for clause in clauses.collect::<Vec<_>>() {
            names.extend(self.names(clause, "field"));
            self.options(clause, options);
        }
        names
    }

    fn sort(&mut self, node: Node<'_>, options: &[Setting]) -> Sort {
        let mut keys: Vec<SortKey> = all(node, "key").into_iter().map(|one| self.sort_key(one)).collect();
        let mut sort = Sort { limit: number_option(options, "limit"), ..Sort::default() };
        let bare = |key: &SortKey| !key.descending && key.kind.is_none() && key.field.form == NameForm::Bare;
        if keys.len() > 1
            && bare(&keys[0])
            && let Ok(limit) = keys[0].field.text.parse()
        {
            sort.limit = Some(limit);
            keys.remove(0);
        }
        if keys.len() > 1 && keys.last().is_some_and(|key| bare(key) && matches!(key.field.text.as_str(), "d" | "desc"))
        {
            sort.reversed = true;
            keys.pop();
        }
        sort.keys = keys;
        sort
    }

    fn sort_key(&mut self, node: Node<'_>) -> SortKey {
        SortKey {
            span: node.byte_range().into(),
            descending: node.child_by_field_name("sign").is_some_and(|sign| sign.kind() == "-"),
            kind: node.child_by_field_name("kind").map(|kind| lowered(self.name(kind))),
            field: self.name(node.child_by_field_name("field").unwrap_or(node)),
        }
    }

    fn transaction(&mut self, node: Node<'_>, options: &mut [Setting]) -> Body {
        let mut borders = [None, None];
        for (border, key) in borders.iter_mut().zip(["startswith", "endswith"]) {
            let Some(setting) = options.iter().find(|setting| setting.key.text == key) else { continue };
            *border = match setting.value.clone() {
                Value::Terms(terms) => Some(Border::Terms(*terms)),
                Value::Expr(expr) => Some(Border::Expr(*expr)),
                // A string is a search of its own, so that quotes inside it are written `\"`.
                Value::Literal(literal) => {
                    Some(Border::Terms(Term { span: literal.span, kind: TermKind::Text(literal) }))
                }
                _ => None,
            };
        }
        let [starts_with, ends_with] = borders;
        Body::Transaction { fields: self.names(node, "field"), starts_with, ends_with }
    }

    fn table(&mut self, node: Node<'_>) -> Name {
        self.name(node.child_by_field_name("table").unwrap_or(node))
    }

    fn renamings(&mut self, node: Node<'_>, field: &str) -> Vec<Renaming> {
        all(node, field)
            .into_iter()
            .map(|one| Renaming {
                span: one.byte_range().into(),
                field: self.name(one.child_by_field_name("field").unwrap_or(one)),
                alias: one.child_by_field_name("alias").map(|alias| self.name(alias)),
            })
            .collect()
    }

    // ---- terms of a search ----

    fn term(&mut self, node: Node<'_>) -> Term {
        let span: Span = node.byte_range().into();
        let kind = self.nested(node, |reader| reader.term_kind(node));
        Term { span, kind: kind.unwrap_or(TermKind::And(Vec::new())) }
    }

    fn term_kind(&mut self, node: Node<'_>) -> TermKind {
        match node.kind() {
            "and_expression" => TermKind::And(self.terms(node)),
            "or_expression" => TermKind::Or(self.terms(node)),
            "not_expression" => match self.terms(node).into_iter().next() {
                Some(term) => TermKind::Not(Box::new(term)),
                None => TermKind::And(Vec::new()),
            },
            "group" => self.terms(node).into_iter().next().map_or(TermKind::And(Vec::new()), |term| term.kind),
            "comparison" => TermKind::Compare {
                field: self.name(node.child_by_field_name("field").unwrap_or(node)),
                operator: node.child_by_field_name("operator").map_or(Comparison::Equal, comparison),
                value: self.value_of(node),
            },
            "in_list" => {
                let field = self.name(node.child_by_field_name("field").unwrap_or(node));
                let subsearch = children(node).into_iter().filter(|child| child.kind() == "subsearch");
                let values = all(node, "value").into_iter().chain(subsearch).collect::<Vec<_>>();
                TermKind::In { field, values: values.into_iter().map(|value| self.value(value)).collect() }
            }
            "directive" => TermKind::Directive {
                name: self.name(node.child_by_field_name("name").unwrap_or(node)),
                text: self.literal(node.child_by_field_name("argument").unwrap_or(node)),
            },
            "macro" => TermKind::Macro(self.macro_call(node)),
            "subsearch" => TermKind::Subsearch(self.pipeline(node)),
            _ => TermKind::Text(self.literal(named(node).into_iter().next().unwrap_or(node))),
        }
    }

    fn terms(&mut self, node: Node<'_>) -> Vec<Term> {
        named(node).into_iter().map(|child| self.term(child)).collect()
    }

    // ---- expressions ----

    fn assignment(&mut self, node: Node<'_>) -> Assignment {
        Assignment {
            span: node.byte_range().into(),
            field: self.name(node.child_by_field_name("field").unwrap_or(node)),
            value: self.expr_of(node, "value"),
        }
    }

    fn expr_of(&mut self, node: Node<'_>, field: &str) -> Expr {
        match node.child_by_field_name(field) {
            Some(child) => self.expr(child),
            None => Expr { span: node.byte_range().into(), kind: ExprKind::Unread },
        }
    }

    fn expr(&mut self, node: Node<'_>) -> Expr {
        let kind = self.nested(node, |reader| reader.expr_kind(node));
        Expr { span: node.byte_range().into(), kind: kind.unwrap_or(ExprKind::Unread) }
    }

    fn expr_kind(&mut self, node: Node<'_>) -> ExprKind {
        match node.kind() {
            "parenthesized" | "eval_call" => {
                named(node).into_iter().next().map_or(ExprKind::Unread, |inner| self.expr(inner).kind)
            }
            "binary_expression" => {
                let written = node.child_by_field_name("operator").map_or("", |operator| self.at(operator));
                let Some(operator) = operator(written) else { return ExprKind::Unread };
                let (left, right) = (self.expr_of(node, "left"), self.expr_of(node, "right"));
                ExprKind::Binary { left: Box::new(left), operator, right: Box::new(right) }
            }
            "unary_expression" => {
                let operator = node.child_by_field_name("operator").map_or("", |operator| self.at(operator));
                let operand = self.expr_of(node, "operand");
                match operator {
                    "-" => ExprKind::Negate(Box::new(operand)),
                    "+" => operand.kind,
                    _ => ExprKind::Not(Box::new(operand)),
                }
            }
            "in_expression" => ExprKind::In {
                value: Box::new(self.expr_of(node, "left")),
                list: all(node, "value").into_iter().map(|one| self.expr(one)).collect(),
            },
            "function_call" => ExprKind::Call {
                function: lowered(self.name(node.child_by_field_name("function").unwrap_or(node))),
                arguments: all(node, "argument").into_iter().map(|one| self.expr(one)).collect(),
            },
            "field_name" => ExprKind::Field(self.name(node)),
            "string" => ExprKind::Text(self.literal(node).text),
            "number" => self.at(node).parse().map_or(ExprKind::Unread, ExprKind::Number),
            "macro" => ExprKind::Macro(self.macro_call(node)),
            "subsearch" => ExprKind::Subsearch(self.pipeline(node)),
            _ => ExprKind::Unread,
        }
    }

    // ---- what they share ----

    fn arguments(&mut self, node: Node<'_>) -> Vec<Argument> {
        children(node)
            .into_iter()
            .filter(|child| {
                matches!(
                    child.kind(),
                    "word" | "string" | "quoted_name" | "macro" | "call" | "aliased" | "group" | "subsearch"
                ) || (matches!(child.kind(), "option" | "condition") && matches!(node.kind(), "call" | "group"))
            })
            // The macro that is the command is no argument of it.
            .skip(usize::from(node.kind() == "macro_command"))
            .map(|child| self.argument(child))
            .collect()
    }

    fn argument(&mut self, node: Node<'_>) -> Argument {
        let span: Span = node.byte_range().into();
        let alias = node.child_by_field_name("alias").map(|alias| self.name(alias));
        let source = if node.kind() == "aliased" { node.child_by_field_name("source").unwrap_or(node) } else { node };
        let kind = self.nested(node, |reader| match source.kind() {
            "macro" => ArgumentKind::Macro(reader.macro_call(source)),
            "call" => ArgumentKind::Call {
                function: lowered(reader.name(source.child_by_field_name("function").unwrap_or(source))),
                arguments: reader.arguments(source),
            },
            "group" => ArgumentKind::Group(reader.arguments(source)),
            "subsearch" => ArgumentKind::Subsearch(reader.pipeline(source)),
            "option" | "condition" => ArgumentKind::Setting(Box::new(reader.setting(source))),
            _ => ArgumentKind::Name(reader.name(source)),
        });
        Argument { span, kind: kind.unwrap_or(ArgumentKind::Group(Vec::new())), alias }
    }

    fn value_of(&mut self, node: Node<'_>) -> Value {
        match node.child_by_field_name("value") {
            Some(value) => self.value(value),
            None => {
                let span = Span::at(node.end_byte());
                Value::Literal(Literal { span, text: String::new(), quoted: false })
            }
        }
    }

    fn value(&mut self, node: Node<'_>) -> Value {
        match node.kind() {
            "macro" => Value::Macro(self.macro_call(node)),
            "subsearch" => Value::Subsearch(self.pipeline(node)),
            "eval_call" | "parenthesized" => Value::Expr(Box::new(self.expr(node))),
            "group" if of_search(node) => Value::Terms(Box::new(self.term(node))),
            "group" => Value::Words(node.byte_range().into(), self.arguments(node)),
            "directive" => Value::Terms(Box::new(self.term(node))),
            _ => Value::Literal(self.literal(node)),
        }
    }

    /// Macros that stand for assignments or the like: called, and nothing else is known of them.
    fn stray_macros(&mut self, node: Node<'_>) {
        for child in children(node).into_iter().filter(|child| child.kind() == "macro") {
            self.macro_call(child);
        }
    }

    fn macro_call(&mut self, node: Node<'_>) -> Macro {
        let name = node.child_by_field_name("name").unwrap_or(node);
        let name = Name { span: name.byte_range().into(), text: self.at(name).to_owned(), form: NameForm::Bare };
        let arguments = all(node, "argument").into_iter().map(|argument| {
            let written = self.at(argument).trim_end();
            let span = Span::new(argument.start_byte(), argument.start_byte() + written.len());
            let inner = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            Literal { span, text: inner.unwrap_or(written).to_owned(), quoted: inner.is_some() }
        });
        let call = Macro { span: node.byte_range().into(), name, arguments: arguments.collect() };
        self.macros.push(call.clone());
        call
    }

    fn names(&mut self, node: Node<'_>, field: &str) -> Vec<Name> {
        all(node, field).into_iter().map(|one| self.name(one)).collect()
    }

    fn name(&mut self, node: Node<'_>) -> Name {
        let span: Span = node.byte_range().into();
        let written = self.at(node);
        let inner = |quote: char| written.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        let (text, form) = if node.kind() == "macro" {
            self.macro_call(node);
            (written.to_owned(), NameForm::Macro)
        } else if node.kind() == "directive" {
            let argument = node.child_by_field_name("argument").unwrap_or(node);
            (self.at(argument).to_owned(), NameForm::Prefix)
        } else if let Some(inner) = inner('"').filter(|_| written.len() > 1) {
            (unescaped(inner), NameForm::Double)
        } else if let Some(inner) = inner('\'').filter(|_| written.len() > 1) {
            (inner.to_owned(), NameForm::Single)
        } else {
            (written.to_owned(), NameForm::Bare)
        };
        Name { span, text, form }
    }

    fn literal(&mut self, node: Node<'_>) -> Literal {
        let written = self.at(node);
        let inner = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|_| written.len() > 1);
        Literal { span: node.byte_range().into(), text: unescaped(inner.unwrap_or(written)), quoted: inner.is_some() }
    }

    fn pattern(&mut self, node: Node<'_>) -> Literal {
        let mut literal = self.literal(node);
        let written = self.at(node);
        if node.kind() == "macro" {
            self.macro_call(node);
        } else if literal.quoted {
            literal.text = written[1..written.len() - 1].replace("\\\"", "\"");
        } else {
            written.clone_into(&mut literal.text);
        }
        literal
    }

    fn at(&self, node: Node<'_>) -> &'a str {
        Span::from(node.byte_range()).of(self.text)
    }
}

/// `\"`, `\\` and `\|` stand for their second character; before anything else a backslash is one.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some(&next @ ('"' | '\\' | '|'))) => {
                out.push(next);
                characters.next();
            }
            _ => out.push(character),
        }
    }
    out
}

fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.children(&mut cursor).filter(|child| !child.is_error()).collect()
}

fn named(node: Node<'_>) -> Vec<Node<'_>> {
    children(node).into_iter().filter(|child| child.is_named() && !child.is_extra() && !child.is_missing()).collect()
}

fn all<'t>(node: Node<'t>, field: &str) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.children_by_field_name(field, &mut cursor).filter(|child| child.is_named()).collect()
}

/// The group holds terms of a search, not words of a command.
fn of_search(node: Node<'_>) -> bool {
    node.child_by_field_name("argument").is_none()
        && node.child_by_field_name("option").is_none()
        && node.child_by_field_name("subsearch").is_none()
        && node.named_child_count() > 0
}

fn lowered(mut name: Name) -> Name {
    name.text.make_ascii_lowercase();
    name
}

fn comparison(node: Node<'_>) -> Comparison {
    match node.kind() {
        "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => Comparison::Equal,
    }
}

fn operator(written: &str) -> Option<Operator> {
    Some(match written.to_ascii_lowercase().as_str() {
        "or" => Operator::Or,
        "xor" => Operator::Xor,
        "and" => Operator::And,
        "=" | "==" => Operator::Compare(Comparison::Equal),
        "!=" => Operator::Compare(Comparison::NotEqual),
        "<" => Operator::Compare(Comparison::Less),
        "<=" => Operator::Compare(Comparison::LessOrEqual),
        ">" => Operator::Compare(Comparison::Greater),
        ">=" => Operator::Compare(Comparison::GreaterOrEqual),
        "like" => Operator::Like,
        "." => Operator::Concat,
        "+" => Operator::Add,
        "-" => Operator::Subtract,
        "*" => Operator::Multiply,
        "/" => Operator::Divide,
        "%" => Operator::Modulo,
        _ => return None,
    })
}

/// Takes the first name away where it is a number: how many are kept.
fn leading_number(names: &mut Vec<Name>) -> Option<u64> {
    let number = names.first().filter(|name| name.form == NameForm::Bare)?.text.parse().ok()?;
    names.remove(0);
    Some(number)
}

fn number_option(options: &[Setting], key: &str) -> Option<u64> {
    options.iter().find(|setting| setting.key.text == key)?.value.text()?.parse().ok()
}

fn names(arguments: Vec<Argument>) -> Vec<Name> {
    arguments.into_iter().filter_map(Argument::into_name).collect()
}

/// Names and subsearches apart.
fn split(arguments: Vec<Argument>) -> (Vec<Name>, Vec<Pipeline>) {
    let (mut words, mut searches) = (Vec::new(), Vec::new());
    for argument in arguments {
        match argument.kind {
            ArgumentKind::Subsearch(search) => searches.push(search),
            _ => words.extend(argument.into_name()),
        }
    }
    (words, searches)
}

fn renaming(argument: Argument) -> Option<Renaming> {
    let (span, alias) = (argument.span, argument.alias.clone());
    Some(Renaming { span, field: argument.into_name()?, alias })
}

fn conversion(argument: Argument) -> Option<Conversion> {
    let Argument { span, kind, alias } = argument;
    match kind {
        ArgumentKind::Call { function, arguments } => {
            let field = arguments.into_iter().find_map(Argument::into_name)?;
            Some(Conversion { span, function, field, alias })
        }
        _ => None,
    }
}

/// `a WITH b, c WITH d IN e f`
fn replacements(arguments: Vec<Argument>) -> Body {
    let mut words = names(arguments).into_iter().peekable();
    let is = |name: &Name, word: &str| name.form == NameForm::Bare && name.text.eq_ignore_ascii_case(word);
    let mut pairs = Vec::new();
    while let Some(old) = words.next() {
        if is(&old, "in") {
            break;
        }
        if words.next_if(|name| is(name, "with")).is_some()
            && let Some(new) = words.next()
        {
            pairs.push((old, new));
        }
    }
    Body::Replace { pairs, fields: words.collect() }
}
