use sha2::{Digest, Sha256};

use crate::{Catalog, Column, Table};

impl Catalog {
    /// A short stable digest of the structure: names, types, keys. Comments, samples, estimates and the time of reading
    /// do not count, so it changes exactly when a query's validity can.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |field: &str| {
            hash.update((field.len() as u64).to_le_bytes());
            hash.update(field);
        };
        add(self.dialect.name());
        for table in &self.tables {
            let Table { schema, name, columns, primary_key, foreign_keys, indexes, nested, .. } = table;
            add("table");
            add(schema.as_deref().unwrap_or(""));
            add(name);
            for Column { name, type_name, nullable, .. } in columns {
                add(name);
                add(type_name);
                add(if *nullable { "null" } else { "not null" });
            }
            add("primary key");
            for column in primary_key {
                add(column);
            }
            for key in foreign_keys {
                add("references");
                add(&key.to_table);
                key.columns.iter().chain(&key.to_columns).for_each(|column| add(column));
            }
            for index in indexes {
                add("index");
                add(&index.name);
                index.columns.iter().for_each(|column| add(column));
            }
            if let Some(nested) = nested {
                add("nested");
                add(&nested.path);
            }
        }
        for object in &self.objects {
            add("object");
            add(&object.name);
            object.arguments.iter().for_each(|argument| add(argument));
        }
        hash.finalize().iter().take(8).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use crate::model::*;

    fn catalog() -> Catalog {
        let column =
            Column { name: "id".into(), type_name: "INTEGER".into(), kind: TypeKind::Integer, ..Column::default() };
        Catalog {
            tables: vec![Table { name: "t".into(), columns: vec![column], ..Table::default() }],
            ..Catalog::default()
        }
    }

    #[test]
    fn only_structure_counts() {
        let (plain, mut noisy) = (catalog(), catalog());
        noisy.tables[0].comment = Some("a comment".into());
        noisy.tables[0].row_estimate = Some(7);
        noisy.taken_at = chrono::Utc::now();
        assert_eq!(plain.fingerprint(), noisy.fingerprint());
        noisy.tables[0].columns[0].name = "key".into();
        assert_ne!(plain.fingerprint(), noisy.fingerprint());
    }
}
