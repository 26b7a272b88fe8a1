//! Host languages: where prompts and answers stand, and how answers are written.

mod common;

use common::*;
use expect_test::{Expect, expect};
use nlq_syntax::{Document, Language};

/// A small program of every language with a prompt that has no answer yet.
const FIXTURES: &[(Language, &str)] = &[
    (Language::Python, "def größe():\n    # nlq(shop/dev): top größte Städte 💣\n    # je Land\n    run(q)\n"),
    (Language::Rust, "fn main() {\n    // nlq: top größte Städte 💣\n    println!(\"ä\");\n}\n"),
    (Language::JavaScript, "function f() {\n  // nlq: top größte Städte 💣\n  return 'ä';\n}\n"),
    (Language::TypeScript, "const ä: string = 'ß';\n/* nlq: top größte Städte 💣 */\n"),
    (Language::Tsx, "const A = () => <b>ä</b>;\n// nlq: top größte Städte 💣\nconst x = A;\n"),
    (Language::Go, "package main\n\nfunc main() {\n\t// nlq: top größte Städte 💣\n\tprintln(\"ä\")\n}\n"),
    (Language::Java, "class A {\n    void f() {\n        // nlq: top größte Städte 💣\n        g(\"ä\");\n    }\n}\n"),
    (
        Language::CSharp,
        "class A {\n    void F() {\n        // nlq: top größte Städte 💣\n        G(\"ä\");\n    }\n}\n",
    ),
    (Language::Ruby, "def f\n  # nlq: top größte Städte 💣\n  puts 'ä'\nend\n"),
    (Language::Php, "<?php\nfunction f() {\n    // nlq: top größte Städte 💣\n    echo 'ä';\n}\n"),
    (Language::Bash, "f() {\n  # nlq: top größte Städte 💣\n  echo \"ä\"\n}\n"),
    (Language::Lua, "local function f()\n  -- nlq: top größte Städte 💣\n  print(\"ä\")\nend\n"),
    (Language::C, "int main(void) {\n    // nlq: top größte Städte 💣\n    puts(\"ä\");\n}\n"),
    (Language::Cpp, "int main() {\n    // nlq: top größte Städte 💣\n    puts(\"ä\");\n}\n"),
    (Language::Yaml, "queries:\n  # nlq: top größte Städte 💣\n  ä: ß\n"),
];

fn eols(text: &str) -> [String; 2] {
    [text.to_owned(), text.replace('\n', "\r\n")]
}

#[test]
fn every_language_round_trips_every_query() {
    let queries = [
        HOSTILE,
        "SELECT 1",
        "SELECT 'two\nlines'\n    FROM ß",
        "SELECT \"\"\"\", '\\'",
        "WITH a AS (SELECT '`')\nSELECT 1",
    ];
    for (language, text) in FIXTURES {
        for text in eols(text) {
            let before = document(&text, *language);
            assert_eq!(before.prompts().len(), 1, "{language:?}");
            assert!(before.prompts()[0].text.starts_with("top größte Städte 💣"), "{language:?}");
            assert_eq!(before.prompts()[0].answer, None, "{language:?}");
            for query in queries {
                round_trip(&before, 0, query);
            }
        }
    }
}

fn inserted(language: Language, text: &str, expected: Expect) {
    let before = document(text, language);
    let after = edited(&before, &before.answer_edit(0, "SELECT \"n\", '\\d'\nFROM t;", "sql"));
    assert_eq!(answer(&after, 0), "SELECT \"n\", '\\d'\nFROM t");
    expected.assert_eq(after.text());
}

#[test]
fn answers_have_the_languages_own_form() {
    for (language, text, expected) in forms() {
        inserted(language, text, expected);
    }
}

