//! Opaque Response Blocking: whether an element gets what another origin answered.
//!
//! Where browsers differ, each is followed as its source has it: Chromium (`services/network/orb`) blocks what it takes for
//! HTML, XML or JSON and lets everything else through; Firefox (`OpaqueResponseUtils`) lets through what it takes for an
//! image, sound, film or script.
//!
//! Gaps: a script that is none, but begins as other text; ranges that do not begin at the first byte, which an earlier
//! answer may have opened; bodies without a byte. What a script's own fetch in mode no-cors gets is empty then, and opaque
//! either way.

use crate::content::{Beginning, ResponseShape};
use crate::cors::Engine;
use crate::exchange::{Exchange, Response};

/// Types that no element loads, whatever the body (the standard's opaque-blocklisted-never-sniffed MIME types).
const NEVER_SNIFFED: [&str; 16] = [
    "application/gzip",
    "application/msexcel",
    "application/mspowerpoint",
    "application/msword",
    "application/msword-template",
    "application/pdf",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-word",
    "application/x-gzip",
    "application/x-protobuf",
    "application/zip",
    "multipart/byteranges",
    "multipart/signed",
    "text/csv",
    "text/event-stream",
];

/// Families of the same, by how they begin.
const NEVER_SNIFFED_FAMILIES: [&str; 3] = [
    "application/vnd.openxmlformats-officedocument.presentationml.",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.",
];

/// Lists of media segments, which both browsers let through by their type.
const PLAYLISTS: [&str; 4] = [
    "application/dash+xml",
    "application/vnd.apple.mpegurl",
    "audio/mpegurl",
    "text/vtt",
];

/// Types that Firefox lets through beside the standard's.
const FIREFOX_EXCEPTIONS: [&str; 4] = [
    "audio/aac",
    "audio/aacp",
    "audio/mp3",
    "multipart/x-mixed-replace",
];

/// Whether the browser withholds a response from the element that asked for it. Where no browser is named, what both of
/// those withhold that block at all.
pub(super) fn is_withheld(exchange: &Exchange, engine: Engine) -> bool {
    let Some(answer) = Answer::of(exchange).filter(|_| engine != Engine::WebKit) else {
        return false;
    };
    answer.is_no_style_sheet()
        || match engine {
            Engine::Chromium => answer.is_withheld_by_chromium(),
            Engine::Firefox => answer.is_withheld_by_firefox(),
            _ => answer.is_withheld_by_chromium() && answer.is_withheld_by_firefox(),
        }
}

/// An answer to an element that asked without CORS.
struct Answer<'e> {
    destination: &'e str,
    response: &'e Response,
    /// The content type without parameters, in lower case; empty where there is none.
    essence: String,
    shape: ResponseShape,
}

impl<'e> Answer<'e> {
    fn of(exchange: &'e Exchange) -> Option<Self> {
        let destination = exchange.request.headers.first("sec-fetch-dest")?;
        let by_element = matches!(
            destination,
            "audio" | "image" | "script" | "style" | "track" | "video"
        );
        // What a 304 stands for has another status, and a type of its own.
        let response = exchange
            .response()
            .filter(|response| by_element && response.status != 304)?;
        let content_type = response.headers.first("content-type").unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default();
        Some(Self {
            destination,
            response,
            essence: essence.trim().to_ascii_lowercase(),
            shape: exchange
                .content
                .as_ref()
                .map(|content| content.response)
                .unwrap_or_default(),
        })
    }

    /// A style sheet of another origin has no other type than `text/css`.
    fn is_no_style_sheet(&self) -> bool {
        let has_body = self.response.is_ok_status() && self.response.body_size != Some(0);
        self.destination == "style" && has_body && self.is_block_listed()
    }

