//! From text to a [`Select`], with a sentence and a place for everything that DynamoDB would not take.

use nlq_text::{Span, did_you_mean};

use super::{
    ast::{Condition, Function, Items, Literal, Name, Operand, Operator, Order, Path, Select, Step},
    lexer::{Kind, Token, lex},
    reserved::is_reserved,
};

/// Characters of a statement at most, by DynamoDB's own limit.
pub(super) const MAX_CHARS: usize = 8192;
/// Conditions inside conditions at most: far more than people write, and far less than a stack holds.
const MAX_DEPTH: usize = 60;

/// Why a text is no SELECT.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// Where.
    pub span: Span,
    /// `syntax`, `unsupported` for what SQL has and DynamoDB's PartiQL has not, `reserved-word` for a name that must be
    /// quoted, `too-large`, `not-a-query`.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
}

fn error<T>(span: Span, code: &'static str, message: impl Into<String>) -> Result<T, ParseError> {
    Err(ParseError { span, code, message: message.into() })
}

/// What PartiQL of DynamoDB lacks, by the word that SQL begins it with.
const UNSUPPORTED: &[(&str, &str)] = &[
    (
        "LIMIT",
        "DynamoDB's PartiQL has no LIMIT: leave it out; how many rows are shown is decided when the query is run",
    ),
    ("OFFSET", "DynamoDB's PartiQL has no OFFSET: further rows come page by page"),
    ("GROUP", "DynamoDB's PartiQL has no GROUP BY: it gives the items themselves"),
    ("HAVING", "DynamoDB's PartiQL has no HAVING: it gives the items themselves"),
    ("DISTINCT", "DynamoDB's PartiQL has no DISTINCT: equal rows stay"),
    ("JOIN", "DynamoDB's PartiQL joins nothing: ask one table or one of its indexes"),
    ("INNER", "DynamoDB's PartiQL joins nothing: ask one table or one of its indexes"),
    ("LEFT", "DynamoDB's PartiQL joins nothing: ask one table or one of its indexes"),
    ("UNION", "DynamoDB's PartiQL puts no queries together: ask one after the other"),
    ("INTERSECT", "DynamoDB's PartiQL puts no queries together: ask one after the other"),
    ("EXCEPT", "DynamoDB's PartiQL puts no queries together: ask one after the other"),
    ("AS", "DynamoDB's PartiQL takes no other names: leave out AS and the name after it"),
    ("LIKE", "DynamoDB's PartiQL has no LIKE: write begins_with(attribute, 'text') or contains(attribute, 'text')"),
    ("VALUE", "DynamoDB's PartiQL has no SELECT VALUE: name the attributes"),
    ("CASE", "DynamoDB's PartiQL computes nothing: name attributes"),
    ("EXISTS", "DynamoDB takes EXISTS only in transactions that write"),
];
const AGGREGATES: &[&str] = &["count", "sum", "avg", "min", "max"];
/// Words that end a clause, so no names unless quoted.
const KEYWORDS: &[&str] = &[
    "select", "from", "where", "order", "by", "and", "or", "not", "in", "between", "is", "missing", "null", "asc",
    "desc", "true", "false",
];
const WRITES: &[&str] =
    &["insert", "update", "delete", "replace", "upsert", "set", "remove", "create", "drop", "alter", "exec"];

/// Reads a text that is one SELECT, without a `;`. `open` lets `{{name}}` and `?` stand for values.
pub fn parse(text: &str, open: bool) -> Result<Select, ParseError> {
    if text.chars().nth(MAX_CHARS).is_some() {
        let message = format!("the statement is longer than the {MAX_CHARS} characters that DynamoDB takes");
        return Err(ParseError { span: Span::new(0, text.len()), code: "too-large", message });
    }
    let tokens: Vec<Token> = lex(text).into_iter().filter(|token| token.kind != Kind::Comment).collect();
    let mut parser = Parser { text, tokens, at: 0, depth: 0, open };
    parser.select()
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    open: bool,
}

