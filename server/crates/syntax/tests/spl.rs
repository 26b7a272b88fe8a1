//! Files of SPL: prompts, searches, answers.

mod common;

use common::*;
use expect_test::{Expect, expect};
use nlq_syntax::Language;

fn show(text: &str, expected: Expect) {
    let document = document(text, Language::Spl);
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
        assert_eq!(query.language, "spl");
    }
    for diagnostic in document.diagnostics() {
        out += &format!("{} at {:?}\n", diagnostic.code, diagnostic.span.of(text));
    }
    expected.assert_eq(&out);
}

#[test]
fn prompts_of_all_three_kinds_and_the_searches_below_them() {
    show(
        "-- nlq-file: connection=logs/main\n-- nlq: Fehler je Straße 💣\n--   since yesterday\nindex=web error\n| stats count by street\n\n\
         | head 5\n\n``` nlq(logs/dev):\ntop hosts ```\nindex=web | top host ```not by user```\n\n\
         `comment(\"nlq: logins\")`\n-- nlq-ignore: unknown-field\nindex=auth \"-- nlq: no\" a--b\n-- nlq:\n",
        expect![[r#"
            prompt "Fehler je Straße 💣 since yesterday" (logs/main) -> Some(0)
            prompt "top hosts" (logs/dev) -> Some(1)
            prompt "logins" (logs/main) -> Some(2)
            prompt "" (logs/main) -> None
            query "index=web error\n| stats count by street\n\n| head 5" for Some(0) ignoring []
            query "index=web | top host" for Some(1) ignoring []
            query "index=auth \"-- nlq: no\" a--b" for Some(2) ignoring ["unknown-field"]
            empty-prompt at "-- nlq:"
        "#]],
    );
}

#[test]
fn half_typed_searches_do_not_swallow_the_next_prompt() {
    show(
        "index=a \"open\n-- nlq: one\nindex=b `open\n``` nlq: two ```\nindex=c ```open\n-- nlq: three\nindex=d",
        expect![[r#"
            prompt "one" () -> Some(1)
            prompt "two" () -> Some(2)
            prompt "three" () -> Some(3)
            query "index=a \"open" for None ignoring []
            query "index=b `open" for Some(0) ignoring []
            query "index=c" for Some(1) ignoring []
            query "index=d" for Some(2) ignoring []
        "#]],
    );
    for text in ["`", "```", "`comment(", "`comment(\"", "\"\\", "--", "-- nlq", "é`", "``` nlq: é"] {
        document(text, Language::Spl);
    }
}

#[test]
fn answers_are_inserted_and_replaced_without_a_terminator() {
    for text in ["-- nlq: a", "-- nlq: a\n-- b\n", "  ``` nlq: a ```\nindex=old", "`comment(\"nlq: a\")`\nindex=\"x"] {
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let before = document(&text, Language::Spl);
            round_trip(&before, 0, "index=web \"a;b\" {{p}}\n| stats count BY `m(\"x\")`\n| head 5");
        }
    }
    let before = document("-- nlq: a\n-- nlq: b\nindex=b\n", Language::Spl);
    let after = edited(&before, &before.answer_edit(0, "index=a\n| head 1\n", "spl"));
    assert_eq!(after.text(), "-- nlq: a\nindex=a\n| head 1\n\n-- nlq: b\nindex=b\n");
}

#[test]
fn replies_stay_inside_the_comment() {
    for (text, expected) in [
        ("-- nlq: a\nindex=b", "-- nlq: a\n-- nlq-reply: by \"host\"\nindex=b"),
        ("``` nlq: a ```\n", "``` nlq: a\n   nlq-reply: by \"host\" ```\n"),
        ("`comment(\"nlq: a\")`\n", "`comment(\"nlq: a\n   nlq-reply: by 'host'\")`\n"),
    ] {
        let before = document(text, Language::Spl);
        let after = edited(&before, &before.reply_edit(0, "which?", "by \"host\""));
        assert_eq!(after.text(), expected);
        assert_eq!((after.prompts()[0].text.as_str(), after.prompts()[0].replies.len()), ("a", 1));
        assert_eq!(after.prompts()[0].answer, before.prompts()[0].answer);
    }
}
