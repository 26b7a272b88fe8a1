//! Searches as the grammar's tree: reading it, and what a server says of a text that it cannot read.

use tree_sitter::{Node, Parser, Tree};

use crate::search::Fatal;

/// A parsed search.
pub(crate) struct Parsed {
    pub(crate) text: String,
    tree: Tree,
}

/// A node with its text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    node: Node<'a>,
    all: &'a str,
}

/// Parses a text in which macros are expanded.
pub(crate) fn parse(text: &str) -> Result<Parsed, Fatal> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_spl::LANGUAGE.into()).map_err(|error| Fatal::new(error.to_string()))?;
    let tree = parser.parse(text, None).ok_or_else(|| Fatal::new("The search could not be parsed."))?;
    let parsed = Parsed { text: text.to_owned(), tree };
    let root = parsed.root();
    root.known_commands()?;
    if root.node.has_error() {
        return Err(root.refused());
    }
    Ok(parsed)
}

impl Parsed {
    pub(crate) fn root(&self) -> Part<'_> {
        Part { node: self.tree.root_node(), all: &self.text }
    }

    /// The commands of the search, in order.
    pub(crate) fn commands(&self) -> Result<Vec<Part<'_>>, Fatal> {
        let searches: Vec<_> = self.root().children().into_iter().filter(|part| part.kind() == "search").collect();
        match searches.as_slice() {
            [one] => Ok(one.children()),
            _ => Err(Fatal::new("Search string cannot be empty.")),
        }
    }
}

impl<'a> Part<'a> {
    pub(crate) fn kind(self) -> &'a str {
        self.node.kind()
    }

    pub(crate) fn text(self) -> &'a str {
        &self.all[self.node.byte_range()]
    }

    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.node.byte_range()
    }

    /// Its named children without comments.
    pub(crate) fn children(self) -> Vec<Part<'a>> {
        let mut cursor = self.node.walk();
        let all = self.node.named_children(&mut cursor).filter(|node| !node.is_extra());
        all.map(|node| Part { node, all: self.all }).collect()
    }

    pub(crate) fn field(self, name: &str) -> Option<Part<'a>> {
        self.node.child_by_field_name(name).map(|node| Part { node, all: self.all })
    }

    pub(crate) fn fields(self, name: &str) -> Vec<Part<'a>> {
        let mut cursor = self.node.walk();
        let all: Vec<_> = self.node.children_by_field_name(name, &mut cursor).collect();
        all.into_iter().filter(|node| node.is_named()).map(|node| Part { node, all: self.all }).collect()
    }

    /// The text of an unnamed child.
    pub(crate) fn symbol(self, name: &str) -> Option<&'a str> {
        self.node.child_by_field_name(name).map(|node| &self.all[node.byte_range()])
    }

    /// A word, or what stands between quotes.
    pub(crate) fn word(self) -> String {
        unquoted(self.text())
    }

    /// The command's name in lower case.
    pub(crate) fn command(self) -> String {
        self.field("name").map_or_else(|| "search".to_owned(), |name| name.text().to_lowercase())
    }

    /// Every node below it of a kind, outermost first and none within another.
    pub(crate) fn outermost(self, kind: &str) -> Vec<Part<'a>> {
        let mut found = Vec::new();
        for child in self.children() {
            if child.kind() == kind { found.push(child) } else { found.extend(child.outermost(kind)) }
        }
        found
    }

    /// The command that it is an argument of.
    pub(crate) fn owner(self) -> Option<Part<'a>> {
        let mut node = self.node;
        while let Some(parent) = node.parent() {
            if parent.kind().ends_with("command") {
                return Some(Part { node: parent, all: self.all });
            }
            node = parent;
        }
        None
    }

    fn known_commands(self) -> Result<(), Fatal> {
        for child in self.children() {
            if child.kind() == "command" {
                let name = child.command();
                if !COMMANDS.contains(&name.as_str()) {
                    return Err(Fatal::new(format!("Unknown search command '{name}'.")));
                }
            }
            child.known_commands()?;
        }
        Ok(())
    }

    /// The server's sentence for a text that does not parse.
    fn refused(self) -> Fatal {
        let text = self.all;
        let quotes = text.replace("\\\\", "").replace("\\\"", "").matches('"').count();
        if quotes % 2 == 1 {
            return Fatal::new("Unbalanced quotes.");
        }
        let count = |c| text.matches(c).count();
        if count('[') != count(']') {
            let missing = if count('[') > count(']') { "Missing" } else { "Mismatched" };
            return Fatal::new(format!("Error in 'SearchParser': {missing} ']'."));
        }
        let at = self.first_error().unwrap_or(text.len());
        let before = &text[..at];
        let pipe = before.rfind('|').map_or(0, |pipe| pipe + 1);
        let command = before[pipe..].split_whitespace().next().unwrap_or_default().to_lowercase();
        let rest: String = text[at..].trim_start().chars().take(30).collect();
        let open = |text: &str| text.is_empty() || text.starts_with('|');
        if before[pipe..].trim().is_empty() && open(&rest)
            || rest.strip_prefix('|').is_some_and(|rest| open(rest.trim_start()))
        {
            return Fatal::new(format!(
                "Error in 'SearchParser': Missing a search command before '|'. Error at position '{at}' of search query \
                 '{text}'."
            ));
        }
        match command.as_str() {
            "eval" | "where" => Fatal::new(format!(
                "Error in '{command}' command: The expression is malformed. An unexpected character is reached at \
                 '{rest}'."
            )),
            known if COMMANDS.contains(&known) && known != "search" && pipe > 0 => {
                let word = rest.split_whitespace().next().unwrap_or_default();
                Fatal::new(format!("Error in '{known}' command: The argument '{word}' is invalid."))
            }
            other if pipe > 0 && !COMMANDS.contains(&other) && !other.is_empty() => {
                Fatal::new(format!("Unknown search command '{other}'."))
            }
            _ if count('(') != count(')') => {
                Fatal::new("Error in 'search' command: Unable to parse the search: unbalanced parentheses.")
            }
            _ => Fatal::new(format!(
                "Error in 'search' command: Unable to parse the search: Comparator is missing a term at '{rest}'."
            )),
        }
    }

    fn first_error(self) -> Option<usize> {
        if self.node.is_error() || self.node.is_missing() {
            return Some(self.node.start_byte());
        }
        let mut cursor = self.node.walk();
        let all: Vec<_> = self.node.children(&mut cursor).collect();
        all.into_iter().find_map(|node| Part { node, all: self.all }.first_error())
    }
}

