//! SQL files: prompts, statements, answers.

mod common;

use common::*;
use expect_test::{Expect, expect};
use nlq_syntax::Language;
use nlq_text::{Edit, Span};

fn show(text: &str, expected: Expect) {
    let document = document(text, Language::Sql);
    let mut out = String::new();
    for prompt in document.prompts() {
        let connection = prompt.connection.as_ref().map_or("", |named| &named.name);
        out += &format!("prompt {:?} ({connection}) -> {:?}\n", prompt.text, prompt.answer);
        for (inner, outer) in prompt.map.pieces() {
            assert_eq!(inner.of(&prompt.text), outer.of(text));
        }
    }
    for query in document.queries() {
        out += &format!("query {:?} for {:?} ignoring {:?}\n", query.text, query.prompt, query.ignored);
        assert_eq!(query.text, query.span.of(text));
    }
    for diagnostic in document.diagnostics() {
        out += &format!("{} at {:?}\n", diagnostic.code, diagnostic.span.of(text));
    }
    expected.assert_eq(&out);
}

#[test]
fn prompts_directives_and_statements_are_found() {
    show(
        "-- nlq-file: connection=shop/dev check=all chek=1\n\n-- NLQ: Umsatz je Straße 💣\n--   seit 2023\n\nSELECT 1;\n/* nlq(shop/prod):\n * top ten\n * customers\n */\n-- nlq-ignore: fan-out, null-in\nSELECT 2;\nSELECT 3; -- nlq: trailing comments are no prompts\n-- nlq:\n-- nlq: b\n",
        expect![[r#"
            prompt "Umsatz je Straße 💣 seit 2023" (shop/dev) -> Some(0)
            prompt "top ten customers" (shop/prod) -> Some(1)
            prompt "" (shop/dev) -> None
            prompt "b" (shop/dev) -> None
            query "SELECT 1" for Some(0) ignoring []
            query "SELECT 2" for Some(1) ignoring ["fan-out", "null-in"]
            query "SELECT 3" for None ignoring []
            unknown-directive at "chek=1"
            empty-prompt at "-- nlq:"
        "#]],
    );
}

#[test]
fn a_statement_with_a_comment_of_its_own_is_not_the_answer() {
    show(
        "-- nlq: revenue\n\n-- the old report\nSELECT 1;\n",
        expect![[r#"
            prompt "revenue" () -> None
            query "SELECT 1" for None ignoring []
        "#]],
    );
}

#[test]
fn a_statement_that_changes_something_is_not_the_answer() {
    show(
        "-- nlq: revenue\nCREATE TABLE t (a);\n-- nlq: b\nSELE",
        expect![[r#"
            prompt "revenue" () -> None
            prompt "b" () -> Some(1)
            query "CREATE TABLE t (a)" for None ignoring []
            query "SELE" for Some(1) ignoring []
        "#]],
    );
}

#[test]
fn answers_are_inserted_and_replaced() {
    for text in [
        "-- nlq: größte 💣",
        "-- nlq: größte 💣\n-- nach Umsatz\n",
        "  /* nlq: a */\nSELECT 9;",
        "-- nlq: a\nSELECT 'x",
    ] {
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let before = document(&text, Language::Sql);
            round_trip(&before, 0, "SELECT 'it''s; ß', \"a\"\nFROM t -- ende\nWHERE {{p}} > $$;$$");
        }
    }
}

#[test]
fn an_inserted_answer_takes_the_line_ends_and_the_indentation_of_its_prompt() {
    let before = document("\t-- nlq: a\r\n\t-- nlq: b\r\n", Language::Sql);
    let after = edited(&before, &before.answer_edit(0, "SELECT 'x\n y'\nFROM t;\n", "sql"));
    expect![[r#""\t-- nlq: a\r\n\tSELECT 'x\r\n y'\r\n\tFROM t;\r\n\r\n\t-- nlq: b\r\n""#]]
        .assert_eq(&format!("{:?}", after.text()));
}

#[test]
fn a_reply_is_one_more_comment_line() {
    for (text, expected) in [
        ("  -- nlq: a\n  -- b\nSELECT 1;", "  -- nlq: a\n  -- b\n  -- nlq-reply: net of tax\nSELECT 1;"),
        ("/* nlq: a b */\n", "/* nlq: a b\n   nlq-reply: net of tax */\n"),
    ] {
        let before = document(text, Language::Sql);
        let after = edited(&before, &before.reply_edit(0, "which?", "net\nof tax"));
        assert_eq!(after.text(), expected);
        assert_eq!(
            (after.prompts()[0].text.as_str(), after.prompts()[0].replies[0].reply.as_str()),
            ("a b", "net of tax")
        );
        assert_eq!(after.prompts()[0].answer, before.prompts()[0].answer, "the answer stays the prompt's");
        let more = edited(&after, &after.reply_edit(0, "which?", "monthly"));
        let replies: Vec<&str> = more.prompts()[0].replies.iter().map(|reply| reply.reply.as_str()).collect();
        assert_eq!(replies, ["net of tax", "monthly"], "{}", more.text());
    }
}

#[test]
fn a_reply_belongs_to_the_prompt_above_it() {
    let it = document(
        "-- nlq-reply: alone\n\n-- nlq: a\n-- NLQ-reply: b\n-- c\nSELECT 1;\n\n-- nlq-reply: late\n",
        Language::Sql,
    );
    assert_eq!(it.prompts().len(), 1);
    assert_eq!((it.prompts()[0].text.as_str(), it.prompts()[0].replies.len()), ("a c", 1));
    assert_eq!(it.prompts()[0].replies[0].span.of(it.text()), "NLQ-reply: b");
}

#[test]
fn long_prompts_are_cut_and_large_files_left_alone() {
    let long = document(&format!("-- nlq: {}\n", "wörter ".repeat(20_000)), Language::Sql);
    assert_eq!(long.prompts()[0].text.chars().count(), 4_000);
    assert_eq!(long.diagnostics()[0].code, "long-prompt");
    let large = document(&"SELECT 1; -- ä\n".repeat(400_000), Language::Sql);
    assert!(large.queries().is_empty());
    assert_eq!(large.diagnostics()[0].code, "large-file");
}

#[test]
fn an_edit_that_does_not_fit_changes_nothing() {
    let mut it = document("-- nlq: ä", Language::Sql);
    for span in [Span::new(9, 10), Span::new(0, 99)] {
        assert!(!it.edit(&Edit { span, text: "x".into() }));
    }
    assert_same(&it, &document("-- nlq: ä", Language::Sql));
}
