//! Groups and what is computed over them.
//!
//! A row of the answer has the keys of its groups and then its metrics, or the number of documents where there is no metric.
//! Where the plan shows something else, `meta` says which columns, as it may hold whatever a client wants to find again.

use nlq_catalog::{ColumnId, TypeKind};

use super::{
    MANY, Scope, beyond,
    conditions::every,
    text::{Json, number, object, one, text},
};
use crate::{
    dsl::{is_analysed, keyword_of},
    language::Unwritable,
    plan::{Aggregate, Comparison, Expr, Literal, Plan, Predicate, TimeUnit},
};

/// Where `cardinality` is exact up to: the most that there is.
const EXACT: u64 = 40_000;
/// Groups of several keys come in pages of this many.
const PAGE: u64 = 1_000;
/// The number of documents of a group.
const COUNT: &str = "count";

/// True when a plan's rows are groups.
pub(super) fn is_one(plan: &Plan) -> bool {
    !plan.group.is_empty()
        || plan.having.is_some()
        || plan.select.iter().any(|item| item.expr.is_aggregate())
        || plan.order.iter().any(|key| key.expr.is_aggregate())
}

/// What rows are grouped by.
struct Key {
    expr: Expr,
    name: String,
    id: ColumnId,
    /// As aggregations name it.
    field: String,
    level: usize,
}

/// A computed value.
enum Value {
    /// The documents of a group, or of the whole request.
    Count,
    /// An aggregation beside others.
    Metric(Json),
    /// The documents that the objects of a group stand in.
    Documents,
}

struct Metric {
    expr: Expr,
    name: String,
    value: Value,
    /// How deep it is computed.
    level: usize,
}

struct Summary {
    keys: Vec<Key>,
    metrics: Vec<Metric>,
    /// Documents that a group must have.
    least: Option<u64>,
}

