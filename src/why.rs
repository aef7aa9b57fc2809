//! `corsaudit why`.

use std::sync::Arc;

use corsaudit::audit;
use corsaudit::exit::Exit;
use corsaudit::reader::{self, KeyLogs};
use corsaudit::redact;
use corsaudit::report::{self, NotOne};
use corsaudit::rules::FetchView;
use corsaudit::source::Source;

use crate::cli::{When, WhyArgs};
use crate::terminal::{complain, stdout, style, tell};

/// Tells the story of the fetch that is meant. An unreadable key log does not keep it from being told.
pub(crate) fn why(args: &WhyArgs, color: When) -> Exit {
    let KeyLogs {
        keylog,
        errors,
        notices,
    } = KeyLogs::read(&args.keylog);
    let mut exit = Exit::Clean;
    for error in &errors {
        exit = complain(&error.to_string());
    }
    let options = reader::Options {
        keylog: Arc::new(keylog),
        keeps_all: true,
        ..reader::Options::default()
    };
    let capture = match reader::read(&Source::path(&args.file), &options) {
        Ok(capture) => capture,
        Err(error) => return complain(&redact::text(&error.to_string())),
    };
    let fetches = audit::judge_capture(&capture, args.engine());
    let judged = match report::select(&capture, &fetches, &args.wanted()) {
        Ok(judged) => judged,
        Err(not_one) => {
            // What keeps a capture from being read is told where nothing was found in it.
            if not_one.matches.is_empty() {
                for notice in notices.iter().chain(&capture.notices) {
                    tell(&format!(
                        "{}: {}",
                        notice.file,
                        redact::text(&notice.message)
                    ));
                }
            }
            return refuse(&not_one);
        }
    };
    let style = style(color, true);
    let mut out = stdout(style.color);
    let view = FetchView {
        capture: &capture,
        judged,
    };
    let written = report::why(view, &style, &mut out).and_then(|()| out.finish());
    crate::ended(written, exit)
}

fn refuse(not_one: &NotOne) -> Exit {
    let exit = complain(&not_one.to_string());
    for line in &not_one.matches {
        tell(line);
    }
    exit
}
