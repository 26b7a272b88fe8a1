//! Reads and writes .nlq files: the conversation is the document. What each block is comes from the grammar's tree.

use nlq_text::{Diagnostic, Edit, Span};
use tree_sitter::{Node, Tree};

use crate::{
    Language, Named, Options, Prompt, Query, Reply, Section,
    comment::{self, Comment, trim},
    found::{Form, Found},
    layout::{indentation, line_end, line_ending, outdented, unix},
    parse::parse,
    write::bare,
};

/// Reads a .nlq file. `tree` is the tree of the text before its last edits, told of them, and becomes that of `text`.
pub(crate) fn read(text: &str, options: &Options, tree: &mut Option<Tree>) -> Found {
    *tree = parse(text, Language::Nlq, tree.as_ref());
    let Some(tree) = tree else { return Found::default() };
    let mut reader = Reader { text, options, found: Found::default(), heading: None, state: State::default() };
    let root = tree.root_node();
    let mut cursor = root.walk();
    for block in root.children(&mut cursor) {
        reader.block(block);
    }
    reader.found.sections.extend(headings(text, root));
    reader.found.with_prompt_sections(text)
}

struct Reader<'a> {
    text: &'a str,
    options: &'a Options,
    found: Found,
    /// The last heading while no prompt has taken its name.
    heading: Option<String>,
    state: State,
}

/// Where the conversation stands.
#[derive(Debug, Default)]
struct State {
    /// The prompt whose answer or clarification may come next.
    prompt: Option<usize>,
    /// The last prompt of this section that has an answer.
    answered: Option<usize>,
    /// The block above was a clarification without a reply so far.
    asked: bool,
    ignored: Vec<String>,
}