impl Scope<'_> {
    /// A plan with groups or aggregates, or one whose rows are different.
    pub(super) fn summary(&mut self, plan: &Plan) -> Result<(&'static str, Json), Unwritable> {
        let mut summary = Summary { keys: Vec::new(), metrics: Vec::new(), least: None };
        let shown = plan.select.iter().map(|item| &item.expr).chain(plan.order.iter().map(|key| &key.expr));
        for key in plan.group.iter().chain(shown.filter(|expr| !expr.is_aggregate())) {
            self.key(key, &mut summary)?;
        }
        for item in &plan.select {
            self.metric(&item.expr, item.alias.as_deref(), &mut summary)?;
        }
        for key in &plan.order {
            self.metric(&key.expr, None, &mut summary)?;
        }
        if let Some(having) = &plan.having {
            summary.least = Some(self.least(having)?);
        }
        let by_level = self.filters(plan)?;
        let depth = self.lists.len();
        if by_level.get(1..depth).is_some_and(|between| between.iter().any(|queries| !queries.is_empty())) {
            return Err(beyond(format!(
                "{} cannot compute over objects by conditions on the objects around them: ask without these",
                self.system()
            )));
        }
        // Groups of documents are made first, groups of objects within the list.
        let outside = depth > 0 && !summary.keys.is_empty() && summary.keys.iter().all(|key| key.level == 0);
        if !outside && summary.keys.iter().any(|key| key.level != depth) {
            return Err(beyond(format!(
                "{} groups by fields of the document or by fields of the objects in it, not by both: ask for one of them",
                self.system()
            )));
        }
        let query = self.query(&by_level, outside, None);
        let only_count = matches!(summary.metrics.as_slice(), [Metric { value: Value::Count, .. }]);
        if summary.keys.is_empty() && only_count && depth == 0 {
            return Ok(("_count", Json::Object(query.map(|query| ("query".to_owned(), query)).into_iter().collect())));
        }
        let mut body = vec![("size".to_owned(), number(0))];
        if summary.keys.is_empty() && depth == 0 && summary.metrics.iter().any(|m| matches!(m.value, Value::Count)) {
            body.push(("track_total_hits".to_owned(), Json::Bare("true".to_owned())));
        }
        body.extend(query.map(|query| ("query".to_owned(), query)));
        let matching = by_level.get(depth).filter(|queries| depth > 0 && !queries.is_empty()).cloned().map(every);
        let mut aggs = self.aggregations(plan, &summary, outside, matching)?;
        if let Some(columns) = self.columns(plan, &summary, outside)
            && let Some((_, Json::Object(first))) = aggs.first_mut()
        {
            let list = Json::List(columns.iter().map(text).collect());
            first.insert(1, ("meta".to_owned(), one("columns", list)));
        }
        body.push(("aggs".to_owned(), Json::Object(aggs)));
        Ok(("_search", Json::Object(body)))
    }

    fn key(&mut self, expr: &Expr, summary: &mut Summary) -> Result<(), Unwritable> {
        if summary.keys.iter().any(|key| key.expr == *expr) {
            return Ok(());
        }
        let column = match expr {
            Expr::Bucket { argument, .. } => argument,
            other => other,
        };
        let (id, level) = self.column(column)?;
        if matches!(expr, Expr::Bucket { .. }) && !self.catalog.column(id).kind.is_temporal() {
            return Err(beyond(format!(
                "{} is no date in this index, so {} cannot group it by time",
                self.path(id),
                self.system()
            )));
        }
        let path = self.path(id);
        if path == "_id" {
            return Err(beyond(format!(
                "{} does not group by the identifier of documents: ask for a field of theirs",
                self.system()
            )));
        }
        let (field, _) = self.exact(column)?;
        let mut name = match expr {
            Expr::Bucket { unit, .. } => unit.name().to_owned(),
            _ => path,
        };
        if summary.keys.iter().any(|key| key.name == name) {
            name = format!("{name}_{}", summary.keys.len() + 1);
        }
        summary.keys.push(Key { expr: expr.clone(), name, id, field, level });
        Ok(())
    }

    fn metric(&mut self, expr: &Expr, alias: Option<&str>, summary: &mut Summary) -> Result<(), Unwritable> {
        if !expr.is_aggregate() || summary.metrics.iter().any(|metric| metric.expr == *expr) {
            return Ok(());
        }
        let Expr::Aggregate { function, distinct, argument } = expr else {
            return Err(beyond(format!(
                "{} computes with aggregates only by a script, which nlq does not run: ask for each of them alone",
                self.system()
            )));
        };
        let depth = self.lists.len();
        let (value, usual, level) = match argument.as_deref() {
            None => (Value::Count, COUNT.to_owned(), depth),
            Some(argument) => self.over(*function, *distinct, argument, summary)?,
        };
        if matches!(value, Value::Count) && summary.metrics.iter().any(|metric| matches!(metric.value, Value::Count)) {
            // Said in two ways.
            let name = summary.metrics.iter().find(|m| matches!(m.value, Value::Count)).map(|m| m.name.clone());
            summary.metrics.push(Metric { expr: expr.clone(), name: name.unwrap_or(usual), value, level });
            return Ok(());
        }
        let name = match &value {
            Value::Count => usual,
            _ => alias.map_or(usual, simple),
        };
        let taken = |name: &str| {
            summary.metrics.iter().any(|m| m.name == name)
                || summary.keys.iter().any(|k| k.name == name)
                || name == COUNT
        };
        let name = match value {
            Value::Count => name,
            _ if taken(&name) => format!("{name}_{}", summary.metrics.len() + 1),
            _ => name,
        };
        summary.metrics.push(Metric { expr: expr.clone(), name, value, level });
        Ok(())
    }

    /// An aggregate over a field.
    fn over(
        &mut self,
        function: Aggregate,
        distinct: bool,
        argument: &Expr,
        summary: &Summary,
    ) -> Result<(Value, String, usize), Unwritable> {
        let depth = self.lists.len();
        let (id, level) = self.column(argument)?;
        let (path, column) = (self.path(id), self.catalog.column(id));
        let key = self.catalog.table(id.table).primary_key == [column.name.clone()];
        let named = |what: &str| format!("{what}_{}", simple(&path));
        if function == Aggregate::Count && distinct {
            if key && level == 0 {
                // Each document has its own.
                let outside = !summary.keys.is_empty() && summary.keys.iter().all(|key| key.level == 0);
                return Ok(match depth {
                    0 => (Value::Count, COUNT.to_owned(), 0),
                    _ if outside => (Value::Count, COUNT.to_owned(), 0),
                    _ => (Value::Documents, "documents".to_owned(), depth),
                });
            }
            if level != depth && !(level == 0 && !summary.keys.is_empty() && summary.keys.iter().all(|k| k.level == 0))
            {
                return Err(self.across());
            }
            let (field, _) = self.exact(argument)?;
            let rows = self.catalog.table(id.table).row_estimate;
            if rows.is_none_or(|rows| rows > EXACT) {
                self.notes.push(format!("the number of different values of {path} is approximate above 40,000"));
            }
            let over = object([("field", text(field)), ("precision_threshold", number(EXACT))]);
            return Ok((Value::Metric(one("cardinality", over)), named("distinct"), level));
        }
        if distinct && !matches!(function, Aggregate::Min | Aggregate::Max) {
            return Err(beyond(format!(
                "{} has no {} over different values only: ask for it over all of them",
                self.system(),
                function.name()
            )));
        }
        if function == Aggregate::Count {
            if level != depth {
                return Err(self.across());
            }
            if !column.nullable {
                return Ok((Value::Count, COUNT.to_owned(), depth));
            }
            let field = self.counted(id);
            return Ok((Value::Metric(one("value_count", one("field", text(field)))), named("count"), level));
        }
        let extreme = matches!(function, Aggregate::Min | Aggregate::Max);
        let kind = column.kind;
        if !(kind.is_numeric() || kind == TypeKind::Boolean || (extreme && kind.is_temporal())) {
            return Err(beyond(format!(
                "{path} holds no numbers, so {} has no {} of it",
                self.system(),
                function.name()
            )));
        }
        if level != depth && !extreme {
            return Err(self.across());
        }
        if level != depth && !summary.keys.iter().all(|key| key.level == 0) {
            return Err(self.across());
        }
        Ok((Value::Metric(one(function.name(), one("field", text(path.clone())))), named(function.name()), level))
    }

    fn across(&self) -> Unwritable {
        beyond(format!(
            "{} would count a document's own value once for each of its objects: ask for one of the two",
            self.system()
        ))
    }

    /// A field whose values can be counted.
    fn counted(&self, id: ColumnId) -> String {
        let (path, column) = (self.path(id), self.catalog.column(id));
        match keyword_of(column).filter(|_| is_analysed(column)) {
            Some(sub) => format!("{path}.{sub}"),
            None => path,
        }
    }

    /// How many documents a condition on groups asks for at least.
    fn least(&self, having: &Predicate) -> Result<u64, Unwritable> {
        let Predicate::Compare { left, op, right: Expr::Literal(Literal::Number(digits)) } = having else {
            return Err(self.by_script());
        };
        let counts = matches!(left, Expr::Aggregate { function: Aggregate::Count, distinct: false, argument: None });
        let whole = digits.parse::<u64>().ok();
        match (counts && self.lists.is_empty(), op, whole) {
            (true, Comparison::GreaterOrEqual, Some(least)) => Ok(least),
            (true, Comparison::Greater, Some(more)) => Ok(more.saturating_add(1)),
            _ => Err(self.by_script()),
        }
    }

    fn by_script(&self) -> Unwritable {
        beyond(format!(
            "{} chooses groups by a computed value only by a script, which nlq does not run: ask for the groups in order",
            self.system()
        ))
    }

    /// All aggregations of a request.
    fn aggregations(
        &mut self,
        plan: &Plan,
        summary: &Summary,
        outside: bool,
        matching: Option<Json>,
    ) -> Result<Vec<(String, Json)>, Unwritable> {
        let at = |level: usize| {
            let metrics = summary.metrics.iter().filter(move |metric| metric.level == level);
            metrics.filter_map(|metric| {
                let json = match &metric.value {
                    Value::Metric(json) => json.clone(),
                    Value::Documents => one("reverse_nested", Json::Object(Vec::new())),
                    Value::Count => return None,
                };
                Some((metric.name.clone(), json))
            })
        };
        let depth = self.lists.len();
        if depth == 0 {
            return self.groups(plan, summary, at(0).collect(), &|metric| metric.name.clone());
        }
        let list = self.list_name();
        let inside = |inner: Vec<(String, Json)>| {
            let mut nested = vec![("nested".to_owned(), one("path", text(&self.lists[depth - 1])))];
            let inner = match &matching {
                None => inner,
                Some(query) => {
                    let mut filter = vec![("filter".to_owned(), query.clone())];
                    filter.extend((!inner.is_empty()).then(|| ("aggs".to_owned(), Json::Object(inner))));
                    vec![(MATCHING.to_owned(), Json::Object(filter))]
                }
            };
            nested.extend((!inner.is_empty()).then(|| ("aggs".to_owned(), Json::Object(inner))));
            (list.clone(), Json::Object(nested))
        };
        if outside {
            let way = if matching.is_some() { format!("{list}>{MATCHING}") } else { list.clone() };
            let wanted = summary.metrics.iter().any(|metric| metric.level == depth);
            let mut inner: Vec<(String, Json)> = at(0).collect();
            inner.extend(wanted.then(|| inside(at(depth).collect())));
            return self.groups(plan, summary, inner, &|metric| match metric.value {
                _ if metric.level == 0 => metric.name.clone(),
                Value::Count => way.clone(),
                _ => format!("{way}>{}", metric.name),
            });
        }
        let groups = self.groups(plan, summary, at(depth).collect(), &|metric| metric.name.clone())?;
        let depth = self.lists.len();
        let mut nested = vec![("nested".to_owned(), one("path", text(&self.lists[depth - 1])))];
        let inner = match matching {
            None => groups,
            Some(query) => {
                let mut filter = vec![("filter".to_owned(), query)];
                filter.extend((!groups.is_empty()).then(|| ("aggs".to_owned(), Json::Object(groups))));
                vec![(MATCHING.to_owned(), Json::Object(filter))]
            }
        };
        nested.extend((!inner.is_empty()).then(|| ("aggs".to_owned(), Json::Object(inner))));
        Ok(vec![(self.list_name(), Json::Object(nested))])
    }

    /// The name of the list of rows.
    fn list_name(&self) -> String {
        self.lists.last().map_or_else(String::new, |list| simple(list))
    }

    /// One aggregation that makes all groups, with `inner` in each; `inner` itself where there are no keys.
    fn groups(
        &mut self,
        plan: &Plan,
        summary: &Summary,
        inner: Vec<(String, Json)>,
        way: &dyn Fn(&Metric) -> String,
    ) -> Result<Vec<(String, Json)>, Unwritable> {
        let [first, ..] = summary.keys.as_slice() else { return Ok(inner) };
        let by_value = plan.order.iter().any(|key| key.expr.is_aggregate());
        let alone = summary.keys.len() == 1;
        let nullable = summary.keys.iter().any(|key| self.catalog.column(key.id).nullable);
        let dated = summary.keys.iter().any(|key| matches!(key.expr, Expr::Bucket { .. }));
        let chosen = by_value || summary.least.is_some();
        // Only pages of all combinations have the group of documents without a value.
        if (!alone || (nullable && plan.limit.is_none())) && !chosen {
            return self.composite(plan, summary, inner);
        }
        if nullable {
            for key in summary.keys.iter().filter(|key| self.catalog.column(key.id).nullable) {
                self.notes.push(format!("documents without {} are in no group", self.path(key.id)));
            }
        }
        if !alone && dated {
            return Err(beyond(format!(
                "{} puts groups of time and another field in order of their keys only: ask without that order",
                self.system()
            )));
        }
        if let Expr::Bucket { unit, count, .. } = &first.expr {
            return self.by_time(plan, summary, first, *unit, *count, inner, way);
        }
        let mut members = Vec::new();
        let mut terms: Vec<&Key> = summary.keys.iter().collect();
        let order = self.order(plan, summary, &mut terms, way)?;
        let kind = if alone {
            members.push(("field".to_owned(), text(&first.field)));
            "terms"
        } else {
            let fields = terms.iter().map(|key| one("field", text(&key.field))).collect();
            members.push(("terms".to_owned(), Json::List(fields)));
            "multi_terms"
        };
        members.push(("size".to_owned(), number(plan.limit.unwrap_or(MANY).min(MANY))));
        members.extend(summary.least.map(|least| ("min_doc_count".to_owned(), number(least))));
        members.extend(order.map(|order| ("order".to_owned(), order)));
        let name = terms.iter().map(|key| key.name.as_str()).collect::<Vec<_>>().join(KEYS);
        Ok(vec![(name, held(kind, Json::Object(members), inner))])
    }

    /// `order` of groups; none for the order that they have anyway. Keys of `multi_terms` are put in the order asked for.
    fn order(
        &self,
        plan: &Plan,
        summary: &Summary,
        terms: &mut Vec<&Key>,
        way: &dyn Fn(&Metric) -> String,
    ) -> Result<Option<Json>, Unwritable> {
        let direction = |down: bool| text(if down { "desc" } else { "asc" });
        let mut keys: Vec<(String, bool)> = Vec::new();
        let mut sorted = 0;
        for key in &plan.order {
            if let Some(at) = terms.iter().position(|term| term.expr == key.expr) {
                let same_way = keys.iter().all(|(name, down)| name != "_key" || *down == key.descending);
                if at < sorted || !same_way {
                    return Err(beyond(format!(
                        "{} puts groups in order of all keys one way: ask for one order",
                        self.system()
                    )));
                }
                let term = terms.remove(at);
                terms.insert(sorted, term);
                sorted += 1;
                if !keys.iter().any(|(name, _)| name == "_key") {
                    keys.push(("_key".to_owned(), key.descending));
                }
                continue;
            }
            if sorted > 0 {
                // Groups of the same keys are one.
                if sorted == terms.len() {
                    continue;
                }
                return Err(beyond(format!(
                    "{} puts groups in order of all keys or none: ask for one order",
                    self.system()
                )));
            }
            let Some(metric) = summary.metrics.iter().find(|metric| metric.expr == key.expr) else { continue };
            let by = match metric.value {
                Value::Count if metric.level == 0 || summary.keys.iter().all(|k| k.level > 0) => "_count".to_owned(),
                _ => way(metric),
            };
            keys.push((by, key.descending));
        }
        if keys.is_empty() || keys == [("_count".to_owned(), true)] {
            return Ok(None);
        }
        let mut keys: Vec<Json> = keys.iter().map(|(name, down)| one(name, direction(*down))).collect();
        Ok(Some(if keys.len() == 1 { keys.remove(0) } else { Json::List(keys) }))
    }

    /// Groups of time, each from the beginning of a unit.
    #[allow(clippy::too_many_arguments, reason = "all of them are parts of one aggregation")]
    fn by_time(
        &mut self,
        plan: &Plan,
        summary: &Summary,
        key: &Key,
        unit: TimeUnit,
        count: u32,
        mut inner: Vec<(String, Json)>,
        way: &dyn Fn(&Metric) -> String,
    ) -> Result<Vec<(String, Json)>, Unwritable> {
        let mut members = vec![("field".to_owned(), text(&key.field))];
        members.extend(interval(unit, count));
        members.push(("min_doc_count".to_owned(), number(summary.least.unwrap_or(1).max(1))));
        let order = self.order(plan, summary, &mut vec![key], way)?;
        // They come in order of time; the most documents first is not the order that these have anyway.
        let by_count = plan.order.first().is_some_and(|first| first.expr.is_aggregate());
        let order = order.or_else(|| by_count.then(|| one("_count", text("desc"))));
        let order = order.filter(|order| *order != one("_key", text("asc")));
        if let Some(limit) = plan.limit {
            // The first in that order.
            inner.push(("first".to_owned(), one("bucket_sort", one("size", number(limit)))));
        }
        members.extend(order.map(|order| ("order".to_owned(), order)));
        Ok(vec![(key.name.clone(), held("date_histogram", Json::Object(members), inner))])
    }

    /// Every combination of keys, page by page.
    fn composite(
        &mut self,
        plan: &Plan,
        summary: &Summary,
        inner: Vec<(String, Json)>,
    ) -> Result<Vec<(String, Json)>, Unwritable> {
        let mut keys: Vec<(&Key, bool)> = Vec::new();
        for by in &plan.order {
            keys.extend(summary.keys.iter().find(|key| key.expr == by.expr).map(|key| (key, by.descending)));
        }
        for key in &summary.keys {
            if !keys.iter().any(|(known, _)| known.expr == key.expr) {
                keys.push((key, false));
            }
        }
        let mut sources = Vec::new();
        for (key, down) in keys {
            let mut members = vec![("field".to_owned(), text(&key.field))];
            let kind = match &key.expr {
                Expr::Bucket { unit, count, .. } => {
                    members.extend(interval(*unit, *count));
                    "date_histogram"
                }
                _ => "terms",
            };
            members.extend(down.then(|| ("order".to_owned(), text("desc"))));
            if self.catalog.column(key.id).nullable {
                members.push(("missing_bucket".to_owned(), Json::Bare("true".to_owned())));
            }
            sources.push(one(&key.name, one(kind, Json::Object(members))));
        }
        if plan.limit.is_some_and(|limit| limit >= PAGE) {
            return Err(beyond(format!(
                "{} gives fewer than 1,000 groups of these keys or all of them: ask for one of that",
                self.system()
            )));
        }
        let size = number(plan.limit.unwrap_or(PAGE));
        let composite = object([("size", size), ("sources", Json::List(sources))]);
        Ok(vec![("groups".to_owned(), held("composite", composite, inner))])
    }

    /// The columns that the plan shows, where they are not those that an answer has anyway.
    fn columns(&self, plan: &Plan, summary: &Summary, outside: bool) -> Option<Vec<String>> {
        let depth = self.lists.len();
        // What objects are counted by.
        let rows = |filtered: bool| if filtered { MATCHING.to_owned() } else { self.list_name() };
        let filtered = conjuncts_of(plan, self);
        let name_of = |expr: &Expr| -> Option<String> {
            if let Some(key) = summary.keys.iter().find(|key| key.expr == *expr) {
                return Some(key.name.clone());
            }
            let metric = summary.metrics.iter().find(|metric| metric.expr == *expr)?;
            let of_list = depth > 0 && metric.level == depth && (outside || summary.keys.is_empty());
            Some(match metric.value {
                Value::Count if of_list => rows(filtered),
                Value::Count => COUNT.to_owned(),
                _ => metric.name.clone(),
            })
        };
        let wanted: Vec<String> = plan.select.iter().filter_map(|item| name_of(&item.expr)).collect();
        let mut usual: Vec<String> = Vec::new();
        let keys: Vec<&Key> = summary.keys.iter().collect();
        usual.extend(keys.iter().map(|key| key.name.clone()));
        let named: Vec<String> = summary
            .metrics
            .iter()
            .filter(|metric| !matches!(metric.value, Value::Count))
            .map(|metric| metric.name.clone())
            .collect();
        if !named.is_empty() {
            usual.extend(named);
            if summary.keys.is_empty() && depth == 0 && summary.metrics.iter().any(|m| matches!(m.value, Value::Count))
            {
                usual.insert(0, COUNT.to_owned());
            }
        } else if depth > 0 && (outside || summary.keys.is_empty()) && summary.metrics.iter().any(|m| m.level == depth)
        {
            usual.push(rows(filtered));
        } else {
            usual.push(COUNT.to_owned());
        }
        (wanted != usual).then_some(wanted)
    }
}

