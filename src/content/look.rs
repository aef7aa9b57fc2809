//! One exchange -> what it holds. The readers' only way in.

use std::borrow::Cow;
use std::hash::Hasher;
use std::num::NonZeroU64;

use rustc_hash::FxHasher;

use super::beginning::{Beginning, SNIFFED};
use super::format::{Format, body_start, closes, is_media};
use super::tally::Tally;
use super::{
    Content, Kind, Place, RequestShape, ResponseShape, Sighting, base64, limits, names, pairs,
    pointer, scan, shape, token,
};
use crate::reader::unescape;
use crate::url::Url;

/// A body as it stands in a recording.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordedBody<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) form: BodyForm,
    /// Whether this is all of it.
    pub(crate) is_whole: bool,
}

/// How the bytes of a body are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyForm {
    /// As they were, content coding removed.
    Plain,
    /// Between the quotes of a JSON string.
    Quoted,
    /// Base64, perhaps between the quotes of a JSON string.
    Base64,
}

/// What is looked at of an exchange that is some business of another origin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) url: &'a Url,
    pub(crate) origin: Option<&'a [u8]>,
    pub(crate) referer: Option<&'a [u8]>,
    pub(crate) request_type: &'a [u8],
    pub(crate) request_body: Option<RecordedBody<'a>>,
    /// Pairs of the request's body, where the recording lists them.
    pub(crate) parameters: &'a [(Cow<'a, str>, Cow<'a, str>)],
    pub(crate) status: u16,
    pub(crate) response_type: &'a [u8],
    /// The response's body; `None` also where no page reads it, as in a navigation.
    pub(crate) response_body: Option<RecordedBody<'a>>,
    /// Whether an element asked without CORS, so that the browser sniffs the body.
    pub(crate) is_sniffed: bool,
}

/// What a look brought to light.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) content: Option<Box<Content>>,
    /// Digest of the whole response body.
    pub(crate) digest: Option<NonZeroU64>,
}

/// Looks at an exchange. `response_lines` are the lines of its response head.
pub(crate) fn look<'l>(
    subject: &Subject<'_>,
    response_lines: impl Iterator<Item = (&'l [u8], &'l [u8])>,
) -> Seen {
    let mut sightings = Vec::new();
    let path_and_query = subject.url.path_and_query();
    if path_and_query.len() > 1 {
        let mut tally = Tally::default();
        pairs::address(path_and_query, false, &mut tally);
        collect(tally, Place::RequestUrl, &mut sightings);
    }
    if let Some(referer) = subject.referer {
        let mut tally = Tally::default();
        address_of_page(referer, subject.url, &mut tally);
        collect(tally, Place::Referer, &mut sightings);
    }
    let request = request(subject, &mut sightings);
    let mut tally = Tally::default();
    for (name, value) in response_lines {
        header(name, value, &mut tally);
    }
    collect(tally, Place::ResponseHeader, &mut sightings);
    let response = response(subject, &mut sightings);
    let content = Content {
        sightings,
        request,
        response,
        template: None,
    };
    Seen {
        content: (!content.is_empty()).then(|| Box::new(content)),
        digest: subject.response_body.and_then(digest),
    }
}

/// Adds what was met under names.
fn collect(tally: Tally, place: Place, sightings: &mut Vec<Sighting>) {
    if !tally.is_empty() {
        sightings.append(&mut tally.sightings(place, |_| Vec::new()));
    }
}

/// The page's own address, as `Referer` tells it to another origin.
fn address_of_page(referer: &[u8], target: &Url, tally: &mut Tally) {
    // Most tell no more than the origin.
    let rest = referer
        .strip_prefix(b"https://")
        .or_else(|| referer.strip_prefix(b"http://"));
    let Some(slash) = rest.and_then(|rest| memchr::memchr(b'/', rest)) else {
        return;
    };
    let path_at = referer.len() - rest.map_or(0, <[u8]>::len) + slash;
    if path_at + 1 == referer.len()
        || referer[..path_at] == *target.origin().serialised().as_bytes()
    {
        return;
    }
    let path_and_query = String::from_utf8_lossy(&referer[path_at..]);
    pairs::address(&path_and_query, true, tally);
}

