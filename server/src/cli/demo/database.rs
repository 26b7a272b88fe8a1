//! The shop of the demo: a SQLite database of a few thousand rows, the same on every machine.
//!
//! This writes a file that nlq itself makes; users' systems are reached through `nlq-providers` alone.

use std::path::Path;

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

const CUSTOMERS: usize = 240;
const ORDERS: usize = 1800;
const REVIEWS: usize = 600;
/// Rows of one INSERT: few statements, each far below SQLite's limits.
const BATCH: usize = 200;

const SCHEMA: &str = "
CREATE TABLE categories (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE products (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    category_id INTEGER NOT NULL REFERENCES categories (id),
    price DECIMAL(10, 2) NOT NULL,
    discontinued BOOLEAN NOT NULL DEFAULT 0
);
CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    city TEXT NOT NULL,
    country TEXT NOT NULL,
    signed_up_on DATE NOT NULL
);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    placed_at TIMESTAMP NOT NULL,
    status TEXT NOT NULL,
    total_amount DECIMAL(10, 2) NOT NULL
);
CREATE TABLE order_items (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    product_id INTEGER NOT NULL REFERENCES products (id),
    quantity INTEGER NOT NULL,
    unit_price DECIMAL(10, 2) NOT NULL
);
CREATE TABLE reviews (
    id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL REFERENCES products (id),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    rating INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    comment TEXT,
    written_on DATE NOT NULL
);
CREATE INDEX orders_by_customer ON orders (customer_id);
CREATE INDEX order_items_by_order ON order_items (order_id);
CREATE INDEX order_items_by_product ON order_items (product_id);
CREATE INDEX reviews_by_product ON reviews (product_id);
";

const CATEGORIES: [(&str, [&str; 6], u64); 8] = [
    ("Books", ["Atlas", "Cookbook", "Crime Novel", "Field Guide", "Poetry", "Short Stories"], 12),
    ("Coffee & Tea", ["Darjeeling", "Espresso Beans", "Filter Set", "French Press", "Green Tea", "Milk Frother"], 14),
    ("Electronics", ["Desk Lamp", "E-Reader", "Headphones", "Keyboard", "Speaker", "Webcam"], 75),
    ("Garden", ["Bird House", "Hose", "Planter", "Rake", "Seed Box", "Watering Can"], 22),
    ("Home", ["Blanket", "Candle", "Clock", "Cushion", "Mirror", "Vase"], 28),
    ("Outdoor", ["Backpack", "Camp Stove", "Hammock", "Head Torch", "Sleeping Bag", "Tent"], 90),
    ("Sports", ["Climbing Rope", "Dumbbell", "Football", "Jump Rope", "Swim Goggles", "Yoga Mat"], 30),
    ("Toys", ["Board Game", "Building Blocks", "Kite", "Marble Run", "Puzzle", "Teddy Bear"], 24),
];

const PLACES: [(&str, &[&str]); 8] = [
    ("Germany", &["Berlin", "Hamburg", "Köln", "München"]),
    ("France", &["Lyon", "Nantes", "Paris"]),
    ("Netherlands", &["Amsterdam", "Utrecht"]),
    ("Spain", &["Madrid", "Sevilla", "Valencia"]),
    ("Italy", &["Milano", "Roma", "Torino"]),
    ("Sweden", &["Göteborg", "Stockholm"]),
    ("Poland", &["Kraków", "Warszawa"]),
    ("Portugal", &["Lisboa", "Porto"]),
];

const FIRST: [&str; 16] = [
    "Ada", "Bruno", "Clara", "David", "Elif", "Fernando", "Greta", "Hugo", "Inês", "Jakub", "Klara", "Luca", "Marta",
    "Nils", "Olga", "Pablo",
];
const LAST: [&str; 15] = [
    "Almeida",
    "Bianchi",
    "Costa",
    "Dubois",
    "Eriksson",
    "Fischer",
    "García",
    "Hansen",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Martin",
    "Nowak",
    "Rossi",
    "Schneider",
];

const COMMENTS: [&str; 6] =
    ["As described.", "Broke after a week.", "Exactly what I wanted.", "Good value.", "Too small.", "Would buy again."];

