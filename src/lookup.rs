//! `corsaudit explain` and `corsaudit rules`.

use std::io::{self, IsTerminal};

use corsaudit::exit::Exit;
use corsaudit::report::{self, Style};

use crate::cli::{ListFormat, When};
use crate::output::Output;
use crate::terminal::{complain, stdout, style};

/// Prints the page about a rule, a verdict code or a browser's error.
pub(crate) fn explain(name: &str, color: When) -> Exit {
    let style = style(color, true);
    let mut out = stdout(style.color);
    match report::explain(name, &style, &mut out) {
        Ok(written) => crate::ended(written.and_then(|()| out.finish()), Exit::Clean),
        Err(unknown) => complain(&unknown.to_string()),
    }
}

/// Lists the rules.
pub(crate) fn rules(format: ListFormat, color: When) -> Exit {
    let mut out = Output::stdout(io::stdout());
    let written = match format {
        ListFormat::Text => report::list_text(&list_style(color), &mut out),
        ListFormat::Json => report::list_json(&mut out),
    };
    crate::ended(written.and_then(|()| out.finish()), Exit::Clean)
}

/// A list for a program that reads has no width.
fn list_style(color: When) -> Style {
    let style = style(color, true);
    let width = if io::stdout().is_terminal() {
        style.width
    } else {
        usize::MAX
    };
    Style { width, ..style }
}
