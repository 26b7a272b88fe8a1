use nlq_engine::{BoundaryType, KnowledgeBoundary, Outcome};
use nlq_syntax::{Prompt, Query};
use nlq_text::{Diagnostic, Fix, Severity, Span, did_you_mean_all};

use crate::{Snapshot, view::Reading};

/// Other spellings of one unknown word: more would be guesses.
const MAX_RESPELLED: usize = 3;

/// Diagnostics a file at most (nil has the same bound): beyond it nobody reads, and editors slow down.
pub const MAX_DIAGNOSTICS: usize = 128;

/// Everything to say about a document: broken prompts, knowledge boundaries (one a prompt, the weightiest), what is
/// wrong with answers and, where the file asks for it, with all statements.
pub fn diagnostics(snapshot: &Snapshot) -> Vec<Diagnostic> {
    let mut found = snapshot.document.diagnostics().to_vec();
    found.extend(of_prompts(snapshot));
    for (index, query) in snapshot.document.queries().iter().enumerate() {
        found.extend(of_query(snapshot, index, query));
    }
    found.sort_by_key(|diagnostic| (diagnostic.severity, diagnostic.span));
    found.truncate(MAX_DIAGNOSTICS);
    found.sort_by_key(|diagnostic| diagnostic.span);
    found
}

/// At most one a prompt. What is true of the whole file (no schema yet, no connection) is said once, on the first
/// prompt it concerns.
fn of_prompts(snapshot: &Snapshot) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for (index, prompt) in snapshot.document.prompts().iter().enumerate() {
        let said = match snapshot.prompt_connection(prompt) {
            Err(problem) => Some(connection_problem(snapshot, prompt, problem)),
            Ok(connection) if connection.index.is_none() => Some(Diagnostic::information(
                first_line(prompt),
                "no-schema",
                format!("the schema of {} has not been read yet: run `nlq schema refresh`", connection.reference),
            )),
            Ok(_) if prompt.answer.is_some() => None,
            Ok(_) => snapshot.reading(index).and_then(|reading| of_reading(&reading)),
        };
        let Some(said) = said else { continue };
        let once = matches!(said.code, "no-schema" | "no-connection" | "no-workspace" | "broken-config");
        if !found.iter().any(|other| other.code == said.code && (once || other.span == said.span)) {
            found.push(said);
        }
    }
    found
}

/// Why a prompt has no connection.
fn connection_problem(snapshot: &Snapshot, prompt: &Prompt, problem: String) -> Diagnostic {
    let workspace = &snapshot.workspace;
    if workspace.root.is_none() {
        let message = "this file is in no nlq workspace: run `nlq init` to say which database its questions are for";
        return Diagnostic::information(first_line(prompt), "no-workspace", message);
    }
    let broken = workspace.config_diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error);
    if let (Some(broken), true) = (broken, workspace.config.providers.is_empty()) {
        let message = format!("nlq.yaml names no connection that can be used: {}", broken.message);
        return Diagnostic::warning(first_line(prompt), "broken-config", message);
    }
    let Some(named) = snapshot.connection_name(prompt) else {
        return Diagnostic::warning(first_line(prompt), "no-connection", problem);
    };
    let names: Vec<String> = workspace.config.connections().map(|(reference, _)| reference.to_string()).collect();
    let mut near = did_you_mean_all(&named.name, names.iter().map(String::as_str));
    if near.is_empty() {
        // `dve` is near the last part of `shop/dev`.
        let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        near = names
            .iter()
            .map(String::as_str)
            .filter(|n| !did_you_mean_all(&last(&named.name), [&*last(n)]).is_empty())
            .collect();
    }
    near.into_iter().take(3).fold(Diagnostic::error(named.span, "unknown-connection", problem), |diagnostic, name| {
        diagnostic.with_fix(Fix::replace(format!("Change to `{name}`"), named.span, name))
    })
}

