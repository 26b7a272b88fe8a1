//! The dialect-neutral plan: what a query asks for, without joins. Which tables must be joined follows from the columns
//! and tables it names ([`crate::joins`]); how it is written follows from the dialect ([`crate::render`]).

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use nlq_catalog::{ColumnId, TableId};

/// A query without joins.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// What is shown, in order; never empty in a finished plan.
    pub select: Vec<Item>,
    /// Equal rows only once.
    pub distinct: bool,
    /// Tables whose rows must take part besides those that the columns name.
    pub tables: Vec<TableId>,
    /// Which rows.
    pub filter: Option<Predicate>,
    /// One row for each of these.
    pub group: Vec<Expr>,
    /// Which groups.
    pub having: Option<Predicate>,
    /// In which order.
    pub order: Vec<OrderKey>,
    /// Rows at most.
    pub limit: Option<u64>,
    /// Combined with another plan of as many columns.
    pub set: Option<Box<(SetOperation, Plan)>>,
    /// Columns whose references joins should prefer: what the question itself names.
    pub prefer: Vec<ColumnId>,
}

/// A shown expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What is shown.
    pub expr: Expr,
    /// Its name in the result, where the expression gives none.
    pub alias: Option<String>,
}

/// A value of a row or of a group.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A column.
    Column(ColumnId),
    /// All columns of a table; only as an item.
    AllOf(TableId),
    /// An aggregate over a group; no argument counts rows.
    Aggregate {
        /// Which.
        function: Aggregate,
        /// Over different values only.
        distinct: bool,
        /// What is aggregated; none is `count(*)`.
        argument: Option<Box<Expr>>,
    },
    /// A fixed value.
    Literal(Literal),
    /// The single value of another plan.
    Plan(Box<Plan>),
    /// A day or moment cut down to its year, month, ...
    Bucket {
        /// How coarse.
        unit: TimeUnit,
        /// How many of the unit, at least 1: 5 for every five minutes. More than 1 only of minutes and hours, and only
        /// what divides an hour or a day.
        count: u32,
        /// A temporal expression.
        argument: Box<Expr>,
    },
    /// One number minus another.
    Minus(Box<Expr>, Box<Expr>),
    /// One number divided by another, with its fraction; nothing where the other is 0.
    Ratio(Box<Expr>, Box<Expr>),
    /// Text of an annotation over one table's columns, in the connection's own SQL.
    Raw {
        /// Whose columns it names.
        table: TableId,
        /// The text.
        sql: String,
    },
}

/// The five aggregates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Aggregate {
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

impl Aggregate {
    /// As SQL writes it.
    pub fn name(self) -> &'static str {
        match self {
            Aggregate::Count => "count",
            Aggregate::Sum => "sum",
            Aggregate::Avg => "avg",
            Aggregate::Min => "min",
            Aggregate::Max => "max",
        }
    }
}

/// How coarse time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum TimeUnit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl TimeUnit {
    /// As PostgreSQL and people write it.
    pub fn name(self) -> &'static str {
        match self {
            TimeUnit::Minute => "minute",
            TimeUnit::Hour => "hour",
            TimeUnit::Day => "day",
            TimeUnit::Week => "week",
            TimeUnit::Month => "month",
            TimeUnit::Quarter => "quarter",
            TimeUnit::Year => "year",
        }
    }
}

impl TimeUnit {
    /// Every unit, the finest first.
    pub const ALL: [Self; 7] =
        [Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// Its seconds, of a unit below a day.
    pub fn seconds(self) -> Option<u32> {
        match self {
            TimeUnit::Minute => Some(60),
            TimeUnit::Hour => Some(3600),
            _ => None,
        }
    }
}

/// One end of a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// A moment of the calendar, midnight where a day is meant.
    At {
        /// The moment.
        moment: NaiveDateTime,
        /// How the question said its day as seen from today; none where it named the day.
        said: Option<FromToday>,
    },
    /// So long before the query runs.
    Ago {
        /// How many, at least 1.
        count: u32,
        /// Of what; below a day.
        unit: TimeUnit,
    },
}

