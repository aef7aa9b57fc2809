//! The shapes of bodies: is it JSON, does it report a deed, does it call back.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// What a JSON answer says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) is_object: bool,
    pub(super) success: bool,
    pub(super) error: bool,
}

/// The report of a text that is one JSON object or array, whole.
pub(super) fn report(text: &[u8]) -> Option<Report> {
    serde_json::from_slice(text).ok()
}

impl<'de> Deserialize<'de> for Report {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReportVisitor)
    }
}

struct ReportVisitor;

impl<'de> Visitor<'de> for ReportVisitor {
    type Value = Report;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Report, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Report::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Report, A::Error> {
        let mut report = Report {
            is_object: true,
            ..Report::default()
        };
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "ok" | "success" => match truth(&members.next_value()?) {
                    Some(true) => report.success = true,
                    Some(false) => report.error = true,
                    None => {}
                },
                "status" | "result" => {
                    let value: Value = members.next_value()?;
                    report.success |= says(&value, SUCCESS);
                    report.error |= says(&value, FAILURE);
                }
                "error" | "errors" => report.error |= is_filled(&members.next_value()?),
                _ if is_id(&name) => {
                    let value: Value = members.next_value()?;
                    report.success |=
                        value.is_number() || value.as_str().is_some_and(|id| !id.is_empty());
                }
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        // An error report may well carry an id.
        report.success &= !report.error;
        Ok(report)
    }
}

const SUCCESS: &[&str] = &[
    "accepted",
    "completed",
    "created",
    "deleted",
    "done",
    "ok",
    "success",
    "succeeded",
    "updated",
];
const FAILURE: &[&str] = &["error", "fail", "failed", "failure"];

fn says(value: &Value, words: &[&str]) -> bool {
    value
        .as_str()
        .is_some_and(|text| words.iter().any(|word| text.eq_ignore_ascii_case(word)))
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => Some(number.as_f64() != Some(0.0)),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn is_filled(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// `id`, `transferId`, `order_id`; not the ids of requests and traces, which errors have too.
fn is_id(name: &str) -> bool {
    const OF_CALLS: [&str; 7] = [
        "correlation",
        "event",
        "log",
        "request",
        "session",
        "span",
        "trace",
    ];
    let Some(owner) = ["_id", "Id", "ID"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
    else {
        return matches!(name, "id" | "uuid");
    };
    let owner = owner.trim_end_matches('_').to_ascii_lowercase();
    !OF_CALLS.iter().any(|call| owner.ends_with(call))
}

/// The name of the function that a script calls with all of its data: `name(`, behind comments and a test for its being
/// there.
pub(super) fn called_function(text: &[u8]) -> Option<&str> {
    let mut rest = text.trim_ascii_start();
    loop {
        if let Some(comment) = rest.strip_prefix(b"/*") {
            let end = memchr::memmem::find(&comment[..comment.len().min(256)], b"*/")?;
            rest = comment[end + 2..].trim_ascii_start();
        } else if rest.starts_with(b"typeof ") {
            let end = memchr::memmem::find(&rest[..rest.len().min(256)], b"&&")?;
            rest = rest[end + 2..].trim_ascii_start();
        } else if let [b';', behind @ ..] = rest {
            rest = behind.trim_ascii_start();
        } else {
            break;
        }
    }
    let length = rest
        .iter()
        .take(256)
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.' | b'[' | b']')
        })
        .count();
    let behind = rest[length..].trim_ascii_start();
    if length == 0 || behind.first() != Some(&b'(') {
        return None;
    }
    std::str::from_utf8(&rest[..length]).ok()
}

/// Whether a policy file of Flash or Silverlight lets every domain in. One that defines entities of its own is not read.
pub(super) fn is_open_policy(text: &str) -> bool {
    let mut text = text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_ascii_lowercase();
    while let Some(start) = text.find("<!--") {
        let end = text[start..]
            .find("-->")
            .map_or(text.len(), |end| start + end + 3);
        text.replace_range(start..end, "");
    }
    if text.contains("<!entity") {
        return false;
    }
    let is_flash = text.contains("<cross-domain-policy");
    let is_silverlight = text.contains("<access-policy");
    if !text.starts_with('<') || text.starts_with("<!doctype html") || !(is_flash || is_silverlight)
    {
        return false;
    }
    text.split('<').any(|element| {
        let is_open = |attribute: &str, values: &[&str]| {
            attribute_value(element, attribute).is_some_and(|value| values.contains(&value))
        };
        is_flash && element.starts_with("allow-access-from ") && is_open("domain", &["*"])
            || is_silverlight
                && element.starts_with("domain ")
                && is_open("uri", &["*", "http://*", "https://*"])
    })
}

/// The value of an attribute of an element.
fn attribute_value<'e>(element: &'e str, name: &str) -> Option<&'e str> {
    let element = element.split('>').next()?;
    let at = element
        .find(&format!(" {name}"))
        .map(|at| at + 1 + name.len())?;
    let rest = element[at..].trim_start().strip_prefix('=')?.trim_start();
    let quote = rest
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    rest[1..].split(quote).next().map(str::trim)
}

