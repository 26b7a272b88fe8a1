//! The phrases of general English that shape a query: counting, grouping, ordering, comparing, negating.

use nlq_query::plan::{Aggregate as A, Comparison as C};

use crate::words::Token;

/// What a phrase asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cue {
    /// `how many`, `number of`.
    Count,
    /// `average`, `total`, ...
    Aggregate(A),
    /// `for each`, `per`.
    Each,
    /// `by`: grouping or ordering or an agent.
    By,
    /// `ordered by`.
    OrderBy,
    /// `ascending`, `descending`.
    Direction(bool),
    /// `most`, `highest`, `oldest`: the largest (true) or smallest, by columns of these stems where the word says which.
    Superlative(bool, &'static [&'static str]),
    /// `most common`.
    Common(bool),
    /// `top`.
    Top,
    /// `more than`, `at least`, `older than`: compared by columns of these stems where the word says which.
    Compare(C, &'static [&'static str]),
    /// `between`.
    Between,
    /// `not`.
    Not,
    /// `without`, `no`, `never`.
    Without,
    /// `both`.
    Both,
    And,
    Or,
    /// `distinct`, `different`.
    Distinct,
    /// Text at the start, the end or anywhere.
    Like(Place),
    /// `whose`, `with`, `that`: what follows tells which rows.
    Which,
    /// `have`, `has`.
    Have,
    /// `in`, `of`, `from`, `for`, `on`, `at`.
    Of,
    /// `what`, `which`, `show`: what follows is shown.
    Show,
    /// `when`, `where`, `who` as the thing asked for: columns of these stems.
    Asked(&'static [&'static str]),
    /// `is`, `are`, `equal to`, `named`: a value follows.
    Is,
    /// `all information`.
    Everything,
    /// `missing`, `null`.
    Missing,
}

/// Where a pattern stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Start,
    End,
    Anywhere,
}

const AGE: &[&str] = &["age"];
const SIZE: &[&str] = &["size", "area", "popul", "capac", "squar", "acr"];
const LENGTH: &[&str] = &["length", "durat", "distanc", "height", "time", "hour", "minut", "second"];
const HEIGHT: &[&str] = &["height", "elev", "altitud"];
const WEIGHT: &[&str] = &["weight"];
const PRICE: &[&str] = &["price", "cost", "fee", "charg", "rate", "amount"];
const DATE: &[&str] = &["date", "year", "time", "day", "creat", "open", "born", "birth"];
const SPEED: &[&str] = &["speed", "time"];
const GOOD: &[&str] = &["rate", "score", "grade", "rank", "point"];
const PLACE: &[&str] = &["citi", "locat", "countri", "address", "place", "state"];
const PERSON: &[&str] = &["name"];
const MONEY: &[&str] = &["salari", "paid", "wage", "incom"];

use Cue::*;
use Place::*;