/// A day as seen from today: so many units back, then back to the beginning of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FromToday {
    /// How many units back; negative is ahead.
    pub back: i32,
    /// Of what.
    pub unit: TimeUnit,
    /// The unit whose beginning it is.
    pub start: TimeUnit,
}

impl Moment {
    /// The beginning of a day.
    pub fn day(day: NaiveDate) -> Self {
        Self::At { moment: day.and_time(NaiveTime::MIN), said: None }
    }

    /// The day that begins with it; none for another moment.
    pub fn as_day(self) -> Option<NaiveDate> {
        match self {
            Self::At { moment, .. } => (moment.time() == NaiveTime::MIN).then(|| moment.date()),
            Self::Ago { .. } => None,
        }
    }

    /// The day that it lies in, where the calendar tells.
    pub fn date(self) -> Option<NaiveDate> {
        match self {
            Self::At { moment, .. } => Some(moment.date()),
            Self::Ago { .. } => None,
        }
    }
}

/// A fixed value.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Text.
    Text(String),
    /// A number as digits, with an optional sign and fraction.
    Number(String),
    /// True or false.
    Boolean(bool),
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// All of them.
    And(Vec<Predicate>),
    /// Any of them.
    Or(Vec<Predicate>),
    /// A comparison.
    Compare {
        /// Left side.
        left: Expr,
        /// How.
        op: Comparison,
        /// Right side.
        right: Expr,
    },
    /// From `low` to `high`, both included.
    Between {
        /// What.
        expr: Expr,
        /// First value.
        low: Literal,
        /// Last value.
        high: Literal,
    },
    /// One (or none) of the values of another plan.
    InPlan {
        /// What.
        expr: Expr,
        /// A plan of one column.
        plan: Box<Plan>,
        /// None of them.
        negated: bool,
    },
    /// Text that holds a pattern with `%`.
    Like {
        /// What.
        expr: Expr,
        /// The pattern.
        pattern: String,
        /// Does not hold it.
        negated: bool,
    },
    /// No value.
    IsNull {
        /// What.
        expr: Expr,
        /// Some value.
        negated: bool,
    },
    /// A span of time, half open; a missing end is open.
    Within {
        /// A temporal column, or text in ISO form.
        expr: Expr,
        /// The first moment inside.
        from: Option<Moment>,
        /// The first moment after.
        until: Option<Moment>,
    },
    /// Text of an annotation over one table's columns, in the connection's own SQL.
    Raw {
        /// Whose columns it names.
        table: TableId,
        /// The condition.
        sql: String,
    },
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// As SQL writes it.
    pub fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "<>",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }

    /// What holds when this does not.
    pub fn negated(self) -> Self {
        match self {
            Comparison::Equal => Comparison::NotEqual,
            Comparison::NotEqual => Comparison::Equal,
            Comparison::Less => Comparison::GreaterOrEqual,
            Comparison::LessOrEqual => Comparison::Greater,
            Comparison::Greater => Comparison::LessOrEqual,
            Comparison::GreaterOrEqual => Comparison::Less,
        }
    }
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderKey {
    /// By what.
    pub expr: Expr,
    /// Largest first.
    pub descending: bool,
}

/// How two plans are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum SetOperation {
    Union,
    Intersect,
    Except,
}

impl Expr {
    /// The tables that it names, not those inside other plans.
    pub fn tables(&self, out: &mut Vec<TableId>) {
        match self {
            Expr::Column(id) => out.push(id.table),
            Expr::AllOf(table) | Expr::Raw { table, .. } => out.push(*table),
            Expr::Aggregate { argument, .. } => {
                if let Some(argument) = argument {
                    argument.tables(out);
                }
            }
            Expr::Bucket { argument, .. } => argument.tables(out),
            Expr::Minus(left, right) | Expr::Ratio(left, right) => {
                left.tables(out);
                right.tables(out);
            }
            Expr::Literal(_) | Expr::Plan(_) => {}
        }
    }

