//! A question as words: where each stands, its folded form and its stem, and the general English that questions about
//! data are made of (numbers, abbreviations, synonyms, words without content of their own).

use nlq_catalog::{fold, stem};
use nlq_text::Span;

/// Words read of one question. Longer texts are no questions; the rest is named in a boundary, not read.
pub(crate) const MAX_WORDS: usize = 400;

/// One word, number, or quoted text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    /// Where it stands, quotes included.
    pub(crate) span: Span,
    /// As written, without quotes.
    pub(crate) text: String,
    /// Folded.
    pub(crate) lower: String,
    /// Stem of the folded form.
    pub(crate) stem: String,
    /// Stood in quotes.
    pub(crate) quoted: bool,
    /// A comma stands right before it.
    pub(crate) after_comma: bool,
    /// A sentence ends right before it.
    pub(crate) after_stop: bool,
    /// Taken for a word of the schema that is written nearly so.
    pub(crate) misspelt: bool,
}

impl Token {
    /// Begins with a capital letter.
    pub(crate) fn is_capital(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }

    /// Its number, from digits or from words.
    pub(crate) fn number(&self) -> Option<String> {
        if self.quoted {
            return None;
        }
        if self.lower.starts_with(|c: char| c.is_ascii_digit()) {
            let digits = self.lower.replace(',', "");
            return digits.chars().all(|c| c.is_ascii_digit() || c == '.').then_some(digits);
        }
        let at = NUMBERS.iter().position(|word| *word == self.lower)?;
        Some(at.to_string())
    }
}

const NUMBERS: &[&str] =
    &["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// The words of a question; the second value is where reading stopped because of [`MAX_WORDS`].
pub(crate) fn tokenize(text: &str) -> (Vec<Token>, Option<usize>) {
    let mut tokens: Vec<Token> = Vec::new();
    let (mut comma, mut stop) = (false, false);
    let mut at = 0;
    while let Some(ch) = text[at..].chars().next() {
        if tokens.len() == MAX_WORDS {
            return (tokens, Some(at));
        }
        if let Some(end) = quoted(text, at, ch) {
            let close = text[..end].chars().next_back().map_or(1, char::len_utf8);
            let inner = text[at + ch.len_utf8()..end - close].trim();
            if !inner.is_empty() {
                push(&mut tokens, Span::new(at, end), inner, true, (comma, stop));
                (comma, stop) = (false, false);
            }
            at = end;
            continue;
        }
        if let Some(end) = path_end(text, at, ch) {
            push(&mut tokens, Span::new(at, end), &text[at..end], true, (comma, stop));
            (comma, stop) = (false, false);
            at = end;
            continue;
        }
        if ch.is_alphanumeric() {
            let end = word_end(text, at);
            let word = &text[at..end];
            // `customer's` is `customer`; a lone `s` after an apostrophe says nothing.
            let possessive = word == "s" && text[..at].ends_with(['\'', '’']);
            if !possessive {
                push(&mut tokens, Span::new(at, end), word, false, (comma, stop));
                (comma, stop) = (false, false);
            }
            at = end;
            continue;
        }
        comma |= ch == ',' || ch == ';';
        stop |= matches!(ch, '.' | '?' | '!');
        at += ch.len_utf8();
    }
    join_numbers(&mut tokens, text);
    (tokens, None)
}

/// `two million`, `a hundred thousand`: one number.
fn join_numbers(tokens: &mut Vec<Token>, text: &str) {
    const TIMES: &[(&str, f64)] = &[("hundred", 1e2), ("thousand", 1e3), ("million", 1e6), ("billion", 1e9)];
    let times = |t: &Token| TIMES.iter().find(|(word, _)| !t.quoted && *word == t.lower).map(|(_, times)| *times);
    let mut at = 0;
    while at + 1 < tokens.len() {
        let first = match tokens[at].number().and_then(|number| number.parse::<f64>().ok()) {
            Some(number) => number,
            None if matches!(tokens[at].lower.as_str(), "a" | "one") => 1.0,
            None => {
                at += 1;
                continue;
            }
        };
        let more: Vec<f64> = tokens[at + 1..].iter().map_while(times).collect();
        if !more.is_empty() {
            let value = more.iter().fold(first, |value, times| value * times);
            let last = at + more.len();
            let span = Span::new(tokens[at].span.start, tokens[last].span.end);
            let (lower, whole) = (format!("{value}"), text[span.start..span.end].to_owned());
            tokens[at] = Token { span, text: whole, stem: lower.clone(), lower, ..tokens[at].clone() };
            tokens.drain(at + 1..=last);
        }
        at += 1;
    }
}

fn push(tokens: &mut Vec<Token>, span: Span, text: &str, quoted: bool, after: (bool, bool)) {
    let lower = fold(text);
    let stem = stem_of(&lower);
    let (after_comma, after_stop) = after;
    tokens.push(Token { span, text: text.to_owned(), lower, stem, quoted, after_comma, after_stop, misspelt: false });
}

/// The stem of a folded word, irregular forms brought together.
pub(crate) fn stem_of(lower: &str) -> String {
    stem(IRREGULAR.iter().find(|(form, _)| *form == lower).map_or(lower, |(_, base)| base))
}

/// Forms that a stemmer does not bring together.
const IRREGULAR: &[(&str, &str)] = &[
    ("max", "maximum"),
    ("min", "minimum"),
    ("avg", "average"),
    ("num", "number"),
    ("dept", "department"),
    ("taught", "teach"),
    ("bought", "buy"),
    ("sold", "sell"),
    ("wrote", "write"),
    ("written", "write"),
    ("held", "hold"),
    ("won", "win"),
    ("flown", "fly"),
    ("flew", "fly"),
    ("paid", "pay"),
    ("took", "take"),
    ("taken", "take"),
    ("led", "lead"),
    ("built", "build"),
    ("ran", "run"),
    ("sang", "sing"),
    ("sung", "sing"),
    ("drove", "drive"),
    ("driven", "drive"),
    ("spoke", "speak"),
    ("spoken", "speak"),
    ("grew", "grow"),
    ("grown", "grow"),
    ("people", "person"),
    ("men", "man"),
    ("women", "woman"),
    ("children", "child"),
    ("criteria", "criterion"),
    ("enrolment", "enroll"),
    ("enrollment", "enroll"),
    ("advises", "advisor"),
    ("advised", "advisor"),
    ("advise", "advisor"),
    ("sent", "send"),
    ("spent", "spend"),
    ("left", "leave"),
    ("met", "meet"),
    ("lost", "lose"),
];

/// End of a word: letters and digits; inside numbers also a separator between digits.
fn word_end(text: &str, start: usize) -> usize {
    let mut end = start;
    let numeric = text[start..].starts_with(|c: char| c.is_ascii_digit());
    for (at, ch) in text[start..].char_indices() {
        let next_digit = || text[start + at + ch.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
        let inner =
            ch.is_alphanumeric() || (ch == '_' && at > 0) || (numeric && matches!(ch, '.' | ',') && next_digit());
        if !inner {
            break;
        }
        end = start + at + ch.len_utf8();
    }
    end
}

/// End of a path such as `/cart/items` that begins at `at`: one value, whatever its parts say.
fn path_end(text: &str, at: usize, ch: char) -> Option<usize> {
    let begins = text[..at].chars().next_back().is_none_or(|before| before.is_whitespace() || before == '(');
    let rest = &text[at + ch.len_utf8()..];
    if ch != '/' || !begins || !rest.starts_with(char::is_alphanumeric) {
        return None;
    }
    let long = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ')' | '"' | '\''));
    let path = rest[..long.unwrap_or(rest.len())].trim_end_matches(['.', '?', '!', ':']);
    (path.len() < MAX_QUOTED).then_some(at + 1 + path.len())
}

