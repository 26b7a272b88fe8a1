//! Names made of questions.

use crate::limits::MAX_NAME_CHARS;

/// The first words of a question, at most one line of an outline.
pub(crate) fn short(question: &str) -> String {
    let mut name = String::new();
    for word in question.split_whitespace() {
        if !name.is_empty() && name.chars().count() + 1 + word.chars().count() > MAX_NAME_CHARS {
            name.push('…');
            break;
        }
        if !name.is_empty() {
            name.push(' ');
        }
        name.extend(word.chars().take(MAX_NAME_CHARS));
    }
    name
}

/// How a language writes names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// `top_customers`
    Snake,
    /// `topCustomers`
    Camel,
    /// `TopCustomers`
    Pascal,
    /// `TOP_CUSTOMERS`
    Upper,
}

/// Words that say nothing about what a question is about.
const STOP_WORDS: &[&str] = &[
    "a", "all", "an", "and", "are", "as", "at", "be", "by", "did", "do", "does", "each", "every", "find", "for",
    "from", "get", "give", "had", "has", "have", "how", "i", "in", "is", "it", "its", "list", "many", "me", "much",
    "of", "on", "or", "our", "please", "return", "show", "tell", "than", "that", "the", "their", "there", "these",
    "to", "us", "was", "we", "were", "what", "when", "where", "which", "who", "whose", "with",
];

/// Words that some host language keeps for itself.
const KEYWORDS: &[&str] = &[
    "abstract",
    "assert",
    "async",
    "await",
    "begin",
    "boolean",
    "break",
    "case",
    "catch",
    "char",
    "class",
    "const",
    "continue",
    "def",
    "default",
    "delete",
    "double",
    "else",
    "elsif",
    "end",
    "enum",
    "event",
    "export",
    "extends",
    "false",
    "final",
    "finally",
    "float",
    "fn",
    "function",
    "global",
    "goto",
    "if",
    "impl",
    "import",
    "int",
    "interface",
    "internal",
    "let",
    "local",
    "long",
    "loop",
    "map",
    "match",
    "mod",
    "module",
    "move",
    "mut",
    "namespace",
    "new",
    "nil",
    "none",
    "not",
    "null",
    "object",
    "operator",
    "package",
    "params",
    "pass",
    "print",
    "private",
    "protected",
    "public",
    "raise",
    "range",
    "record",
    "ref",
    "repeat",
    "require",
    "retry",
    "self",
    "short",
    "static",
    "string",
    "struct",
    "super",
    "switch",
    "template",
    "then",
    "this",
    "throw",
    "throws",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "undef",
    "union",
    "unless",
    "unsafe",
    "until",
    "use",
    "using",
    "var",
    "virtual",
    "void",
    "volatile",
    "while",
    "yield",
];

/// Longest variable name: longer ones push the query off the line.
const MAX_VARIABLE: usize = 40;

/// A variable name for the answer of a question, which `text` does not contain yet.
pub(crate) fn variable(question: &str, case: Case, text: &str) -> String {
    let folded: String = question.chars().flat_map(char::to_lowercase).flat_map(|c| ascii(c).chars()).collect();
    let words: Vec<&str> = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let significant = words.iter().copied().filter(|word| !STOP_WORDS.contains(word));
    let mut name: Vec<&str> = Vec::new();
    let mut len = 0;
    for word in significant {
        len += word.len() + 1;
        if len > MAX_VARIABLE + 1 {
            break;
        }
        name.push(word);
    }
    if name.is_empty() || name[0].starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, "query");
    } else if name.len() == 1 && KEYWORDS.contains(&name[0]) {
        name.push("query");
    }
    let base = cased(&name, case);
    let used = |name: &str| {
        text.match_indices(name).any(|(at, _)| {
            let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            !word(text[..at].chars().next_back()) && !word(text[at + name.len()..].chars().next())
        })
    };
    if !used(&base) {
        return base;
    }
    let separator = if matches!(case, Case::Snake | Case::Upper) { "_" } else { "" };
    (2..=text.len() + 2).map(|number| format!("{base}{separator}{number}")).find(|name| !used(name)).unwrap_or(base)
}

fn cased(words: &[&str], case: Case) -> String {
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    match case {
        Case::Snake => words.join("_"),
        Case::Upper => words.join("_").to_ascii_uppercase(),
        Case::Pascal => words.iter().map(|word| capital(word)).collect(),
        Case::Camel => {
            let rest = words.iter().skip(1).map(|word| capital(word));
            words.first().copied().map(str::to_owned).into_iter().chain(rest).collect()
        }
    }
}

/// The letter without its accents, for names that every language allows; nothing where there is no such letter.
fn ascii(c: char) -> &'static str {
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
    if let Some(at) = LETTERS.find(c) {
        return &LETTERS[at..=at];
    }
    match c {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'ì' | 'í' | 'î' | 'ï' | 'ī' => "i",
        'ł' => "l",
        'ñ' | 'ń' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ō' => "o",
        'ö' | 'œ' => "oe",
        'ś' | 'š' => "s",
        'ß' => "ss",
        'ù' | 'ú' | 'û' | 'ū' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        '\u{300}'..='\u{36f}' | '\'' | '’' => "",
        _ => " ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_named_after_the_question() {
        let check = |question, case, text| variable(question, case, text);
        assert_eq!(check("Show me the top 10 customers by revenue", Case::Snake, ""), "top_10_customers_revenue");
        assert_eq!(check("größte Straße in Łódź", Case::Camel, ""), "groessteStrasseLodz");
        assert_eq!(check("10 customers", Case::Upper, ""), "QUERY_10_CUSTOMERS");
        assert_eq!(check("class", Case::Pascal, ""), "ClassQuery");
        assert_eq!(check("顧客 💣", Case::Snake, ""), "query");
        assert_eq!(check("orders", Case::Snake, "orders = orders_2"), "orders_3");
        assert!(check(&"very long question ".repeat(20), Case::Snake, "").len() <= 40);
    }
}