    /// True when it is computed over a group.
    pub fn is_aggregate(&self) -> bool {
        match self {
            Expr::Aggregate { .. } => true,
            // Annotated metrics are aggregate expressions by definition.
            Expr::Raw { .. } => true,
            Expr::Minus(left, right) | Expr::Ratio(left, right) => left.is_aggregate() || right.is_aggregate(),
            _ => false,
        }
    }
}

impl Expr {
    /// Replaces every column, also inside other plans.
    pub fn map_columns(&mut self, to: &dyn Fn(ColumnId) -> ColumnId) {
        match self {
            Expr::Column(id) => *id = to(*id),
            Expr::Aggregate { argument: Some(inner), .. } | Expr::Bucket { argument: inner, .. } => {
                inner.map_columns(to);
            }
            Expr::Minus(left, right) | Expr::Ratio(left, right) => {
                left.map_columns(to);
                right.map_columns(to);
            }
            Expr::Plan(plan) => plan.map_columns(to),
            Expr::AllOf(_) | Expr::Aggregate { argument: None, .. } | Expr::Literal(_) | Expr::Raw { .. } => {}
        }
    }
}

impl Predicate {
    /// Replaces every column, also inside other plans.
    pub fn map_columns(&mut self, to: &dyn Fn(ColumnId) -> ColumnId) {
        match self {
            Predicate::And(parts) | Predicate::Or(parts) => parts.iter_mut().for_each(|part| part.map_columns(to)),
            Predicate::Compare { left, right, .. } => {
                left.map_columns(to);
                right.map_columns(to);
            }
            Predicate::InPlan { expr, plan, .. } => {
                expr.map_columns(to);
                plan.map_columns(to);
            }
            Predicate::Between { expr, .. }
            | Predicate::Like { expr, .. }
            | Predicate::IsNull { expr, .. }
            | Predicate::Within { expr, .. } => expr.map_columns(to),
            Predicate::Raw { .. } => {}
        }
    }

    /// The tables that it names, not those inside other plans.
    pub fn tables(&self, out: &mut Vec<TableId>) {
        match self {
            Predicate::And(parts) | Predicate::Or(parts) => parts.iter().for_each(|part| part.tables(out)),
            Predicate::Compare { left, right, .. } => {
                left.tables(out);
                right.tables(out);
            }
            Predicate::Between { expr, .. }
            | Predicate::InPlan { expr, .. }
            | Predicate::Like { expr, .. }
            | Predicate::IsNull { expr, .. }
            | Predicate::Within { expr, .. } => expr.tables(out),
            Predicate::Raw { table, .. } => out.push(*table),
        }
    }

    /// All of these, or none when there are none.
    pub fn all(mut parts: Vec<Predicate>) -> Option<Predicate> {
        match parts.len() {
            0 => None,
            1 => parts.pop(),
            _ => Some(Predicate::And(parts)),
        }
    }
}

impl Plan {
    /// Replaces every column, also inside other plans.
    pub fn map_columns(&mut self, to: &dyn Fn(ColumnId) -> ColumnId) {
        self.select.iter_mut().for_each(|item| item.expr.map_columns(to));
        self.filter.iter_mut().chain(&mut self.having).for_each(|predicate| predicate.map_columns(to));
        self.group.iter_mut().for_each(|expr| expr.map_columns(to));
        self.order.iter_mut().for_each(|key| key.expr.map_columns(to));
        if let Some(set) = &mut self.set {
            set.1.map_columns(to);
        }
    }

    /// All tables that this plan's own rows come from (before joins add more), each once, in the order of first use.
    pub fn own_tables(&self) -> Vec<TableId> {
        let mut all = Vec::new();
        self.select.iter().for_each(|item| item.expr.tables(&mut all));
        all.extend(&self.tables);
        self.filter.iter().chain(&self.having).for_each(|predicate| predicate.tables(&mut all));
        self.group.iter().for_each(|expr| expr.tables(&mut all));
        self.order.iter().for_each(|key| key.expr.tables(&mut all));
        let mut unique = Vec::new();
        for table in all {
            if !unique.contains(&table) {
                unique.push(table);
            }
        }
        unique
    }
}
