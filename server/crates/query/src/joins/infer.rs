//! References that nobody declared, as far as names tell: a column named like another table's key, like the table itself,
//! or like nothing else but a column of a table that is reached in no other way.

use std::collections::{BTreeMap, HashMap, HashSet};

use nlq_catalog::{Catalog, ColumnId, Dialect, PlainNames, TableId, TypeKind, abbreviates};

use super::{Edge, Edges};

/// A column named like a key: two declared steps are still preferred to one and a half guesses.
const LIKE_KEY: u32 = 180;
/// A column whose name ends like a key's or shortens it: two declared steps are preferred.
const NEARLY_LIKE_KEY: u32 = 230;
/// The same unusual name in two tables of which neither is known to be the one that is referred to.
pub(super) const SAME_NAME: u32 = 290;
/// A name that more tables share tells nothing of how two of them belong together.
const MAX_SAME_NAME: usize = 8;
/// Shorter forms of a table's name fit too many names.
const MIN_SHORT_FORM: usize = 3;

/// In a schema of more keys any short form fits several, and each column would be held against each key.
const MAX_KEYS_TO_SHORTEN: usize = 1000;

/// What keys end with; alone they say nothing of what they identify.
const KEY_WORDS: &[&str] = &["id", "key", "code", "no", "num", "number", "nr", "uuid", "guid", "identifier", "name"];
/// The ends of keys that are also run together with what stands before: `custkey`, `empno`.
const KEY_ENDS: &[&str] = &["id", "key", "code", "no", "num", "nr"];
/// Words that many tables use for something of their own.
const COMMON: &[&str] = &[
    "date",
    "time",
    "type",
    "status",
    "title",
    "description",
    "value",
    "year",
    "first",
    "last",
    "full",
    "file",
    "user",
];

/// A key that columns may refer to.
struct Key {
    column: ColumnId,
    /// Folded names of its table, of one and of many, long and short.
    tables: Vec<String>,
    /// The last word of the table's name, where there are more.
    last: Option<String>,
    /// What the key's name adds to the table's: `id`.
    end: Option<String>,
}

/// Adds the edges that names suggest, only between tables that no declared reference joins.
pub(super) fn infer(catalog: &Catalog, edges: &mut Edges) {
    let names = PlainNames::new(catalog);
    let declared: HashSet<(TableId, TableId)> =
        edges.all.iter().flat_map(|e| [e.ends(), (e.ends().1, e.ends().0)]).collect();
    let free = |a: TableId, b: TableId| a != b && !declared.contains(&(a, b));
    composite(catalog, edges, &free);
    let whole: HashSet<(TableId, TableId)> = edges.all.iter().filter(|e| e.inferred).map(Edge::ends).collect();
    let free = |a: TableId, b: TableId| free(a, b) && !whole.contains(&(a, b));

    let keys = Keys::new(catalog, &names);
    for (id, _) in catalog.table_ids() {
        for (from, _) in catalog.column_ids(id) {
            for (into, cost) in keys.like(from) {
                let cost = if agree(catalog, from, into) { cost } else { NEARLY_LIKE_KEY };
                if free(id, into.table) && (agree(catalog, from, into) || loosely(catalog, from, into)) {
                    edges.push(Edge { on: vec![(from, into)], inferred: true, cost });
                }
            }
        }
    }
    same_names(catalog, &names, edges);
}

/// Columns named like all columns of another table's key.
fn composite(catalog: &Catalog, edges: &mut Edges, free: &dyn Fn(TableId, TableId) -> bool) {
    let mut holders: HashMap<String, Vec<TableId>> = HashMap::new();
    for (id, table) in catalog.table_ids() {
        for column in &table.columns {
            holders.entry(column.name.to_lowercase()).or_default().push(id);
        }
    }
    for (to, table) in catalog.table_ids().filter(|(_, table)| table.primary_key.len() > 1) {
        let unusual = |name: &String| {
            let words = nlq_catalog::split_name(name);
            words.len() > 1 || !words.iter().all(|word| is_common(word))
        };
        if !table.primary_key.iter().any(unusual) {
            continue;
        }
        for &from in holders.get(&table.primary_key[0].to_lowercase()).into_iter().flatten() {
            let pair = |name: &String| {
                let (a, b) = (catalog.find_column(from, name)?, catalog.find_column(to, name)?);
                agree(catalog, a, b).then_some((a, b))
            };
            if free(from, to)
                && let Some(on) = table.primary_key.iter().map(pair).collect::<Option<Vec<_>>>()
            {
                edges.push(Edge { on, inferred: true, cost: LIKE_KEY });
            }
        }
    }
}

