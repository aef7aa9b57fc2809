//! `corsaudit completions` and `corsaudit man`: both read off the command line's declaration.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;
use corsaudit::exit::Exit;

use crate::cli::{Cli, nearest_command};
use crate::output::Output;
use crate::terminal::complain;

/// Prints the completions of a shell.
pub(crate) fn completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "corsaudit", &mut script);
    print(&script)
}

/// Prints the manual page of the program, or of a command.
pub(crate) fn man(command: Option<&str>) -> Exit {
    let mut program = Cli::command();
    // Names of commands in synopses are whole.
    program.build();
    let page = match command {
        None => program,
        Some(name) => match program.find_subcommand(name) {
            Some(command) => command.clone().version(env!("CARGO_PKG_VERSION")),
            None => {
                let hint = nearest_command(name)
                    .map(|near| format!("; did you mean {near}?"))
                    .unwrap_or_default();
                return complain(&format!("{name}: no command has this name{hint}"));
            }
        },
    };
    let mut roff = Vec::new();
    // Writing to memory does not fail.
    let written = clap_mangen::Man::new(page).render(&mut roff);
    match written {
        Ok(()) => print(&roff),
        Err(error) => complain(&error.to_string()),
    }
}

fn print(bytes: &[u8]) -> Exit {
    let mut out = Output::stdout(io::stdout());
    let written = out.write_all(bytes).and_then(|()| out.finish());
    crate::ended(written, Exit::Clean)
}