impl Parser<'_> {
    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    fn is(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.is(self.text, word))
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.is(word);
        self.at += usize::from(found);
        found
    }

    fn here(&self) -> Span {
        self.peek().map_or(Span::at(self.text.trim_end().len()), |token| token.span)
    }

    /// What stands here is not what should.
    fn expected<T>(&self, what: &str) -> Result<T, ParseError> {
        let Some(token) = self.peek() else {
            return error(self.here(), "syntax", format!("{what} is missing at the end"));
        };
        let found = token.span.of(self.text);
        if token.kind == Kind::Broken {
            let message = match found.chars().next() {
                Some('\'') => "this text is not closed: end it with '".to_owned(),
                Some('"') => "this name is not closed: end it with \"".to_owned(),
                Some('/') => "this comment is not closed: end it with */".to_owned(),
                Some('{') => "this placeholder is not closed: end it with }}".to_owned(),
                _ => format!("`{}` stands nowhere in PartiQL", found.escape_debug()),
            };
            return error(token.span, "syntax", message);
        }
        let unsupported = UNSUPPORTED.iter().find(|(word, _)| token.is(self.text, word));
        if let Some((_, message)) = unsupported {
            return error(token.span, "unsupported", *message);
        }
        if ["+", "-", "*", "/", "%"].iter().any(|sign| token.is(self.text, sign)) {
            return error(
                token.span,
                "unsupported",
                "DynamoDB's PartiQL computes nothing: compare attributes with values",
            );
        }
        let shown: String = found.chars().take(40).collect();
        error(token.span, "syntax", format!("{what} is expected here, not `{shown}`"))
    }

    fn need(&mut self, word: &str) -> Result<(), ParseError> {
        if self.take(word) { Ok(()) } else { self.expected(&format!("`{word}`")) }
    }

    fn select(&mut self) -> Result<Select, ParseError> {
        if !self.take("SELECT") {
            let first = self.peek().filter(|token| token.kind == Kind::Word);
            return match first {
                Some(token) if WRITES.contains(&token.span.of(self.text).to_lowercase().as_str()) => {
                    let word = token.span.of(self.text).to_uppercase();
                    error(token.span, "not-a-query", format!("nlq runs only queries, and {word} is not one"))
                }
                _ => self.expected("`SELECT`"),
            };
        }
        let items = self.items()?;
        self.need("FROM")?;
        let (table, index) = self.source()?;
        let filter = if self.take("WHERE") { Some(self.any()?) } else { None };
        let mut order = Vec::new();
        if self.take("ORDER") {
            self.need("BY")?;
            loop {
                let path = self.path("an attribute")?;
                let descending = self.take("DESC");
                if !descending {
                    self.take("ASC");
                }
                order.push(Order { path, descending });
                if !self.take(",") {
                    break;
                }
            }
        }
        match self.peek() {
            None => Ok(Select { items, table, index, filter, order }),
            Some(_) if filter.is_none() && order.is_empty() => self.expected("`WHERE`, `ORDER BY` or the end"),
            Some(_) if order.is_empty() => self.expected("`AND`, `OR`, `ORDER BY` or the end"),
            Some(_) => self.expected("the end"),
        }
    }

    fn items(&mut self) -> Result<Items, ParseError> {
        let star = self.here();
        if self.take("*") {
            return Ok(Items::All(star));
        }
        let mut paths = Vec::new();
        loop {
            if let Some(name) = self.called() {
                let message = if AGGREGATES.contains(&name.text.to_lowercase().as_str()) {
                    format!("DynamoDB's PartiQL has no {}(): it gives the items themselves", name.text.to_lowercase())
                } else {
                    format!("DynamoDB's PartiQL shows attributes only, and {}() is a function", name.text)
                };
                return error(name.span, "unsupported", message);
            }
            paths.push(self.path("an attribute or `*`")?);
            if !self.take(",") {
                return Ok(Items::Paths(paths));
            }
        }
    }

    /// The name here, when a parenthesis follows it.
    fn called(&self) -> Option<Name> {
        let token = self.peek().filter(|token| token.kind == Kind::Word)?;
        let open = self.tokens.get(self.at + 1)?.is(self.text, "(");
        let keyword = KEYWORDS.contains(&token.span.of(self.text).to_lowercase().as_str());
        (open && !keyword).then(|| Name { text: token.span.of(self.text).to_owned(), span: token.span })
    }

    fn source(&mut self) -> Result<(Name, Option<Name>), ParseError> {
        let table = self.name("a table")?;
        let index = if self.take(".") { Some(self.name("an index")?) } else { None };
        if self.is(",") {
            return error(
                self.here(),
                "unsupported",
                "DynamoDB's PartiQL joins nothing: ask one table or one of its indexes",
            );
        }
        if let Some(token) = self.peek()
            && matches!(token.kind, Kind::Quoted | Kind::Word)
            && !["where", "order"]
                .iter()
                .chain(UNSUPPORTED.iter().map(|(word, _)| word))
                .any(|word| token.is(self.text, word))
        {
            if token.kind == Kind::Word
                && did_you_mean(&token.span.of(self.text).to_lowercase(), ["where", "order"]).is_some()
            {
                return self.expected("`WHERE`, `ORDER BY` or the end");
            }
            return error(
                token.span,
                "unsupported",
                "DynamoDB's PartiQL takes no other names for tables: leave this name out",
            );
        }
        if let Some(token) = self.peek().filter(|token| token.is(self.text, "-")) {
            let message = "a table's name with other signs than letters, digits and _ stands in double quotes";
            return error(table.span.to(token.span), "syntax", message);
        }
        Ok((table, index))
    }

    fn name(&mut self, what: &str) -> Result<Name, ParseError> {
        let Some(token) = self.peek() else { return self.expected(what) };
        let found = token.span.of(self.text);
        match token.kind {
            Kind::Quoted => {}
            Kind::Text => {
                let message = format!("{what} is expected here: names stand in double quotes, texts in single ones");
                return error(token.span, "syntax", message);
            }
            Kind::Word if self.ends_here(token) => return self.expected(what),
            Kind::Word if is_reserved(found) => {
                let message = format!("`{found}` is a word of PartiQL: as a name it stands in double quotes");
                return error(token.span, "reserved-word", message);
            }
            Kind::Word => {}
            _ => return self.expected(what),
        }
        self.at += 1;
        Ok(Name { text: token.content(self.text).unwrap_or_default(), span: token.span })
    }

    /// True for a word that begins or ends a clause, so that a name is missing before it. Before a sign any word is meant as
    /// a name.
    fn ends_here(&self, token: Token) -> bool {
        let word = token.span.of(self.text).to_lowercase();
        let clause =
            KEYWORDS.contains(&word.as_str()) || UNSUPPORTED.iter().any(|(known, _)| token.is(self.text, known));
        let next = self.tokens.get(self.at + 1);
        let signs = ["=", "<", ">", "<=", ">=", "<>", "!=", ",", "."];
        clause && !next.is_some_and(|next| signs.iter().any(|sign| next.is(self.text, sign)))
    }

    fn path(&mut self, what: &str) -> Result<Path, ParseError> {
        let first = self.name(what)?;
        let mut span = first.span;
        let mut steps = vec![Step::Name(first)];
        loop {
            if self.take(".") {
                let name = self.name("the name of a part")?;
                span = span.to(name.span);
                steps.push(Step::Name(name));
            } else if self.is("[") {
                self.at += 1;
                let number = self.peek().filter(|token| token.kind == Kind::Number);
                let Some(at) = number.and_then(|token| token.span.of(self.text).parse().ok()) else {
                    return self.expected("the number of an element");
                };
                self.at += 1;
                span = span.to(self.here());
                self.need("]")?;
                steps.push(Step::Element(at));
            } else {
                return Ok(Path { steps, span });
            }
        }
    }

    fn any(&mut self) -> Result<Condition, ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return error(self.here(), "too-large", "the conditions are nested too deeply");
        }
        let mut parts = vec![self.all()?];
        while self.take("OR") {
            parts.push(self.all()?);
        }
        self.depth -= 1;
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Or(parts) })
    }

    fn all(&mut self) -> Result<Condition, ParseError> {
        let mut parts = vec![self.one()?];
        while self.take("AND") {
            match self.one()? {
                Condition::And(inner) => parts.extend(inner),
                other => parts.push(other),
            }
        }
        Ok(match parts.len() {
            1 => parts.remove(0),
            _ => Condition::And(
                parts
                    .into_iter()
                    .flat_map(|part| if let Condition::And(inner) = part { inner } else { vec![part] })
                    .collect(),
            ),
        })
    }

    fn one(&mut self) -> Result<Condition, ParseError> {
        let mut negations = 0_usize;
        while self.take("NOT") {
            negations += 1;
        }
        let inner = if self.take("(") {
            let inner = self.any()?;
            self.need(")")?;
            inner
        } else {
            self.test()?
        };
        Ok(if negations % 2 == 1 { Condition::Not(Box::new(inner)) } else { inner })
    }

    fn test(&mut self) -> Result<Condition, ParseError> {
        if let Some(name) = self.called() {
            if let Some(function) = Function::named(&name.text) {
                self.at += 1;
                self.need("(")?;
                let what = self.path("an attribute")?;
                self.need(",")?;
                let argument = self.operand()?;
                self.need(")")?;
                return Ok(Condition::Call { function, name: name.span, what, argument });
            }
            if !name.text.eq_ignore_ascii_case("size") {
                return Self::unknown_function(&name);
            }
        }
        let what = self.operand()?;
        let negated = self.take("NOT");
        if self.take("BETWEEN") {
            let low = self.operand()?;
            self.need("AND")?;
            return Ok(Condition::Between { what, low, high: self.operand()?, negated });
        }
        if self.is("IN") || (self.is("IS") && !negated) {
            let span = what.span();
            let Operand::Path(what) = what else {
                return error(span, "syntax", "an attribute stands before IN and IS");
            };
            if self.take("IN") {
                return self.values(what, negated);
            }
            self.at += 1;
            let negated = self.take("NOT");
            let missing = self.take("MISSING");
            return if missing || self.take("NULL") {
                Ok(Condition::Is { what, missing, negated })
            } else {
                self.expected("`MISSING` or `NULL`")
            };
        }
        if negated {
            return self.expected("`IN` or `BETWEEN`");
        }
        let operators = [
            ("=", Operator::Equal),
            ("<>", Operator::NotEqual),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        for (sign, op) in operators {
            if self.take(sign) {
                return Ok(Condition::Compare { left: what, op, right: self.operand()? });
            }
        }
        self.expected("a comparison")
    }

    fn unknown_function<T>(name: &Name) -> Result<T, ParseError> {
        let known = Function::ALL.iter().map(|(_, name, _)| *name).chain(["size"]);
        let lower = name.text.to_lowercase();
        if AGGREGATES.contains(&lower.as_str()) {
            return error(
                name.span,
                "unsupported",
                format!("DynamoDB's PartiQL has no {lower}(): it gives the items themselves"),
            );
        }
        let hint = match did_you_mean(&lower, known) {
            Some(near) => format!("did you mean {near}?"),
            None => "it has begins_with, contains, attribute_type and size".to_owned(),
        };
        error(name.span, "unsupported", format!("DynamoDB's PartiQL has no function {}: {hint}", name.text))
    }

    fn values(&mut self, what: Path, negated: bool) -> Result<Condition, ParseError> {
        let close = match self.peek() {
            Some(token) if token.is(self.text, "[") => "]",
            Some(token) if token.is(self.text, "(") => ")",
            _ => return self.expected("`[` with a list of values"),
        };
        self.at += 1;
        if self.is("SELECT") {
            return error(
                self.here(),
                "unsupported",
                "DynamoDB's PartiQL nests no queries: write the values themselves",
            );
        }
        let mut values = vec![self.operand()?];
        while self.take(",") {
            values.push(self.operand()?);
        }
        let span = what.span.to(self.here());
        self.need(close)?;
        Ok(Condition::In { what, values, negated, span })
    }

    fn operand(&mut self) -> Result<Operand, ParseError> {
        if let Some(name) = self.called() {
            if !name.text.eq_ignore_ascii_case("size") {
                return Self::unknown_function(&name);
            }
            self.at += 1;
            self.need("(")?;
            let path = self.path("an attribute")?;
            let span = name.span.to(self.here());
            self.need(")")?;
            return self.alone(Operand::Size(path, span));
        }
        let start = self.here();
        let found = match self.literal()? {
            Some(literal) => {
                let end = self.at.checked_sub(1).map_or(start, |at| self.tokens[at].span);
                Operand::Literal(literal, start.to(end))
            }
            None => Operand::Path(self.path("an attribute or a value")?),
        };
        self.alone(found)
    }

    /// An operand that nothing is computed with.
    fn alone(&self, operand: Operand) -> Result<Operand, ParseError> {
        let computes = ["+", "-", "*", "/", "%"].iter().any(|sign| self.is(sign));
        if computes { self.expected("a comparison") } else { Ok(operand) }
    }

    fn literal(&mut self) -> Result<Option<Literal>, ParseError> {
        let Some(token) = self.peek() else { return Ok(None) };
        let text = token.span.of(self.text);
        let found = match token.kind {
            Kind::Text => Literal::Text(token.content(self.text).unwrap_or_default()),
            Kind::Number => Literal::Number(text.to_owned()),
            Kind::Placeholder if self.open => Literal::Placeholder,
            Kind::Placeholder => {
                return error(token.span, "syntax", format!("`{text}` stands for a value that is not given"));
            }
            Kind::Sign if text == "-" || text == "+" => {
                self.at += 1;
                let Some(number) = self.peek().filter(|token| token.kind == Kind::Number) else {
                    return self.expected("a number");
                };
                let sign = if text == "-" { "-" } else { "" };
                Literal::Number(format!("{sign}{}", number.span.of(self.text)))
            }
            Kind::Sign if text == "[" || text == "<<" || text == "{" => return self.composite(text == "{").map(Some),
            Kind::Word if text.eq_ignore_ascii_case("true") => Literal::Bool(true),
            Kind::Word if text.eq_ignore_ascii_case("false") => Literal::Bool(false),
            Kind::Word if text.eq_ignore_ascii_case("null") => Literal::Null,
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(found))
    }

    /// A list, a set or a map of values.
    fn composite(&mut self, map: bool) -> Result<Literal, ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return error(self.here(), "too-large", "the values are nested too deeply");
        }
        let close = if map {
            "}"
        } else if self.is("[") {
            "]"
        } else {
            ">>"
        };
        self.at += 1;
        while !self.is(close) {
            if map {
                if self.peek().is_none_or(|token| token.kind != Kind::Text) {
                    return self.expected("a name in single quotes");
                }
                self.at += 1;
                self.need(":")?;
            }
            if self.literal()?.is_none() {
                return self.expected("a value");
            }
            if !self.take(",") && !self.is(close) {
                return self.expected(&format!("`,` or `{close}`"));
            }
        }
        self.at += 1;
        self.depth -= 1;
        Ok(Literal::Composite)
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
