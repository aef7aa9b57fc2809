//! Exchanges -> HAR 1.2, through the types of the `har` crate.
//!
//! The document holds what exchanges hold: header values as the reader kept them, no bodies. Read again it gives the
//! same verdicts.
//!
//! It says what the wire said. A request that named no host has a URL without one (`http:///path`: RFC 9112, section 3.3,
//! leaves the authority empty), and the server's address beside it; and where a connection went over to HTTP/2, the 101
//! is an entry of its own before the answer.

use std::borrow::Cow;
use std::io::{self, Write};

use har::v1_2::{
    Cache, Content, Creator, Entries, Headers, PostData, QueryString, Request, Response, Timings,
};
use serde::{Serialize, Serializer};

use crate::exchange::{Capture, Client, Exchange, Locus, Outcome, Time};
use crate::header::HeaderList;
use crate::reader::NOT_RECORDED;

/// Writes the exchanges of a capture as a HAR 1.2 document, one entry after the other.
///
/// # Errors
/// When the writer fails.
pub fn write(capture: &Capture, out: &mut impl Write) -> io::Result<()> {
    let document = Document {
        log: Log {
            version: "1.2",
            creator: Creator {
                name: "corsaudit".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                comment: None,
            },
            entries: EntryList(&capture.exchanges),
            comment: "made of a packet capture; values of cookies and Authorization are left out",
        },
    };
    serde_json::to_writer(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Document<'c> {
    log: Log<'c>,
}

/// `har::v1_2::Log` with entries that are made while they are written, since a capture may have millions.
#[derive(Serialize)]
struct Log<'c> {
    version: &'static str,
    creator: Creator,
    entries: EntryList<'c>,
    comment: &'static str,
}

struct EntryList<'c>(&'c [Exchange]);

impl Serialize for EntryList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = self.0.iter().flat_map(|exchange| {
            let switch = exchange.hints.is_upgraded.then(|| switch(exchange));
            switch.into_iter().chain([entry(exchange)])
        });
        serializer.collect_seq(entries)
    }
}

/// The entry of an exchange.
#[must_use]
pub fn entry(exchange: &Exchange) -> Entries {
    let time = f64::from(exchange.duration_ms.unwrap_or(0.0));
    Entries {
        pageref: None,
        started_date_time: started(exchange.started),
        time,
        request: request(exchange),
        response: response(exchange),
        cache: Cache::default(),
        timings: Timings {
            send: 0.0,
            wait: time,
            receive: 0.0,
            ..Timings::default()
        },
        server_ip_address: exchange.hints.server_ip.map(|ip| ip.to_string()),
        // Not the bare number, which other exporters use for ports.
        connection: exchange
            .hints
            .connection
            .map(|number| format!("flow-{number}")),
        comment: Some(place(exchange.locus)),
    }
}

/// The entry of the 101 that came before the answer of an exchange. Its header lines were not kept; the one that says
/// to which protocol it switches must be there (RFC 9110, section 15.2.2).
fn switch(exchange: &Exchange) -> Entries {
    let mut switch = entry(exchange);
    switch.request.http_version = "HTTP/1.1".to_owned();
    switch.response = Response {
        status: 101,
        http_version: "HTTP/1.1".to_owned(),
        headers: vec![header("Upgrade", "h2c".to_owned())],
        body_size: 0,
        content: content(Some(0), &HeaderList::default()),
        ..switch.response
    };
    switch.response.redirect_url = Some(String::new());
    switch
}

/// The URL as the request named it.
fn url(exchange: &Exchange) -> Cow<'_, str> {
    let url = exchange.request.url.as_str();
    if exchange.hints.names_no_host
        && let Some((scheme, rest)) = url.split_once("://")
    {
        let path = rest.find(['/', '?']).map_or("/", |at| &rest[at..]);
        return Cow::Owned(format!("{scheme}://{path}"));
    }
    Cow::Borrowed(url)
}