/// Longest text in quotes that is read as one value.
const MAX_QUOTED: usize = 120;

/// End of a quoted text that opens at `at`.
fn quoted(text: &str, at: usize, ch: char) -> Option<usize> {
    let close: &[char] = match ch {
        '"' | '“' | '”' => &['"', '”', '“'],
        '`' => &['`', '\''],
        '\'' | '‘' => &['\'', '’'],
        _ => return None,
    };
    let before = text[..at].chars().next_back();
    if matches!(ch, '\'' | '’' | '‘') && before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let rest = &text[at + ch.len_utf8()..];
    for (offset, other) in rest.char_indices().take_while(|(offset, _)| *offset <= MAX_QUOTED) {
        if close.contains(&other) {
            let end = at + ch.len_utf8() + offset + other.len_utf8();
            // An apostrophe inside a word closes nothing.
            let inside = other == '\'' && text[end..].starts_with(char::is_alphanumeric);
            if !inside && offset > 0 {
                return Some(end);
            }
            if offset == 0 {
                return None;
            }
        }
    }
    None
}

/// True for words that carry no content of their own: they name nothing and may stay unexplained.
pub(crate) fn is_stop(word: &str) -> bool {
    STOP.binary_search(&word).is_ok()
}

/// Sorted.
const STOP: &[&str] = &[
    "a",
    "about",
    "above",
    "according",
    "across",
    "after",
    "all",
    "along",
    "alphabetic",
    "alphabetical",
    "alphabetically",
    "also",
    "am",
    "among",
    "amount",
    "an",
    "and",
    "any",
    "are",
    "as",
    "ascending",
    "associated",
    "at",
    "available",
    "average",
    "be",
    "been",
    "before",
    "being",
    "below",
    "between",
    "both",
    "but",
    "by",
    "called",
    "can",
    "come",
    "contain",
    "contained",
    "containing",
    "contains",
    "corresponding",
    "could",
    "count",
    "current",
    "currently",
    "data",
    "database",
    "descending",
    "did",
    "different",
    "display",
    "distinct",
    "do",
    "does",
    "each",
    "either",
    "equal",
    "every",
    "except",
    "exist",
    "existing",
    "fewer",
    "fewest",
    "find",
    "for",
    "from",
    "get",
    "give",
    "given",
    "greater",
    "greatest",
    "had",
    "has",
    "have",
    "having",
    "he",
    "help",
    "her",
    "here",
    "higher",
    "highest",
    "him",
    "his",
    "how",
    "i",
    "if",
    "in",
    "include",
    "included",
    "including",
    "into",
    "is",
    "it",
    "its",
    "just",
    "kind",
    "least",
    "less",
    "like",
    "list",
    "lower",
    "lowest",
    "made",
    "make",
    "many",
    "maximum",
    "me",
    "mean",
    "minimum",
    "more",
    "most",
    "much",
    "my",
    "named",
    "neither",
    "never",
    "no",
    "nor",
    "not",
    "number",
    "of",
    "on",
    "one",
    "ones",
    "only",
    "or",
    "order",
    "ordered",
    "other",
    "our",
    "out",
    "over",
    "per",
    "please",
    "possible",
    "present",
    "provide",
    "record",
    "recorded",
    "records",
    "respective",
    "respectively",
    "result",
    "results",
    "retrieve",
    "return",
    "s",
    "same",
    "see",
    "select",
    "shall",
    "she",
    "should",
    "show",
    "so",
    "some",
    "sort",
    "sorted",
    "such",
    "sum",
    "t",
    "tell",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "to",
    "together",
    "too",
    "top",
    "total",
    "under",
    "unique",
    "up",
    "us",
    "use",
    "used",
    "using",
    "value",
    "values",
    "want",
    "was",
    "we",
    "well",
    "were",
    "what",
    "when",
    "where",
    "whether",
    "which",
    "who",
    "whom",
    "whose",
    "will",
    "with",
    "within",
    "without",
    "would",
    "you",
    "your",
];

