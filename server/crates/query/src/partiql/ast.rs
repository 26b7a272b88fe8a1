//! A SELECT of DynamoDB's PartiQL as it was read.

use nlq_text::Span;

/// One SELECT.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// What is shown.
    pub items: Items,
    /// The table.
    pub table: Name,
    /// The index of the table that is read instead of the table itself.
    pub index: Option<Name>,
    /// Which items.
    pub filter: Option<Condition>,
    /// In which order.
    pub order: Vec<Order>,
}

/// What is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Items {
    /// Every attribute.
    All(Span),
    /// These.
    Paths(Vec<Path>),
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Without its quotes.
    pub text: String,
    /// With them.
    pub span: Span,
}

/// An attribute, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// From the outside in; the first is a name.
    pub steps: Vec<Step>,
    /// All of it.
    pub span: Span,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An entry of a map.
    Name(Name),
    /// An element of a list.
    Element(usize),
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// All of them.
    And(Vec<Condition>),
    /// Any of them.
    Or(Vec<Condition>),
    /// Not that.
    Not(Box<Condition>),
    /// A comparison.
    Compare {
        /// Left side.
        left: Operand,
        /// How.
        op: Operator,
        /// Right side.
        right: Operand,
    },
    /// From a value to another, both included.
    Between {
        /// What.
        what: Operand,
        /// First value.
        low: Operand,
        /// Last value.
        high: Operand,
        /// Outside of them.
        negated: bool,
    },
    /// One of several values.
    In {
        /// What.
        what: Path,
        /// The values.
        values: Vec<Operand>,
        /// None of them.
        negated: bool,
        /// All of it.
        span: Span,
    },
    /// `IS MISSING`, `IS NULL`.
    Is {
        /// What.
        what: Path,
        /// Missing, rather than null.
        missing: bool,
        /// Is not.
        negated: bool,
    },
    /// A function that is true or false.
    Call {
        /// Which.
        function: Function,
        /// Its name's place.
        name: Span,
        /// The attribute.
        what: Path,
        /// The second argument.
        argument: Operand,
    },
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Functions of conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Function {
    BeginsWith,
    Contains,
    AttributeType,
}

/// A value of a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// An attribute.
    Path(Path),
    /// `size(path)`.
    Size(Path, Span),
    /// A fixed value.
    Literal(Literal, Span),
}

/// A fixed value.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Text.
    Text(String),
    /// A number as it is written.
    Number(String),
    /// True or false.
    Bool(bool),
    /// Null.
    Null,
    /// A list, a map or a set.
    Composite,
    /// A value that is not there yet.
    Placeholder,
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub path: Path,
    /// Largest first.
    pub descending: bool,
}

impl Operand {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Path(path) => path.span,
            Self::Size(_, span) | Self::Literal(_, span) => *span,
        }
    }
}

impl Path {
    /// The attribute of the item.
    pub fn first(&self) -> &str {
        match self.steps.first() {
            Some(Step::Name(name)) => &name.text,
            _ => "",
        }
    }

    /// The names joined by dots up to the first element of a list, as the schema names attributes.
    pub fn dotted(&self) -> String {
        let names = self.steps.iter().map_while(|step| match step {
            Step::Name(name) => Some(name.text.as_str()),
            Step::Element(_) => None,
        });
        names.collect::<Vec<_>>().join(".")
    }

    /// True when it goes into a list.
    pub fn has_element(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Element(_)))
    }

    /// What DynamoDB calls it in a result: the last name with the elements after it.
    pub fn output(&self) -> String {
        let from = self.steps.iter().rposition(|step| matches!(step, Step::Name(_))).unwrap_or(0);
        let written = self.steps[from..].iter().map(|step| match step {
            Step::Name(name) => name.text.clone(),
            Step::Element(at) => format!("[{at}]"),
        });
        written.collect()
    }

    /// True for exactly this attribute of the item.
    pub fn is(&self, name: &str) -> bool {
        matches!(&self.steps[..], [Step::Name(only)] if only.text == name)
    }
}

impl Condition {
    /// Every path of it with what it stands in, in order.
    pub fn paths<'a>(&'a self, out: &mut Vec<&'a Path>) {
        let operand = |operand: &'a Operand, out: &mut Vec<&'a Path>| {
            if let Operand::Path(path) | Operand::Size(path, _) = operand {
                out.push(path);
            }
        };
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.paths(out)),
            Self::Not(inner) => inner.paths(out),
            Self::Compare { left, right, .. } => {
                operand(left, out);
                operand(right, out);
            }
            Self::Between { what, low, high, .. } => {
                for part in [what, low, high] {
                    operand(part, out);
                }
            }
            Self::In { what, values, .. } => {
                out.push(what);
                for value in values {
                    operand(value, out);
                }
            }
            Self::Is { what, .. } => out.push(what),
            Self::Call { what, argument, .. } => {
                out.push(what);
                operand(argument, out);
            }
        }
    }
}

impl Select {
    /// Every path of the statement, in order.
    pub fn paths(&self) -> Vec<&Path> {
        let mut all: Vec<&Path> = match &self.items {
            Items::All(_) => Vec::new(),
            Items::Paths(paths) => paths.iter().collect(),
        };
        if let Some(filter) = &self.filter {
            filter.paths(&mut all);
        }
        all.extend(self.order.iter().map(|key| &key.path));
        all
    }
}

impl Function {
    /// Every function with its name and what it does.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::BeginsWith, "begins_with", "`begins_with(attribute, 'text')`: text that begins so, letter for letter."),
        (
            Self::Contains,
            "contains",
            "`contains(attribute, value)`: text that holds another, letter for letter, or a set or list that holds the value.",
        ),
        (
            Self::AttributeType,
            "attribute_type",
            "`attribute_type(attribute, 'S')`: the value is of this type: S, N, B, BOOL, NULL, L, M, SS, NS or BS.",
        ),
    ];

    /// The function of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(name)).map(|(function, ..)| *function)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(function, ..)| *function == self).map_or("", |(_, name, _)| name)
    }
}