/// The keys of a catalog by what columns that refer to them are called.
struct Keys<'a> {
    names: &'a PlainNames,
    catalog: &'a Catalog,
    all: Vec<Key>,
    /// The key of a table, as an index in `all`.
    of: HashMap<TableId, usize>,
    like: HashMap<String, Vec<usize>>,
    tables: HashMap<String, Vec<usize>>,
}

impl<'a> Keys<'a> {
    fn new(catalog: &'a Catalog, names: &'a PlainNames) -> Self {
        let mut keys =
            Self { names, catalog, all: Vec::new(), of: HashMap::new(), like: HashMap::new(), tables: HashMap::new() };
        let mut guessed: BTreeMap<String, Vec<ColumnId>> = BTreeMap::new();
        for (id, table) in catalog.table_ids() {
            match (table.primary_key.as_slice(), table.unique.as_slice()) {
                ([key], _) => keys.add(catalog.find_column(id, key)),
                ([], [unique]) if unique.len() == 1 => keys.add(catalog.find_column(id, &unique[0])),
                ([], _) if table.kind.holds_records() => {
                    if let Some(key) = keys.guess(id) {
                        guessed.entry(squeeze(&catalog.column(key).name)).or_default().push(key);
                    }
                }
                _ => {}
            }
        }
        // What could be short for two tables is more likely short for the one with the shorter name.
        for mut same in guessed.into_values() {
            let length = |key: &ColumnId| names.table(key.table).words.len();
            let shortest = same.iter().map(length).min();
            same.retain(|key| Some(length(key)) == shortest);
            for key in same {
                keys.add(Some(key));
            }
        }
        for (at, key) in keys.all.iter().enumerate() {
            let mut forms = vec![squeeze(&catalog.column(key.column).name), names.bare(key.column).concat()];
            if let Some(end) = &key.end {
                forms.extend(key.tables.iter().map(|table| format!("{table}{end}")));
            }
            forms.retain(|form| !is_common(form));
            forms.sort_unstable();
            forms.dedup();
            for form in forms {
                keys.like.entry(form).or_default().push(at);
            }
            for table in &key.tables {
                keys.tables.entry(table.clone()).or_default().push(at);
            }
        }
        keys
    }

    fn add(&mut self, column: Option<ColumnId>) {
        let Some(column) = column else { return };
        let table = self.names.table(column.table);
        let mut tables = vec![table.words.concat(), singular(&table.words.concat())];
        tables.extend(table.tag.clone());
        tables.dedup();
        let bare = self.names.bare(column).concat();
        let own = tables.iter().filter_map(|table| bare.strip_prefix(table.as_str()));
        let end = own.chain([bare.as_str()]).find(|end| KEY_WORDS.contains(end)).map(str::to_owned);
        let last = table.words.last().filter(|_| table.words.len() > 1).map(|word| singular(word));
        self.of.insert(column.table, self.all.len());
        self.all.push(Key { column, tables, last, end });
    }

    /// The column of a table without declared key that is named like its key.
    fn guess(&self, id: TableId) -> Option<ColumnId> {
        let table = self.names.table(id);
        let columns = || self.catalog.column_ids(id).map(|(column, _)| (column, self.names.bare(column).concat()));
        // A table of references only joins others.
        if columns().all(|(_, name)| KEY_ENDS.iter().any(|end| name.ends_with(end))) && columns().count() > 1 {
            return None;
        }
        let whole = table.words.concat();
        let (one, last) = (singular(&whole), table.words.last().map(|word| singular(word)).unwrap_or_default());
        let initials: String = table.words.iter().filter_map(|word| word.chars().next()).collect();
        let rank = |name: &str| {
            if matches!(name, "id" | "uuid" | "guid") {
                return Some(0);
            }
            let named = |end: &str| {
                name.strip_suffix(end)
                    .filter(|rest| *rest == whole || *rest == one || (*rest == last && last.len() > 2))
            };
            if KEY_ENDS.iter().any(|end| named(end).is_some()) {
                return Some(1);
            }
            let short = |end: &str| {
                name.strip_suffix(end).filter(|rest| *rest == initials || (!rest.is_empty() && one.starts_with(rest)))
            };
            if KEY_ENDS.iter().any(|end| short(end).is_some()) {
                return Some(2);
            }
            named("name").map(|_| 3)
        };
        columns().filter_map(|(column, name)| Some((rank(&name)?, column))).min().map(|(_, column)| column)
    }