/// Longest first where they begin alike; each word is compared with the folded token.
const CUES: &[(&str, Cue)] = &[
    ("how many", Count), ("number of", Count), ("total number of", Count), ("the count of", Count), ("count of", Count),
    ("count the number of", Count), ("count", Count), ("how many different", Count), ("total count", Count), ("numbers of", Count), ("amount of", Count),
    ("how often", Count), ("how many times", Count), ("number of times", Count),
    ("average", Aggregate(A::Avg)), ("mean", Aggregate(A::Avg)), ("on average", Aggregate(A::Avg)), ("avg", Aggregate(A::Avg)),
    ("total", Aggregate(A::Sum)), ("sum", Aggregate(A::Sum)), ("sum of", Aggregate(A::Sum)), ("total amount of", Aggregate(A::Sum)), ("how much", Aggregate(A::Sum)), ("combined", Aggregate(A::Sum)), ("in total", Aggregate(A::Sum)),
    ("maximum", Aggregate(A::Max)), ("max", Aggregate(A::Max)), ("minimum", Aggregate(A::Min)), ("min", Aggregate(A::Min)),
    ("for each", Each), ("of each", Each), ("in each", Each), ("by each", Each), ("each", Each), ("per", Each), ("for every", Each), ("every", Each), ("from each", Each), ("on each", Each), ("at each", Each), ("grouped by", Each), ("group by", Each), ("broken down by", Each), ("under each", Each), ("with each", Each), ("to each", Each), ("for all the different", Each), ("for different", Each), ("of different", Each), ("in different", Each),
    ("by", By),
    ("order by", OrderBy), ("ordered by", OrderBy), ("sorted by", OrderBy), ("sort by", OrderBy), ("sort them by", OrderBy), ("sort the list by", OrderBy), ("order them by", OrderBy), ("ordered in", OrderBy), ("sort", OrderBy), ("sorted", OrderBy), ("in order of", OrderBy), ("in the order of", OrderBy), ("sorted in", OrderBy), ("ordered according to", OrderBy), ("ordered descending", Direction(true)), ("ordered ascending", Direction(false)), ("ordered descending by", Direction(true)), ("ordered ascending by", Direction(false)), ("sorted descending by", Direction(true)), ("sorted ascending by", Direction(false)), ("ordered alphabetically", OrderBy), ("ordered alphabetically by", OrderBy), ("sorted alphabetically by", OrderBy), ("ordered from", OrderBy), ("listed by", OrderBy), ("listed in", OrderBy), ("ranked by", OrderBy), ("arranged by", OrderBy), ("in order by", OrderBy), ("sort the results by", OrderBy), ("in the order by", OrderBy), ("order the results by", OrderBy),
    ("alphabetical", OrderBy), ("alphabetically", OrderBy), ("in alphabetical order of", OrderBy), ("in alphabetical order", OrderBy), ("in alphabetic order", OrderBy), ("in alphabetical order by", OrderBy), ("in lexicographic order", OrderBy), ("in lexicographical order", OrderBy),
    ("ascending", Direction(false)), ("in ascending order", Direction(false)), ("ascending order", Direction(false)), ("in ascending order of", Direction(false)), ("in increasing order", Direction(false)), ("in increasing order of", Direction(false)), ("from lowest to highest", Direction(false)), ("from low to high", Direction(false)), ("from smallest to largest", Direction(false)), ("from youngest to oldest", Direction(false)), ("lowest first", Direction(false)), ("from the lowest to the highest", Direction(false)), ("from oldest to newest", Direction(false)), ("in ascending alphabetical order", Direction(false)), ("in ascending lexicographical order", Direction(false)), ("increasing", Direction(false)), ("from least to greatest", Direction(false)), ("from least to most", Direction(false)), ("from small to large", Direction(false)), ("from small to big", Direction(false)), ("from earliest to latest", Direction(false)), ("from the earliest to the latest", Direction(false)), ("from the youngest to the oldest", Direction(false)), ("from cheapest to most expensive", Direction(false)), ("asc", Direction(false)), ("oldest first", Direction(false)),
    ("descending", Direction(true)), ("in descending order", Direction(true)), ("descending order", Direction(true)), ("in descending order of", Direction(true)), ("in decreasing order", Direction(true)), ("in decreasing order of", Direction(true)), ("from highest to lowest", Direction(true)), ("from high to low", Direction(true)), ("from largest to smallest", Direction(true)), ("from the highest to the lowest", Direction(true)), ("highest first", Direction(true)), ("most first", Direction(true)), ("largest first", Direction(true)), ("newest first", Direction(true)), ("decreasing", Direction(true)), ("from most to least", Direction(true)), ("from the oldest to the youngest", Direction(true)), ("from oldest to youngest", Direction(true)), ("in reverse alphabetical order", Direction(true)), ("from the most to the least", Direction(true)), ("from newest to oldest", Direction(true)), ("reverse", Direction(true)), ("from greatest to least", Direction(true)), ("from large to small", Direction(true)), ("from big to small", Direction(true)), ("from latest to earliest", Direction(true)), ("from most recent to least recent", Direction(true)), ("from the largest to the smallest", Direction(true)), ("from the newest to the oldest", Direction(true)), ("desc", Direction(true)),
    ("in ascending order by", Direction(false)), ("in descending order by", Direction(true)),
    ("most", Superlative(true, &[])), ("highest", Superlative(true, &[])), ("largest", Superlative(true, SIZE)), ("biggest", Superlative(true, SIZE)), ("greatest", Superlative(true, &[])), ("maximal", Superlative(true, &[])), ("largest number of", Superlative(true, &[])), ("most number of", Superlative(true, &[])), ("greatest number of", Superlative(true, &[])), ("highest number of", Superlative(true, &[])), ("maximum number of", Superlative(true, &[])), ("largest amount of", Superlative(true, &[])), ("most amount of", Superlative(true, &[])), ("highest amount of", Superlative(true, &[])),
    ("least", Superlative(false, &[])), ("lowest", Superlative(false, &[])), ("smallest", Superlative(false, SIZE)), ("fewest", Superlative(false, &[])), ("smallest number of", Superlative(false, &[])), ("least number of", Superlative(false, &[])), ("fewest number of", Superlative(false, &[])), ("lowest number of", Superlative(false, &[])), ("minimum number of", Superlative(false, &[])), ("least amount of", Superlative(false, &[])),
    ("oldest", Superlative(true, AGE)), ("eldest", Superlative(true, AGE)), ("youngest", Superlative(false, AGE)), ("longest", Superlative(true, LENGTH)), ("shortest", Superlative(false, LENGTH)), ("tallest", Superlative(true, HEIGHT)),
    ("heaviest", Superlative(true, WEIGHT)), ("lightest", Superlative(false, WEIGHT)), ("most expensive", Superlative(true, PRICE)), ("priciest", Superlative(true, PRICE)), ("least expensive", Superlative(false, PRICE)), ("cheapest", Superlative(false, PRICE)),
    ("latest", Superlative(true, DATE)), ("newest", Superlative(true, DATE)), ("most recent", Superlative(true, DATE)), ("most recently", Superlative(true, DATE)), ("earliest", Superlative(false, DATE)), ("least recent", Superlative(false, DATE)),
    ("fastest", Superlative(true, SPEED)), ("slowest", Superlative(false, SPEED)), ("best", Superlative(true, GOOD)), ("worst", Superlative(false, GOOD)), ("most populous", Superlative(true, &["popul"])), ("least populous", Superlative(false, &["popul"])), ("highest paid", Superlative(true, MONEY)), ("deepest", Superlative(true, &["depth"])), ("richest", Superlative(true, MONEY)), ("busiest", Common(true)),
    ("most common", Common(true)), ("most popular", Common(true)), ("most frequent", Common(true)), ("most frequently", Common(true)), ("most commonly", Common(true)), ("most often", Common(true)), ("most used", Common(true)), ("most frequently used", Common(true)), ("most prevalent", Common(true)), ("most commonly used", Common(true)),
    ("least common", Common(false)), ("least popular", Common(false)), ("least frequent", Common(false)), ("least often", Common(false)), ("least commonly used", Common(false)), ("least used", Common(false)), ("rarest", Common(false)),
    ("top", Top), ("first", Top),
    ("more than", Compare(C::Greater, &[])), ("greater than", Compare(C::Greater, &[])), ("larger than", Compare(C::Greater, &[])), ("bigger than", Compare(C::Greater, &[])), ("higher than", Compare(C::Greater, &[])), ("over", Compare(C::Greater, &[])), ("above", Compare(C::Greater, &[])), ("exceeding", Compare(C::Greater, &[])), ("exceeds", Compare(C::Greater, &[])), ("exceed", Compare(C::Greater, &[])), ("beyond", Compare(C::Greater, &[])), ("longer than", Compare(C::Greater, LENGTH)), ("older than", Compare(C::Greater, AGE)), ("taller than", Compare(C::Greater, HEIGHT)), ("heavier than", Compare(C::Greater, WEIGHT)), ("after", Compare(C::Greater, &[])), ("later than", Compare(C::Greater, &[])), ("better than", Compare(C::Greater, &[])), ("more expensive than", Compare(C::Greater, PRICE)), ("is more than", Compare(C::Greater, &[])), ("no less than", Compare(C::GreaterOrEqual, &[])), ("not less than", Compare(C::GreaterOrEqual, &[])), ("greater than or equal to", Compare(C::GreaterOrEqual, &[])), ("more than or equal to", Compare(C::GreaterOrEqual, &[])), ("less than or equal to", Compare(C::LessOrEqual, &[])),
    ("at least", Compare(C::GreaterOrEqual, &[])), ("or more", Compare(C::GreaterOrEqual, &[])), ("minimum of", Compare(C::GreaterOrEqual, &[])), ("no fewer than", Compare(C::GreaterOrEqual, &[])),
    ("less than", Compare(C::Less, &[])), ("fewer than", Compare(C::Less, &[])), ("lower than", Compare(C::Less, &[])), ("smaller than", Compare(C::Less, &[])), ("below", Compare(C::Less, &[])), ("under", Compare(C::Less, &[])), ("shorter than", Compare(C::Less, LENGTH)), ("younger than", Compare(C::Less, AGE)), ("lighter than", Compare(C::Less, WEIGHT)), ("cheaper than", Compare(C::Less, PRICE)), ("before", Compare(C::Less, &[])), ("earlier than", Compare(C::Less, &[])), ("prior to", Compare(C::Less, &[])), ("worse than", Compare(C::Less, &[])), ("less expensive than", Compare(C::Less, PRICE)),
    ("at most", Compare(C::LessOrEqual, &[])), ("no more than", Compare(C::LessOrEqual, &[])), ("not more than", Compare(C::LessOrEqual, &[])), ("or less", Compare(C::LessOrEqual, &[])), ("up to", Compare(C::LessOrEqual, &[])), ("or fewer", Compare(C::LessOrEqual, &[])),
    ("exactly", Compare(C::Equal, &[])), ("between", Between), ("in the range", Between), ("ranging from", Between), ("in between", Between),
    ("not", Not), ("isn", Not), ("aren", Not), ("other than", Not), ("except", Not), ("excluding", Not), ("except for", Not), ("besides", Not), ("apart from", Not), ("outside", Not), ("different from", Not), ("but not", Not), ("nor", Not), ("neither", Not), ("is not", Not), ("are not", Not),
    ("without", Without), ("without any", Without), ("no", Without), ("never", Without), ("not have", Without), ("not have any", Without), ("don", Without), ("doesn", Without), ("didn", Without), ("haven", Without), ("hasn", Without), ("do not", Without), ("does not", Without), ("did not", Without), ("do not have", Without), ("does not have", Without), ("did not have", Without), ("have no", Without), ("has no", Without), ("have not", Without), ("has not", Without), ("do not have any", Without), ("does not have any", Without), ("have never", Without), ("has never", Without), ("did not have any", Without), ("have not been", Without), ("has not been", Without), ("are not in", Without), ("are not in any", Without), ("is not in any", Without), ("not in any", Without), ("do not have a", Without), ("did not have a", Without), ("don t have", Without), ("don t have any", Without), ("doesn t have any", Without), ("did not have an", Without), ("do not have an", Without), ("not any", Without), ("were not", Without), ("had no", Without), ("that are not", Without), ("who are not", Without), ("lack", Without), ("lacks", Without),
    ("both", Both), ("and", And), ("as well as", And), ("along with", And), ("together with", And), ("plus", And), ("but also", And), ("but", And), ("or", Or),
    ("distinct", Distinct), ("different", Distinct), ("unique", Distinct), ("all the distinct", Distinct), ("all distinct", Distinct), ("all the different", Distinct), ("without repetition", Distinct), ("unique types of", Distinct), ("different kinds of", Distinct), ("without duplicates", Distinct), ("kinds of", Distinct),
    ("containing", Like(Anywhere)), ("contains", Like(Anywhere)), ("contain", Like(Anywhere)), ("substring", Like(Anywhere)), ("with the substring", Like(Anywhere)), ("includes", Like(Anywhere)), ("includes the word", Like(Anywhere)), ("contains the word", Like(Anywhere)), ("contain the word", Like(Anywhere)), ("containing the word", Like(Anywhere)), ("contains the string", Like(Anywhere)), ("with the word", Like(Anywhere)), ("contains the letter", Like(Anywhere)), ("contains the substring", Like(Anywhere)), ("contain the letter", Like(Anywhere)), ("contains the phrase", Like(Anywhere)), ("include the word", Like(Anywhere)), ("has the substring", Like(Anywhere)), ("have the substring", Like(Anywhere)), ("contain the substring", Like(Anywhere)), ("contain the string", Like(Anywhere)), ("contain letter", Like(Anywhere)), ("contains a", Like(Anywhere)), ("like", Like(Anywhere)), ("has the phrase", Like(Anywhere)), ("have the phrase", Like(Anywhere)), ("with the phrase", Like(Anywhere)), ("has the word", Like(Anywhere)), ("have the word", Like(Anywhere)), ("having the substring", Like(Anywhere)), ("includes the phrase", Like(Anywhere)), ("has the letter", Like(Anywhere)), ("with the letter", Like(Anywhere)), ("with letter", Like(Anywhere)), ("have a substring", Like(Anywhere)), ("has a substring", Like(Anywhere)), ("with a substring", Like(Anywhere)), ("having the word", Like(Anywhere)), ("includes a", Like(Anywhere)), ("include", Like(Anywhere)),
    ("starts with", Like(Start)), ("start with", Like(Start)), ("starting with", Like(Start)), ("begins with", Like(Start)), ("begin with", Like(Start)), ("beginning with", Like(Start)), ("starts with the letter", Like(Start)), ("starting with the letter", Like(Start)), ("start with the letter", Like(Start)), ("begin with the letter", Like(Start)), ("begins with the letter", Like(Start)), ("starts with letter", Like(Start)), ("with prefix", Like(Start)), ("has prefix", Like(Start)), ("starting from", Like(Start)), ("starts from", Like(Start)), ("has the prefix", Like(Start)), ("with the prefix", Like(Start)), ("starting with letter", Like(Start)), ("start with letter", Like(Start)),
    ("ends with", Like(End)), ("end with", Like(End)), ("ending with", Like(End)), ("ending in", Like(End)), ("ends in", Like(End)), ("end in", Like(End)), ("ends with the letter", Like(End)), ("ending with the letter", Like(End)), ("end with the letter", Like(End)), ("ending in letter", Like(End)), ("ends with letter", Like(End)), ("with suffix", Like(End)),
    ("whose", Which), ("with", Which), ("that", Which), ("who", Which), ("where", Which), ("having", Have), ("have", Have), ("has", Have), ("had", Have), ("for which", Which), ("in which", Which), ("of which", Which), ("when", Which), ("if", Which), ("such that", Which), ("which", Which), ("while", Which), ("that have", Have), ("who have", Have), ("that has", Have), ("who has", Have), ("which have", Have), ("which has", Have),
    ("of", Of), ("in", Of), ("from", Of), ("for", Of), ("on", Of), ("at", Of), ("to", Of), ("among", Of), ("within", Of), ("during", Of),
    ("what", Show), ("what is", Show), ("what are", Show), ("show", Show), ("list", Show), ("give", Show), ("find", Show), ("return", Show), ("tell", Show), ("give me", Show), ("show me", Show), ("tell me", Show), ("display", Show), ("please show", Show), ("select", Show), ("get", Show), ("retrieve", Show), ("also list", Show), ("also show", Show), ("and show", Show), ("and list", Show), ("and find", Show), ("show all", Show), ("list all", Show), ("find all", Show),
    ("and what is", Show), ("and what are", Show), ("return both", Show), ("what was", Show), ("what were", Show), ("and return", Show), ("show both", Show), ("and what", Show),
    ("is", Is), ("are", Is), ("was", Is), ("were", Is), ("equal to", Is), ("equals", Is), ("named", Is), ("called", Is), ("is in", Is), ("are in", Is), ("equal", Is), ("be", Is), ("as", Is), ("by the name of", Is), ("with the name", Is), ("with name", Is), ("known as", Is),
    ("all information", Everything), ("all the information", Everything), ("information", Everything), ("everything", Everything), ("all details", Everything), ("all the details", Everything), ("all info", Everything), ("all columns", Everything), ("all fields", Everything), ("all data", Everything), ("all attributes", Everything), ("complete information", Everything), ("full details", Everything),
    ("missing", Missing), ("null", Missing), ("is missing", Missing), ("is null", Missing), ("is unknown", Missing), ("unknown", Missing), ("is empty", Missing), ("not known", Missing), ("blank", Missing),
];

