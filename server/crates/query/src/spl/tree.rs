//! What a search says, as data. Ranges are bytes of the text that was parsed.

use nlq_text::Span;

/// A search that was read: commands joined by `|`, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Search {
    /// The commands, also those of a text with errors, as far as they were understood.
    pub pipeline: Pipeline,
    /// What is no SPL, by place.
    pub errors: Vec<SyntaxError>,
    /// Every macro call of the text, in order, also inside subsearches. Splunk expands macros as text before it reads a search.
    pub macros: Vec<Macro>,
}

/// A place where a text is no SPL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// One sentence: what is wrong and what to do.
    pub message: String,
}

/// Commands joined by `|`: a whole search, or a subsearch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pipeline {
    /// From the first command to the last; of a subsearch with its brackets.
    pub span: Span,
    /// The commands in order.
    pub commands: Vec<Command>,
}

/// One command.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// From the name to the last argument.
    pub span: Span,
    /// The name in lower case; `search` with an empty range where a search starts without a command.
    pub name: Name,
    /// `key=value` arguments in order, wherever they stood.
    pub options: Vec<Setting>,
    /// The rest.
    pub body: Body,
}

/// What a command is told besides its options.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// `search`, `metasearch`, and a search that starts without a command; none keeps every event.
    Search(Option<Term>),
    /// `where`.
    Where(Expr),
    /// `eval`, `fieldformat`.
    Eval(Vec<Assignment>),
    /// `stats`, `eventstats`, `streamstats`, `chart`, `timechart`, `geostats`, their summary twins, `tstats`, `mstats`, `mcatalog`.
    Stats(Box<Stats>),
    /// `top`, `rare`, and their summary twins.
    Top {
        /// How many values; the first bare number.
        limit: Option<u64>,
        /// The fields whose values are counted.
        fields: Vec<Name>,
        /// The groups.
        by: Vec<Name>,
    },
    /// `fields`, `table`.
    Fields {
        /// `fields - a b`: all but these.
        remove: bool,
        /// Names, which may hold `*`.
        fields: Vec<Name>,
    },
    /// `sort`.
    Sort(Sort),
    /// `rename`.
    Rename(Vec<Renaming>),
    /// `dedup`.
    Dedup {
        /// How many of each are kept; the first bare number.
        count: Option<u64>,
        /// The fields whose values must differ.
        fields: Vec<Name>,
        /// The keys after SORTBY.
        sort_by: Vec<SortKey>,
    },
    /// `head`, `tail`.
    Head {
        /// How many; the bare number, else the option `limit`.
        count: Option<u64>,
        /// Until this is no longer true.
        condition: Option<Expr>,
    },
    /// `rex`; the field is the option `field`, the mode the option `mode`.
    Rex {
        /// The regular expression or, of `mode=sed`, the replacement.
        pattern: Option<Literal>,
    },
    /// `regex`.
    Regex {
        /// The field; `_raw` where none is named.
        field: Option<Name>,
        /// `!=`: what does not match is kept.
        negated: bool,
        /// The regular expression.
        pattern: Literal,
    },
    /// `fillnull`, `filldown`: these fields, or all.
    Fill(Vec<Name>),
    /// `bin`, `bucket`, `discretize`: its field and the name of the result.
    Bin(Option<Renaming>),
    /// `transaction`.
    Transaction {
        /// The fields that hold events together.
        fields: Vec<Name>,
        /// What the first event is like.
        starts_with: Option<Border>,
        /// What the last event is like.
        ends_with: Option<Border>,
    },
    /// `lookup`.
    Lookup {
        /// The lookup.
        table: Name,
        /// Fields of the lookup, each with the field of the events that it is compared to.
        matches: Vec<Renaming>,
        /// `OUTPUTNEW`: fields that events have are kept.
        keep: bool,
        /// Fields of the lookup, each with the name it gets; all where none is named.
        outputs: Vec<Renaming>,
    },
    /// `inputlookup`, `inputcsv`.
    InputLookup {
        /// The lookup.
        table: Name,
        /// Which of its rows.
        filter: Option<Term>,
    },
    /// `join`.
    Join {
        /// The fields that must agree.
        fields: Vec<Name>,
        /// The other side.
        search: Option<Pipeline>,
    },
    /// `append`, `appendcols`, `appendpipe`, `multisearch`, `union`, `set`: their subsearches and other words.
    Combine {
        /// `diff`, `union`, `intersect` of `set`; datasets of `union`.
        words: Vec<Name>,
        /// The subsearches in order.
        searches: Vec<Pipeline>,
    },
    /// `foreach`.
    Foreach {
        /// The fields, which may hold `*`.
        fields: Vec<Name>,
        /// What is done for each; `<<FIELD>>` and its kin stand as they were written.
        template: Option<Pipeline>,
    },
    /// `convert`.
    Convert(Vec<Conversion>),
    /// `replace`.
    Replace {
        /// What is replaced by what; may hold `*`.
        pairs: Vec<(Name, Name)>,
        /// The fields, or all.
        fields: Vec<Name>,
    },
    /// A macro in the place of a command.
    Macro {
        /// The macro.
        call: Macro,
        /// What follows it.
        arguments: Vec<Argument>,
    },
    /// Any other command.
    Other {
        /// What is no option, in order.
        arguments: Vec<Argument>,
        /// The fields after BY.
        by: Vec<Name>,
    },
}

