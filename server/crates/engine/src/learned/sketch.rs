//! The shape of a plan without its columns, tables and values: what the structure model predicts of a question.

use nlq_catalog::{ColumnId, TableId, TypeKind};
use nlq_query::plan::{Aggregate, Comparison, Expr, Item, Literal, OrderKey, Plan, Predicate, SetOperation};
use serde::{Deserialize, Serialize};

use crate::{
    bind::{join, within},
    time::TimeRange,
};

/// A plan's shape. Its columns are slots, numbered in the order of [`Sketch::slots`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub(crate) struct Sketch {
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) distinct: bool,
    pub(crate) select: Vec<Term>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) filter: Vec<Test>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) group: usize,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) having: Option<Test>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) order: Vec<(Term, bool)>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) limit: Limit,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) set: Option<(Operation, Box<Sketch>)>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How many rows are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub(crate) enum Limit {
    /// All.
    #[default]
    All,
    /// The first.
    One,
    /// As many as a number of the question says.
    Some,
}

/// The kind of a column.
pub(crate) type Kinds<'a> = &'a dyn Fn(ColumnId) -> TypeKind;

/// A shown, compared or ordering expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Term {
    /// All columns.
    All,
    /// Rows.
    Count,
    /// A column.
    Column,
    /// An aggregate of a column.
    Of(Function, bool),
}

/// The aggregates, as [`Aggregate`], for the weights' file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Function {
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

/// The set operations, as [`SetOperation`], for the weights' file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Operation {
    Union,
    Intersect,
    Except,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Test {
    pub(crate) term: Term,
    /// Joined to the one before by `or`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) or: bool,
    pub(crate) how: How,
}

/// What a term is tested for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum How {
    /// Compared with a value of the question.
    Is(Op),
    /// Compared with the single value of another query.
    IsOf(Op, Box<Sketch>),
    Between,
    Like(bool),
    Null(bool),
    /// One of the values of another query; true for none of them.
    In(bool, Box<Sketch>),
}

/// The comparisons, as [`Comparison`], for the weights' file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// What stands in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Slot {
    pub(crate) part: Part,
    pub(crate) function: Option<Function>,
    /// 0 of the query itself, 1 of the second of a set, 2 of one in a condition.
    pub(crate) level: Level,
}

/// Where a slot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Select,
    Equal,
    NotEqual,
    Less,
    More,
    Between,
    Like,
    Null,
    In,
    NotIn,
    /// Compared with the value of another query.
    Of,
    Group,
    Having,
    Ascending,
    Descending,
}

/// In which of a plan's queries a slot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Level {
    Top,
    Union,
    Intersect,
    Except,
    In,
    NotIn,
    Of,
}

/// What fills the slots of a sketch, in the order of a plan.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Filling {
    pub(crate) columns: Vec<ColumnId>,
    /// Values of tests, in the order of the sketch.
    pub(crate) values: Vec<Value>,
    /// How many rows, where that is not one.
    pub(crate) limit: u64,
}

/// What a test compares with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Literal(Literal),
    Time(TimeRange),
}

impl Term {
    fn has_slot(self) -> bool {
        matches!(self, Term::Column | Term::Of(..))
    }

    fn of(expr: &Expr, out: &mut Vec<ColumnId>) -> Option<Term> {
        Some(match expr {
            Expr::AllOf(_) => Term::All,
            Expr::Column(id) => {
                out.push(*id);
                Term::Column
            }
            Expr::Aggregate { function: Aggregate::Count, argument: None, .. } => Term::Count,
            Expr::Aggregate { function, distinct, argument: Some(argument) } => match **argument {
                Expr::Column(id) => {
                    out.push(id);
                    Term::Of(Function::from(*function), *distinct)
                }
                _ => return None,
            },
            Expr::Bucket { argument, .. } => return Term::of(argument, out),
            // A metric or ratio: an aggregate that holds its own columns.
            Expr::Raw { .. } | Expr::Ratio(..) => Term::Count,
            _ => return None,
        })
    }
}

