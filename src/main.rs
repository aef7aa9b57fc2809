//! The `corsaudit` command: reads the command line, calls the library, chooses the exit code.

mod cli;
mod companions;
mod export;
mod interrupt;
mod lookup;
mod manual;
mod output;
mod progress;
mod terminal;
mod why;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;
use corsaudit::audit;
use corsaudit::error::{Error, ErrorKind};
use corsaudit::exit::Exit;
use corsaudit::inputs::Inputs;
use corsaudit::redact;
use corsaudit::report::{self, Format, Style};

use cli::{AuditArgs, Cli, Command, When, nearest_command};
use output::Output;
use progress::Progress;
use terminal::{complain, stdout, style};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let exit = match &cli.command {
        None => audit(&cli.audit, cli.color),
        Some(Command::Explain { name }) => lookup::explain(name, cli.color),
        Some(Command::Export {
            capture,
            keylog,
            output,
        }) => export::export(capture, keylog, output.as_deref()),
        Some(Command::Completions { shell }) => manual::completions(*shell),
        Some(Command::Man { command }) => manual::man(command.as_deref()),
        Some(Command::Rules { report }) => lookup::rules(*report, cli.color),
        Some(Command::Why(args)) => why::why(args, cli.color),
    };
    ExitCode::from(exit.code())
}

fn audit(args: &AuditArgs, color: When) -> Exit {
    if args.inputs.is_empty() && args.evidence.is_empty() {
        let hint = if io::stdin().is_terminal() {
            "name a recording (corsaudit shop.har) or a folder; --help tells more"
        } else {
            "pass - to read a recording from standard input; --help tells more"
        };
        return complain(&format!("no INPUT given: {hint}"));
    }
    let (options, fail_on) = match companions::read(args) {
        Ok(read) => read,
        Err(error) => return complain(&error),
    };
    let inputs = Inputs::collect(&args.inputs);
    let progress = Progress::start(&inputs, args.progress);
    let audit = audit::run_metered(inputs, &options, progress.meter());
    progress.finish();
    for error in &audit.errors {
        let hint = match nearest_command(&error.input) {
            Some(command) if is_missing(error) => format!("; did you mean the command {command}?"),
            _ => String::new(),
        };
        complain(&format!(
            "{}: {}{hint}",
            error.input,
            redact::text(&error.kind.to_string())
        ));
    }
    let exit = Exit::of(&audit, fail_on);
    let style = Style {
        fail_on,
        ..style(color, args.output.is_none())
    };
    let written = match &args.output {
        Some(path) => Output::file(path)
            .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display()))),
        None if args.report == Format::Text => Ok(stdout(style.color)),
        None => Ok(Output::stdout(io::stdout())),
    }
    .and_then(|mut out| {
        report::write(&audit, args.report, &style, &mut out).and_then(|()| out.finish())
    })
    .and_then(|()| companions::write(args, &audit));
    ended(written, exit)
}

fn is_missing(error: &Error) -> bool {
    matches!(&error.kind, ErrorKind::Io(error) if error.kind() == io::ErrorKind::NotFound)
}

/// A reader that went away has seen enough; any other trouble with the report is told.
fn ended(written: io::Result<()>, exit: Exit) -> Exit {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => complain(&error.to_string()),
        _ => exit,
    }
}
