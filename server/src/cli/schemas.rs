use super::{
    context::Context,
    error::{CliError, Exit},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Of which file
    file: File,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum File {
    /// nlq.yaml
    Config,
    /// *.annotations.yaml
    Annotations,
    /// .nlq/examples/*.yaml
    Examples,
    /// .nlq/prompts/*.yaml
    Prompt,
}

/// Prints the JSON Schema of a kind of file, for editors and linters that want it beside them.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let schema = match args.file {
        File::Config => nlq_config::config_schema(),
        File::Annotations => nlq_config::annotations_schema(),
        File::Examples => nlq_config::examples_schema(),
        File::Prompt => nlq_config::prompt_schema(),
    };
    context.out.line(format!("{schema:#}"))?;
    Ok(Exit::Clean)
}