impl From<Aggregate> for Function {
    fn from(aggregate: Aggregate) -> Self {
        match aggregate {
            Aggregate::Count => Function::Count,
            Aggregate::Sum => Function::Sum,
            Aggregate::Avg => Function::Avg,
            Aggregate::Min => Function::Min,
            Aggregate::Max => Function::Max,
        }
    }
}

impl From<Function> for Aggregate {
    fn from(function: Function) -> Self {
        match function {
            Function::Count => Aggregate::Count,
            Function::Sum => Aggregate::Sum,
            Function::Avg => Aggregate::Avg,
            Function::Min => Aggregate::Min,
            Function::Max => Aggregate::Max,
        }
    }
}

impl From<Comparison> for Op {
    fn from(op: Comparison) -> Self {
        match op {
            Comparison::Equal => Op::Eq,
            Comparison::NotEqual => Op::Ne,
            Comparison::Less => Op::Lt,
            Comparison::LessOrEqual => Op::Le,
            Comparison::Greater => Op::Gt,
            Comparison::GreaterOrEqual => Op::Ge,
        }
    }
}

impl From<Op> for Comparison {
    fn from(op: Op) -> Self {
        match op {
            Op::Eq => Comparison::Equal,
            Op::Ne => Comparison::NotEqual,
            Op::Lt => Comparison::Less,
            Op::Le => Comparison::LessOrEqual,
            Op::Gt => Comparison::Greater,
            Op::Ge => Comparison::GreaterOrEqual,
        }
    }
}

impl Sketch {
    /// The shape of a plan and what fills its slots; none when the plan has parts that sketches do not know. What only rules
    /// and annotations write (spans of time, metrics, terms) is read as what it stands for.
    pub(crate) fn of(plan: &Plan) -> Option<(Sketch, Filling)> {
        let mut filling = Filling { limit: 1, ..Filling::default() };
        let sketch = Self::read(plan, &mut filling)?;
        Some((sketch, filling))
    }

    fn read(plan: &Plan, out: &mut Filling) -> Option<Sketch> {
        let mut sketch = Sketch { distinct: plan.distinct, ..Sketch::default() };
        for item in &plan.select {
            sketch.select.push(Term::of(&item.expr, &mut out.columns)?);
        }
        match &plan.filter {
            None => {}
            Some(Predicate::And(parts)) => {
                for part in parts {
                    read_tests(part, false, &mut sketch.filter, out)?;
                }
            }
            Some(part) => read_tests(part, false, &mut sketch.filter, out)?,
        }
        for expr in &plan.group {
            if Term::of(expr, &mut out.columns)? != Term::Column {
                return None;
            }
            sketch.group += 1;
        }
        if let Some(having) = &plan.having {
            sketch.having = Some(read_test(having, false, out)?);
        }
        for key in &plan.order {
            sketch.order.push((Term::of(&key.expr, &mut out.columns)?, key.descending));
        }
        if let Some(limit) = plan.limit {
            sketch.limit = if limit == 1 { Limit::One } else { Limit::Some };
            out.limit = limit;
        }
        if let Some(set) = &plan.set {
            let operation = match set.0 {
                SetOperation::Union => Operation::Union,
                SetOperation::Intersect => Operation::Intersect,
                SetOperation::Except => Operation::Except,
            };
            sketch.set = Some((operation, Box::new(Self::read(&set.1, out)?)));
        }
        Some(sketch)
    }

