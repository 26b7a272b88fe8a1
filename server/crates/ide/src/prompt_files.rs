//! Features of a workspace's own prompts: `.nlq/prompts/*.yaml`.

use std::path::Path;

use nlq_llm::Prompts;
use nlq_text::{Diagnostic, Span};

use crate::{CompletionItem, CompletionItemKind, Hover, WorkspaceView, workspace_files::item};

/// Everything to say about the text of a prompt file.
pub fn prompt_file_diagnostics(text: &str, path: &Path) -> Vec<Diagnostic> {
    Prompts::check(path, text)
}

/// What could stand at `offset` of a prompt file: keys, model profiles; inside `{{` the variables that nlq fills in.
pub fn prompt_file_completions(
    text: &str,
    offset: usize,
    path: &Path,
    workspace: &WorkspaceView,
) -> Vec<CompletionItem> {
    let before = text.get(..offset).unwrap_or_default();
    let Some(open) = before.rfind("{{").filter(|open| !before[*open..].contains(['}', '\n'])) else {
        return nlq_config::prompt_completions(text, offset, &workspace.config).into_iter().map(item).collect();
    };
    let start = open + 2;
    let closed = text[offset..].starts_with("}}");
    let variables = Prompts::default();
    let offer = |name: &str| CompletionItem {
        label: name.to_owned(),
        insert: if closed { name.to_owned() } else { format!("{name}}}}}") },
        span: Span::new(start, offset),
        kind: CompletionItemKind::Value,
        detail: String::new(),
        documentation: Some("nlq fills it in.".into()),
        rank: 0,
    };
    variables.variables_of(path).into_iter().map(offer).collect()
}

/// What the key at `offset` of a prompt file means.
pub fn prompt_file_hover(text: &str, offset: usize) -> Option<Hover> {
    let (span, markdown) = nlq_config::prompt_hover(text, offset)?;
    Some(Hover { span, markdown })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const PATH: &str = ".nlq/prompts/judge_query.yaml";

    fn offered(text: &str) -> String {
        let offset = text.find("$0").unwrap();
        let text = text.replacen("$0", "", 1);
        let offers = prompt_file_completions(&text, offset, Path::new(PATH), &WorkspaceView::default());
        let shown = offers.iter().map(|offer| format!("{:?}->{}", offer.span.of(&text), offer.insert));
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn keys_and_variables_are_offered_and_explained() {
        expect![[
            r#"""->description:  ""->profile:  ""->system:  ""->user:  ""->temperature:  ""->max_tokens:  ""->output:"#
        ]]
        .assert_eq(offered("name: judge_query\n$0").trim_end());
        expect![[r#""qu"->query}} "qu"->question}} "qu"->result}}"#]]
            .assert_eq(&offered("name: judge_query\nuser: |\n  {{qu$0"));
        expect![[r#"""->query ""->question ""->result"#]]
            .assert_eq(&offered("name: judge_query\nuser: |\n  {{question}} {{$0}}"));
        let hover = prompt_file_hover("profile: fast_validation", 3).unwrap();
        assert!(hover.markdown.contains("model profile"), "{}", hover.markdown);
    }

    #[test]
    fn a_variable_that_is_not_filled_in_is_shown() {
        let text = "name: judge_query\nsystem: Be strict.\nuser: '{{question}} {{rows}}'\n";
        let found = prompt_file_diagnostics(text, Path::new(PATH));
        assert_eq!(
            found.iter().map(|found| (found.code, found.span.of(text))).collect::<Vec<_>>(),
            [("unknown-variable", "{{rows}}")]
        );
    }
}
