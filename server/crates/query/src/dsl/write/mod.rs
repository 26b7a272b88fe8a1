//! A plan as a search request: a filter, and then documents, a count or aggregations. Every reading is of one index; what a
//! request has no honest way to say is [`Unwritable::Beyond`], and what it says with a limit is told in a comment.

mod aggregates;
mod conditions;
mod text;

use nlq_catalog::{Catalog, ColumnId, TableId};

use self::{
    conditions::{conjuncts, every},
    text::{Json, number, one, text as quoted},
};
use super::fields::{carried, place};
use crate::{
    joins::JoinGraph,
    language::Unwritable,
    plan::{Expr, Plan, Predicate},
};

/// Documents or groups that are asked for where the question does not say how many.
const MANY: u64 = 10_000;
/// Objects of a nested list that a document may show.
const INNER: u64 = 100;

/// Writes a plan over the documents of one index.
pub(super) fn write(plan: &Plan, catalog: &Catalog, graph: &JoinGraph) -> Result<String, Unwritable> {
    let mut scope = Scope::new(plan, catalog, graph)?;
    let (endpoint, body) = scope.request(plan)?;
    let mut lines: Vec<String> = Vec::new();
    for note in &scope.notes {
        let line = format!("# {note}");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.push(format!("GET {}/{endpoint}", catalog.table(scope.index).name));
    if body != Json::Object(Vec::new()) {
        lines.push(body.pretty(0));
    }
    Ok(lines.join("\n"))
}

fn beyond(sentence: String) -> Unwritable {
    Unwritable::Beyond(sentence)
}

/// What a plan is written over.
struct Scope<'a> {
    catalog: &'a Catalog,
    index: TableId,
    /// Paths of nested lists from the document down to what a row is; none where a row is a document.
    lists: Vec<String>,
    /// What the reader must know of the request.
    notes: Vec<String>,
}

impl<'a> Scope<'a> {
    fn new(plan: &Plan, catalog: &'a Catalog, graph: &JoinGraph) -> Result<Self, Unwritable> {
        let system = catalog.dialect.title();
        if plan.set.is_some() {
            return Err(beyond(format!("{system} does not combine two results: ask for one after the other")));
        }
        if plan.limit == Some(0) {
            return Err(beyond("no rows are asked for: ask for at least one".to_owned()));
        }
        let tables = graph.tree(&plan.own_tables(), &plan.prefer)?.tables;
        let mut found: Option<super::fields::Place> = None;
        for &table in &tables {
            let Some(next) = place(catalog, table) else {
                return Err(beyond(format!("nlq does not know where {} stands", catalog.table(table).name)));
            };
            let Some(known) = &found else {
                found = Some(next);
                continue;
            };
            if known.index != next.index {
                let names: Vec<&str> =
                    [known.index, next.index].iter().map(|id| catalog.table(*id).name.as_str()).collect();
                return Err(beyond(format!("{system} does not join indices: ask about {} alone", names.join(" or "))));
            }
            let (long, short) = if known.lists.len() < next.lists.len() { (&next, known) } else { (known, &next) };
            if !long.lists.starts_with(&short.lists) {
                return Err(beyond(format!("{system} does not pair the objects of two lists: ask about one of them")));
            }
            found = Some(long.clone());
        }
        let Some(place) = found else {
            return Err(beyond("a search needs an index: name what its documents hold".to_owned()));
        };
        Ok(Self { catalog, index: place.index, lists: place.lists, notes: Vec::new() })
    }