    /// The keys that a column's name points to, with what a join by them costs.
    fn like(&self, from: ColumnId) -> Vec<(ColumnId, u32)> {
        let bare = self.names.bare(from);
        let whole = bare.concat();
        let own = self.of.get(&from.table).map(|&at| self.all[at].column) == Some(from);
        let of = |found: &[usize], cost: u32| -> Vec<(ColumnId, u32)> {
            found.iter().map(|&at| (self.all[at].column, cost)).filter(|(into, _)| into.table != from.table).collect()
        };
        let find = |name: &str| self.like.get(name).map_or(&[][..], Vec::as_slice);
        let mut found = of(find(&squeeze(&self.catalog.column(from).name)), LIKE_KEY);
        found.extend(of(find(&whole), LIKE_KEY));
        found.sort_unstable();
        found.dedup();
        // A key refers to another table's key only where that table's name is in its own.
        if own {
            found.retain(|(into, _)| self.names_table(*into, &whole) && self.names.bare(from).len() > 1);
            return found;
        }
        if !found.is_empty() {
            return found;
        }
        // `billing_address_id`; one word only where it is as good as two: `advisor_stuid`.
        for at in 1..bare.len() {
            let end = bare[at..].concat();
            let telling = bare.len() - at > 1 || (end.len() > 3 && KEY_ENDS.iter().any(|key| end.ends_with(key)));
            let found = of(find(&end), NEARLY_LIKE_KEY);
            if telling && !found.is_empty() {
                return found;
            }
        }
        // `department` of numbers for the key of `departments`; of text for their column `department`.
        let mut found = of(self.tables.get(&whole).map_or(&[][..], Vec::as_slice), NEARLY_LIKE_KEY);
        if !self.catalog.column(from).kind.is_numeric() {
            let name = &self.catalog.column(from).name;
            found.retain_mut(|(into, _)| {
                let same = self.catalog.find_column(into.table, name);
                *into = same.unwrap_or(*into);
                same.is_some()
            });
        }
        if !found.is_empty() {
            return found;
        }
        self.shortened(from, &whole).map(|into| vec![(into, NEARLY_LIKE_KEY)]).unwrap_or_default()
    }

    /// True when a name begins with the name of the key's table.
    fn names_table(&self, key: ColumnId, name: &str) -> bool {
        let key = &self.all[self.of[&key.table]];
        key.tables.iter().any(|table| name.starts_with(table.as_str()))
    }

    /// The only key of a table whose name ends with, begins like or is shortened to what stands before `id`.
    fn shortened(&self, from: ColumnId, name: &str) -> Option<ColumnId> {
        let (short, end) = KEY_ENDS.iter().find_map(|end| Some((name.strip_suffix(end)?, *end)))?;
        if short.len() < MIN_SHORT_FORM || self.all.len() > MAX_KEYS_TO_SHORTEN {
            return None;
        }
        let others = || {
            let ends = |key: &&Key| key.end.as_deref() == Some(end) && key.column.table != from.table;
            self.all.iter().filter(ends)
        };
        let only = |mut found: Box<dyn Iterator<Item = &Key> + '_>| {
            let first = found.next()?;
            found.next().is_none().then_some(first.column)
        };
        only(Box::new(others().filter(|key| key.last.as_deref() == Some(short))))
            .or_else(|| only(Box::new(others().filter(|key| key.tables[0].starts_with(short)))))
            .or_else(|| {
                only(Box::new(others().filter(|key| abbreviates(short, &self.names.table(key.column.table).words))))
            })
    }
}

/// The same unusual name in tables that nothing else joins.
fn same_names(catalog: &Catalog, names: &PlainNames, edges: &mut Edges) {
    let parts = parts(catalog, &edges.all);
    if parts.iter().all(|&part| part == 0) {
        return;
    }
    let mut named: BTreeMap<String, Vec<ColumnId>> = BTreeMap::new();
    for (id, table) in catalog.table_ids() {
        if !table.kind.holds_records() {
            continue;
        }
        for (column, _) in catalog.column_ids(id) {
            let words = names.bare(column);
            let end = words.last().map_or("", String::as_str);
            let like_key = KEY_WORDS.contains(&end) || (end.len() > 3 && KEY_ENDS.iter().any(|key| end.ends_with(key)));
            if like_key && !words.iter().all(|word| is_common(word)) {
                named.entry(words.concat()).or_default().push(column);
            }
        }
    }
    for same in named.into_values().filter(|same| same.len() <= MAX_SAME_NAME) {
        for (at, &from) in same.iter().enumerate() {
            for &into in &same[at + 1..] {
                let apart = parts[from.table.0 as usize] != parts[into.table.0 as usize];
                if apart && agree(catalog, from, into) {
                    edges.push(Edge { on: vec![(from, into)], inferred: true, cost: SAME_NAME });
                }
            }
        }
    }
}