/// A field, a table or another name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// Where, with quotes.
    pub span: Span,
    /// The name without quotes; a macro as it was written.
    pub text: String,
    /// How it was written.
    pub form: NameForm,
}

/// How a [`Name`] was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NameForm {
    /// Without quotes.
    #[default]
    Bare,
    /// In double quotes.
    Double,
    /// In single quotes.
    Single,
    /// A macro stands for it.
    Macro,
    /// `PREFIX(text)`: what follows that text in the events.
    Prefix,
}

/// A value as it was written, without quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// Where, with quotes.
    pub span: Span,
    /// Without quotes; escapes are undone, but for a regular expression's, where only `\"` is.
    pub text: String,
    /// It stood in quotes.
    pub quoted: bool,
}

/// `key=value`, or a comparison that a command takes in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The whole.
    pub span: Span,
    /// The key in lower case.
    pub key: Name,
    /// `=`, but for conditions.
    pub operator: Comparison,
    /// The value.
    pub value: Value,
}

/// The value of an option or of a comparison of a search.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A word or a string.
    Literal(Literal),
    /// A macro.
    Macro(Macro),
    /// A subsearch, which gives the value.
    Subsearch(Pipeline),
    /// Terms in parentheses: `index=(a OR b)`, `startswith=(a=1)`.
    Terms(Box<Term>),
    /// An expression: `startswith=eval(a > 1)`.
    Expr(Box<Expr>),
    /// Words in parentheses.
    Words(Span, Vec<Argument>),
}

/// What `search` looks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// Where, with its parentheses.
    pub span: Span,
    /// What.
    pub kind: TermKind,
}

/// What a [`Term`] is.
#[derive(Debug, Clone, PartialEq)]
pub enum TermKind {
    /// All of them.
    And(Vec<Term>),
    /// Any of them.
    Or(Vec<Term>),
    /// Not this.
    Not(Box<Term>),
    /// A field and a value, which may hold `*`. Also time modifiers: `earliest=-24h@h`.
    Compare {
        /// The field.
        field: Name,
        /// The operator.
        operator: Comparison,
        /// The value.
        value: Value,
    },
    /// A field and a list of values.
    In {
        /// The field.
        field: Name,
        /// The values.
        values: Vec<Value>,
    },
    /// A word or phrase that an event must hold; may hold `*`.
    Text(Literal),
    /// `TERM(..)`, `CASE(..)`.
    Directive {
        /// Its name in capitals.
        name: Name,
        /// What stands in its parentheses.
        text: Literal,
    },
    /// A macro.
    Macro(Macro),
    /// A subsearch, which gives terms.
    Subsearch(Pipeline),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`, `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// An expression of `eval` or `where`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// Where, with its parentheses.
    pub span: Span,
    /// What.
    pub kind: ExprKind,
}

/// What an [`Expr`] is.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A field.
    Field(Name),
    /// A string.
    Text(String),
    /// A number.
    Number(f64),
    /// A function's call; the name in lower case.
    Call {
        /// The function.
        function: Name,
        /// Its arguments.
        arguments: Vec<Expr>,
    },
    /// Two operands.
    Binary {
        /// What stands before the operator.
        left: Box<Expr>,
        /// The operator.
        operator: Operator,
        /// What stands after it.
        right: Box<Expr>,
    },
    /// `NOT`.
    Not(Box<Expr>),
    /// `-`; a `+` is left out.
    Negate(Box<Expr>),
    /// `value IN (a, b)`.
    In {
        /// The value.
        value: Box<Expr>,
        /// The list.
        list: Vec<Expr>,
    },
    /// A macro.
    Macro(Macro),
    /// A subsearch, which gives the value.
    Subsearch(Pipeline),
    /// What could not be read; an error tells of it.
    Unread,
}

/// An operator between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `OR`
    Or,
    /// `XOR`
    Xor,
    /// `AND`
    And,
    /// A comparison.
    Compare(Comparison),
    /// `LIKE`
    Like,
    /// `.`
    Concat,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

/// `field=expression`.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The whole.
    pub span: Span,
    /// The field.
    pub field: Name,
    /// Its value.
    pub value: Expr,
}