fn request(exchange: &Exchange) -> Request {
    let request = &exchange.request;
    let url = &*url(exchange);
    let mut headers = Vec::new();
    if request.headers_complete && !exchange.hints.names_no_host {
        // Not kept by the reader; its presence says that no line is missing.
        headers.push(header("Host", authority(url).to_owned()));
    }
    let family = match exchange.hints.client {
        Client::Chromium => "Mozilla/5.0 Chrome/",
        Client::Firefox => "Mozilla/5.0 Firefox/",
        Client::WebKit => "Mozilla/5.0 AppleWebKit/",
        Client::NotABrowser => "no browser",
        Client::Unknown => "",
    };
    let mut has_user_agent = false;
    for (name, value) in request.headers.iter() {
        let value = String::from_utf8_lossy(value);
        let value = if name.eq_ignore_ascii_case(b"cookie") {
            cookies(&value)
        } else if name.eq_ignore_ascii_case(b"user-agent") {
            has_user_agent = true;
            family.to_owned()
        } else {
            value.into_owned()
        };
        headers.push(header(&String::from_utf8_lossy(name), value));
    }
    // Lines of same-origin exchanges shrink while reading; the client stays known.
    if !has_user_agent && !family.is_empty() {
        headers.push(header("User-Agent", family.to_owned()));
    }
    let body_size = request.body_size.map_or(-1, size);
    Request {
        method: request.method.as_str().to_owned(),
        url: url.to_owned(),
        http_version: http_version(exchange).to_owned(),
        cookies: Vec::new(),
        post_data: (body_size > 0).then(|| PostData {
            mime_type: request
                .headers
                .first("content-type")
                .unwrap_or_default()
                .to_owned(),
            comment: Some("not kept".to_owned()),
            ..PostData::default()
        }),
        query_string: query(url),
        headers,
        headers_size: -1,
        body_size,
        comment: None,
    }
}

fn response(exchange: &Exchange) -> Response {
    let unanswered = |comment: Option<&str>| Response {
        http_version: http_version(exchange).to_owned(),
        redirect_url: Some(String::new()),
        content: content(None, &HeaderList::default()),
        headers_size: -1,
        body_size: -1,
        comment: comment.map(str::to_owned),
        ..Response::default()
    };
    let response = match &exchange.outcome {
        Outcome::Response(response) => response,
        Outcome::NoResponse => return unanswered(None),
        Outcome::NotRecorded => return unanswered(Some(NOT_RECORDED)),
    };
    Response {
        status: i64::from(response.status),
        status_text: String::new(),
        headers: response
            .headers
            .iter()
            .map(|(name, value)| {
                header(
                    &String::from_utf8_lossy(name),
                    String::from_utf8_lossy(value).into_owned(),
                )
            })
            .collect(),
        redirect_url: Some(if response.is_redirect_status() {
            response
                .headers
                .first("location")
                .unwrap_or_default()
                .to_owned()
        } else {
            String::new()
        }),
        content: content(response.body_size, &response.headers),
        body_size: response.body_size.map_or(-1, size),
        ..unanswered(None)
    }
}

fn content(body_size: Option<u64>, headers: &HeaderList) -> Content {
    Content {
        size: body_size.map_or(-1, size),
        mime_type: Some(headers.first("content-type").unwrap_or_default().to_owned()),
        ..Content::default()
    }
}

fn header(name: &str, value: String) -> Headers {
    Headers {
        name: name.to_owned(),
        value,
        comment: None,
    }
}

/// Cookie pairs without values, of the names that the reader kept.
fn cookies(names: &str) -> String {
    if names.is_empty() {
        return String::new();
    }
    let pairs: Vec<String> = names.split("; ").map(|name| format!("{name}=")).collect();
    pairs.join("; ")
}

fn http_version(exchange: &Exchange) -> &'static str {
    if exchange.hints.is_multiplexed {
        "h2"
    } else {
        "HTTP/1.1"
    }
}

/// Nanoseconds and all; the start of the epoch where the capture has no time, since HAR needs one.
fn started(time: Option<Time>) -> String {
    let nanoseconds = i128::from(time.map_or(0, |time| time.0));
    jiff::Timestamp::from_nanosecond(nanoseconds)
        .map(|timestamp| format!("{timestamp:.9}"))
        .unwrap_or_default()
}

fn place(locus: Locus) -> String {
    match locus {
        Locus::Entry(index) => format!("entry {index}"),
        Locus::Packets {
            first,
            last,
            stream,
            ..
        } => {
            let mut text = format!("packets {first} to {last}");
            if let Some(stream) = stream {
                text += &format!(", HTTP/2 stream {stream}");
            }
            text
        }
    }
}

fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    &rest[..end]
}

fn query(url: &str) -> Vec<QueryString> {
    let Some((_, query)) = url.split_once('?') else {
        return Vec::new();
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            QueryString {
                name: name.to_owned(),
                value: value.to_owned(),
                comment: None,
            }
        })
        .collect()
}

fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
