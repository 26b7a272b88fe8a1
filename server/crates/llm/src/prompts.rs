use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use nlq_config::{PromptFile, Workspace, parse_prompt};
use nlq_text::{Diagnostic, Span, did_you_mean};
use sha2::{Digest, Sha256};

use crate::{
    Chat, LlmError, LlmErrorKind, Message, Rendered, Tool,
    template::{fill, variables},
};

/// Bytes of a prompt file at most: a model reads it whole with every question.
const MAX_FILE: u64 = 256 << 10;

/// Hex digits of a file's hash that tell its versions apart.
const VERSION: usize = 12;

/// nlq's own prompts.
const OWN: [&str; 7] = [
    include_str!("../prompts/select_tables.yaml"),
    include_str!("../prompts/generate_query.yaml"),
    include_str!("../prompts/repair_query.yaml"),
    include_str!("../prompts/clarify.yaml"),
    include_str!("../prompts/plan_steps.yaml"),
    include_str!("../prompts/combine_answer.yaml"),
    include_str!("../prompts/judge_query.yaml"),
];

/// The prompts of a workspace: nlq's own, and above them those of its `.nlq/prompts`.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompts {
    prompts: BTreeMap<String, Prompt>,
}

#[derive(Debug, Clone, PartialEq)]
struct Prompt {
    file: PromptFile,
    source: String,
    version: String,
}

/// What is wrong with a workspace's prompt file; nlq's own prompt stands in for it.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptProblem {
    /// The file.
    pub file: PathBuf,
    /// What is wrong, and where in the file.
    pub diagnostic: Diagnostic,
}

impl Default for Prompts {
    /// nlq's own.
    fn default() -> Self {
        static PARSED: LazyLock<Prompts> = LazyLock::new(|| {
            let own = OWN.iter().filter_map(|source| Some(Prompt::new(parse_prompt(source).value?, source)));
            Prompts { prompts: own.map(|prompt| (prompt.file.name.clone(), prompt)).collect() }
        });
        PARSED.clone()
    }
}

impl Prompts {
    /// nlq's own prompts with those of a workspace above them. Reads files: call it on a thread that may wait.
    pub fn load(workspace_root: Option<&Path>) -> (Self, Vec<PromptProblem>) {
        let (mut prompts, mut problems) = (Self::default(), Vec::new());
        for file in workspace_root.map(files).unwrap_or_default() {
            let diagnostics = match read(&file) {
                Ok(source) => prompts.put(&file, &source),
                Err(message) => vec![Diagnostic::error(Span::at(0), "unreadable-file", message)],
            };
            problems.extend(diagnostics.into_iter().map(|diagnostic| PromptProblem { file: file.clone(), diagnostic }));
        }
        (prompts, problems)
    }

    /// Everything wrong with the text of a workspace's prompt file, as an editor shows it while it is written.
    pub fn check(file: &Path, source: &str) -> Vec<Diagnostic> {
        Self::default().put(file, source)
    }