/// For each table the least of the tables that it is joined with, by however many steps.
fn parts(catalog: &Catalog, edges: &[Edge]) -> Vec<usize> {
    let mut part: Vec<usize> = (0..catalog.tables.len()).collect();
    fn root(part: &mut [usize], mut at: usize) -> usize {
        while part[at] != at {
            part[at] = part[part[at]];
            at = part[at];
        }
        at
    }
    for edge in edges {
        let (a, b) = edge.ends();
        let (a, b) = (root(&mut part, a.0 as usize), root(&mut part, b.0 as usize));
        part[a.max(b)] = a.min(b);
    }
    (0..part.len()).map(|at| root(&mut part, at)).collect()
}

/// Values of the two columns can be the same.
fn agree(catalog: &Catalog, a: ColumnId, b: ColumnId) -> bool {
    let (a, b) = (catalog.column(a).kind, catalog.column(b).kind);
    let names_something = |kind: TypeKind| {
        !kind.is_temporal()
            && !matches!(
                kind,
                TypeKind::Boolean | TypeKind::Time | TypeKind::Interval | TypeKind::Json | TypeKind::Array
            )
    };
    // PostgreSQL compares no text with a UUID.
    let strict = catalog.dialect == Dialect::Postgresql && !a.is_numeric();
    names_something(a) && names_something(b) && a.is_numeric() == b.is_numeric() && (!strict || a == b)
}

/// Columns of the same name of which SQLite, whose types bind no value, compares numbers with their digits.
fn loosely(catalog: &Catalog, a: ColumnId, b: ColumnId) -> bool {
    let (a, b) = (catalog.column(a), catalog.column(b));
    let plain = |kind: TypeKind| kind.is_numeric() || kind == TypeKind::Text;
    catalog.dialect == Dialect::Sqlite && plain(a.kind) && plain(b.kind) && a.name.eq_ignore_ascii_case(&b.name)
}

fn is_common(word: &str) -> bool {
    KEY_WORDS.contains(&word) || COMMON.contains(&word)
}

fn singular(name: &str) -> String {
    match (name.strip_suffix("ies"), name.strip_suffix("es"), name.strip_suffix('s')) {
        (Some(stem), ..) if stem.len() > 1 => format!("{stem}y"),
        (_, Some(stem), _) if ["ss", "x", "ch", "sh", "us"].iter().any(|end| stem.ends_with(end)) => stem.to_owned(),
        (.., Some(stem)) if !stem.ends_with('s') && stem.len() > 1 => stem.to_owned(),
        _ => name.to_owned(),
    }
}

fn squeeze(name: &str) -> String {
    nlq_catalog::split_name(name).concat()
}

#[cfg(test)]
mod tests {
    use nlq_catalog::{Annotations, Column, ForeignKey, Table};

    use super::*;
    use crate::joins::JoinGraph;

    /// Tables as `name: column*, column#, ...`: a star marks the primary key, a `#` text, a `@` a day; all else is numbers.
    fn catalog(tables: &str) -> Catalog {
        let table = |line: &str| {
            let (name, columns) = line.trim().split_once(": ").expect("a colon");
            let columns: Vec<&str> = columns.split(", ").collect();
            let plain = |column: &str| column.trim_end_matches(['*', '#', '@']).to_owned();
            let kind = |column: &str| match column {
                text if text.contains('#') => TypeKind::Text,
                day if day.contains('@') => TypeKind::Date,
                _ => TypeKind::Integer,
            };
            Table {
                name: name.to_owned(),
                primary_key: columns.iter().filter(|c| c.contains('*')).map(|c| plain(c)).collect(),
                columns: columns
                    .iter()
                    .map(|c| Column { name: plain(c), kind: kind(c), ..Column::default() })
                    .collect(),
                ..Table::default()
            }
        };
        Catalog { tables: tables.trim().lines().map(table).collect(), ..Catalog::default() }
    }