/// Writes the database to `path`, which must not exist.
pub(super) async fn create(path: &Path) -> Result<(), sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql(SCHEMA).execute(&mut *transaction).await?;
    for (table, rows) in Shop::new().rows() {
        for batch in rows.chunks(BATCH) {
            let sql = format!("INSERT INTO {table} VALUES {}", batch.join(", "));
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    connection.close().await
}

/// Splitmix64: a few lines, good enough, and the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// The same for lengths of time.
    fn number(&mut self, end: i64) -> i64 {
        (self.next() >> 1).cast_signed() % end
    }

    /// A number below `end`, small ones more often: a few products and customers make most of the sales.
    fn skewed(&mut self, end: usize) -> usize {
        self.below(end).min(self.below(end))
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// All rows as SQL value lists, by table.
struct Shop {
    dice: Dice,
    /// Quarters of a euro: such prices are exact in binary, so that sums show no rounding noise.
    prices: Vec<u64>,
}

impl Shop {
    fn new() -> Self {
        Self { dice: Dice(2024), prices: Vec::new() }
    }

    fn rows(mut self) -> Vec<(&'static str, Vec<String>)> {
        let categories =
            CATEGORIES.iter().enumerate().map(|(i, (name, ..))| format!("({}, {})", i + 1, text(name))).collect();
        let products = self.products();
        let (customers, signed_up) = self.customers();
        let (orders, items) = self.orders(&signed_up);
        let reviews = self.reviews(&signed_up);
        vec![
            ("categories", categories),
            ("products", products),
            ("customers", customers),
            ("orders", orders),
            ("order_items", items),
            ("reviews", reviews),
        ]
    }

    fn products(&mut self) -> Vec<String> {
        let mut rows = Vec::new();
        for (category, (_, names, base)) in CATEGORIES.iter().enumerate() {
            for name in names {
                let quarters = base * 2 + self.dice.next() % (base * 6);
                self.prices.push(quarters);
                let discontinued = usize::from(self.dice.below(12) == 0);
                let (id, price) = (self.prices.len(), euros(quarters));
                rows.push(format!("({id}, {}, {}, {price}, {discontinued})", text(name), category + 1));
            }
        }
        rows
    }

    fn customers(&mut self) -> (Vec<String>, Vec<NaiveDate>) {
        let (mut rows, mut signed_up) = (Vec::new(), Vec::new());
        for id in 1..=CUSTOMERS {
            let (first, last) = (FIRST[(id - 1) % FIRST.len()], LAST[(id - 1) / FIRST.len() % LAST.len()]);
            let (country, cities) = PLACES[self.dice.skewed(PLACES.len())];
            let city = self.dice.pick(cities);
            let day = first_day() + Duration::days(self.dice.number(1000));
            let email = format!("{}.{}{id}@example.com", ascii(first), ascii(last));
            let name = text(&format!("{first} {last}"));
            rows.push(format!("({id}, {name}, {}, {}, {}, '{day}')", text(&email), text(city), text(country)));
            signed_up.push(day);
        }
        (rows, signed_up)
    }

    fn orders(&mut self, signed_up: &[NaiveDate]) -> (Vec<String>, Vec<String>) {
        let (mut orders, mut items) = (Vec::new(), Vec::new());
        for id in 1..=ORDERS {
            let customer = self.dice.skewed(CUSTOMERS);
            let placed = self.moment_after(signed_up[customer]);
            let mut total = 0;
            for _ in 0..=self.dice.below(4) {
                // The last products of the list are never sold: "which products were never ordered?"
                let product = self.dice.skewed(self.prices.len() - 2);
                let quantity = 1 + self.dice.below(3) as u64;
                total += quantity * self.prices[product];
                let price = euros(self.prices[product]);
                items.push(format!("({}, {id}, {}, {quantity}, {price})", items.len() + 1, product + 1));
            }
            let status = self.status(placed);
            let total = euros(total);
            orders.push(format!("({id}, {}, '{placed}', '{status}', {total})", customer + 1));
        }
        (orders, items)
    }

    fn reviews(&mut self, signed_up: &[NaiveDate]) -> Vec<String> {
        (1..=REVIEWS)
            .map(|id| {
                let customer = self.dice.below(CUSTOMERS);
                let product = self.dice.skewed(self.prices.len() - 6);
                let rating = 5 - self.dice.skewed(5);
                let comment = if self.dice.below(3) == 0 { "NULL".into() } else { text(self.dice.pick(&COMMENTS)) };
                let day = self.moment_after(signed_up[customer]).date();
                format!("({id}, {}, {}, {rating}, {comment}, '{day}')", product + 1, customer + 1)
            })
            .collect()
    }

    /// A moment between a day and the end of 2024.
    fn moment_after(&mut self, day: NaiveDate) -> NaiveDateTime {
        let days = (last_day() - day).num_days().max(1);
        let day = day + Duration::days(self.dice.number(days));
        day.and_time(chrono::NaiveTime::MIN) + Duration::minutes(480 + self.dice.number(840))
    }

    fn status(&mut self, placed: NaiveDateTime) -> &'static str {
        let recent = placed.year() == 2024 && placed.month() == 12;
        match self.dice.below(20) {
            0 | 1 => "cancelled",
            2 => "returned",
            3..=8 if recent => "pending",
            9..=14 if recent => "shipped",
            _ => "delivered",
        }
    }
}

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2022, 1, 1).unwrap_or_default()
}

fn last_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 12, 31).unwrap_or_default()
}

fn euros(quarters: u64) -> String {
    format!("{}.{:02}", quarters / 4, quarters % 4 * 25)
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

fn ascii(name: &str) -> String {
    name.to_lowercase().replace('ê', "e").replace('í', "i")
}

#[cfg(test)]
mod tests {
    use sqlx::Row;

    use super::*;

    #[tokio::test]
    async fn the_shop_is_whole_and_the_same_every_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut sums = Vec::new();
        for name in ["one.db", "two.db"] {
            let path = folder.path().join(name);
            create(&path).await.unwrap();
            let options = SqliteConnectOptions::new().filename(&path);
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            let broken = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await.unwrap();
            assert!(broken.is_empty());
            let totals = "SELECT count(*), sum(total_amount) FROM orders";
            let row = sqlx::query(totals).fetch_one(&mut connection).await.unwrap();
            let items = "SELECT sum(quantity * unit_price) FROM order_items";
            let sold: f64 = sqlx::query(items).fetch_one(&mut connection).await.unwrap().get(0);
            let (orders, sum): (i64, f64) = (row.get(0), row.get(1));
            assert_eq!((orders as usize, sum), (ORDERS, sold));
            sums.push(sum);
        }
        assert_eq!(sums[0], sums[1]);
    }
}
