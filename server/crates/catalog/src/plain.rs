//! Names without what only the schema's author needed: a prefix that all tables bear, a short form of the table's name
//! before each of its columns.

use std::collections::HashSet;

use crate::{Catalog, ColumnId, TableId, split_name, stem};

/// A longer first word that all tables share is a word that people say.
const MAX_PREFIX_LETTERS: usize = 4;
/// A longer first word of all columns must be a short form of the table's name to be taken for one.
const MAX_TAG_LETTERS: usize = 3;
/// Fewer tables, or columns of a table, share a first word by chance.
const MIN_SHARING: usize = 3;
/// Words before a table's name that tell what kind of table it is.
const TABLE_NOISE: &[&str] = &["tbl", "tb", "dim", "fact", "ref", "lkp", "stg"];

/// The folded words of all names of a catalog as people say them.
///
/// In a schema of `sbCustomer` (`sbCustId`, `sbCustName`, ...) and other tables with `sb`, these are `customer`,
/// `customer id` and `customer name`.
#[derive(Debug, Clone, Default)]
pub struct PlainNames {
    tables: Vec<PlainTable>,
}

/// The names of one table.
#[derive(Debug, Clone, Default)]
pub struct PlainTable {
    /// The words of its name; never empty where the name has a letter or digit.
    pub words: Vec<String>,
    /// What stands before the name of each of its columns: a short form of the table's name, or the name itself.
    pub tag: Option<String>,
    columns: Vec<Vec<String>>,
}

impl PlainNames {
    /// The names of a catalog.
    pub fn new(catalog: &Catalog) -> Self {
        let mut names: Vec<Vec<String>> = catalog.tables.iter().map(|table| split_name(&table.name)).collect();
        let prefix = shared(&names).filter(|word| word.len() <= MAX_PREFIX_LETTERS);
        for words in &mut names {
            if prefix.is_some() {
                words.remove(0);
            }
            while words.len() > 1 && TABLE_NOISE.contains(&words[0].as_str()) {
                words.remove(0);
            }
        }
        let known: HashSet<String> = names.iter().map(|words| stem(&words.concat())).collect();
        let tables = names.into_iter().zip(&catalog.tables).map(|(words, table)| {
            let mut columns: Vec<Vec<String>> = table.columns.iter().map(|column| path_words(&column.name)).collect();
            for column in &mut columns {
                if column.len() > 1 && prefix.as_ref() == column.first() {
                    column.remove(0);
                }
            }
            let tag = shared(&columns).filter(|tag| {
                let own = words.iter().any(|word| stem(word) == stem(tag));
                let short = tag.len() <= MAX_TAG_LETTERS && tag.chars().all(char::is_alphabetic);
                own || abbreviates(tag, &words) || (short && !known.contains(&stem(tag)))
            });
            PlainTable { words, tag, columns }
        });
        Self { tables: tables.collect() }
    }

    /// The names of a table.
    pub fn table(&self, id: TableId) -> &PlainTable {
        &self.tables[id.0 as usize]
    }

    /// The words of a column's name, a short form of the table's name written out.
    pub fn column(&self, id: ColumnId) -> Vec<String> {
        let (table, words) = (self.table(id.table), self.bare(id));
        match &table.tag {
            Some(tag) if !table.words.iter().any(|word| stem(word) == stem(tag)) => [&table.words, words].concat(),
            Some(tag) => [std::slice::from_ref(tag), words].concat(),
            None => words.to_vec(),
        }
    }

    /// The words of a column's name without what stands before all columns of its table.
    pub fn bare(&self, id: ColumnId) -> &[String] {
        let table = self.table(id.table);
        &table.columns[id.column as usize][usize::from(table.tag.is_some())..]
    }
}

/// The words of a column's name; of a path into a document, what the last part says again is said once:
/// `Category.CategoryName` is a category name.
fn path_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = 0;
    for part in name.split('.') {
        let own = split_name(part);
        if own.len() > words.len() - last && own.starts_with(&words[last..]) {
            words.truncate(last);
        }
        last = words.len();
        words.extend(own);
    }
    words
}

/// The first word of all names, where there are some and each goes on behind it.
fn shared(names: &[Vec<String>]) -> Option<String> {
    let first = names.first()?.first()?;
    let all = names.iter().all(|words| words.len() > 1 && words[0] == *first);
    (all && names.len() >= MIN_SHARING).then(|| first.clone())
}

/// True for a short form of a name: its initials, or its first letter and some of the others in their order; two letters
/// at least.
pub fn abbreviates(short: &str, words: &[String]) -> bool {
    let initials = words.iter().filter_map(|word| word.chars().next());
    let name = words.concat();
    let mut letters = name.chars();
    short.len() > 1
        && short.len() < name.len()
        && (initials.eq(short.chars())
            || (name.chars().next() == short.chars().next() && short.chars().all(|c| letters.any(|other| other == c))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, Table};

    fn names(tables: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
        let column = |name: &&str| Column { name: (*name).to_owned(), ..Column::default() };
        let tables = tables.iter().map(|(name, columns)| Table {
            name: (*name).to_owned(),
            columns: columns.iter().map(column).collect(),
            ..Table::default()
        });
        let catalog = Catalog { tables: tables.collect(), ..Catalog::default() };
        let plain = PlainNames::new(&catalog);
        let of = |id| catalog.column_ids(id).map(|(column, _)| plain.column(column).join(" ")).collect();
        catalog.table_ids().map(|(id, _)| (plain.table(id).words.join(" "), of(id))).collect()
    }

    #[test]
    fn what_all_names_share_is_not_said() {
        let found = names(&[
            ("zzCustomer", &["zzCustId", "zzCustName", "zzCustCity"]),
            ("zzOrderLine", &["zzOlCustId", "zzOlPrice", "zzOlNo"]),
            ("zzNote", &["zzText", "zzDay", "other"]),
        ]);
        assert_eq!(
            found[0],
            ("customer".into(), vec!["customer id".into(), "customer name".into(), "customer city".into()])
        );
        assert_eq!(found[1].1, ["order line cust id", "order line price", "order line no"]);
        assert_eq!(found[2], ("note".into(), vec!["text".into(), "day".into(), "other".into()]));
    }

    #[test]
    fn words_that_mean_something_stay() {
        let found = names(&[
            ("student_course", &["home_team", "home_score", "home_town"]),
            ("student_exam", &["exam_id", "exam_day", "exam_room"]),
            ("student_info", &["id", "id_card"]),
            ("dim_exam", &["id"]),
        ]);
        assert_eq!(
            found[0],
            ("student course".into(), vec!["home team".into(), "home score".into(), "home town".into()])
        );
        assert_eq!(found[1].1, ["exam id", "exam day", "exam room"]);
        assert_eq!(found[3].0, "exam");
    }

    #[test]
    fn paths_say_nothing_twice() {
        let found =
            names(&[("products", &["_id", "Category.CategoryName", "Category.Description", "a.a", "x.Yz.YzKey"])]);
        assert_eq!(found[0].1, ["id", "category name", "category description", "a a", "x yz key"]);
    }

    #[test]
    fn short_forms() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (short, name, holds) in [
            ("dp", "daily price", true),
            ("cust", "customer", true),
            ("mgr", "manager", true),
            ("c", "customer", false),
            ("stomer", "customer", false),
            ("ct", "price", false),
        ] {
            assert_eq!(abbreviates(short, &words(name)), holds, "{short} {name}");
        }
    }
}