/// Phrases that ask for something only at the beginning of a question or sentence.
const OPENING: &[(&str, Cue)] = &[
    ("where", Asked(PLACE)), ("where is", Asked(PLACE)), ("where are", Asked(PLACE)), ("when", Asked(DATE)), ("when did", Asked(DATE)), ("when was", Asked(DATE)), ("who", Asked(PERSON)), ("who is", Asked(PERSON)), ("who are", Asked(PERSON)), ("how old", Asked(AGE)), ("how long", Asked(LENGTH)), ("how tall", Asked(HEIGHT)), ("how big", Asked(SIZE)), ("how large", Asked(SIZE)), ("how high", Asked(HEIGHT)), ("how heavy", Asked(WEIGHT)), ("which", Show), ("in which", Show), ("for which", Show), ("on which", Show), ("to which", Show), ("at which", Show), ("in what", Show), ("whose", Show), ("from which", Show), ("of all", Of), ("with which", Show), ("what do", Show), ("how", Show), ("count", Count), ("which of", Show), ("which are", Show), ("what kind of", Show), ("sort", Show), ("order", Show), ("sort the", Show), ("sort all", Show),
];




/// The longest cue that begins at token `at`, with the number of tokens it takes.
pub(crate) fn cue_at(tokens: &[Token], at: usize) -> Option<(usize, Cue)> {
    let opening = at == 0 || tokens[at].after_stop || tokens[at - 1].lower == "and" && tokens[at].lower == "which";
    let best = |table: &[(&str, Cue)]| {
        table.iter().filter_map(|(phrase, cue)| Some((matches(tokens, at, phrase)?, *cue))).max_by_key(|(n, _)| *n)
    };
    let general = best(CUES);
    match opening.then(|| best(OPENING)).flatten() {
        Some(found) if general.is_none_or(|(n, _)| n <= found.0) => Some(found),
        _ => general,
    }
}

fn matches(tokens: &[Token], at: usize, phrase: &str) -> Option<usize> {
    let mut n = 0;
    for word in phrase.split(' ') {
        let token = tokens.get(at + n)?;
        if token.quoted || token.lower != word || (n > 0 && (token.after_comma || token.after_stop)) {
            return None;
        }
        n += 1;
    }
    Some(n)
}