/// A response header that carries a token, by its name or its value.
fn header(name: &[u8], value: &[u8], tally: &mut Tally) {
    const TOKENS: &[(&str, Kind)] = &[
        ("authorization", Kind::OauthToken),
        ("x-access-token", Kind::OauthToken),
        ("x-amz-security-token", Kind::OauthToken),
        ("x-auth-token", Kind::OauthToken),
        ("x-csrf-token", Kind::CsrfToken),
        ("x-id-token", Kind::OauthToken),
        ("x-refresh-token", Kind::OauthToken),
        ("x-session-id", Kind::SessionId),
        ("x-session-token", Kind::SessionId),
        ("x-xsrf-token", Kind::CsrfToken),
    ];
    // Scripts never read cookies off a response.
    if value.len() < 16
        || value.len() > limits::LONGEST_VALUE
        || name.eq_ignore_ascii_case(b"set-cookie")
    {
        return;
    }
    let named = TOKENS
        .iter()
        .find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
    let jwt = memchr::memmem::find(value, token::JWT_START.as_bytes())
        .and_then(|at| token::jwt(value, at));
    if named.is_none() && jwt.is_none() {
        return;
    }
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let name = pointer::of_name(&name);
    if let Some((_, kind)) = named {
        // Behind a scheme.
        let value = value.rsplit(|byte| *byte == b' ').next().unwrap_or(value);
        if token::is_identifier(value) || jwt.is_some() {
            tally.meet_under(*kind, name, value);
        }
    }
    if let Some(jwt) = jwt {
        tally.meet_under(Kind::Jwt, name, jwt);
    }
}

fn request(subject: &Subject<'_>, sightings: &mut Vec<Sighting>) -> RequestShape {
    let mut fields = Fields {
        shape: RequestShape::default(),
        subject,
    };
    let query = subject.url.path_and_query().split_once('?');
    for (name, value) in pairs::pairs(query.map_or(b"", |(_, query)| query.as_bytes())) {
        fields.add(&name, &value);
    }
    let mut tally = Tally::default();
    for (name, value) in subject.parameters {
        fields.add(name, value);
        pairs::parameter(name, value, &mut tally);
    }
    let body = subject.request_body.filter(|body| !body.bytes.is_empty());
    if let Some(body) = body
        && !is_media(subject.request_type)
    {
        let text = Text::of(body);
        match Format::of(&text.bytes, subject.request_type) {
            Some(Format::Form) => {
                for (name, value) in pairs::pairs(&text.plain(limits::PARSED_REQUEST)) {
                    fields.add(&name, &value);
                    pairs::parameter(&name, &value, &mut tally);
                }
            }
            Some(Format::Multipart) => {
                for (name, value) in shape::multipart_fields(&text.bytes) {
                    let (name, value) = (
                        String::from_utf8_lossy(name),
                        String::from_utf8_lossy(value),
                    );
                    fields.add(&name, &value);
                    pairs::parameter(&name, &value, &mut tally);
                }
            }
            Some(format @ Format::Json) => {
                if body.is_whole && text.bytes.len() <= limits::PARSED_REQUEST {
                    let plain = text.plain(limits::PARSED_REQUEST);
                    let report = shape::report(&plain);
                    fields.shape.is_json_object = report.is_some_and(|report| report.is_object);
                }
                for_each_member(&text.bytes, |name, value| fields.add(name, value));
                scan::text(&text.bytes, format, &mut tally);
                sightings.append(&mut located(
                    std::mem::take(&mut tally),
                    Place::RequestBody,
                    &text,
                    format,
                ));
            }
            Some(format) => {
                scan::text(&text.bytes, format, &mut tally);
            }
            None => {}
        }
    }
    collect(tally, Place::RequestBody, sightings);
    let mut shape = fields.shape;
    shape.origins.sort_unstable();
    shape.origins.dedup();
    shape
}