impl Reader<'_> {
    fn block(&mut self, node: Node) {
        let span = trim_end(self.text, node.byte_range().into());
        match node.kind() {
            "front_matter" => self.front_matter(node),
            "heading" => {
                self.heading =
                    child(node, "heading_content").map(|name| trim(self.text, name).of(self.text).to_owned());
                self.state = State::default();
            }
            "thematic_break" => {
                if span.start == 0 && span.of(self.text) == "---" {
                    let message = "This front matter is not closed; end it with a line `---`.";
                    self.found.diagnostics.push(Diagnostic::error(span, "unclosed-front-matter", message));
                }
                self.state = State::default();
            }
            // A line can be white space of a kind that no blank line is made of.
            "paragraph" if span.is_empty() => {}
            "paragraph" => self.paragraph(trim(self.text, span)),
            "fenced_block" => self.fenced_block(node, span),
            "block_quote" => self.block_quote(node, span),
            "comment" => {
                if !span.of(self.text).ends_with("-->") && !span.of(self.text).contains("-->") {
                    let message = "This comment is not closed; end it with `-->`.";
                    self.found.diagnostics.push(Diagnostic::error(span, "unclosed-comment", message));
                }
                let comment = Comment { span, block: true };
                self.state
                    .ignored
                    .extend(comment::ignored_codes(self.text, comment, &self.options.trigger).into_iter().flatten());
            }
            "list" | "table" => self.state.asked = false,
            _ => {}
        }
    }

    fn front_matter(&mut self, node: Node) {
        let Some(yaml) = child(node, "yaml") else { return };
        let mut at = yaml.start;
        for line in yaml.of(self.text).split_inclusive('\n') {
            let span = trim(self.text, Span::new(at, at + line.len()));
            at += line.len();
            let content = span.of(self.text);
            // Only flat settings are nlq's; nested ones belong to other tools.
            if content.is_empty() || content.starts_with(['#', '-']) || line.starts_with([' ', '\t']) {
                continue;
            }
            let Some((key, value)) = content.split_once(':') else {
                let message =
                    "This line of the front matter is not `name: value`; write for example `connection: shop/dev`.";
                self.found.diagnostics.push(Diagnostic::error(span, "front-matter", message));
                continue;
            };
            let value = value.split(" #").next().unwrap_or("");
            let start = span.start + key.len() + 1;
            let mut value = trim(self.text, Span::new(start, start + value.len()));
            if value.len() >= 2
                && ["\"", "'"].iter().any(|q| value.of(self.text).starts_with(q) && value.of(self.text).ends_with(q))
            {
                value = Span::new(value.start + 1, value.end - 1);
            }
            let name = value.of(self.text);
            match key.trim() {
                "connection" if !name.is_empty() => {
                    self.found.directives.connection = Some(Named { name: name.to_owned(), span: value });
                }
                "check" => self.found.directives.check_all = name == "all",
                _ => {}
            }
        }
    }

    fn paragraph(&mut self, span: Span) {
        if std::mem::take(&mut self.state.asked) {
            let reply = self.state.prompt.and_then(|prompt| self.found.prompts[prompt].replies.last_mut());
            if let Some(reply) = reply {
                reply.reply = one_line(span.of(self.text));
                reply.span = reply.span.to(span);
                return;
            }
        }
        let mut at = span.start;
        let mut content: Vec<Span> = Vec::new();
        for line in span.of(self.text).split_inclusive('\n') {
            content.push(trim(self.text, Span::new(at, at + line.len())));
            at += line.len();
        }
        let mut connection = self.found.directives.connection.clone();
        if let Some((named, start)) = comment::trigger_at(self.text, content[0], &self.options.trigger) {
            content[0].start = start;
            connection = named.or(connection);
        }
        let mut prompt = comment::prompt(self.text, span, &content, connection, &mut self.found.diagnostics);
        if let Some(heading) = self.heading.take().filter(|heading| !heading.is_empty()) {
            prompt.name = heading;
        }
        prompt.continues = self.state.answered;
        self.state.prompt = Some(self.found.prompts.len());
        self.found.prompts.push(prompt);
    }

    fn fenced_block(&mut self, node: Node, span: Span) {
        self.state.asked = false;
        if child(node, "fence_close").is_none() {
            let fence = child(node, "fence_open").unwrap_or(span);
            let message = "This block is not closed, so everything below belongs to it; end it with the same fence.";
            self.found.diagnostics.push(Diagnostic::error(fence, "unclosed-fence", message));
        }
        // An empty block has its place at the end of its first line.
        let empty = Span::at((line_end(self.text, span.start) + 1).min(span.end));
        let code = trim(self.text, child(node, "code").unwrap_or(empty));
        let (query, map) = outdented(self.text, code, indentation(self.text, span.start), &[]);
        let info = child(node, "info_string").map_or("", |info| info.of(self.text)).trim();
        // A second block below a prompt is no second answer.
        let prompt = self.state.prompt.filter(|index| self.found.prompts[*index].answer.is_none());
        if let Some(prompt) = prompt {
            self.found.prompts[prompt].answer = Some(self.found.queries.len());
            self.state.answered = Some(prompt);
        }
        self.found.forms.push(Form::Fence);
        self.found.queries.push(Query {
            span,
            text: query,
            map,
            language: language_of(info),
            prompt,
            ignored: std::mem::take(&mut self.state.ignored),
        });
    }

    fn block_quote(&mut self, node: Node, span: Span) {
        let Some(prompt) = self.state.prompt else { return };
        let mut cursor = node.walk();
        let lines = node.children(&mut cursor).filter(|node| node.kind() == "quote_content");
        let lines: Vec<&str> = lines.map(|line| self.text[line.byte_range()].trim()).collect();
        let question = one_line(&lines.join(" "));
        self.found.prompts[prompt].replies.push(Reply { question, reply: String::new(), span });
        self.state.asked = true;
    }
}

/// The language of an answer by its info string; SQL under any name is `sql`, and none is the connection's own.
fn language_of(info: &str) -> String {
    let word = info.split([' ', '\t', ',', '{']).next().unwrap_or("").to_lowercase();
    match word.as_str() {
        "postgres" | "postgresql" | "pgsql" | "sqlite" | "sqlite3" | "mysql" | "mariadb" => "sql".into(),
        _ => word,
    }
}