/// A text without its quotes; `\"` and `\\` in it are one character.
pub(crate) fn unquoted(text: &str) -> String {
    let inside = |quote: char| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    if let Some(name) = inside('\'') {
        return name.to_owned();
    }
    let Some(body) = inside('"') else { return text.to_owned() };
    let mut plain = String::with_capacity(body.len());
    let mut chars = body.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('"' | '\\')) => plain.extend(chars.next()),
            _ => plain.push(c),
        }
    }
    plain
}

/// Every command that the vendor documents.
pub(crate) const COMMANDS: [&str; 157] = [
    "abstract",
    "accum",
    "addcoltotals",
    "addinfo",
    "addtotals",
    "analyzefields",
    "anomalies",
    "anomalousvalue",
    "anomalydetection",
    "append",
    "appendcols",
    "appendpipe",
    "arules",
    "associate",
    "audit",
    "autoregress",
    "bin",
    "bucket",
    "bucketdir",
    "chart",
    "cluster",
    "cofilter",
    "collect",
    "concurrency",
    "contingency",
    "convert",
    "correlate",
    "counttable",
    "ctable",
    "datamodel",
    "dbinspect",
    "dbxquery",
    "dedup",
    "delete",
    "delta",
    "diff",
    "entitymerge",
    "erex",
    "eval",
    "eventcount",
    "eventstats",
    "extract",
    "fieldformat",
    "fields",
    "fieldsummary",
    "filldown",
    "fillnull",
    "findtypes",
    "folderize",
    "foreach",
    "format",
    "from",
    "fromjson",
    "gauge",
    "gentimes",
    "geom",
    "geomfilter",
    "geostats",
    "head",
    "highlight",
    "history",
    "iconify",
    "inputcsv",
    "inputlookup",
    "iplocation",
    "join",
    "kmeans",
    "kv",
    "kvform",
    "loadjob",
    "localize",
    "localop",
    "lookup",
    "makecontinuous",
    "makemv",
    "makeresults",
    "map",
    "mcatalog",
    "mcollect",
    "metadata",
    "metasearch",
    "meventcollect",
    "mpreview",
    "msearch",
    "mstats",
    "multikv",
    "multisearch",
    "mvcombine",
    "mvexpand",
    "nomv",
    "outlier",
    "outputcsv",
    "outputlookup",
    "outputtext",
    "overlap",
    "pivot",
    "predict",
    "rangemap",
    "rare",
    "redistribute",
    "regex",
    "relevancy",
    "reltime",
    "rename",
    "replace",
    "require",
    "rest",
    "return",
    "reverse",
    "rex",
    "rtorder",
    "run",
    "savedsearch",
    "script",
    "scrub",
    "search",
    "searchtxn",
    "selfjoin",
    "sendalert",
    "sendemail",
    "set",
    "setfields",
    "sichart",
    "sirare",
    "sistats",
    "sitimechart",
    "sitop",
    "sort",
    "spath",
    "stats",
    "strcat",
    "streamstats",
    "table",
    "tags",
    "tail",
    "timechart",
    "timewrap",
    "tojson",
    "top",
    "transaction",
    "transpose",
    "trendline",
    "tscollect",
    "tstats",
    "typeahead",
    "typelearner",
    "typer",
    "union",
    "uniq",
    "untable",
    "walklex",
    "where",
    "x11",
    "xmlkv",
    "xmlunescape",
    "xpath",
    "xyseries",
];
