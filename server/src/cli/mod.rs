//! The command line.

use std::process::ExitCode;

/// Reads the arguments and runs what they ask for.
pub(crate) fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("the runtime starts");
    match runtime.block_on(crate::lsp::serve()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nlq: {error:#}");
            ExitCode::FAILURE
        }
    }
}