/// What `stats` and its kin compute.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stats {
    /// The aggregations in order.
    pub aggregations: Vec<Aggregation>,
    /// `FROM datamodel=A.B` of `tstats`.
    pub from: Option<From>,
    /// `WHERE ..` of `tstats` and `mstats`.
    pub filter: Option<Term>,
    /// `OVER field` of `chart`.
    pub over: Option<Name>,
    /// The fields after BY. A span for one of them is an option of the command.
    pub by: Vec<Name>,
    /// `WHERE count IN top5` of `timechart` and `chart`.
    pub series: Option<SeriesFilter>,
}

/// Where `tstats` takes its events from.
#[derive(Debug, Clone, PartialEq)]
pub struct From {
    /// The whole.
    pub span: Span,
    /// `datamodel`, `sid`; in lower case.
    pub kind: Option<Name>,
    /// The model and dataset, the job, the macro.
    pub source: Option<Name>,
}

/// One aggregation.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    /// The whole, with its alias.
    pub span: Span,
    /// What is computed.
    pub kind: AggregationKind,
    /// The name of the result; else [`Aggregation::output`] tells.
    pub alias: Option<Name>,
    /// The name of the result where no alias is given: the call as it was written, without space.
    pub written: String,
}

/// What an [`Aggregation`] computes.
#[derive(Debug, Clone, PartialEq)]
pub enum AggregationKind {
    /// A function's call; the name in lower case; no arguments for a bare `count`.
    Call {
        /// The function.
        function: Name,
        /// Its arguments.
        arguments: Vec<AggregationArgument>,
    },
    /// `eval(round(avg(x), 2))` of `chart` and `timechart`.
    Eval(Expr),
    /// A macro.
    Macro(Macro),
}

/// An argument of an aggregation.
#[derive(Debug, Clone, PartialEq)]
pub enum AggregationArgument {
    /// A field, which may hold `*`; also a plain word such as the span of `sparkline`.
    Field(Name),
    /// `eval(..)`: a condition to be counted, a value to be computed.
    Eval(Expr),
    /// An aggregation inside `sparkline`.
    Nested(Box<Aggregation>),
}

/// Which series of a chart are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesFilter {
    /// The whole.
    pub span: Span,
    /// What each series is measured by.
    pub aggregation: Aggregation,
    /// `in`, `notin`, `<`, `>`.
    pub operator: String,
    /// `top5`, `bottom3`, a number.
    pub value: Literal,
}

/// The keys of `sort`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sort {
    /// How many rows are kept: the bare number before the keys, else the option `limit`; 0 is all.
    pub limit: Option<u64>,
    /// The keys in order.
    pub keys: Vec<SortKey>,
    /// A closing `desc`: the order is turned round.
    pub reversed: bool,
}

/// A key of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    /// The whole.
    pub span: Span,
    /// `-`.
    pub descending: bool,
    /// How values compare, in lower case: `auto`, `str`, `ip`, `num`.
    pub kind: Option<Name>,
    /// The field.
    pub field: Name,
}

/// `field AS alias`, or a field alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Renaming {
    /// The whole.
    pub span: Span,
    /// The field.
    pub field: Name,
    /// Its other name.
    pub alias: Option<Name>,
}

/// `ctime(field) AS alias` of `convert`.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion {
    /// The whole.
    pub span: Span,
    /// The function, in lower case.
    pub function: Name,
    /// The field, which may hold `*`.
    pub field: Name,
    /// The name of the result.
    pub alias: Option<Name>,
}

/// What the first or last event of a transaction is like.
#[derive(Debug, Clone, PartialEq)]
pub enum Border {
    /// A search.
    Terms(Term),
    /// An expression.
    Expr(Expr),
}

/// A macro's call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Macro {
    /// With its backticks.
    pub span: Span,
    /// The name.
    pub name: Name,
    /// Its arguments as they were written, without quotes.
    pub arguments: Vec<Literal>,
}

/// An argument of a command that has no body of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// The whole.
    pub span: Span,
    /// What.
    pub kind: ArgumentKind,
    /// Its other name, after AS.
    pub alias: Option<Name>,
}

/// What an [`Argument`] is.
#[derive(Debug, Clone, PartialEq)]
pub enum ArgumentKind {
    /// A word or a quoted name.
    Name(Name),
    /// A macro.
    Macro(Macro),
    /// A call: `ctime(x)`; the name in lower case.
    Call {
        /// The function.
        function: Name,
        /// Its arguments.
        arguments: Vec<Argument>,
    },
    /// Words in parentheses.
    Group(Vec<Argument>),
    /// `key=value` inside parentheses.
    Setting(Box<Setting>),
    /// A subsearch.
    Subsearch(Pipeline),
}
