//! nlq: plain questions become checked queries. The command line and the language server over one engine.

mod cli;
mod lsp;
mod session;

fn main() -> std::process::ExitCode {
    cli::main()
}