/// Words that belong to names but tell little alone.
pub(crate) const WEAK: &[&str] = &[
    "id", "name", "code", "number", "date", "type", "of", "the", "time", "year", "detail", "descript", "total",
    "amount",
];

/// Full words for what schema names shorten.
pub(crate) fn expand(word: &str) -> Option<&'static [&'static str]> {
    ABBREVIATIONS.iter().find(|(short, _)| *short == word).map(|(_, full)| *full)
}

const ABBREVIATIONS: &[(&str, &[&str])] = &[
    ("abbr", &["abbreviation"]),
    ("acct", &["account"]),
    ("addr", &["address"]),
    ("amt", &["amount"]),
    ("appt", &["appointment"]),
    ("avg", &["average"]),
    ("bal", &["balance"]),
    ("cat", &["category"]),
    ("crs", &["course"]),
    ("cust", &["customer"]),
    ("dept", &["department"]),
    ("desc", &["description"]),
    ("descr", &["description"]),
    ("dest", &["destination"]),
    ("dob", &["date", "of", "birth"]),
    ("doc", &["document"]),
    ("emp", &["employee"]),
    ("enr", &["enrollment"]),
    ("fname", &["first", "name"]),
    ("hq", &["headquarters"]),
    ("hrs", &["hours"]),
    ("img", &["image"]),
    ("info", &["information"]),
    ("init", &["initial"]),
    ("inv", &["invoice"]),
    ("lat", &["latitude"]),
    ("lname", &["last", "name"]),
    ("loc", &["location"]),
    ("long", &["longitude"]),
    ("lng", &["longitude"]),
    ("max", &["maximum"]),
    ("mgr", &["manager"]),
    ("min", &["minimum"]),
    ("nbr", &["number"]),
    ("no", &["number"]),
    ("num", &["number"]),
    ("org", &["organization"]),
    ("pct", &["percentage"]),
    ("perc", &["percentage"]),
    ("pop", &["population"]),
    ("pos", &["position"]),
    ("prod", &["product"]),
    ("prof", &["professor"]),
    ("qty", &["quantity"]),
    ("ref", &["reference"]),
    ("sal", &["salary"]),
    ("stu", &["student"]),
    ("std", &["student"]),
    ("tel", &["telephone"]),
    ("temp", &["temperature"]),
    ("univ", &["university"]),
    ("yr", &["year"]),
];

/// Stems of words that people use for one another when they ask about data.
pub(crate) fn synonyms(stem: &str) -> impl Iterator<Item = &'static str> + '_ {
    SYNONYMS
        .iter()
        .filter(move |group| group.contains(&stem))
        .flat_map(|group| group.iter().copied())
        .filter(move |s| *s != stem)
}