/// Reads the fields of a request for its shape.
struct Fields<'s, 'a> {
    shape: RequestShape,
    subject: &'s Subject<'a>,
}

impl Fields<'_, '_> {
    fn add(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        self.shape.has_anti_forgery_field |= names::is_anti_forgery(name.as_bytes());
        if (value.starts_with("https://") || value.starts_with("http://"))
            && self.shape.origins.len() < limits::MOST_ORIGINS
            && value.len() <= limits::LONGEST_VALUE
            && let Ok(url) = Url::parse(value)
        {
            let origin = url.origin();
            // A page names itself to half of the web; that tells nothing which `Origin` does not.
            let is_told = self.subject.origin == Some(origin.serialised().as_bytes())
                || self.subject.url.origin() == origin
                || self.shape.origins.contains(origin);
            if !is_told && !origin.is_opaque() {
                self.shape.origins.push(origin.clone());
            }
        }
    }
}

/// Shows the members of a JSON text that are strings.
fn for_each_member(text: &[u8], mut show: impl FnMut(&str, &str)) {
    for quote in memchr::memmem::find_iter(text, "\":").take(limits::MOST_PARAMETERS) {
        if let Some(name) = super::bytes::name_before(text, quote)
            && let (_, super::bytes::Value::Text(value)) = super::bytes::value_at(text, quote + 2)
            && let Ok(name) = std::str::from_utf8(name)
            && let Ok(value) = std::str::from_utf8(&super::bytes::plain(value))
        {
            show(name, value);
        }
    }
}

fn response(subject: &Subject<'_>, sightings: &mut Vec<Sighting>) -> ResponseShape {
    let mut found = ResponseShape::default();
    let Some(body) = subject.response_body.filter(|body| !body.bytes.is_empty()) else {
        return found;
    };
    if subject.is_sniffed {
        found.beginning = beginning(body, subject.response_type);
    }
    if is_media(subject.response_type) {
        return found;
    }
    let text = Text::of(body);
    let Some(mut format) = Format::of(&text.bytes, subject.response_type) else {
        return found;
    };
    match format {
        Format::Json => {
            let is_whole = body.is_whole && text.is_whole;
            if is_whole && text.bytes.len() <= limits::REPORT {
                if let Some(report) = shape::report(&text.plain(limits::REPORT)) {
                    found.is_json = true;
                    found.reports_success = report.success;
                    found.reports_error = report.error;
                }
            } else {
                found.is_json = is_whole && closes(&text.bytes) && starts_as_json(&text.bytes);
            }
        }
        Format::Script | Format::Text | Format::Form => {
            let head = text.plain(1024);
            if let Some(name) = shape::called_function(&head)
                && is_value_of_query(subject.url, name)
            {
                found.calls_back = true;
                format = Format::Jsonp;
            }
        }
        Format::Markup if is_policy_path(subject.url.path()) && subject.status / 100 == 2 => {
            let plain = text.plain(limits::POLICY_FILE);
            found.is_open_policy_file = shape::is_open_policy(&String::from_utf8_lossy(&plain));
        }
        Format::Csv | Format::Jsonp | Format::Markup | Format::Multipart => {}
    }
    let mut tally = Tally::default();
    if format == Format::Form {
        // Token endpoints of old answer like forms.
        for (name, value) in pairs::pairs(&text.plain(limits::REPORT)) {
            pairs::parameter(&name, &value, &mut tally);
        }
    } else {
        scan::text(&text.bytes, format, &mut tally);
    }
    sightings.append(&mut located(tally, Place::ResponseBody, &text, format));
    found
}