/// The weightiest thing to say about an unanswered prompt: the question back, or the boundary the engine is surest of.
fn of_reading(reading: &Reading<'_>) -> Option<Diagnostic> {
    let (prompt, answer) = (reading.prompt, reading.answer.as_ref()?);
    let weightiest =
        answer.boundaries.iter().reduce(|best, other| if other.confidence > best.confidence { other } else { best });
    let place = weightiest.map_or_else(|| first_line(prompt), |boundary| boundary_span(prompt, boundary));
    match (&answer.outcome, weightiest) {
        (Outcome::Clarification(clarification), _) => {
            Some(Diagnostic::information(place, "clarification", clarification.question.clone()))
        }
        (Outcome::Query { .. }, None) => None,
        (Outcome::Query { .. } | Outcome::Abstention { .. }, Some(boundary)) => {
            let is_refused = matches!(answer.outcome, Outcome::Abstention { .. });
            let said = if is_refused { Diagnostic::warning } else { Diagnostic::information };
            let code = boundary_code(boundary.boundary_type);
            let diagnostic = said(place, code, boundary_message(boundary));
            Some(respelled(reading, boundary, place).into_iter().fold(diagnostic, Diagnostic::with_fix))
        }
        (Outcome::Abstention { reason }, None) => Some(Diagnostic::warning(place, "no-answer", reason.clone())),
    }
}

/// What is wrong with an answer or, where the file asks for it, with any statement.
fn of_query(snapshot: &Snapshot, index: usize, query: &Query) -> Vec<Diagnostic> {
    let is_answer = query.prompt.is_some();
    if !is_answer && !snapshot.options.all_statements && !snapshot.document.directives().check_all {
        return Vec::new();
    }
    // A migration's INSERT or CREATE is none of our business; where an answer should stand, it is.
    if !is_answer && !begins_as_query(&query.text) {
        return Vec::new();
    }
    let Ok(connection) = snapshot.query_connection(query) else { return Vec::new() };
    let checked = snapshot.check(query, connection);
    let checked = checked.iter().filter(|diagnostic| is_answer || diagnostic.code != "not-a-query");
    let run = snapshot.runs.get(&query.text).and_then(|run| run.error.as_ref());
    let failed = run.map(|error| Diagnostic::error(first_line_of(snapshot, query), "run-failed", error.clone()));
    let is_heard = |diagnostic: &Diagnostic| !query.ignored.iter().any(|code| code == diagnostic.code);
    let mapped = checked.map(|diagnostic| to_document(snapshot, index, query, diagnostic));
    mapped.chain(failed).filter(is_heard).collect()
}

fn begins_as_query(text: &str) -> bool {
    let text = text.trim_start_matches(|ch: char| ch == '(' || ch.is_whitespace());
    let word = text.split(|ch: char| !ch.is_alphanumeric()).next().unwrap_or_default();
    ["select", "with", "values"].iter().any(|start| word.eq_ignore_ascii_case(start))
}

/// A finding in a query as a finding in the document. Fixes that cannot be written there are left out.
fn to_document(snapshot: &Snapshot, index: usize, query: &Query, diagnostic: &Diagnostic) -> Diagnostic {
    let fix = |fix: &Fix| {
        let edits =
            fix.edits.iter().map(|edit| snapshot.document.query_edit(index, edit)).collect::<Option<Vec<_>>>()?;
        Some(Fix { title: fix.title.clone(), edits })
    };
    Diagnostic {
        span: query.map.to_document(diagnostic.span),
        fixes: diagnostic.fixes.iter().filter_map(fix).collect(),
        message: diagnostic.message.clone(),
        ..*diagnostic
    }
}

/// Where a prompt's question begins: one line, so that a long question is not underlined whole.
fn first_line(prompt: &Prompt) -> Span {
    prompt.map.pieces().first().map_or(prompt.span, |(_, document)| *document)
}

fn first_line_of(snapshot: &Snapshot, query: &Query) -> Span {
    let line = query.span.of(snapshot.document.text()).lines().next().unwrap_or_default();
    Span::new(query.span.start, query.span.start + line.len())
}

/// Where a boundary stands, within one line of the document.
fn boundary_span(prompt: &Prompt, boundary: &KnowledgeBoundary) -> Span {
    let pieces = prompt.map.pieces();
    let piece = pieces.iter().find(|(extracted, _)| boundary.span.start < extracted.end);
    let Some((extracted, _)) = piece.filter(|_| !boundary.span.is_empty()) else { return first_line(prompt) };
    prompt.map.to_document(Span::new(boundary.span.start, boundary.span.end.min(extracted.end)))
}

fn boundary_code(boundary: BoundaryType) -> &'static str {
    match boundary {
        BoundaryType::UnknownEntity => "unknown-entity",
        BoundaryType::MissingRelationship => "missing-relationship",
        BoundaryType::AmbiguousIntent => "ambiguous-intent",
        BoundaryType::UnmappableConcept => "unmappable-concept",
        BoundaryType::ComplexImplementation => "complex-implementation",
        BoundaryType::UncertainAttribute => "uncertain-attribute",
    }
}