/// A section for each heading: to the next heading of the same or a higher level.
fn headings(text: &str, root: Node) -> Vec<Section> {
    let mut cursor = root.walk();
    let mut sections: Vec<Section> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for node in root.children(&mut cursor).filter(|node| node.kind() == "heading") {
        let head = trim_end(text, node.byte_range().into());
        let level = child(node, "heading_marker").map_or(1, |marker| trim(text, marker).len()) as u8;
        while let Some(index) = open.pop_if(|index| sections[*index].level >= level) {
            sections[index].span = trim_end(text, Span::new(sections[index].span.start, head.start));
        }
        let name = child(node, "heading_content").map_or("", |name| trim(text, name).of(text)).to_owned();
        open.push(sections.len());
        sections.push(Section { name, span: head, head, level });
    }
    for index in open {
        sections[index].span = trim_end(text, Span::new(sections[index].span.start, text.len()));
    }
    sections
}

fn child(node: Node, kind: &str) -> Option<Span> {
    let mut cursor = node.walk();
    node.children(&mut cursor).find(|child| child.kind() == kind).map(|child| child.byte_range().into())
}

fn trim_end(text: &str, span: Span) -> Span {
    Span::new(span.start, span.start + span.of(text).trim_end().len())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Writes the answer of a prompt: into the block that stands there, or into a new one below the prompt and its
/// clarifications.
pub(crate) fn answer(text: &str, prompt: &Prompt, existing: Option<&Query>, query: &str, language: &str) -> Edit {
    let eol = line_ending(text);
    if let Some(existing) = existing {
        return Edit { span: existing.span, text: fence(text, existing, &bare(query)).replace('\n', eol) };
    }
    let block = fenced(&bare(query), if language.is_empty() { "sql" } else { language });
    below(text, prompt.replies.iter().map(|reply| reply.span.end).fold(prompt.span.end, usize::max), &block)
}

/// The block of `existing` with another query in it.
pub(crate) fn fence(text: &str, existing: &Query, query: &str) -> String {
    let head = Span::new(existing.span.start, line_end(text, existing.span.start)).of(text);
    let info = head.trim_start_matches(['`', '~', ' ']).trim();
    fenced(query.trim(), if info.is_empty() { &existing.language } else { info })
}

fn fenced(query: &str, info: &str) -> String {
    let longest = query.lines().map(|line| line.trim_start().bytes().take_while(|b| *b == b'`').count()).max();
    let fence = "`".repeat(longest.unwrap_or(0).max(2) + 1);
    let gap = if query.is_empty() { "" } else { "\n" };
    format!("{fence}{info}\n{query}{gap}{fence}")
}

/// Writes a clarification below a prompt, its answer and its earlier clarifications; or the reply to one that stands
/// there without.
pub(crate) fn reply(text: &str, prompt: &Prompt, answer: Option<&Query>, question: &str, reply: &str) -> Edit {
    let (question, reply) = (one_line(question), plain(&one_line(&unix(reply))));
    let open = prompt.replies.iter().rev().find(|open| open.reply.is_empty() && open.question == question);
    if let Some(open) = open {
        let eol = line_ending(text);
        return Edit { span: Span::at(open.span.end), text: format!("{eol}{reply}") };
    }
    let ends = prompt.replies.iter().map(|reply| reply.span.end).chain(answer.map(|answer| answer.span.end));
    below(text, ends.fold(prompt.span.end, usize::max), format!("> {question}\n{reply}").trim_end())
}

/// A reply must stay a paragraph.
fn plain(reply: &str) -> String {
    let marked = reply.starts_with(['#', '>', '|', '`', '~', '<', '-', '*', '+', '_'])
        || reply.starts_with(|c: char| c.is_ascii_digit()) && reply.contains(['.', ')']);
    if marked { format!("“{reply}”") } else { reply.to_owned() }
}

/// A block of its own below the line of `end`.
fn below(text: &str, end: usize, block: &str) -> Edit {
    let place = line_end(text, end);
    let next = text[place..].trim_start_matches('\r').strip_prefix('\n').and_then(|rest| rest.lines().next());
    let gap = if next.is_some_and(|line| !line.trim().is_empty()) { "\n" } else { "" };
    Edit { span: Span::at(place), text: format!("\n\n{block}{gap}").replace('\n', line_ending(text)) }
}