/// How the body begins. Of scripts and style sheets there are too many to tell that they are text.
fn beginning(body: RecordedBody<'_>, content_type: &[u8]) -> Option<Beginning> {
    // An escape of JSON is six bytes long at most.
    let most = body.bytes.len().min(6 * SNIFFED);
    let text = Text::of(RecordedBody {
        bytes: &body.bytes[..most],
        ..body
    });
    let is_whole = body.is_whole && most == body.bytes.len();
    let holds = |part: &[u8]| {
        content_type
            .windows(part.len())
            .any(|window| window.eq_ignore_ascii_case(part))
    };
    Beginning::of(&text.plain(most), is_whole).filter(|beginning| {
        *beginning != Beginning::Text || !(holds(b"javascript") || holds(b"css"))
    })
}

fn starts_as_json(text: &[u8]) -> bool {
    matches!(text.get(body_start(text)), Some(b'{' | b'['))
}

/// The sightings of a body, with pointers where it is JSON.
fn located(tally: Tally, place: Place, text: &Text<'_>, format: Format) -> Vec<Sighting> {
    if tally.is_empty() {
        return Vec::new();
    }
    tally.sightings(place, |offsets| {
        let is_json = matches!(format, Format::Json | Format::Jsonp);
        let (Some(last), true) = (offsets.last(), is_json) else {
            return Vec::new();
        };
        if !text.is_quoted {
            return pointer::pointers(&text.bytes, offsets);
        }
        // One step at a time: what is before an offset is as long as its text without escapes.
        let mut plain = Vec::with_capacity(*last);
        let mut at = 0;
        let mut plain_offsets = Vec::with_capacity(offsets.len());
        for offset in offsets {
            let offset = (*offset).min(text.bytes.len());
            plain.extend_from_slice(unescape(&text.bytes[at..offset]).as_bytes());
            plain_offsets.push(plain.len());
            at = offset;
        }
        // The string that holds the last one ends somewhere.
        plain.extend_from_slice(b"\"");
        pointer::pointers(&plain, &plain_offsets)
    })
}

fn is_value_of_query(url: &Url, name: &str) -> bool {
    url.path_and_query()
        .split_once('?')
        .is_some_and(|(_, query)| pairs::pairs(query.as_bytes()).any(|(_, value)| value == name))
}

fn is_policy_path(path: &str) -> bool {
    path.ends_with("/crossdomain.xml") || path.ends_with("/clientaccesspolicy.xml")
}

/// The part of a body that is looked at.
struct Text<'a> {
    bytes: Cow<'a, [u8]>,
    is_quoted: bool,
    is_whole: bool,
}

impl<'a> Text<'a> {
    fn of(body: RecordedBody<'a>) -> Self {
        let is_whole = body.bytes.len() <= limits::SCANNED;
        let bytes = &body.bytes[..body.bytes.len().min(limits::SCANNED)];
        match body.form {
            BodyForm::Plain | BodyForm::Quoted => Self {
                bytes: Cow::Borrowed(bytes),
                is_quoted: body.form == BodyForm::Quoted,
                is_whole,
            },
            BodyForm::Base64 => Self {
                bytes: Cow::Owned(base64::decode(bytes, limits::SCANNED)),
                is_quoted: false,
                is_whole,
            },
        }
    }

    /// The first bytes without escapes.
    fn plain(&self, most: usize) -> Cow<'_, [u8]> {
        let bytes = &self.bytes[..self.bytes.len().min(most)];
        if self.is_quoted && memchr::memchr(b'\\', bytes).is_some() {
            Cow::Owned(unescape(bytes).into_bytes())
        } else {
            Cow::Borrowed(bytes)
        }
    }
}

/// Digest of the recorded text of a whole body, to tell equal ones of one audit.
fn digest(body: RecordedBody<'_>) -> Option<NonZeroU64> {
    if !body.is_whole || body.bytes.is_empty() || body.bytes.len() > limits::SCANNED {
        return None;
    }
    let mut hasher = FxHasher::default();
    hasher.write(body.bytes);
    NonZeroU64::new(hasher.finish())
}
