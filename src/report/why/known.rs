//! The facts that a verdict rests on: their values, how sure they are, and what says so.

use std::io;

use crate::exchange::{Client, Recorder, ResourceType};
use crate::fact::{Basis, Confidence, Fact};
use crate::redact;
use crate::report::wrap::Page;
use crate::rules::FetchView;

use super::COLUMN;

/// Writes the facts.
pub(super) fn write(view: FetchView<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let fetch = &view.judged.fetch;
    let origin = fact(&fetch.initiator_origin, |origin| {
        redact::url_text(origin.serialised()).into_owned()
    });
    page.labelled(2, "page", COLUMN, &origin)?;
    page.labelled(2, "mode", COLUMN, &fact(&fetch.mode, ToString::to_string))?;
    page.labelled(
        2,
        "credentials",
        COLUMN,
        &fact(&fetch.credentials, ToString::to_string),
    )?;
    if let Some(first) = fetch.first(view.capture) {
        if let Some(kind) = first.hints.resource_type {
            page.labelled(2, "loaded as", COLUMN, load(kind))?;
        }
        page.labelled(2, "browser", COLUMN, client(first.hints.client))?;
    }
    page.labelled(2, "recorder", COLUMN, recorder(view.capture.recorder))?;
    if view.capture.sanitized {
        let note =
            "The export was stripped of cookies and authorization; their absence proves nothing.";
        page.labelled(2, "", COLUMN, note)?;
    }
    Ok(())
}

fn fact<T>(fact: &Fact<T>, show: impl Fn(&T) -> String) -> String {
    let Some(value) = &fact.value else {
        return "not known: nothing in the recording tells".to_owned();
    };
    let sure = match fact.confidence {
        Confidence::Certain => "certain".to_owned(),
        other => format!("inferred, confidence {other}"),
    };
    format!("{} ({sure}: {})", show(value), basis(fact.basis))
}

fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::None => "nothing says so",
        Basis::OriginHeader => "the Origin header says so",
        Basis::PreflightOrigin => "the Origin of its preflight says so",
        Basis::SecFetchSite => "Sec-Fetch-Site says how the two origins are related",
        Basis::ServiceWorkerScript => {
            "Service-Worker: script is sent for a worker's own script alone"
        }
        Basis::InitiatorParser => "the HTML parser that asked worked on a document of that origin",
        Basis::PageUrl => "the entry belongs to a page of that origin",
        Basis::Referer => "the Referer header names it",
        Basis::LaterHop => "the Origin of a later hop of this fetch says so",
        Basis::SecFetchMode => "the Sec-Fetch-Mode header says so",
        Basis::PairedPreflight => "only mode cors has preflights, and there was one",
        Basis::WebSocketHandshake => "it is the handshake of a WebSocket",
        Basis::NoOrigin => {
            "all headers are there, and a cross-origin cors request would carry Origin"
        }
        Basis::OriginOnGet => "GET and HEAD carry Origin in mode cors alone",
        Basis::UnsafeForNoCors => "neither forms nor mode no-cors can send these headers",
        Basis::NavigationHeaders => "browsers put such headers on navigations",
        Basis::ResourceType => "the recorder names the kind of load",
        Basis::EmptiedResponse => "the answer arrived emptied, which happens in mode no-cors alone",
        Basis::CookieHeader => "the Cookie header shows it",
        Basis::HarCookies => "the recorder lists cookies that were sent",
        Basis::StorageAccess => "Sec-Fetch-Storage-Access is sent with credentials alone",
        Basis::AuthorizationWithoutPreflight => {
            "Authorization was sent and no preflight announced it, so the browser added it"
        }
        Basis::ScriptAuthorization => {
            "the script set Authorization itself, which says nothing of credentials"
        }
        Basis::ConnectionPartition => {
            "requests with and without credentials use separate connections, and this one shares its own"
        }
        Basis::JarCookieNotSent => {
            "a cookie of the recording would have been sent along, and was not"
        }
        Basis::Outcome => "no other value leads to the outcome that was recorded",
        Basis::SameEitherWay => "the verdict is the same for every value",
    }
}

fn load(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::Document => "a document",
        ResourceType::EventSource => "an EventSource",
        ResourceType::Fetch => "fetch()",
        ResourceType::Font => "a font",
        ResourceType::Image => "an image",
        ResourceType::Manifest => "a manifest",
        ResourceType::Media => "audio or video",
        ResourceType::Other => "something else",
        ResourceType::Ping => "a beacon or ping",
        ResourceType::Preflight => "a preflight",
        ResourceType::Script => "a script",
        ResourceType::Stylesheet => "a style sheet",
        ResourceType::TextTrack => "a text track",
        ResourceType::WebSocket => "a WebSocket",
        ResourceType::Xhr => "XMLHttpRequest",
    }
}

fn client(client: Client) -> &'static str {
    match client {
        Client::Chromium => "one on Chromium, by its User-Agent",
        Client::Firefox => "Firefox, by its User-Agent",
        Client::WebKit => "Safari or another on WebKit, by its User-Agent",
        Client::NotABrowser => "none: the User-Agent names another kind of program",
        Client::Unknown => "not known from the request",
    }
}

fn recorder(recorder: Recorder) -> &'static str {
    match recorder {
        Recorder::DevTools => "Chrome DevTools, or a tool on its protocol",
        Recorder::Playwright => {
            "Playwright, which drops preflights and the headers of blocked answers"
        }
        Recorder::Firefox => "Firefox's network monitor",
        Recorder::WebKit => "Safari's Web Inspector",
        Recorder::Mitmproxy => "mitmproxy",
        Recorder::Packets => "a packet capture",
        Recorder::Other => "not one whose habits are known",
    }
}