    /// The edges as `from.column = to.column, ...` with their cost, sorted.
    fn edges(catalog: &Catalog) -> String {
        let graph = JoinGraph::new(catalog, &Annotations::default());
        let name = |id: ColumnId| format!("{}.{}", catalog.table(id.table).name, catalog.column(id).name);
        let mut lines: Vec<String> = graph
            .edges
            .iter()
            .map(|edge| {
                let on: Vec<String> = edge.on.iter().map(|&(a, b)| format!("{} = {}", name(a), name(b))).collect();
                format!("{} {}", edge.cost, on.join(", "))
            })
            .collect();
        lines.sort();
        lines.join("\n")
    }

    #[test]
    fn a_key_is_named_with_its_table() {
        let found = edges(&catalog(
            "orders: id*, customer_id, billing_address_id, date@, name#
             customers: id*, name#, date@
             addresses: id*, name#
             departments: id*
             staff: staff_id*, department, dept_id, grape#
             grapes: id*, grape#, colour#",
        ));
        assert_eq!(
            found,
            "180 orders.customer_id = customers.id\n\
             230 orders.billing_address_id = addresses.id\n\
             230 staff.department = departments.id\n\
             230 staff.dept_id = departments.id\n\
             230 staff.grape = grapes.grape"
        );
    }

    #[test]
    fn prefixes_say_nothing() {
        let found = edges(&catalog(
            "zzCustomer: zzCustId#*, zzCustName#, zzCustDate@
             zzOrderLine: zzOlId#*, zzOlCustId#, zzOlItemId#
             zzItem: zzItemId#*, zzItemName#, zzItemDate@",
        ));
        assert_eq!(
            found,
            "180 zzOrderLine.zzOlCustId = zzCustomer.zzCustId\n180 zzOrderLine.zzOlItemId = zzItem.zzItemId"
        );
        let found = edges(&catalog(
            "orders: o_orderkey*, o_custkey, o_total
             customer: c_custkey*, c_name#, c_nationkey
             lineitem: l_orderkey, l_linenumber, l_price",
        ));
        assert_eq!(found, "180 lineitem.l_orderkey = orders.o_orderkey\n180 orders.o_custkey = customer.c_custkey");
    }

    #[test]
    fn keys_that_nobody_declared() {
        let found = edges(&catalog(
            "author: homepage#, aid, name#, oid
             organization: oid, name#, homepage#
             paper: title#, pid, year
             author_paper: aid, pid
             paper_topic: pid, topic#",
        ));
        assert_eq!(
            found,
            "180 author.oid = organization.oid\n\
             180 author_paper.aid = author.aid\n\
             180 author_paper.pid = paper.pid\n\
             180 paper_topic.pid = paper.pid"
        );
        let found = edges(&catalog(
            "state: state_name#, area
             lake: lake_name#, state_name#, country_name#
             river: river_name#, country_name#, length",
        ));
        assert_eq!(found, "180 lake.state_name = state.state_name\n290 lake.country_name = river.country_name");
    }

    #[test]
    fn keys_of_several_columns() {
        let found = edges(&catalog(
            "flights: flight_no*, day#*, gate
             tickets: ticket_id*, flight_no, day#
             meals: id*, day#",
        ));
        assert_eq!(found, "180 tickets.flight_no = flights.flight_no, tickets.day = flights.day");
    }

    #[test]
    fn unrelated_names_join_nothing() {
        let found = edges(&catalog(
            "people: id*, name#, date@, type#, code#, first_name#
             places: id*, name#, date@, type#, code#, first_name#
             things: name#, status#
             notes: name#, status#",
        ));
        assert_eq!(found, "");
        // A number is no text, but where SQLite minds no types.
        let mut loose =
            catalog("orders: id*, customer_id#\n customers: id*\n visits: day@, guest_id#\n guests: guest_id*");
        loose.dialect = Dialect::Sqlite;
        assert_eq!(edges(&loose), "230 visits.guest_id = guests.guest_id");
        loose.dialect = Dialect::Postgresql;
        assert_eq!(edges(&loose), "");
    }

    #[test]
    fn what_is_declared_is_not_guessed() {
        let mut tables = catalog("orders: id*, buyer, customer_id\n customers: id*");
        tables.tables[0].foreign_keys.push(ForeignKey {
            columns: vec!["buyer".to_owned()],
            to_schema: None,
            to_table: "customers".to_owned(),
            to_columns: Vec::new(),
        });
        assert_eq!(edges(&tables), "100 orders.buyer = customers.id");
    }
}
