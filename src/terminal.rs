//! Standard output and standard error: their width, their colours, messages.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use corsaudit::exit::Exit;
use corsaudit::redact;
use corsaudit::report::Style;

use crate::cli::When;
use crate::output::Output;

/// How a text report looks on standard output, or in a file.
pub(crate) fn style(color: When, to_stdout: bool) -> Style {
    let color = match color {
        When::Always => true,
        When::Never => false,
        When::Auto => to_stdout && AutoStream::choice(&io::stdout()) != ColorChoice::Never,
    };
    let terminal = if to_stdout {
        terminal_size::terminal_size_of(io::stdout())
    } else {
        None
    };
    let width = terminal.map_or(Style::default().width, |(width, _)| width.0.into());
    Style {
        width,
        color,
        hyperlinks: color
            && to_stdout
            && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout),
        ..Style::default()
    }
}

/// Standard output with colours, or with those removed that slipped in.
pub(crate) fn stdout(color: bool) -> Output {
    let choice = if color {
        ColorChoice::Always
    } else {
        ColorChoice::Never
    };
    Output::stdout(AutoStream::new(io::stdout(), choice))
}

/// Says on standard error why something was not audited. The message holds no secrets.
pub(crate) fn complain(message: &str) -> Exit {
    tell(message);
    Exit::NotAudited
}

/// Says something on standard error; what a terminal would obey is escaped.
pub(crate) fn tell(message: &str) {
    // Nobody is left to be told when standard error is closed.
    let _ = writeln!(
        io::stderr().lock(),
        "corsaudit: {}",
        redact::printable(message)
    );
}
