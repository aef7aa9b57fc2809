//! What went over the wire, hop by hop, as far as CORS reads it.

use std::io;

use crate::exchange::{Exchange, Outcome};
use crate::header::HeaderList;
use crate::pairing::PreflightLink;
use crate::redact;
use crate::report::text;
use crate::report::wrap::Page;
use crate::rules::FetchView;

/// Request lines worth a look, beside `Access-Control-*`.
const REQUEST: &[&str] = &[
    "origin",
    "referer",
    "cookie",
    "authorization",
    "content-type",
    "range",
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-dest",
    "sec-fetch-storage-access",
    "x-requested-with",
];

/// Response lines worth a look, beside `Access-Control-*`, `Cross-Origin-*`.
const RESPONSE: &[&str] = &[
    "location",
    "vary",
    "timing-allow-origin",
    "content-type",
    "x-content-type-options",
    "set-cookie",
    "cache-control",
    "age",
];

/// Writes every message of the fetch.
pub(super) fn write(view: FetchView<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let at = |index: u32| view.capture.exchanges.get(index as usize);
    let mut first = true;
    for (number, hop) in view.judged.fetch.hops.iter().enumerate() {
        let redirected = if number > 0 { "redirected: " } else { "" };
        let (preflight, is_cached) = match hop.preflight {
            PreflightLink::Recorded(index) => (at(index), false),
            PreflightLink::Cached(index) => (at(index), true),
            PreflightLink::None => (None, false),
        };
        for (exchange, what) in [
            (
                preflight,
                if is_cached {
                    "preflight, its answer kept from before"
                } else {
                    "preflight"
                },
            ),
            (hop.exchange.and_then(at), "request"),
        ] {
            let Some(exchange) = exchange else { continue };
            if !first {
                page.gap()?;
            }
            first = false;
            let title = format!("{redirected}{what}, {}", text::locus(&exchange.locus));
            one(exchange, &title, page)?;
        }
        if hop.exchange.is_none() {
            page.gap()?;
            page.text(2, "The request that was to follow is not in the recording.")?;
        }
    }
    Ok(())
}

fn one(exchange: &Exchange, title: &str, page: &mut Page<'_>) -> io::Result<()> {
    page.text(2, title)?;
    let request = &exchange.request;
    page.labelled(
        4,
        ">",
        2,
        &format!(
            "{} {}",
            redact::text(request.method.as_str()),
            redact::url(&request.url)
        ),
    )?;
    lines(&request.headers, ">", REQUEST, page)?;
    if !request.headers_complete {
        page.text(4, "(the recorder did not see all request headers)")?;
    }
    match &exchange.outcome {
        Outcome::Response(response) => {
            page.labelled(4, "<", 2, &response.status.to_string())?;
            lines(&response.headers, "<", RESPONSE, page)?;
        }
        Outcome::NoResponse => page.labelled(4, "<", 2, "(no response)")?,
        Outcome::NotRecorded => {
            page.labelled(4, "<", 2, "(the response is not in the recording)")?
        }
    }
    let hints = &exchange.hints;
    if let Some(error) = hints.error.as_deref() {
        page.text(4, &format!("(the recorder says {})", redact::text(error)))?;
    }
    for (holds, said) in [
        (hints.from_cache, "(answered by the HTTP cache)"),
        (hints.via_service_worker, "(answered by a service worker)"),
    ] {
        if holds {
            page.text(4, said)?;
        }
    }
    Ok(())
}

fn lines(headers: &HeaderList, mark: &str, worth: &[&str], page: &mut Page<'_>) -> io::Result<()> {
    for (name, value) in headers.iter() {
        let name = String::from_utf8_lossy(name);
        let lower = name.to_ascii_lowercase();
        let shown = worth.contains(&lower.as_str())
            || lower.starts_with("access-control-")
            || lower.starts_with("cross-origin-");
        if shown {
            let line = format!(
                "{}: {}",
                redact::text(&name),
                redact::header_value(&name, value)
            );
            page.labelled(4, mark, 2, &line)?;
        }
    }
    Ok(())
}
