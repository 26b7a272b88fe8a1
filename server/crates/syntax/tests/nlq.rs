//! .nlq files: the conversation is the document.

mod common;

use common::*;
use expect_test::{Expect, expect};
use nlq_syntax::{Document, Language};
use nlq_text::Edit;

const CONVERSATION: &str = "---
connection: \"shop/dev\" # the copy
---
# Größter Umsatz 💣
revenue per month in {{year}},
highest first

```sql
SELECT 'ß'
FROM t
```
> Which amount is revenue?
orders.total_amount is meant

now only for Germany

<!-- nlq-ignore: fan-out -->
~~~ postgresql
SELECT 2
~~~

## Notes
- a list is prose
| a | table |

nlq(shop/prod): open orders
> Which ones?
";

fn show(document: &Document) -> String {
    let mut out = String::new();
    for (index, prompt) in document.prompts().iter().enumerate() {
        let connection = prompt.connection.as_ref().map_or("", |named| &named.name);
        out += &format!(
            "{index} {:?} {:?} ({connection}) -> {:?} continues {:?}\n",
            prompt.name, prompt.text, prompt.answer, prompt.continues
        );
        for reply in &prompt.replies {
            out += &format!("  {:?}: {:?}\n", reply.question, reply.reply);
        }
    }
    for query in document.queries() {
        out += &format!("{} {:?} for {:?} ignoring {:?}\n", query.language, query.text, query.prompt, query.ignored);
    }
    for section in document.sections() {
        let lines = section.span.of(document.text()).lines().count();
        out += &format!(
            "section {} {:?}, {lines} lines, {:?}\n",
            section.level,
            section.name,
            section.head.of(document.text())
        );
    }
    for diagnostic in document.diagnostics() {
        out += &format!("{} at {:?}\n", diagnostic.code, diagnostic.span.of(document.text()));
    }
    out
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&show(&document(text, Language::Nlq)));
}

#[test]
fn a_conversation_is_read() {
    check(
        CONVERSATION,
        expect![[r###"
        0 "Größter Umsatz 💣" "revenue per month in {{year}}, highest first" (shop/dev) -> Some(0) continues None
          "Which amount is revenue?": "orders.total_amount is meant"
        1 "now only for Germany" "now only for Germany" (shop/dev) -> Some(1) continues Some(0)
        2 "Notes" "open orders" (shop/prod) -> None continues None
          "Which ones?": ""
        sql "SELECT 'ß'\nFROM t" for Some(0) ignoring []
        sql "SELECT 2" for Some(1) ignoring ["fan-out"]
        section 1 "Größter Umsatz 💣", 24 lines, "# Größter Umsatz 💣"
        section 0 "Größter Umsatz 💣", 9 lines, "revenue per month in {{year}},"
        section 0 "now only for Germany", 6 lines, "now only for Germany"
        section 2 "Notes", 6 lines, "## Notes"
        section 0 "Notes", 2 lines, "nlq(shop/prod): open orders"
    "###]],
    );
    let crlf = CONVERSATION.replace('\n', "\r\n");
    assert_eq!(show(&document(&crlf, Language::Nlq)), show(&document(CONVERSATION, Language::Nlq)));
}

#[test]
fn what_is_not_closed_is_told() {
    check(
        "---\nconnection: a\n\nquestion\n\n```sql\nSELECT 1\n",
        expect![[r#"
        0 "connection: a" "connection: a" () -> None continues None
        1 "question" "question" () -> Some(0) continues None
        sql "SELECT 1" for Some(1) ignoring []
        section 0 "connection: a", 1 lines, "connection: a"
        section 0 "question", 4 lines, "question"
        unclosed-front-matter at "---"
        unclosed-fence at "```"
    "#]],
    );
    check(
        "---\nconnection\n---\n<!-- open",
        expect![[r#"
        front-matter at "connection"
        unclosed-comment at "<!-- open"
    "#]],
    );
}

#[test]
fn answers_are_inserted_and_replaced() {
    for text in ["größte Städte 💣", "größte Städte 💣\n> welche?\nalle\n\nnoch eine\n", "# a\ngrößte\n```\n```\n# b\n"]
    {
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let it = document(&text, Language::Nlq);
            round_trip(&it, 0, HOSTILE);
            round_trip(&it, 0, "SELECT '\n```\n````'");
        }
    }
    let it = document("a\nb\n## c\n", Language::Nlq);
    let after = edited(&it, &it.answer_edit(0, "SELECT 1;\n", "sql"));
    assert_eq!(after.text(), "a\nb\n\n```sql\nSELECT 1\n```\n\n## c\n");
}

#[test]
fn clarifications_are_written_where_they_are_read() {
    for text in ["a", "a\n\n```sql\nSELECT 1\n```\n# b\nc\n", "a\r\n# b\r\n"] {
        let it = document(text, Language::Nlq);
        let asked = edited(&it, &it.reply_edit(0, "which\none?", ""));
        assert_eq!(asked.prompts()[0].replies[0].question, "which one?");
        assert_eq!(asked.prompts()[0].replies[0].reply, "");
        let replied = edited(&asked, &asked.reply_edit(0, "which one?", "- the\nfirst"));
        assert_eq!(replied.prompts()[0].replies.len(), 1);
        assert_eq!(replied.prompts()[0].replies[0].reply, "“- the first”");
        let more = edited(&replied, &replied.reply_edit(0, "sure?", "yes"));
        assert_eq!(more.prompts()[0].replies[1].reply, "yes");
        assert_eq!(more.prompts().len(), it.prompts().len());
    }
    let it = document("a\n\n```sql\nSELECT 1\n```\n\nb\n", Language::Nlq);
    let after = edited(&it, &it.reply_edit(0, "which?", "this"));
    assert_eq!(after.text(), "a\n\n```sql\nSELECT 1\n```\n\n> which?\nthis\n\nb\n");
    assert_eq!(after.prompts()[1].text, "b");
}

#[test]
fn an_edit_of_a_query_cannot_close_its_block() {
    let it = document("a\n\n```sql\nSELECT 1\n```\n", Language::Nlq);
    let edit = Edit { span: nlq_text::Span::new(7, 8), text: "'\n```\n'".into() };
    let after = edited(&it, &it.query_edit(0, &edit).unwrap());
    assert_eq!(answer(&after, 0), "SELECT '\n```\n'");
}
