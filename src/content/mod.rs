//! What the bodies, the URL and the headers of an exchange were found to hold: kinds, counts and places, never a value.
//!
//! Readers fill a [`Content`] while the bytes pass; rules read it. A body is never kept.
//!
//! | file | what |
//! | --- | --- |
//! | `look.rs` | one exchange: which of its parts are looked at |
//! | `scan.rs` | one text: passes that find where a closer look pays |
//! | `numbers.rs` | card and account numbers in a text |
//! | `pairs.rs` | addresses and forms |
//! | `beginning.rs` | how a body begins, as browsers sniff it |
//! | `shape.rs` | what a body is, apart from data: a report, a callback, a policy file |
//! | `token.rs`, `api_key.rs`, `pan.rs`, `iban.rs`, `email.rs`, `phone.rs`, `gov_id.rs`, `member.rs` | one family of data each: when it is meant, and what only looks like it |
//! | `names.rs` | what member names promise |
//! | `tally.rs`, `pointer.rs` | counts and places |
//!
//! A miss is better than a false alarm: what could as well be an ordinary number or word is none of these.
//!
//! Gaps: members of XML and columns of tables promise nothing by their names; what a body holds behind its first
//! mebibyte is not seen.

mod api_key;
mod base64;
mod beginning;
mod bytes;
mod email;
mod format;
mod gov_id;
mod iban;
mod limits;
mod look;
mod member;
mod names;
mod numbers;
mod pairs;
mod pan;
mod phone;
mod pointer;
mod scan;
mod shape;
mod tally;
mod token;

use std::fmt;

pub use beginning::Beginning;
pub(crate) use beginning::SNIFFED;
pub(crate) use format::{has_signature, is_media, is_text};
pub(crate) use limits::SCANNED;
pub(crate) use look::{BodyForm, RecordedBody, Seen, Subject, look};

use bitcode::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::cors::Origin;

/// What an exchange was found to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(default)]
pub struct Content {
    /// Sensitive data, ordered by place, kind and pointer.
    pub sightings: Vec<Sighting>,
    /// The shape of the request body.
    pub request: RequestShape,
    /// The shape of the response body.
    pub response: ResponseShape,
    /// The template of the request's path, where the path itself was not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<Box<str>>,
}

/// Sensitive data of one kind in one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Encode, Decode)]
pub struct Sighting {
    /// Where.
    pub place: Place,
    /// What.
    pub kind: Kind,
    /// The JSON pointer, parameter or header name of the first; empty for plain text. Array indices are folded to `-`, and so are
    /// names that are data themselves.
    pub pointer: Box<str>,
    /// How many different values, 10,000 at most.
    pub count: u32,
    /// Keyed hash of the first value, as reports print it; `None` where the value is so short, or of so few
    /// digits, that the hash would tell it.
    pub hash: Option<[u8; 3]>,
}

/// The shape of a request body, as far as rules read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(default)]
pub struct RequestShape {
    /// The whole body is one JSON object.
    pub is_json_object: bool,
    /// A field of the body or the query whose name says that it guards against forgery (`csrf_token`,
    /// `authenticity_token` ...) has a value.
    pub has_anti_forgery_field: bool,
    /// Web origins that a parameter of query or body names, by themselves or in a URL, sorted; without those that the
    /// request's `Origin` and its own URL tell, and eight at most.
    pub origins: Vec<Origin>,
}

/// The shape of a response body, as far as rules read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(default)]
pub struct ResponseShape {
    /// The whole body is a JSON object or array. Of bodies of more than 16 KiB only the ends are looked at.
    pub is_json: bool,
    /// JSON that reports a deed done: a member `ok`, `success` or `status` that says so, or a new id.
    pub reports_success: bool,
    /// JSON that reports an error: a member `error` or `errors` with a value, or `success: false`.
    pub reports_error: bool,
    /// The body calls a function whose name is a value of the request's query: JSONP.
    pub calls_back: bool,
    /// A policy file for Flash or Silverlight that lets every domain in.
    pub is_open_policy_file: bool,
    /// How the body begins, where an element asked without CORS; `None` also for what is no text, or may be a medium.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beginning: Option<Beginning>,
}

/// Where in an exchange.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Query or path of the request's URL.
    RequestUrl,
    /// The URL that the request's `Referer` tells.
    Referer,
    /// The request's body.
    RequestBody,
    /// A header of the response.
    ResponseHeader,
    /// The response's body.
    ResponseBody,
}

/// Kinds of sensitive data.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Members such as `balance` or `accountNumber` with a value.
    AccountData,
    /// A key by its vendor's prefix, or a PEM private key.
    ApiKey,
    /// A token against forgery, in a field named so.
    CsrfToken,
    /// An address of a person, not of a role.
    Email,
    /// Coordinates of a person; a hint only.
    Geo,
    /// A national identity or insurance number with a valid checksum.
    GovId,
    /// Medical words as member names; a hint only.
    Health,
    /// An international bank account number with valid checksum.
    Iban,
    /// A JSON Web Token.
    Jwt,
    /// `access_token`, `refresh_token`, `id_token`, or an authorization code with its state.
    OauthToken,
    /// A payment card number.
    Pan,
    /// A telephone number under a name that says so.
    Phone,
    /// A session identifier, in a field named so.
    SessionId,
}

impl Content {
    /// Whether nothing worth keeping was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The sightings in one place.
    pub fn at(&self, place: Place) -> impl Iterator<Item = &Sighting> {
        self.sightings
            .iter()
            .filter(move |sighting| sighting.place == place)
    }
}

impl Kind {
    /// Every kind, in order of their names.
    pub const ALL: [Self; 13] = [
        Self::AccountData,
        Self::ApiKey,
        Self::CsrfToken,
        Self::Email,
        Self::Geo,
        Self::GovId,
        Self::Health,
        Self::Iban,
        Self::Jwt,
        Self::OauthToken,
        Self::Pan,
        Self::Phone,
        Self::SessionId,
    ];

    /// The label of reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountData => "account-data",
            Self::ApiKey => "api-key",
            Self::CsrfToken => "csrf-token",
            Self::Email => "email",
            Self::Geo => "geo",
            Self::GovId => "gov-id",
            Self::Health => "health",
            Self::Iban => "iban",
            Self::Jwt => "jwt",
            Self::OauthToken => "oauth-token",
            Self::Pan => "pan",
            Self::Phone => "phone",
            Self::SessionId => "session-id",
        }
    }

    /// Whether this kind alone says little: it raises no severity by itself.
    #[must_use]
    pub fn is_hint(self) -> bool {
        matches!(self, Self::Geo | Self::Health)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Place {
    /// Every place, in order.
    pub const ALL: [Self; 5] = [
        Self::RequestUrl,
        Self::Referer,
        Self::RequestBody,
        Self::ResponseHeader,
        Self::ResponseBody,
    ];

    /// The label of reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequestUrl => "request-url",
            Self::Referer => "referer",
            Self::RequestBody => "request-body",
            Self::ResponseHeader => "response-header",
            Self::ResponseBody => "response-body",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
