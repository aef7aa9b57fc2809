//! What browsers say of a blocked or failed fetch: error names and console sentences, with real values.
//!
//! The sentences are literals that people search for. Those of Chromium and Firefox were read off recorded consoles;
//! WebKit's come from its source.

mod chromium;
mod firefox;
mod webkit;

use std::borrow::Cow;

pub(super) use chromium::error_name as chromium_error_name;
pub(super) use firefox::category as firefox_category;

use super::fetch::{Answer, Fetch, Preflight};
use super::procedure::{Evaluation, evaluate};
use super::trace::{Trace, Value};
use super::verdict::{Class, Code, Engine, Phase};
use crate::url::Url;

/// Kinds of load, as far as messages name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoadKind {
    /// `fetch()`.
    Fetch,
    /// `XMLHttpRequest`.
    Xhr,
    /// A script, classic or module.
    Script,
    /// A font.
    Font,
    /// An image.
    Image,
    /// A style sheet.
    Stylesheet,
    /// A web application manifest.
    Manifest,
    /// `EventSource`.
    EventSource,
    /// `sendBeacon`.
    Beacon,
    /// `<audio>`.
    Audio,
    /// `<video>`.
    Video,
    /// `<link rel=preload>`.
    Preload,
    /// A text track.
    TextTrack,
    /// Anything else.
    Other,
}

/// What messages need to know beside the fetch.
#[derive(Clone, Copy)]
pub struct Load<'a> {
    /// The kind of load.
    pub kind: LoadKind,
    /// Whether the answer came by HTTP/1. There Firefox counts the lines of a repeated header; those of HTTP/2 and
    /// HTTP/3 it knows only joined.
    pub http1: bool,
    /// Writes URLs into sentences; reports leave out secrets.
    pub show_url: &'a dyn Fn(&Url) -> String,
}

/// What one engine says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserMessage {
    /// The error's name: CDP `corsError` in Chromium, the console category in Firefox; `None` where the engine has
    /// none.
    pub error: Option<Cow<'static, str>>,
    /// The console sentence.
    pub message: String,
}

/// What the three engines say. `None`: the engine would let the fetch pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrowserReport {
    /// Chromium.
    pub chromium: Option<BrowserMessage>,
    /// Firefox.
    pub firefox: Option<BrowserMessage>,
    /// WebKit.
    pub webkit: Option<BrowserMessage>,
}

/// Says what each engine says, each by its own rules: WebKit's "status first" and Firefox's order show.
#[must_use]
pub fn browser_report(fetch: &Fetch<'_>, load: Load<'_>) -> BrowserReport {
    let say = |engine, say: fn(&Refusal<'_>) -> BrowserMessage| {
        Refusal::new(fetch, engine, load).map(|refusal| say(&refusal))
    };
    BrowserReport {
        chromium: say(Engine::Chromium, chromium::say),
        firefox: say(Engine::Firefox, firefox::say),
        webkit: say(Engine::WebKit, webkit::say),
    }
}

/// A refused fetch, and what the sentences about it need.
struct Refusal<'a> {
    fetch: &'a Fetch<'a>,
    evaluation: Evaluation,
    kind: LoadKind,
    http1: bool,
    /// The URL that was refused.
    url: String,
    /// The first URL of the fetch, if it is another.
    redirected_from: Option<String>,
    /// Where a refused redirect led.
    target: Option<String>,
    /// Names or values refused, in the order of the checks.
    subjects: Vec<String>,
}

impl<'a> Refusal<'a> {
    fn new(fetch: &'a Fetch<'a>, engine: Engine, load: Load<'_>) -> Option<Self> {
        let show_url = load.show_url;
        let mut details = Details::default();
        let evaluation = evaluate(fetch, engine, &mut details);
        if !matches!(evaluation.class(), Class::Blocked | Class::Failed) {
            return None;
        }
        let hop = fetch.hops.get(usize::from(evaluation.hop))?;
        let first = fetch.hops.first()?.url;
        let target = details.url.and_then(|text| Url::parse(&text).ok());
        // Refused for what it is rather than for where it came from.
        let refused = match (&target, evaluation.code) {
            (Some(target), Code::SchemeNotCorsEnabled | Code::SameOriginMode) => target,
            _ => hop.url,
        };
        Some(Self {
            url: show_url(refused),
            redirected_from: (refused != first).then(|| show_url(first)),
            target: target.as_ref().map(show_url),
            fetch,
            evaluation,
            kind: load.kind,
            http1: load.http1,
            subjects: details.subjects,
        })
    }

    /// The answer that was refused.
    fn answer(&self) -> Option<Answer<'a>> {
        let hop = self.fetch.hops.get(usize::from(self.evaluation.hop))?;
        if self.evaluation.phase != Phase::Preflight {
            return hop.response;
        }
        match hop.preflight {
            Preflight::Recorded { response, .. } | Preflight::WouldAnswer { response, .. } => {
                response
            }
            Preflight::NotRecorded => None,
        }
    }

    fn status(&self) -> u16 {
        self.answer().map_or(0, |answer| answer.status)
    }

    /// The first refused name or value; empty without one.
    fn subject(&self) -> &str {
        self.subjects.first().map_or("", String::as_str)
    }

    fn method(&self) -> &str {
        self.subject()
    }

    fn origin(&self) -> &str {
        self.fetch.origin.serialised()
    }
}

/// Keeps what was refused: names, values, and the URL of a clause that failed.
#[derive(Default)]
struct Details {
    subjects: Vec<String>,
    url: Option<String>,
}

impl Trace for Details {
    fn clause(&mut self, _: &'static str, reads: &str, value: Value<'_>, holds: bool) {
        if matches!(reads, "Location" | "URL") {
            self.url = (!holds).then(|| value.to_string());
        }
    }

    fn refused(&mut self, subject: &[u8]) {
        self.subjects.push(printable(subject));
    }
}

/// Bytes as consoles print them: each byte a character, what does not print as `\uXXXX`.
fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            0x20..=0x7e => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\u{byte:04x}")),
        }
    }
    text
}