    /// The slots in order.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        let mut out = Vec::new();
        self.collect(Level::Top, &mut out);
        out
    }

    fn collect(&self, level: Level, out: &mut Vec<Slot>) {
        let mut add = |term: Term, part: Part| {
            let function = match term {
                Term::Of(function, _) => Some(function),
                _ => None,
            };
            if term.has_slot() {
                out.push(Slot { part, function, level });
            }
        };
        self.select.iter().for_each(|term| add(*term, Part::Select));
        for test in &self.filter {
            test.collect(level, false, out);
        }
        out.extend((0..self.group).map(|_| Slot { part: Part::Group, function: None, level }));
        if let Some(having) = &self.having {
            having.collect(level, true, out);
        }
        for (term, descending) in &self.order {
            let part = if *descending { Part::Descending } else { Part::Ascending };
            if term.has_slot() {
                let function = match term {
                    Term::Of(function, _) => Some(*function),
                    _ => None,
                };
                out.push(Slot { part, function, level });
            }
        }
        if let Some((operation, second)) = &self.set {
            let level = match operation {
                Operation::Union => Level::Union,
                Operation::Intersect => Level::Intersect,
                Operation::Except => Level::Except,
            };
            second.collect(level, out);
        }
    }

    /// The plan of a filled sketch. `table` is where rows come from when no slot says it; `extra` are joined besides.
    pub(crate) fn plan(
        &self,
        filling: &Filling,
        table: Option<TableId>,
        extra: &[TableId],
        kind: Kinds<'_>,
    ) -> Option<Plan> {
        let mut columns = filling.columns.iter().copied();
        let mut values = filling.values.iter().cloned();
        let mut plan = self.build(&mut columns, &mut values, filling.limit, table, kind)?;
        plan.tables.extend(extra.iter().filter(|t| !plan.own_tables().contains(t)).copied().collect::<Vec<_>>());
        Some(plan)
    }

    fn build(
        &self,
        columns: &mut dyn Iterator<Item = ColumnId>,
        values: &mut dyn Iterator<Item = Value>,
        limit: u64,
        table: Option<TableId>,
        kind: Kinds<'_>,
    ) -> Option<Plan> {
        let mut plan = Plan { distinct: self.distinct, ..Plan::default() };
        let mut items: Vec<Option<Expr>> = Vec::new();
        for term in &self.select {
            items.push(term.build(columns)?);
        }
        let mut parts = Vec::new();
        for test in &self.filter {
            parts.push((test.build(columns, values, table, kind)?, test.or));
        }
        plan.filter = join(parts);
        for _ in 0..self.group {
            plan.group.push(Expr::Column(columns.next()?));
        }
        if let Some(having) = &self.having {
            plan.having = Some(having.build(columns, values, table, kind)?);
        }
        for (term, descending) in &self.order {
            plan.order.push(OrderKey { expr: term.build(columns)??, descending: *descending });
        }
        plan.limit = match self.limit {
            Limit::All => None,
            Limit::One => Some(1),
            Limit::Some => Some(limit),
        };
        let mut own: Vec<TableId> = Vec::new();
        items.iter().flatten().for_each(|expr| expr.tables(&mut own));
        own.extend(plan.own_tables());
        let main = own.first().copied().or(table)?;
        if own.is_empty() {
            plan.tables.push(main);
        }
        // `*` shows the table that is asked for, where one is.
        let whole = table.unwrap_or(main);
        plan.select =
            items.into_iter().map(|expr| Item { expr: expr.unwrap_or(Expr::AllOf(whole)), alias: None }).collect();
        if let Some((operation, second)) = &self.set {
            let operation = match operation {
                Operation::Union => SetOperation::Union,
                Operation::Intersect => SetOperation::Intersect,
                Operation::Except => SetOperation::Except,
            };
            plan.set = Some(Box::new((operation, second.build(columns, values, limit, Some(main), kind)?)));
        }
        Some(plan)
    }

    /// What the structure model knows of a sketch: names of its parts, alone and together.
    pub(crate) fn elements(&self) -> Vec<String> {
        let select = self.select.iter().map(|t| t.name()).collect::<Vec<_>>().join(",");
        let filter = self.filter.iter().map(Test::name).collect::<Vec<_>>().join(" ");
        let order = self.order.iter().map(|(t, d)| format!("{}{}", t.name(), if *d { "-" } else { "+" }));
        let order = format!("{}{:?}", order.collect::<Vec<_>>().join(","), self.limit);
        let having = self.having.as_ref().map_or(String::new(), Test::name);
        let set = self.set.as_ref().map_or(String::new(), |(op, _)| format!("{op:?}"));
        let mut out = vec![
            format!("select {select}"),
            format!("shown {}", self.select.len()),
            format!("filter {filter}"),
            format!("tests {}", self.filter.len()),
            format!("group {}", self.group),
            format!("having {having}"),
            format!("order {order}"),
            format!("set {set}"),
            format!("distinct {}", self.distinct),
            format!("select {select} group {}", self.group),
            format!("group {} order {order}", self.group),
            format!("group {} having {having}", self.group),
            format!("set {set} filter {filter}"),
            format!("tests {} order {order}", self.filter.len()),
            format!("distinct {} select {select}", self.distinct),
        ];
        out.extend(self.select.iter().map(|t| format!("shows {}", t.name())));
        out.extend(self.filter.iter().map(|t| format!("tests {}", t.name())));
        out.extend(self.filter.iter().map(|t| format!("op {}", t.short())));
        out.extend(self.filter.iter().any(|t| t.or).then(|| "or".to_owned()));
        if let Some((op, second)) = &self.set {
            let filter = second.filter.iter().map(Test::name).collect::<Vec<_>>().join(" ");
            out.push(format!("second {op:?} {filter} group {}", second.group));
        }
        out.push(format!("all {}", serde_json::to_string(self).unwrap_or_default()));
        out.sort();
        out.dedup();
        out
    }
}

