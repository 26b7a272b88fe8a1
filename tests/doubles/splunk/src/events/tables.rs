//! Lookup tables, and the people and things that events speak of.

/// A lookup: its file, its definition's name, its columns, its rows.
pub(crate) struct Lookup {
    pub(crate) file: &'static str,
    pub(crate) definition: &'static str,
    pub(crate) columns: &'static [&'static str],
    pub(crate) rows: &'static [&'static [&'static str]],
}

/// Every lookup of the server.
pub(crate) static LOOKUPS: [Lookup; 2] = [
    Lookup {
        file: "products.csv",
        definition: "products",
        columns: &["product_id", "product_name", "category", "price"],
        rows: &[
            &["KB-101", "Mechanical Keyboard", "keyboards", "89.90"],
            &["KB-102", "Travel Keyboard", "keyboards", "39.50"],
            &["MS-201", "Wireless Mouse", "mice", "24.99"],
            &["MS-202", "Vertical Mouse", "mice", "49.00"],
            &["DP-301", "27 Inch Display", "displays", "319.00"],
            &["DP-302", "Curved Display", "displays", "549.00"],
            &["HS-401", "Studio Headset", "audio", "129.00"],
            &["HS-402", "Office Headset", "audio", "59.90"],
            &["CB-501", "USB Cable", "cables", "7.50"],
            &["DK-601", "Standing Desk", "furniture", "429.00"],
        ],
    },
    Lookup {
        file: "users.csv",
        definition: "users",
        columns: &["user", "full_name", "department", "country"],
        rows: &[
            &["ada", "Ada Okafor", "engineering", "Nigeria"],
            &["bruno", "Bruno Weiss", "engineering", "Germany"],
            &["chen", "Chen Liu", "finance", "China"],
            &["dara", "Dara Novak", "sales", "Czechia"],
            &["emil", "Emil Larsen", "sales", "Denmark"],
            &["fatima", "Fatima Rahman", "support", "Bangladesh"],
            &["gita", "Gita Rao", "engineering", "India"],
            &["hugo", "Hugo Martin", "finance", "France"],
            &["iris", "Iris Bauer", "support", "Germany"],
            &["jonas", "Jonas Petit", "sales", "France"],
            &["kofi", "Kofi Mensah", "engineering", "Ghana"],
            &["lena", "Lena Ivanova", "support", "Bulgaria"],
        ],
    },
];

/// The lookup of that file or definition.
pub(crate) fn lookup(name: &str) -> Option<&'static Lookup> {
    LOOKUPS.iter().find(|lookup| lookup.file == name || lookup.definition == name)
}

/// Names of users who exist.
pub(super) fn users() -> Vec<&'static str> {
    LOOKUPS[1].rows.iter().map(|row| row[0]).collect()
}

/// Products: id, category, price.
pub(super) fn products() -> Vec<(&'static str, &'static str)> {
    LOOKUPS[0].rows.iter().map(|row| (row[0], row[2])).collect()
}