    /// The prompts' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.prompts.keys().map(String::as_str)
    }

    /// The variables that nlq fills in for the prompt of a file.
    pub fn variables_of(&self, file: &Path) -> Vec<&str> {
        let prompt = file.file_stem().and_then(|stem| self.prompts.get(stem.to_str()?));
        prompt.map(|prompt| prompt.variables().into_iter().collect()).unwrap_or_default()
    }

    /// Takes a workspace's prompt when nothing is wrong with it.
    fn put(&mut self, file: &Path, source: &str) -> Vec<Diagnostic> {
        let parsed = parse_prompt(source);
        let mut diagnostics = parsed.diagnostics;
        let Some(mut prompt) = parsed.value else { return diagnostics };
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let Some(own) = self.prompts.get(stem) else {
            let near = did_you_mean(stem, self.names());
            let names = self.names().collect::<Vec<_>>().join("`, `");
            let hint = near.map_or_else(|| format!("there are `{names}`"), |near| format!("did you mean `{near}`?"));
            let message = format!("nlq asks no prompt with this file's name: {hint}");
            diagnostics.push(Diagnostic::warning(Span::at(0), "unknown-prompt", message));
            return diagnostics;
        };
        if prompt.name != stem {
            let message = format!("`name` must be `{stem}`, as the file is called");
            diagnostics.push(Diagnostic::error(Span::at(0), "bad-name", message));
        }
        let known = own.variables();
        for (part, template) in [("system", &prompt.system), ("user", &prompt.user)] {
            let text = template.span.of(source);
            for (name, range) in variables(text).filter(|(name, _)| !known.contains(name)) {
                let place = Span::new(template.span.start + range.start, template.span.start + range.end);
                let names = known.iter().copied().collect::<Vec<_>>().join("`, `");
                let message =
                    format!("`{part}` asks for `{name}`, which nlq does not fill in here: there are `{names}`");
                diagnostics.push(Diagnostic::error(place, "unknown-variable", message));
            }
        }
        if diagnostics.is_empty() {
            prompt.output = prompt.output.or_else(|| own.file.output.clone());
            self.prompts.insert(stem.to_owned(), Prompt::new(prompt, source));
        }
        diagnostics
    }

    /// A prompt with its variables filled in.
    pub fn render(&self, name: &str, values: &[(&str, &str)]) -> Result<Rendered, LlmError> {
        let failed = |message| LlmError::new(LlmErrorKind::Configuration, message);
        let Some(Prompt { file, source, version }) = self.prompts.get(name) else {
            let names = self.names().collect::<Vec<_>>().join("`, `");
            return Err(failed(format!("there is no prompt `{name}`: there are `{names}`")));
        };
        let part = |template: &nlq_config::Template| {
            fill(&template.text, values).map_err(|missing| {
                let at =
                    variables(source).find(|(variable, _)| *variable == missing).map_or(0, |(_, range)| range.start);
                let line = source[..at].matches('\n').count() + 1;
                failed(format!(
                    "the prompt {name}.yaml, line {line}: nothing is filled in for `{missing}`; take it out"
                ))
            })
        };
        let (system, user) = (part(&file.system)?, part(&file.user)?);
        let tools = file.output.iter().map(|output| Tool {
            name: output.name.clone(),
            description: output.description.clone(),
            parameters: output.schema.clone(),
        });
        Ok(Rendered {
            name: name.to_owned(),
            version: version.clone(),
            profile: file.profile.clone(),
            chat: Chat {
                system,
                messages: vec![Message::user(user)],
                tools: tools.collect(),
                must_call: file.output.as_ref().map(|output| output.name.clone()),
                temperature: file.temperature,
                max_tokens: file.max_tokens.unwrap_or_default(),
            },
        })
    }
}

impl Prompt {
    fn new(file: PromptFile, source: &str) -> Self {
        let mut version = format!("{:x}", Sha256::digest(source.as_bytes()));
        version.truncate(VERSION);
        Self { file, source: source.to_owned(), version }
    }

    fn variables(&self) -> BTreeSet<&str> {
        let texts = [&self.file.system.text, &self.file.user.text];
        texts.into_iter().flat_map(|text| variables(text)).map(|(name, _)| name).collect()
    }
}

fn files(root: &Path) -> Vec<PathBuf> {
    Workspace { root: root.to_owned() }.prompt_files()
}

