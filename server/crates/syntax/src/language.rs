use std::path::Path;

/// A kind of file in which prompts live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Language {
    Nlq,
    Sql,
    Spl,
    Python,
    Rust,
    JavaScript,
    TypeScript,
    Tsx,
    Go,
    Java,
    CSharp,
    Ruby,
    Php,
    Bash,
    Lua,
    C,
    Cpp,
    Yaml,
}

/// Language, name for people, identifiers that editors use, file extensions.
type Row = (Language, &'static str, &'static [&'static str], &'static [&'static str]);

const TABLE: &[Row] = &[
    (Language::Nlq, "nlq", &["nlq"], &["nlq"]),
    (
        Language::Sql,
        "SQL",
        &[
            "sql",
            "postgres",
            "postgresql",
            "pgsql",
            "plpgsql",
            "mysql",
            "sqlite",
            "plsql",
            "spanner-sql",
            "snowflake-sql",
        ],
        &["sql", "psql", "pgsql", "ddl", "dml"],
    ),
    (Language::Spl, "SPL", &["spl", "splunk", "splunk-spl"], &["spl"]),
    (Language::Python, "Python", &["python"], &["py", "pyi", "pyw"]),
    (Language::Rust, "Rust", &["rust"], &["rs"]),
    (
        Language::JavaScript,
        "JavaScript",
        &["javascript", "javascriptreact", "javascript.jsx"],
        &["js", "mjs", "cjs", "jsx"],
    ),
    (Language::TypeScript, "TypeScript", &["typescript"], &["ts", "mts", "cts"]),
    (Language::Tsx, "TSX", &["typescriptreact", "typescript.tsx", "tsx"], &["tsx"]),
    (Language::Go, "Go", &["go"], &["go"]),
    (Language::Java, "Java", &["java"], &["java"]),
    (Language::CSharp, "C#", &["csharp", "cs"], &["cs", "csx"]),
    (Language::Ruby, "Ruby", &["ruby", "eruby"], &["rb", "rake", "gemspec"]),
    (Language::Php, "PHP", &["php"], &["php", "phtml"]),
    (Language::Bash, "Bash", &["shellscript", "sh", "bash", "zsh"], &["sh", "bash", "zsh"]),
    (Language::Lua, "Lua", &["lua"], &["lua"]),
    (Language::C, "C", &["c"], &["c", "h"]),
    (Language::Cpp, "C++", &["cpp", "c++"], &["cpp", "cc", "cxx", "hpp", "hh", "hxx"]),
    (Language::Yaml, "YAML", &["yaml", "yml", "dockercompose", "github-actions-workflow"], &["yaml", "yml"]),
];

impl Language {
    /// By the editor's language identifier (`typescriptreact`, `shellscript`, ...).
    pub fn from_id(id: &str) -> Option<Self> {
        let id = id.to_ascii_lowercase();
        TABLE.iter().find(|row| row.2.contains(&id.as_str())).map(|row| row.0)
    }

    /// By file name.
    pub fn from_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        TABLE.iter().find(|row| row.3.contains(&extension.as_str())).map(|row| row.0)
    }

    /// As people write it: `C#`, `TypeScript`.
    pub fn name(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_identifiers_and_file_names_are_known() {
        for id in ["sh", "bash", "shellscript"] {
            assert_eq!(Language::from_id(id), Some(Language::Bash));
        }
        assert_eq!(Language::from_id("cs"), Some(Language::CSharp));
        assert_eq!(Language::from_id("typescriptreact"), Some(Language::Tsx));
        assert_eq!(Language::from_id("javascriptreact"), Some(Language::JavaScript));
        assert_eq!(Language::from_id("plaintext"), None);
        assert_eq!(Language::from_path(Path::new("/a/B.SQL")), Some(Language::Sql));
        assert_eq!(Language::from_path(Path::new("Makefile")), None);
        assert_eq!(Language::CSharp.name(), "C#");
    }
}
