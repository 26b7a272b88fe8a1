use nlq_catalog::TypeKind;

/// The family of a declared type; none when the declaration says nothing, so that the values must say it.
///
/// SQLite's own affinity rules (<https://sqlite.org/datatype3.html>) come after the names that people use for dates,
/// times, booleans and the like: SQLite keeps those as text or numbers, but they mean more to a question.
pub(super) fn of_declared(declared: &str) -> Option<TypeKind> {
    let name = declared.split('(').next().unwrap_or("").trim().to_ascii_lowercase();
    let has = |part: &str| name.contains(part);
    Some(match name.as_str() {
        "date" => TypeKind::Date,
        "time" | "timetz" => TypeKind::Time,
        "interval" => TypeKind::Interval,
        "uuid" | "guid" | "uniqueidentifier" => TypeKind::Uuid,
        "json" | "jsonb" => TypeKind::Json,
        "year" | "bit" => TypeKind::Integer,
        "string" | "enum" | "set" => TypeKind::Text,
        _ if has("datetime") || has("timestamp") => TypeKind::Timestamp,
        _ if has("bool") => TypeKind::Boolean,
        _ if has("int") && !has("point") => TypeKind::Integer,
        _ if has("char") || has("clob") || has("text") => TypeKind::Text,
        _ if has("blob") || has("binary") || has("bytea") => TypeKind::Binary,
        _ if has("real") || has("floa") || has("doub") => TypeKind::Float,
        _ if has("numeric") || has("decimal") || has("number") || has("money") || name == "dec" => TypeKind::Decimal,
        _ => return None,
    })
}

/// The family that the storage classes of a column's values show.
pub(super) fn of_storage(classes: &[String]) -> TypeKind {
    let has = |class: &str| classes.iter().any(|c| c == class);
    if has("text") {
        TypeKind::Text
    } else if has("blob") {
        TypeKind::Binary
    } else if has("real") {
        TypeKind::Float
    } else if has("integer") {
        TypeKind::Integer
    } else {
        TypeKind::Other
    }
}

/// Date or timestamp, when every text is one in the form of ISO 8601 that SQLite's date functions read.
pub(super) fn of_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<TypeKind> {
    let mut kind = None;
    for text in texts {
        let this = of_text(text)?;
        if kind != Some(TypeKind::Timestamp) {
            kind = Some(this);
        }
    }
    kind
}

fn of_text(text: &str) -> Option<TypeKind> {
    let digits = |range: std::ops::Range<usize>| -> Option<u32> {
        let part = text.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
    };
    let mark = |at: usize, marks: &[u8]| text.as_bytes().get(at).is_some_and(|b| marks.contains(b));
    let is_day = digits(0..4).is_some()
        && mark(4, b"-")
        && (1..=12).contains(&digits(5..7)?)
        && mark(7, b"-")
        && (1..=31).contains(&digits(8..10)?);
    let has_time = mark(10, b" T") && digits(11..13)? < 25 && mark(13, b":") && digits(14..16)? < 60;
    match (is_day, text.len()) {
        (true, 10) => Some(TypeKind::Date),
        (true, 16..=40) if has_time => Some(TypeKind::Timestamp),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_types_have_families() {
        for (declared, kind) in [
            ("INTEGER", Some(TypeKind::Integer)),
            ("unsigned big int", Some(TypeKind::Integer)),
            ("NVARCHAR(160)", Some(TypeKind::Text)),
            ("NUMERIC(10,2)", Some(TypeKind::Decimal)),
            ("DATETIME", Some(TypeKind::Timestamp)),
            ("timestamp without time zone", Some(TypeKind::Timestamp)),
            ("bool", Some(TypeKind::Boolean)),
            ("double precision", Some(TypeKind::Float)),
            ("", None),
            ("GEOMETRY", None),
        ] {
            assert_eq!(of_declared(declared), kind, "{declared}");
        }
    }

    #[test]
    fn texts_are_dates_only_when_all_are() {
        assert_eq!(of_texts(["2023-01-31", "1999-12-01"]), Some(TypeKind::Date));
        assert_eq!(of_texts(["2023-01-31", "1999-12-01T10:00:00Z"]), Some(TypeKind::Timestamp));
        assert_eq!(of_texts(["2023-01-31", "soon"]), None);
        assert_eq!(of_texts(["2023-13-31"]), None);
        assert_eq!(of_texts(["2023-01-éé"]), None);
        assert_eq!(of_texts([]), None);
    }
}