    fn is_withheld_by_chromium(&self) -> bool {
        // Without a type everything passes, and sound and film by their type alone.
        if self.essence.is_empty()
            || matches!(
                &*self.essence,
                "application/ogg" | "image/svg+xml" | "text/css"
            )
            || self.is_playlist()
            || self.has_type(&["audio/", "video/"])
        {
            return false;
        }
        self.is_never_sniffed()
            || (self.is_nosniff() && (self.is_block_listed() || self.essence == "text/plain"))
            || matches!(
                self.shape.beginning,
                Some(
                    Beginning::Html
                        | Beginning::Xml
                        | Beginning::Json
                        | Beginning::Guard
                        | Beginning::Loop
                )
            )
    }

    fn is_withheld_by_firefox(&self) -> bool {
        if matches!(&*self.essence, "image/svg+xml" | "text/css")
            || self.is_script_type()
            || self.is_playlist()
            || FIREFOX_EXCEPTIONS.contains(&&*self.essence)
            || (self.is_nosniff() && self.essence == "text/plain")
        {
            return false;
        }
        if self.is_never_sniffed()
            || (self.is_nosniff() && self.is_block_listed())
            || (self.response.status == 206 && self.is_block_listed())
        {
            return true;
        }
        // A range from the middle passes where the first one did.
        if self.response.status == 206 {
            return false;
        }
        let Some(beginning) = self.shape.beginning else {
            return false;
        };
        // It is no image, sound or film. What remains for an element is a script.
        matches!(self.destination, "audio" | "video")
            || self.is_nosniff()
            || !self.response.is_ok_status()
            || (!self.essence.is_empty()
                && (self.has_type(&["audio/", "image/", "video/"])
                    || self.shape.is_json
                    || matches!(
                        beginning,
                        Beginning::Html | Beginning::Xml | Beginning::Json | Beginning::Guard
                    )))
    }

    /// Determining nosniff (Fetch Standard, section 3.6).
    fn is_nosniff(&self) -> bool {
        self.response
            .headers
            .first("x-content-type-options")
            .and_then(|value| value.split(',').next())
            .is_some_and(|first| first.trim().eq_ignore_ascii_case("nosniff"))
    }

    /// HTML, JSON and XML; the standard's opaque-blocklisted MIME types.
    fn is_block_listed(&self) -> bool {
        matches!(
            &*self.essence,
            "application/json" | "application/xml" | "text/html" | "text/json" | "text/xml"
        ) || self.essence.ends_with("+json")
            || (self.essence.ends_with("+xml") && self.essence != "image/svg+xml")
    }

    fn is_never_sniffed(&self) -> bool {
        NEVER_SNIFFED.contains(&&*self.essence) || self.has_type(&NEVER_SNIFFED_FAMILIES)
    }

    fn is_playlist(&self) -> bool {
        PLAYLISTS.contains(&&*self.essence)
    }

    /// JavaScript MIME types (MIME Sniffing Standard, section 4.6).
    fn is_script_type(&self) -> bool {
        let subtype = self
            .essence
            .split_once('/')
            .map_or("", |(_, subtype)| subtype);
        matches!(
            subtype,
            "ecmascript"
                | "javascript"
                | "x-ecmascript"
                | "x-javascript"
                | "jscript"
                | "livescript"
        ) || subtype.starts_with("javascript1.")
    }