impl Term {
    /// The expression; inner none is all columns.
    #[allow(clippy::option_option, reason = "outer none: too few columns; inner none: all of them")]
    fn build(self, columns: &mut dyn Iterator<Item = ColumnId>) -> Option<Option<Expr>> {
        Some(Some(match self {
            Term::All => return Some(None),
            Term::Count => Expr::Aggregate { function: Aggregate::Count, distinct: false, argument: None },
            Term::Column => Expr::Column(columns.next()?),
            Term::Of(function, distinct) => Expr::Aggregate {
                function: function.into(),
                distinct,
                argument: Some(Box::new(Expr::Column(columns.next()?))),
            },
        }))
    }

    fn name(self) -> String {
        match self {
            Term::All => "*".to_owned(),
            Term::Count => "count".to_owned(),
            Term::Column => "c".to_owned(),
            Term::Of(function, distinct) => format!("{function:?}{}", if distinct { "!" } else { "" }),
        }
    }
}

impl Test {
    fn collect(&self, level: Level, having: bool, out: &mut Vec<Slot>) {
        let part = match &self.how {
            _ if having => Part::Having,
            How::Is(Op::Eq) => Part::Equal,
            How::Is(Op::Ne) => Part::NotEqual,
            How::Is(Op::Lt | Op::Le) => Part::Less,
            How::Is(Op::Gt | Op::Ge) => Part::More,
            How::IsOf(..) => Part::Of,
            How::Between => Part::Between,
            How::Like(_) => Part::Like,
            How::Null(_) => Part::Null,
            How::In(false, _) => Part::In,
            How::In(true, _) => Part::NotIn,
        };
        if self.term.has_slot() {
            let function = match self.term {
                Term::Of(function, _) => Some(function),
                _ => None,
            };
            out.push(Slot { part, function, level });
        }
        match &self.how {
            How::IsOf(_, inner) => inner.collect(Level::Of, out),
            How::In(false, inner) => inner.collect(Level::In, out),
            How::In(true, inner) => inner.collect(Level::NotIn, out),
            _ => {}
        }
    }

    fn build(
        &self,
        columns: &mut dyn Iterator<Item = ColumnId>,
        values: &mut dyn Iterator<Item = Value>,
        table: Option<TableId>,
        kind: Kinds<'_>,
    ) -> Option<Predicate> {
        let expr = self.term.build(columns)??;
        Some(match &self.how {
            How::Is(op) => match (values.next()?, &expr) {
                (Value::Literal(value), _) => {
                    Predicate::Compare { left: expr, op: (*op).into(), right: Expr::Literal(value) }
                }
                // Before or after a span says the span itself.
                (Value::Time(range), Expr::Column(id))
                    if *op != Op::Eq && range.from.is_some() && range.until.is_some() && kind(*id).is_temporal() =>
                {
                    return None;
                }
                (Value::Time(range), Expr::Column(id)) => within(*id, kind(*id), &range, (*op).into())?,
                (Value::Time(_), _) => return None,
            },
            How::IsOf(op, inner) => {
                let plan = inner.build(columns, values, 1, table.or(main_of(&expr)), kind)?;
                Predicate::Compare { left: expr, op: (*op).into(), right: Expr::Plan(Box::new(plan)) }
            }
            How::Between => {
                let (Value::Literal(low), Value::Literal(high)) = (values.next()?, values.next()?) else { return None };
                Predicate::Between { expr, low, high }
            }
            How::Like(negated) => {
                let Value::Literal(Literal::Text(text) | Literal::Number(text)) = values.next()? else { return None };
                let pattern = if text.contains('%') { text } else { format!("%{text}%") };
                Predicate::Like { expr, pattern, negated: *negated }
            }
            How::Null(negated) => Predicate::IsNull { expr, negated: *negated },
            How::In(negated, inner) => {
                let plan = inner.build(columns, values, 1, table, kind)?;
                Predicate::InPlan { expr, plan: Box::new(plan), negated: *negated }
            }
        })
    }

