//! The small Splunk server that tests search: web logs, logins, a data model, macros and lookups.

use nlq_catalog::{
    Annotations, Catalog, Column, ColumnAnnotation, Dialect, Object, ObjectKind, Table, TableKind, TypeKind,
    ValueSample,
};

use crate::QueryContext;

fn table(schema: &str, name: &str, kind: TableKind, columns: &[&str]) -> Table {
    let columns = columns.iter().map(|name| Column {
        name: (*name).into(),
        type_name: "string".into(),
        kind: TypeKind::Text,
        nullable: true,
        ..Column::default()
    });
    Table { schema: Some(schema.into()), name: name.into(), kind, columns: columns.collect(), ..Table::default() }
}

fn object(kind: ObjectKind, name: &str, arguments: &[&str], definition: Option<&str>) -> Object {
    let arguments = arguments.iter().map(|one| (*one).to_owned()).collect();
    Object { kind, name: name.into(), arguments, definition: definition.map(str::to_owned) }
}

/// The catalog and what the team says: `password` of logins is sensitive.
pub(super) fn server() -> (Catalog, Annotations) {
    let mut web = table("web", "access", TableKind::Events, &["clientip", "method", "status", "uri", "bytes"]);
    web.columns[2].values = Some(ValueSample { values: vec!["200".into(), "404".into()], complete: true });
    let catalog = Catalog {
        dialect: Dialect::Splunk,
        tables: vec![
            table("Web", "Hits", TableKind::DataModel, &["status", "url"]),
            table("security", "logins", TableKind::Events, &["user", "password", "src"]),
            web,
        ],
        objects: vec![
            object(ObjectKind::Macro, "web", &[], Some("index=web sourcetype=access")),
            object(ObjectKind::Macro, "since", &["days"], Some("earliest=-$days$d")),
            object(ObjectKind::Macro, "keep", &[], Some("outputlookup kept.csv")),
            object(ObjectKind::Macro, "outer", &["n"], Some("`web` `since($n$)`")),
            object(ObjectKind::Macro, "endless", &[], Some("`endless` x")),
            object(ObjectKind::Lookup, "users.csv", &["id", "name"], None),
            object(ObjectKind::SavedSearch, "Daily errors", &[], None),
        ],
        ..Catalog::default()
    };
    let mut annotations = Annotations::default();
    let sensitive = ColumnAnnotation { sensitive: true, ..ColumnAnnotation::default() };
    annotations.columns.insert("security.logins.password".into(), sensitive);
    (catalog, annotations)
}

pub(super) fn context((catalog, annotations): &(Catalog, Annotations)) -> QueryContext<'_> {
    QueryContext { dialect: Dialect::Splunk, catalog: Some(catalog), annotations }
}