fn read(file: &Path) -> Result<String, String> {
    let size = fs::metadata(file).map(|metadata| metadata.len());
    match size.and_then(|size| if size > MAX_FILE { Ok(None) } else { fs::read_to_string(file).map(Some) }) {
        Ok(Some(source)) => Ok(source),
        Ok(None) => Err(format!("a prompt file has at most {} KiB: shorten it", MAX_FILE >> 10)),
        Err(error) => Err(format!("cannot read this prompt file: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[test]
    fn own_prompts_are_whole_and_ask_for_what_callers_fill_in() {
        for source in OWN {
            assert_eq!(parse_prompt(source).diagnostics, [], "{source}");
        }
        let prompts = Prompts::default();
        let shown = prompts.prompts.values().map(|prompt| {
            let output = prompt.file.output.as_ref().unwrap();
            let keys = output.schema["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            format!(
                "{} ({}) {:?} -> {} {keys:?}\n",
                prompt.file.name,
                prompt.file.profile,
                prompt.variables(),
                output.name
            )
        });
        expect![[r#"
            clarify (fast_validation) {"question", "readings", "schema"} -> clarification ["question", "options"]
            combine_answer (default) {"question", "results"} -> answer ["answer"]
            generate_query (high_accuracy) {"conversation", "dialect", "examples", "form", "hints", "question", "rules", "schema", "today"} -> query_answer ["query", "explanation", "confidence", "ambiguities", "unanswerable", "several_queries"]
            judge_query (fast_validation) {"query", "question", "result"} -> judgement ["answers_question", "problem"]
            plan_steps (default) {"connections", "conversation", "question", "today"} -> plan ["steps", "combine"]
            repair_query (high_accuracy) {"category", "error", "hints", "query"} -> query_answer ["query", "explanation", "confidence", "ambiguities", "unanswerable", "several_queries"]
            select_tables (fast_validation) {"question", "tables"} -> selected_tables ["tables", "reason"]
        "#]].assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn what_changes_from_question_to_question_stands_behind_what_does_not() {
        let prompts = Prompts::default();
        let values = ["dialect", "form", "rules", "schema", "examples", "question", "conversation", "hints", "today"]
            .map(|name| (name, "{{schema}}"));
        let rendered = prompts.render("generate_query", &values).unwrap();
        assert!(rendered.chat.system.ends_with("The schema:\n\n{{schema}}"));
        assert!(!rendered.chat.system.contains("question:\n{{schema}}"));
        assert!(rendered.chat.messages[0].text.ends_with("The question:\n{{schema}}"));
        assert_eq!((rendered.profile.as_str(), rendered.version.len()), ("high_accuracy", 12));
        assert_eq!(rendered.chat.must_call.as_deref(), Some("query_answer"));
        let missing = prompts.render("generate_query", &values[..4]).unwrap_err().message;
        assert!(missing.starts_with("the prompt generate_query.yaml, line "), "{missing}");
        assert!(missing.ends_with(": nothing is filled in for `today`; take it out"), "{missing}");
    }

    /// `line "text" [code] message` of everything wrong.
    fn check(name: &str, source: &str, expected: Expect) {
        let shown = Prompts::check(Path::new(name), source).into_iter().map(|found| {
            let line = source[..found.span.start].matches('\n').count();
            format!("{line} {:?} [{}] {}\n", found.span.of(source), found.code, found.message)
        });
        expected.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn a_workspace_changes_a_prompt_or_hears_what_is_wrong() {
        let good = "name: judge_query\nsystem: Be strict.\nuser: |\n  {{question}}\n  {{query}}\n  {{result}}\n";
        check("judge_query.yaml", good, expect![[r#""#]]);
        check(
            "judge_query.yaml",
            &good.replace("{{result}}", "{{rows}} {{ result }}"),
            expect![[r#"
            5 "{{rows}}" [unknown-variable] `user` asks for `rows`, which nlq does not fill in here: there are `query`, `question`, `result`
        "#]],
        );
        check(
            "judge_query.yaml",
            "name: judge\nsystem: ''\nuser: \"{{schema}} {{question}}\"",
            expect![[r#"
            1 "system" [missing-key] `system` is missing: it must be text
        "#]],
        );
        check(
            "juge_query.yaml",
            good,
            expect![[r#"
            0 "" [unknown-prompt] nlq asks no prompt with this file's name: did you mean `judge_query`?
        "#]],
        );
        check(
            "judge_query.yaml",
            "nme: x",
            expect![[r#"
            0 "nme" [unknown-key] `nme` is not a key here: did you mean `name`?
            0 "nme" [missing-key] `name` is missing: it must be a name of letters, digits, `_` and `-`
            0 "nme" [missing-key] `system` is missing: it must be text
            0 "nme" [missing-key] `user` is missing: it must be text
        "#]],
        );

        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(".nlq/prompts")).unwrap();
        fs::write(folder.path().join(".nlq/prompts").join("judge_query.yaml"), good).unwrap();
        fs::write(folder.path().join(".nlq/prompts").join("clarify.yaml"), "name: [").unwrap();
        let (prompts, problems) = Prompts::load(Some(folder.path()));
        assert_eq!(problems.len(), 1, "{problems:?}");
        let judged = prompts.render("judge_query", &[("question", "q"), ("query", "s"), ("result", "r")]).unwrap();
        assert_eq!((judged.chat.system.as_str(), judged.chat.messages[0].text.as_str()), ("Be strict.", "q\ns\nr"));
        assert_eq!(judged.chat.must_call.as_deref(), Some("judgement"));
        assert!(prompts.render("clarify", &[("schema", ""), ("question", ""), ("readings", "")]).is_ok());
    }
}