/// A boundary's type, as people read it.
pub fn boundary_title(boundary: BoundaryType) -> &'static str {
    match boundary {
        BoundaryType::UnknownEntity => "unknown entity",
        BoundaryType::MissingRelationship => "missing relationship",
        BoundaryType::AmbiguousIntent => "ambiguous intent",
        BoundaryType::UnmappableConcept => "unmappable concept",
        BoundaryType::ComplexImplementation => "complex implementation",
        BoundaryType::UncertainAttribute => "uncertain attribute",
    }
}

/// The boundary and all that it suggests, as sentences.
fn boundary_message(boundary: &KnowledgeBoundary) -> String {
    let explanation = boundary.explanation.trim_end();
    if boundary.suggestions.is_empty() {
        return explanation.to_owned();
    }
    let stop = if explanation.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{explanation}{stop} {}", boundary.suggestions.join(" "))
}

/// Names of the schema that are written almost like a word that names nothing, as fixes in the question.
fn respelled(reading: &Reading<'_>, boundary: &KnowledgeBoundary, place: Span) -> Vec<Fix> {
    let Some(schema) = reading.connection.schema().filter(|_| boundary.boundary_type == BoundaryType::UnknownEntity)
    else {
        return Vec::new();
    };
    let tables = schema.catalog.tables.iter();
    let names = tables.flat_map(|t| std::iter::once(&t.name).chain(t.columns.iter().map(|c| &c.name)));
    let near = did_you_mean_all(boundary.span.of(&reading.prompt.text), names.map(String::as_str));
    near.into_iter().take(MAX_RESPELLED).map(|name| Fix::replace(format!("Change to `{name}`"), place, name)).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::{
        LastRun,
        fixture::{Fixture, abstains, asks, fixture, sure},
    };

    fn shown(fixture: &Fixture) -> String {
        let text = fixture.text();
        let lines = diagnostics(&fixture.snapshot).into_iter().map(|d| {
            let fixes: Vec<&str> = d.fixes.iter().map(|fix| fix.title.as_str()).collect();
            format!("{:?} {} {:?}: {} {fixes:?}\n", d.severity, d.code, d.span.of(text), d.message)
        });
        lines.collect()
    }

    fn check(fixture: Fixture, expected: Expect) {
        expected.assert_eq(&shown(&fixture));
    }

    #[test]
    fn an_unanswered_prompt_says_one_thing_the_weightiest() {
        check(
            fixture("-- nlq: show wombats\n").answering(0, abstains("show wombats")),
            expect![[r#"
            Warning unknown-entity "wombats": `wombats` names nothing in shop/dev. Name a table. []
        "#]],
        );
        check(
            fixture("-- nlq: show revenue\n").answering(0, asks("show revenue")),
            expect![[r#"
            Information clarification "show revenue": Which amount is meant? []
        "#]],
        );
        check(fixture("-- nlq: show revenue\n").answering(0, sure("show revenue", "SELECT 1")), expect![[""]]);
    }

    #[test]
    fn an_unknown_word_that_is_almost_a_name_has_the_name_as_its_fix() {
        let mut answer = abstains("orderz");
        answer.boundaries.truncate(1);
        answer.boundaries[0].span = Span::new(0, 6);
        let fixture = fixture("-- nlq: orderz\n").answering(0, answer);
        let found = diagnostics(&fixture.snapshot).remove(0);
        assert_eq!(found.fixes[0].title, "Change to `orders`");
        assert_eq!(nlq_text::apply_edits(fixture.text(), &found.fixes[0].edits), "-- nlq: orders\n");
    }

    #[test]
    fn an_answered_prompt_is_quiet() {
        let text = "-- nlq: show wombats\nSELECT id FROM orders;\n";
        check(fixture(text).answering(0, abstains("show wombats")), expect![[""]]);
    }

    #[test]
    fn a_boundary_in_a_second_comment_line_stands_on_that_line() {
        let text = "-- nlq: show 💣\r\n-- and wombats\r\n";
        check(
            fixture(text).answering(0, abstains("show 💣 and wombats")),
            expect![[r#"
            Warning unknown-entity "wombats": `wombats` names nothing in shop/dev. Name a table. []
        "#]],
        );
    }

    #[test]
    fn what_is_true_of_the_whole_file_is_said_once() {
        let text = "-- nlq(warehouse/prod): orders\n\n-- nlq(warehouse/prod): customers\n";
        check(
            fixture(text),
            expect![[r#"
            Information no-schema "orders": the schema of warehouse/prod has not been read yet: run `nlq schema refresh` []
        "#]],
        );
        check(
            fixture("-- nlq: orders\n\n-- nlq: customers\n").with_workspace(|w| *w = crate::WorkspaceView::default()),
            expect![[r#"
                Information no-workspace "orders": this file is in no nlq workspace: run `nlq init` to say which database its questions are for []
            "#]],
        );
    }

    #[test]
    fn an_unknown_connection_has_its_mend() {
        check(
            fixture("-- nlq(shop/dve): orders\n"),
            expect![[r#"
            Error unknown-connection "shop/dve": there is no connection `shop/dve`: did you mean `shop/dev`? ["Change to `shop/dev`"]
        "#]],
        );
    }

    #[test]
    fn findings_in_answers_stand_in_the_document_with_their_fixes() {
        let fixture = fixture("-- nlq: amounts\nSELECT totl_amount FROM orders;\n\nSELECT nothing FROM nowhere;\n");
        expect![[r#"
            Error unknown-column "totl_amount": there is no column `totl_amount` in `orders`: did you mean `total_amount`? ["Change to `total_amount`"]
        "#]].assert_eq(&shown(&fixture));
        let fixes = diagnostics(&fixture.snapshot).remove(0).fixes.remove(0).edits;
        assert!(nlq_text::apply_edits(fixture.text(), &fixes).contains("SELECT total_amount FROM orders;"));
    }

    #[test]
    fn findings_in_strings_of_host_languages_are_mapped_and_mended() {
        let fixture = fixture(
            "//- /report.py\nimport db\n\n# nlq: größte 💣 amounts\namounts = \"\"\"\n    SELECT totl_amount\n    FROM orders\n\"\"\"\n",
        );
        expect![[r#"
            Error unknown-column "totl_amount": there is no column `totl_amount` in `orders`: did you mean `total_amount`? ["Change to `total_amount`"]
        "#]].assert_eq(&shown(&fixture));
        let fixes = diagnostics(&fixture.snapshot).remove(0).fixes.remove(0).edits;
        assert!(nlq_text::apply_edits(fixture.text(), &fixes).contains("    SELECT total_amount\n"));
    }

    #[test]
    fn other_statements_are_checked_when_the_file_or_the_user_asks() {
        let text = "SELECT nothing FROM orders;\nINSERT INTO nowhere VALUES (1);\n";
        check(fixture(text), expect![[""]]);
        let mut all = fixture(text);
        all.snapshot.options.all_statements = true;
        check(
            all,
            expect![[r#"
            Error unknown-column "nothing": there is no column `nothing` in `orders` []
        "#]],
        );
        check(
            fixture(&format!("-- nlq-file: check=all\n{text}")),
            expect![[r#"
            Error unknown-column "nothing": there is no column `nothing` in `orders` []
        "#]],
        );
    }

    #[test]
    fn silenced_codes_are_not_heard() {
        check(
            fixture("-- nlq: amounts\n-- nlq-ignore: unknown-column\nSELECT totl_amount FROM orders;\n"),
            expect![[""]],
        );
    }

    #[test]
    fn answers_in_other_languages_are_not_read_as_sql() {
        check(fixture("//- /a.nlq\nerrors by host\n\n```spl\nindex=main | stats count by host\n```\n"), expect![[""]]);
    }

    #[test]
    fn a_failed_run_is_said_where_the_query_stands() {
        let mut fixture = fixture("-- nlq: amounts\nSELECT id\nFROM orders;\n");
        let run = LastRun {
            rows: 0,
            truncated: false,
            elapsed: std::time::Duration::ZERO,
            error: Some("no such table: orders".into()),
        };
        let query = fixture.snapshot.document.queries()[0].text.clone();
        fixture.snapshot.runs = std::sync::Arc::new([(query, run)].into());
        check(
            fixture,
            expect![[r#"
            Error run-failed "SELECT id": no such table: orders []
        "#]],
        );
    }

    #[test]
    fn a_file_says_so_much_at_most() {
        let text = "-- nlq: amounts\nSELECT nothing FROM nowhere;\n\n".repeat(MAX_DIAGNOSTICS + 9);
        assert_eq!(diagnostics(&fixture(&text).snapshot).len(), MAX_DIAGNOSTICS);
    }
}