/// The names of the fields of a multipart body, and their values.
pub(super) fn multipart_fields(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    // Escaped or not, the name ends at the next quote.
    memchr::memmem::find_iter(text, b"form-data; name=")
        .take(super::limits::MOST_PARAMETERS)
        .filter_map(|at| {
            let rest = &text[at + b"form-data; name=".len()..];
            let open = memchr::memchr(b'"', &rest[..rest.len().min(8)])?;
            let name = &rest[open + 1..];
            let close = memchr::memchr(b'"', &name[..name.len().min(256)])?;
            let (name, rest) = (&name[..close], &name[close + 1..]);
            let name = name.strip_suffix(b"\\").unwrap_or(name);
            // Files have a name of their own and are no fields.
            if rest.first() == Some(&b';') {
                return None;
            }
            let skipped = line_ends(rest);
            let value = &rest[skipped..];
            let end = value
                .iter()
                .take(super::limits::LONGEST_VALUE)
                .position(|byte| matches!(byte, b'\r' | b'\n' | b'\\'))
                .unwrap_or_else(|| value.len().min(super::limits::LONGEST_VALUE));
            Some((name, &value[..end]))
        })
}

/// How much of a text is line ends, escaped or not.
fn line_ends(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match &text[at..] {
            [b'\r' | b'\n', ..] => at += 1,
            [b'\\', b'r' | b'n', ..] => at += 2,
            _ => return at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports() {
        for (text, found) in [
            (r#"{"ok":true}"#, Some((true, true, false))),
            (r#"{"success":1}"#, Some((true, true, false))),
            (r#"{"status":"success"}"#, Some((true, true, false))),
            (r#"{"status":200}"#, Some((true, false, false))),
            (r#"{"id":7,"name":"x"}"#, Some((true, true, false))),
            (r#"{"transferId":"abc"}"#, Some((true, true, false))),
            (r#"{"requestId":"abc"}"#, Some((true, false, false))),
            (r#"{"error":"no","id":7}"#, Some((true, false, true))),
            (r#"{"errors":[],"ok":true}"#, Some((true, true, false))),
            (r#"{"success":false}"#, Some((true, false, true))),
            (r#"{"error":null}"#, Some((true, false, false))),
            (r#"{"a":{"ok":true}}"#, Some((true, false, false))),
            (r#"[{"ok":true}]"#, Some((false, false, false))),
            ("7", None),
            ("{\"ok\":true", None),
            ("<ok/>", None),
            ("", None),
        ] {
            let report = report(text.as_bytes());
            let report = report.map(|r| (r.is_object, r.success, r.error));
            assert_eq!(report, found, "{text}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(report(deep.as_bytes()), Some(Report::default()));
        let deep = format!("{{\"error\":{deep}}}");
        assert_eq!(report(deep.as_bytes()), None);
    }

    #[test]
    fn calls() {
        for (text, name) in [
            ("cb({\"a\":1})", Some("cb")),
            ("/**/ typeof cb === 'function' && cb({})", Some("cb")),
            (" jQuery123_4.x[0] ([1]);", Some("jQuery123_4.x[0]")),
            (";cb(1)", Some("cb")),
            ("cb = 1", None),
            ("(function(){})()", None),
            ("/* open", None),
            ("", None),
        ] {
            assert_eq!(called_function(text.as_bytes()), name, "{text}");
        }
    }

    #[test]
    fn policy_files() {
        for (text, open) in [
            (
                "<?xml version=\"1.0\"?><!DOCTYPE cross-domain-policy SYSTEM \"x.dtd\">\n<cross-domain-policy><allow-access-from domain=\"*\" secure='false'/></cross-domain-policy>",
                true,
            ),
            (
                "<cross-domain-policy><allow-access-from domain = '*'/></cross-domain-policy>",
                true,
            ),
            (
                "<cross-domain-policy><allow-access-from domain=\"*.a.test\"/></cross-domain-policy>",
                false,
            ),
            (
                "<cross-domain-policy><!-- <allow-access-from domain=\"*\"/> --></cross-domain-policy>",
                false,
            ),
            (
                "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///x\">]><cross-domain-policy><allow-access-from domain=\"*\"/></cross-domain-policy>",
                false,
            ),
            (
                "<access-policy><cross-domain-access><policy><allow-from><domain uri=\"http://*\"/></allow-from></policy></cross-domain-access></access-policy>",
                true,
            ),
            (
                "<access-policy><domain uri=\"https://a.test\"/></access-policy>",
                false,
            ),
            (
                "<!doctype html><p>no such file, <cross-domain-policy><allow-access-from domain=\"*\"/>",
                false,
            ),
            ("{}", false),
            ("", false),
        ] {
            assert_eq!(is_open_policy(text), open, "{text}");
        }
    }

    #[test]
    fn multipart() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\nabc\r\n--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\nx\r\n--x--";
        let quoted = serde_json::to_string(body).expect("a string");
        for text in [body, &quoted] {
            let fields: Vec<_> = multipart_fields(text.as_bytes()).collect();
            assert_eq!(fields, [(&b"csrf_token"[..], &b"abc"[..])], "{text}");
        }
        for text in [
            "form-data; name=",
            "form-data; name=\"",
            "form-data; name=\"a",
            "form-data; name=\"a\"",
        ] {
            assert!(multipart_fields(text.as_bytes()).count() <= 1, "{text}");
        }
    }
}
