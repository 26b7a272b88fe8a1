//! `nlq demo`: the first thing that a new user sees.

use crate::cli_support::Sandbox;

#[test]
fn the_demo_answers_its_questions_and_can_be_run_again() {
    let sandbox = Sandbox::new();
    let first = sandbox.ok(&["demo"]);
    for part in ["Confidence", "shop/dev accepts it", "Open it in an editor"] {
        assert!(first.stdout.contains(part), "no {part:?} in {first:#?}");
    }
    assert!(sandbox.path("nlq-demo/.nlq/schema/shop.dev.json").is_file());
    let (report, questions) = (sandbox.read("nlq-demo/report.sql"), sandbox.read("nlq-demo/questions.nlq"));
    assert!(report.contains("SELECT") && questions.contains("```sql"), "{report}\n{questions}");
    assert!(!sandbox.read("nlq-demo/report.py").contains("SELECT"), "left to the user to try");
    sandbox.ok(&["-w", "nlq-demo", "check"]);

    // What the user wrote since stays.
    let mine = format!("{report}\n-- mine\n");
    sandbox.write("nlq-demo/report.sql", &mine);
    let again = sandbox.ok(&["demo", "--no-run"]);
    assert!(!again.stdout.contains(" rows;"), "{again:#?}");
    assert_eq!(sandbox.read("nlq-demo/report.sql"), mine);
}

#[test]
fn the_demo_leaves_other_folders_and_changed_settings_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("mine/report.sql", "-- mine\n");
    sandbox.nlq(&["demo", "mine"]).refused(2, &["mine", "not empty"]);
    assert_eq!(sandbox.files().len(), 1);

    sandbox.ok(&["demo", "shop", "--no-run"]);
    let config = sandbox.read("shop/nlq.yaml").replace("shop.db", "other.db");
    sandbox.write("shop/nlq.yaml", &config);
    sandbox.nlq(&["demo", "shop"]).refused(1, &["nlq trust"]);
    assert_eq!(sandbox.read("shop/nlq.yaml"), config);
}