fn forms() -> Vec<(Language, &'static str, Expect)> {
    vec![
        (
            Language::Python,
            "if x:\n    # nlq: top cities\n    pass\n",
            expect![[r#"
            if x:
                # nlq: top cities
                top_cities = r"""
                SELECT "n", '\d'
                FROM t
                """
                pass
        "#]],
        ),
        (
            Language::Rust,
            "// nlq: top cities\nfn main() {}\n",
            expect![[r##"
            // nlq: top cities
            const TOP_CITIES: &str = r#"
            SELECT "n", '\d'
            FROM t
            "#;
            fn main() {}
        "##]],
        ),
        (
            Language::Rust,
            "fn main() {\n    // nlq: top cities\n}\n",
            expect![[r##"
            fn main() {
                // nlq: top cities
                let top_cities = r#"
                SELECT "n", '\d'
                FROM t
                "#;
            }
        "##]],
        ),
        (
            Language::JavaScript,
            "class A {\n  // nlq: top cities\n}\n",
            expect![[r#"
            class A {
              // nlq: top cities
              topCities = `
              SELECT "n", '\\d'
              FROM t
              `;
            }
        "#]],
        ),
        (
            Language::TypeScript,
            "// nlq: top cities\n",
            expect![[r#"
            // nlq: top cities
            const topCities = `
            SELECT "n", '\\d'
            FROM t
            `;
        "#]],
        ),
        (
            Language::Go,
            "package a\n\n// nlq: top cities\n",
            expect![[r#"
            package a

            // nlq: top cities
            const topCities = `
            SELECT "n", '\d'
            FROM t
            `
        "#]],
        ),
        (
            Language::Java,
            "class A {\n  // nlq: top cities\n}\n",
            expect![[r#"
            class A {
              // nlq: top cities
              static final String TOP_CITIES = """
              SELECT "n", '\\d'
              FROM t
              """;
            }
        "#]],
        ),
        (
            Language::CSharp,
            "class A {\n  // nlq: top cities\n}\n",
            expect![[r#"
            class A {
              // nlq: top cities
              const string TopCities = @"
              SELECT ""n"", '\d'
              FROM t
              ";
            }
        "#]],
        ),
        (
            Language::Ruby,
            "class A\n  # nlq: top cities\n  x\nend\n",
            expect![[r#"
            class A
              # nlq: top cities
              TOP_CITIES = <<~'SQL'
              SELECT "n", '\d'
              FROM t
              SQL
              x
            end
        "#]],
        ),
        (
            Language::Php,
            "<?php\n// nlq: top cities\n",
            expect![[r#"
            <?php
            // nlq: top cities
            $topCities = <<<'SQL'
            SELECT "n", '\d'
            FROM t
            SQL;
        "#]],
        ),
        (
            Language::Bash,
            "# nlq: top cities\n",
            expect![[r#"
            # nlq: top cities
            top_cities="
            SELECT \"n\", '\\d'
            FROM t
            "
        "#]],
        ),
        (
            Language::Lua,
            "-- nlq: top cities\n",
            expect![[r#"
            -- nlq: top cities
            local top_cities = [[
            SELECT "n", '\d'
            FROM t
            ]]
        "#]],
        ),
        (
            Language::C,
            "// nlq: top cities\n",
            expect![[r#"
            // nlq: top cities
            const char *top_cities =
                "SELECT \"n\", '\\d'\n"
                "FROM t";
        "#]],
        ),
        (
            Language::Cpp,
            "// nlq: top cities\n",
            expect![[r#"
                  // nlq: top cities
                  const char* top_cities = R"sql(
                  SELECT "n", '\d'
                  FROM t
                  )sql";
            "#]],
        ),
        (
            Language::Yaml,
            "a:\n  # nlq: top cities\n  b: 1\n",
            expect![[r#"
            a:
              # nlq: top cities
              top_cities: |-
                SELECT "n", '\d'
                FROM t
              b: 1
        "#]],
        ),
        (
            Language::Python,
            "run(\n    # nlq: top cities\n)\n",
            expect![[r#"
            run(
                # nlq: top cities
                r"""
                SELECT "n", '\d'
                FROM t
                """,
            )
        "#]],
        ),
    ]
}

/// What the answer of the first prompt reads as; none when there is no answer.
fn read(language: Language, text: &str) -> Option<String> {
    let document: Document = document(text, language);
    let prompt = &document.prompts()[0];
    prompt.answer.map(|index| document.queries()[index].text.clone())
}

#[test]
fn literals_are_read_in_all_their_forms() {
    let cases: &[(Language, &str, &str)] = &[
        (Language::Python, "# nlq: a\nq = f'SELECT {a.b[0]} {{x}} \\u00e4'", "SELECT {{a_b_0}} {x} ä"),
        (Language::Python, "# nlq: a\ndb.execute('name', r\"\"\"SELECT \\d\"\"\", [1])", "SELECT \\d"),
        (Language::Python, "# nlq: a\nq = ('SELECT a '\n     'FROM t')", "SELECT a FROM t"),
        (Language::Python, "# nlq: a\nq = 'SELECT ' + col + ' FROM t'", "SELECT {{col}} FROM t"),
        (Language::Rust, "// nlq: a\nconst A: &str = \"SELECT \\u{e4} \\\n    FROM t\";", "SELECT ä FROM t"),
        (Language::JavaScript, "// nlq: a\nconst r = await db.query(`SELECT ${a} \\`x\\``);", "SELECT {{a}} `x`"),
        (Language::TypeScript, "// nlq: a\nlet x: string = 'SELECT \\uD83D\\uDCA3';", "SELECT 💣"),
        (Language::Go, "package a\n// nlq: a\nvar q = \"SELECT \\\"a\\\" \" +\n\t`FROM t`", "SELECT \"a\" FROM t"),
        (Language::Java, "class A {\n  // nlq: a\n  String q = \"SELECT 'ä' \" + x;\n}", "SELECT 'ä' {{x}}"),
        (Language::CSharp, "class A {\n  // nlq: a\n  string q = $@\"SELECT \"\"a\"\" {x}\";\n}", "SELECT \"a\" {{x}}"),
        (
            Language::CSharp,
            "class A {\n  // nlq: a\n  string q = \"\"\"\n    SELECT \"a\"\n      FROM t\n    \"\"\";\n}",
            "SELECT \"a\"\n  FROM t",
        ),
        (Language::Ruby, "# nlq: a\nq = <<~SQL.strip\n  SELECT #{x}\n    FROM t\nSQL\n", "SELECT {{x}}\n  FROM t"),
        (Language::Ruby, "# nlq: a\nq = 'SELECT \\'a\\' \\n'", "SELECT 'a' \\n"),
        (Language::Php, "<?php\n// nlq: a\n$q = \"SELECT $a {$b->c}\";", "SELECT {{a}} {{b_c}}"),
        (Language::Php, "<?php\n// nlq: a\n$q = <<<SQL\n  SELECT \\$x\n  SQL;", "SELECT $x"),
        (Language::Bash, "# nlq: a\nq=\"SELECT \\\"a\\\" $x ${y}\"", "SELECT \"a\" {{x}} {{y}}"),
        (Language::Bash, "# nlq: a\npsql -c 'SELECT 1'", "SELECT 1"),
        (Language::Lua, "-- nlq: a\nlocal q = \"SELECT \\228\"", "SELECT ä"),
        (Language::C, "// nlq: a\nconst char *q =\n  \"SELECT a\\n\"\n  \"FROM t\";", "SELECT a\nFROM t"),
        (Language::Cpp, "// nlq: a\nauto q = u8R\"x(SELECT \")\")x\";", "SELECT \")\""),
        (Language::Yaml, "# nlq: a\nq: >-\n  SELECT ä\n  FROM t\n", "SELECT ä\nFROM t"),
        (Language::Yaml, "# nlq: a\nq: SELECT 1\nb: 2\n", "SELECT 1"),
        (Language::Yaml, "a:\n  # nlq: a\n  q: 'SELECT ''x'''\n", "SELECT 'x'"),
    ];
    for (language, text, expected) in cases {
        for text in eols(text) {
            assert_eq!(read(*language, &text).as_deref(), Some(*expected), "{language:?} {text}");
            round_trip(&document(&text, *language), 0, HOSTILE);
            round_trip(&document(&text, *language), 0, "SELECT 3");
        }
    }
}

#[test]
fn other_code_below_a_prompt_is_no_answer() {
    for (language, text) in [
        (Language::Python, "# nlq: a\nx = 1\nq = 'SELECT 1'\n"),
        (Language::Python, "# nlq: a\ntitle = 'Top ten'\n"),
        (Language::Python, "# nlq: a\ndef f():\n    q = 'SELECT 1'\n"),
        (Language::Python, "# nlq: a\n\n# the old report\nq = 'SELECT 1'\n"),
        (Language::Rust, "// nlq: a\nfn f() { g(\"SELECT 1\"); }\n"),
        (Language::JavaScript, "// nlq: a\nfoo(() => { q = 'SELECT 1'; });\n"),
        (Language::Go, "package a\n// nlq: a\nvar x = 1\nvar y = \"SELECT 1\"\n"),
        (Language::Java, "class A {\n  // nlq: a\n  int x;\n  String q = \"SELECT 1\";\n}"),
        (Language::Ruby, "# nlq: a\nfoo do\n  q = 'SELECT 1'\nend\n"),
        (Language::Bash, "# nlq: a\nf() {\n  q='SELECT 1'\n}\n"),
        (Language::Lua, "-- nlq: a\nfunction f()\n  q = 'SELECT 1'\nend\n"),
        (Language::Yaml, "# nlq: a\nx: 1\nq: SELECT 1\n"),
        (Language::Yaml, "# nlq: a\nx:\n  q: SELECT 1\n"),
        (Language::Cpp, "// nlq: a\nvoid f() { g(\"SELECT 1\"); }\n"),
        (Language::CSharp, "class A {\n  // nlq: a\n  void F() { G(\"SELECT 1\"); }\n}\n"),
        (Language::Php, "<?php\n// nlq: a\nfunction f() { g('SELECT 1'); }\n"),
    ] {
        assert_eq!(read(language, text), None, "{language:?} {text}");
    }
}

#[test]
fn ignored_codes_and_directives_work_in_every_comment() {
    let text = "# nlq-file: connection=shop/dev\n# nlq: a\n# nlq-ignore: fan-out\nq = 'SELECT 1'\n";
    let it = document(text, Language::Python);
    assert_eq!(it.queries()[0].ignored, ["fan-out"]);
    assert_eq!(it.prompts()[0].connection.as_ref().unwrap().name, "shop/dev");
}
