//! Questions to a person at a terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use super::error::CliError;

/// True when a person sits at both ends.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// One line from the user; `default` when it is empty. The end of input is an error.
pub(super) fn line(question: &str, default: &str) -> Result<String, CliError> {
    let hint = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    let answer = read(&format!("{question}{hint}: "))?;
    Ok(if answer.is_empty() { default.to_owned() } else { answer })
}

/// Yes or no; no unless it is said.
pub(super) fn confirm(question: &str) -> Result<bool, CliError> {
    let answer = read(&format!("{question} [y/N]: "))?;
    Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
}

/// One of `count` numbered choices, from zero; none when the user only presses Enter.
pub(super) fn choose(question: &str, count: usize) -> Result<Option<usize>, CliError> {
    loop {
        let answer = read(&format!("{question} [1-{count}, Enter for none]: "))?;
        if answer.is_empty() {
            return Ok(None);
        }
        match answer.parse::<usize>() {
            Ok(number) if (1..=count).contains(&number) => return Ok(Some(number - 1)),
            _ => eprintln!("Please type a number from 1 to {count}."),
        }
    }
}

fn read(question: &str) -> Result<String, CliError> {
    let mut answer = String::new();
    eprint!("{question}");
    let read = io::stderr().flush().and_then(|()| io::stdin().lock().read_line(&mut answer));
    match read {
        Ok(0) => Err(CliError::Usage("the input ended before the question was answered".into())),
        Ok(_) => Ok(answer.trim().to_owned()),
        Err(error) => Err(CliError::Usage(format!("cannot read the answer: {error}"))),
    }
}