/// The name of the objects of a list that fit.
const MATCHING: &str = "matching";
/// What stands between the names of several keys.
const KEYS: &str = ", ";

fn conjuncts_of(plan: &Plan, scope: &Scope<'_>) -> bool {
    let depth = scope.lists.len();
    let parts = super::conjuncts(plan.filter.as_ref());
    depth > 0 && parts.into_iter().any(|part| scope.level_of(part).is_ok_and(|level| level == depth))
}

/// An aggregation with what stands in its groups.
fn held(kind: &str, over: Json, inner: Vec<(String, Json)>) -> Json {
    let mut members = vec![(kind.to_owned(), over)];
    members.extend((!inner.is_empty()).then(|| ("aggs".to_owned(), Json::Object(inner))));
    Json::Object(members)
}

/// The interval of a unit, and how its beginnings are written.
fn interval(unit: TimeUnit, count: u32) -> Vec<(String, Json)> {
    let format = match unit {
        TimeUnit::Year => Some("yyyy"),
        TimeUnit::Month => Some("yyyy-MM"),
        TimeUnit::Quarter | TimeUnit::Week | TimeUnit::Day => Some("yyyy-MM-dd"),
        TimeUnit::Hour | TimeUnit::Minute => None,
    };
    let fixed = count > 1;
    let length = match unit {
        TimeUnit::Minute if fixed => format!("{count}m"),
        TimeUnit::Hour if fixed => format!("{count}h"),
        other => other.name().to_owned(),
    };
    let key = if fixed { "fixed_interval" } else { "calendar_interval" };
    let mut members = vec![(key.to_owned(), text(length))];
    members.extend(format.map(|format| ("format".to_owned(), text(format))));
    members
}

/// A name that stands in no one's way in paths of aggregations.
fn simple(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect()
}