/// Stems (Porter2), a group a line.
const SYNONYMS: &[&[&str]] = &[
    &["phone", "telephon"],
    &["mail", "email"],
    &["movi", "film"],
    &["nation", "countri"],
    &["gender", "sex"],
    &["salari", "wage"],
    &["pay", "salari"],
    &["cost", "price"],
    &["price", "fee"],
    &["employe", "staff"],
    &["worker", "employe"],
    &["teacher", "instructor"],
    &["professor", "instructor"],
    &["faculti", "professor"],
    &["client", "custom"],
    &["individu", "person"],
    &["kind", "type"],
    &["categori", "type"],
    &["birthday", "birth"],
    &["born", "birth"],
    &["locat", "place"],
    &["locat", "address"],
    &["citi", "town"],
    &["student", "pupil"],
    &["compani", "firm"],
    &["compani", "corpor"],
    &["compani", "manufactur"],
    &["car", "vehicl"],
    &["car", "automobil"],
    &["airplan", "aircraft"],
    &["plane", "aircraft"],
    &["aeroplan", "aircraft"],
    &["flight", "fli"],
    &["boat", "ship"],
    &["physician", "doctor"],
    &["purchas", "order"],
    &["buy", "purchas"],
    &["descript", "detail"],
    &["grade", "score"],
    &["point", "score"],
    &["rate", "score"],
    &["begin", "start"],
    &["end", "finish"],
    &["organis", "organ"],
    &["depart", "origin"],
    &["arriv", "destin"],
    &["leav", "depart"],
    &["author", "writer"],
    &["written", "write"],
    &["surnam", "last"],
    &["titl", "name"],
    &["ident", "id"],
    &["identif", "id"],
    &["identifi", "id"],
    &["song", "track"],
    &["singer", "artist"],
    &["job", "occup"],
    &["job", "profess"],
    &["job", "posit"],
    &["opponent", "rival"],
    &["headquart", "headquart"],
    &["inhabit", "popul"],
    &["person", "popul"],
    &["person", "human"],
    &["resid", "popul"],
    &["resid", "live"],
    &["revenu", "sale"],
    &["earn", "salari"],
    &["incom", "earn"],
    &["major", "subject"],
    &["subject", "topic"],
    &["album", "record"],
    &["audienc", "viewer"],
    &["colour", "color"],
    &["store", "shop"],
    &["market", "store"],
    &["contest", "competit"],
    &["club", "team"],
    &["game", "match"],
    &["stadium", "venu"],
    &["hire", "employ"],
    &["dorm", "dormitori"],
    &["amen", "dormitori"],
    &["advis", "advisor"],
    &["own", "owner"],
    &["direct", "director"],
    &["manag", "boss"],
    &["host", "organ"],
    &["marri", "marriag"],
    &["debut", "first"],
    &["quantiti", "amount"],
    &["payment", "pay"],
    &["paid", "pay"],
    &["paid", "payment"],
    &["capac", "seat"],
    &["durat", "length"],
    &["durat", "time"],
    &["length", "distanc"],
    &["level", "rank"],
    &["zip", "postcod"],
    &["zip", "postal"],
    &["state", "provinc"],
    &["mission", "project"],
    &["nickname", "nick"],
    &["web", "websit"],
    &["websit", "url"],
    &["percent", "percentag"],
    &["percentag", "rate"],
    &["share", "percentag"],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_words() {
        for (text, number) in [
            ("a hundred thousand", "100000"),
            ("2.5 million", "2500000"),
            ("three hundred", "300"),
            ("1 billion", "1000000000"),
        ] {
            let (tokens, _) = tokenize(text);
            assert_eq!(tokens.len(), 1, "{text}");
            assert_eq!((tokens[0].number().as_deref(), tokens[0].text.as_str()), (Some(number), text));
        }
        assert_eq!(tokenize("a thousand and 'one million'").0.len(), 3);
    }

    #[test]
    fn quotes_apostrophes_and_numbers() {
        let (tokens, cut) = tokenize("the customer's \"New York\" orders, 1,200.50 in 'O'Hara' isn't");
        let texts: Vec<_> = tokens.iter().map(|t| (t.text.as_str(), t.quoted)).collect();
        assert_eq!(
            texts,
            [
                ("the", false),
                ("customer", false),
                ("New York", true),
                ("orders", false),
                ("1,200.50", false),
                ("in", false),
                ("O'Hara", true),
                ("isn", false),
                ("t", false)
            ]
        );
        assert_eq!(cut, None);
        assert!(tokens[4].after_comma);
        assert_eq!(tokens[4].number().as_deref(), Some("1200.50"));
    }
}