    fn has_type(&self, starts: &[&str]) -> bool {
        starts.iter().any(|start| self.essence.starts_with(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Content;
    use crate::exchange::{Hints, Locus, Method, Outcome, Request};
    use crate::header::HeaderList;
    use crate::url::Url;

    /// Who withholds an answer: `c` Chromium, `f` Firefox.
    fn withheld_by(
        destination: &str,
        status: u16,
        lines: &[(&str, &str)],
        shape: ResponseShape,
    ) -> String {
        let exchange = Exchange {
            locus: Locus::Entry(0),
            started: None,
            duration_ms: None,
            request: Request {
                method: Method::Get,
                url: Url::parse("https://cdn.test/x").expect("a URL"),
                headers: HeaderList::from_lines([("Sec-Fetch-Dest", destination)]),
                headers_complete: true,
                listed_cookies: false,
                body_size: None,
            },
            outcome: Outcome::Response(Response {
                status,
                headers: HeaderList::from_lines(lines.iter().copied()),
                body_size: None,
                body_recorded: false,
                body_digest: None,
            }),
            hints: Hints::default(),
            content: Some(Box::new(Content {
                response: shape,
                ..Content::default()
            })),
        };
        assert!(!is_withheld(&exchange, Engine::WebKit));
        let by: String = [(Engine::Chromium, 'c'), (Engine::Firefox, 'f')]
            .into_iter()
            .filter(|(engine, _)| is_withheld(&exchange, *engine))
            .map(|(_, letter)| letter)
            .collect();
        assert_eq!(is_withheld(&exchange, Engine::Shipping), by == "cf");
        by
    }

    #[test]
    fn by_what_the_body_is() {
        use Beginning::{Guard, Html, Json, Loop, Text, Xml};
        for (destination, status, kind, beginning, by) in [
            ("image", 200, "text/html; charset=utf-8", Some(Html), "cf"),
            ("image", 200, "image/png", Some(Html), "cf"),
            ("image", 200, "image/png", Some(Text), "f"),
            ("image", 200, "image/png", None, ""),
            ("image", 200, "image/svg+xml", Some(Xml), ""),
            ("image", 200, "text/html", None, ""),
            // No type at all: both let it through, and so does Firefox by `ok status` only.
            ("image", 200, "", Some(Html), ""),
            ("image", 404, "", Some(Html), "f"),
            ("image", 404, "text/plain", Some(Text), "f"),
            ("video", 200, "video/mp4", Some(Text), "f"),
            ("video", 200, "video/mp4", None, ""),
            ("video", 206, "video/mp4", Some(Text), ""),
            ("video", 200, "application/octet-stream", Some(Text), "f"),
            (
                "video",
                200,
                "application/vnd.apple.mpegurl",
                Some(Text),
                "",
            ),
            ("audio", 200, "audio/mp3", Some(Text), ""),
            ("script", 200, "text/javascript", Some(Html), "c"),
            ("script", 200, "application/json", Some(Json), "cf"),
            ("script", 200, "application/json", Some(Guard), "cf"),
            ("script", 200, "application/json", Some(Loop), "c"),
            ("script", 200, "text/plain", Some(Text), ""),
            ("script", 206, "text/html", None, "f"),
            ("script", 200, "text/csv", None, "cf"),
            ("script", 304, "text/csv", Some(Html), ""),
            ("style", 200, "text/html", None, "cf"),
            ("style", 200, "text/css", Some(Html), ""),
            ("empty", 200, "text/html", Some(Html), ""),
        ] {
            let shape = ResponseShape {
                beginning,
                ..ResponseShape::default()
            };
            let lines = [("Content-Type", kind)];
            let lines = if kind.is_empty() { &lines[1..] } else { &lines };
            let found = withheld_by(destination, status, lines, shape);
            assert_eq!(found, by, "{destination} {status} {kind} {beginning:?}");
        }
    }

    #[test]
    fn nosniff() {
        for (kind, options, by) in [
            ("text/html", "nosniff", "cf"),
            ("text/html", "NoSniff, x", "cf"),
            ("text/html", "x, nosniff", ""),
            ("text/plain", "nosniff", "c"),
            ("image/png", "nosniff", ""),
        ] {
            let lines = [("Content-Type", kind), ("X-Content-Type-Options", options)];
            let found = withheld_by("script", 200, &lines, ResponseShape::default());
            assert_eq!(found, by, "{kind} {options}");
        }
    }

    #[test]
    fn a_json_list_is_a_script_to_chromium() {
        let shape = ResponseShape {
            is_json: true,
            beginning: Some(Beginning::Text),
            ..ResponseShape::default()
        };
        let lines = [("Content-Type", "application/json")];
        assert_eq!(withheld_by("script", 200, &lines, shape), "f");
    }
}