    /// Its operation without what it is applied to.
    fn short(&self) -> String {
        match &self.how {
            How::Is(op) => format!("{op:?}"),
            How::IsOf(op, inner) => {
                format!("{op:?}({})", inner.select.iter().map(|t| t.name()).collect::<Vec<_>>().join(","))
            }
            How::Between => "between".to_owned(),
            How::Like(negated) => format!("like {negated}"),
            How::Null(negated) => format!("null {negated}"),
            How::In(negated, _) => format!("in {negated}"),
        }
    }

    fn name(&self) -> String {
        let inner = match &self.how {
            How::IsOf(_, inner) | How::In(_, inner) => {
                let tests: Vec<String> = inner.filter.iter().map(Test::short).collect();
                format!("[{} g{}{}]", tests.join(" "), inner.group, if inner.having.is_some() { "h" } else { "" })
            }
            _ => String::new(),
        };
        format!("{}{} {}{inner}", if self.or { "or " } else { "" }, self.term.name(), self.short())
    }
}

fn main_of(expr: &Expr) -> Option<TableId> {
    let mut tables = Vec::new();
    expr.tables(&mut tables);
    tables.first().copied()
}

fn read_tests(predicate: &Predicate, or: bool, tests: &mut Vec<Test>, out: &mut Filling) -> Option<()> {
    match predicate {
        // A term of the glossary: its columns stand in its text.
        Predicate::Raw { .. } => {}
        Predicate::Or(parts) => {
            for (at, part) in parts.iter().enumerate() {
                tests.push(read_test(part, or || at > 0, out)?);
            }
        }
        part => tests.push(read_test(part, or, out)?),
    }
    Some(())
}

fn read_test(predicate: &Predicate, or: bool, out: &mut Filling) -> Option<Test> {
    let mut term = |expr: &Expr| Term::of(expr, &mut out.columns).filter(|term| *term != Term::All);
    let (term, how) = match predicate {
        Predicate::Compare { left, op, right: Expr::Literal(literal) } => {
            let term = term(left)?;
            out.values.push(Value::Literal(literal.clone()));
            (term, How::Is((*op).into()))
        }
        Predicate::Compare { left, op, right: Expr::Plan(plan) } => {
            (term(left)?, How::IsOf((*op).into(), Box::new(Sketch::read(plan, out)?)))
        }
        Predicate::Between { expr, low, high } => {
            let term = term(expr)?;
            out.values.extend([low, high].map(|value| Value::Literal(value.clone())));
            (term, How::Between)
        }
        Predicate::Like { expr, pattern, negated } => {
            let term = term(expr)?;
            out.values.push(Value::Literal(Literal::Text(pattern.clone())));
            (term, How::Like(*negated))
        }
        Predicate::IsNull { expr, negated } => (term(expr)?, How::Null(*negated)),
        Predicate::InPlan { expr, plan, negated } => {
            (term(expr)?, How::In(*negated, Box::new(Sketch::read(plan, out)?)))
        }
        // Time stands for what is said of it: a day or year that is the same, later or earlier.
        Predicate::Within { expr, from, until } => {
            let op = match (from, until) {
                (Some(_), None) => Op::Ge,
                (None, Some(_)) => Op::Lt,
                _ => Op::Eq,
            };
            (term(expr)?, How::Is(op))
        }
        _ => return None,
    };
    Some(Test { term, or, how })
}