    fn system(&self) -> &'static str {
        self.catalog.dialect.title()
    }

    /// A column, which stands in the documents or so many lists down.
    fn column(&self, expr: &Expr) -> Result<(ColumnId, usize), Unwritable> {
        let Expr::Column(id) = expr else {
            return Err(beyond(format!(
                "{} computes with fields only by a script, which nlq does not run: ask for the fields themselves",
                self.system()
            )));
        };
        let mut id = *id;
        while let Some(parent) = carried(self.catalog, id) {
            id = parent;
        }
        Ok((id, self.level(id)))
    }

    fn level(&self, id: ColumnId) -> usize {
        place(self.catalog, id.table).map_or(0, |place| place.lists.len())
    }

    /// The whole path of a column, from the document on.
    fn path(&self, id: ColumnId) -> String {
        let name = &self.catalog.column(id).name;
        match place(self.catalog, id.table).and_then(|place| place.lists.last().cloned()) {
            Some(list) => format!("{list}.{name}"),
            None => name.clone(),
        }
    }

    /// True when a condition names one of these columns' levels; the deepest of all that it names.
    fn level_of(&self, predicate: &Predicate) -> Result<usize, Unwritable> {
        let mut levels = Vec::new();
        self.levels(predicate, &mut levels)?;
        let Some(&deepest) = levels.iter().max() else { return Ok(0) };
        if levels.iter().any(|level| *level != deepest) {
            return Err(beyond(format!(
                "{} has no condition over documents and the objects in them at once: ask for one of them",
                self.system()
            )));
        }
        Ok(deepest)
    }

    fn levels(&self, predicate: &Predicate, out: &mut Vec<usize>) -> Result<(), Unwritable> {
        match predicate {
            Predicate::And(parts) | Predicate::Or(parts) => {
                return parts.iter().try_for_each(|part| self.levels(part, out));
            }
            Predicate::Compare { left: expr, .. }
            | Predicate::Between { expr, .. }
            | Predicate::InPlan { expr, .. }
            | Predicate::Like { expr, .. }
            | Predicate::IsNull { expr, .. }
            | Predicate::Within { expr, .. } => out.push(self.column(expr)?.1),
            Predicate::Raw { .. } => {}
        }
        Ok(())
    }

    /// The conditions by the level that they speak of.
    fn filters(&mut self, plan: &Plan) -> Result<Vec<Vec<Json>>, Unwritable> {
        let mut by_level = vec![Vec::new(); self.lists.len() + 1];
        for part in conjuncts(plan.filter.as_ref()) {
            let level = self.level_of(part)?;
            let query = self.condition(part)?;
            if let Some(queries) = by_level.get_mut(level) {
                queries.push(query);
            }
        }
        Ok(by_level)
    }

    /// The query over documents: what is said of objects in lists is said of one of them. With `some`, documents without
    /// such objects are left out even where nothing is said of these. `inner` is put beside the deepest list.
    fn query(&self, by_level: &[Vec<Json>], some: bool, mut inner: Option<Json>) -> Option<Json> {
        let mut below: Option<Json> = None;
        for level in (1..by_level.len()).rev() {
            let mut queries = by_level[level].clone();
            queries.extend(below.take());
            if queries.is_empty() && !some {
                continue;
            }
            let query = if queries.is_empty() { conditions::all(queries) } else { every(queries) };
            let mut nested = vec![("path".to_owned(), quoted(&self.lists[level - 1])), ("query".to_owned(), query)];
            nested.extend(inner.take().map(|inner| ("inner_hits".to_owned(), inner)));
            below = Some(one("nested", Json::Object(nested)));
        }
        let mut queries = by_level[0].clone();
        queries.extend(below);
        match queries.as_slice() {
            [] => None,
            // One that is no filter by itself would be scored.
            [only] if inner_is_shown(only) => Some(only.clone()),
            _ => Some(conditions::all(queries)),
        }
    }

    fn request(&mut self, plan: &Plan) -> Result<(&'static str, Json), Unwritable> {
        if aggregates::is_one(plan) || (plan.distinct && !self.is_distinct_anyway(plan)) {
            return self.summary(plan);
        }
        Ok(("_search", self.documents(plan)?))
    }

    /// True when rows are different because each shows its key.
    fn is_distinct_anyway(&self, plan: &Plan) -> bool {
        let key = &self.catalog.table(self.index).primary_key;
        let shown = |name: &String| {
            plan.select.iter().any(|item| match &item.expr {
                Expr::Column(id) => id.table == self.index && self.catalog.column(*id).name == *name,
                Expr::AllOf(table) => *table == self.index,
                _ => false,
            })
        };
        let documents_only = plan.select.iter().all(|item| match &item.expr {
            Expr::Column(id) => self.level(*id) == 0,
            Expr::AllOf(table) => *table == self.index,
            _ => false,
        });
        !key.is_empty() && key.iter().all(shown) && documents_only
    }

    /// Documents as they are, or the objects of a list in them.
    fn documents(&mut self, plan: &Plan) -> Result<Json, Unwritable> {
        let by_level = self.filters(plan)?;
        let depth = self.lists.len();
        let (mut shown, mut inside, mut whole) = (Vec::new(), Vec::new(), (false, false));
        for item in &plan.select {
            match &item.expr {
                Expr::AllOf(table) if place(self.catalog, *table).is_some_and(|place| !place.lists.is_empty()) => {
                    whole.1 = true;
                }
                Expr::AllOf(_) => whole.0 = true,
                other => {
                    let (id, level) = self.column(other)?;
                    let path = self.path(id);
                    match level {
                        0 => shown.push(path),
                        _ if level == depth => inside.push(path),
                        _ => {
                            return Err(beyond(format!(
                                "{} shows the innermost objects and their document, not what stands between",
                                self.system()
                            )));
                        }
                    }
                }
            }
        }
        // Each document once, though several of its objects fit.
        let once = depth > 0 && plan.distinct && inside.is_empty() && !whole.1;
        let mut body: Vec<(String, Json)> = Vec::new();
        let inner = (depth > 0 && !once).then(|| {
            let mut inner = vec![("size".to_owned(), number(INNER))];
            if !whole.1 {
                let source = if inside.is_empty() {
                    Json::Bare("false".into())
                } else {
                    Json::List(inside.iter().map(quoted).collect())
                };
                inner.push(("_source".to_owned(), source));
            }
            Json::Object(inner)
        });
        if inner.is_some() && plan.limit.is_some() {
            return Err(beyond(format!(
                "{} limits documents, not the objects in them: ask for all of them, or for documents",
                self.system()
            )));
        }
        let limit = plan.limit.unwrap_or(MANY).min(MANY);
        if plan.limit.is_some_and(|wanted| wanted > MANY) {
            self.notes.push("a search shows 10,000 documents at most".to_owned());
        }
        body.push(("size".to_owned(), number(limit)));
        if shown.is_empty() && !whole.0 {
            // Only what stands in the list.
            body.push(("_source".to_owned(), Json::Bare("false".into())));
        } else if !whole.0 {
            body.push(("_source".to_owned(), Json::List(shown.iter().map(quoted).collect())));
        }
        body.extend(self.query(&by_level, depth > 0, inner).map(|query| ("query".to_owned(), query)));
        let mut keys = Vec::new();
        for key in &plan.order {
            let (field, id) = self.exact(&key.expr)?;
            if self.level(id) > 0 {
                return Err(beyond(format!(
                    "{} puts documents in order, not the objects in them: ask for an order by a field of the document",
                    self.system()
                )));
            }
            keys.push(one(&field, quoted(if key.descending { "desc" } else { "asc" })));
        }
        if !keys.is_empty() {
            body.push(("sort".to_owned(), Json::List(keys)));
        }
        Ok(Json::Object(body))
    }
}

/// True of a query in which objects are shown: that must stand where it is seen first.
fn inner_is_shown(query: &Json) -> bool {
    let Json::Object(members) = query else { return false };
    members.iter().any(|(key, value)| {
        key == "nested" && matches!(value, Json::Object(inner) if inner.iter().any(|(key, _)| key == "inner_hits"))
    })
}

#[cfg(test)]
mod tests;
