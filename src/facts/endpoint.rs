//! Path templates: what differs from user to user, build to build, day to day becomes a placeholder.

use crate::exchange::Exchange;

/// The template of a path (query excluded): `/users/42/orders` is `/users/{id}/orders`.
///
/// Segments become `{id}` (numbers, ids with digits), `{uuid}`, `{hash}`, `{date}`, `{email}`, `{secret}`; a hash inside a file name
/// becomes `app.{hash}.js`. Version segments (`v1`, `2.0`) and words stay.
#[must_use]
pub fn template(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    write_template(path, &mut out);
    out
}

/// Appends the template of the path that an exchange asks for.
pub fn write_endpoint(exchange: &Exchange, out: &mut String) {
    let known = exchange
        .content
        .as_ref()
        .and_then(|content| content.template.as_deref());
    match known {
        Some(template) => out.push_str(template),
        None => write_template(exchange.request.url.path(), out),
    }
}

/// Appends the template of a path.
pub fn write_template(path: &str, out: &mut String) {
    if path.is_empty() {
        out.push('/');
        return;
    }
    let mut rest = path;
    let mut previous_number = 0_u8;
    while let Some(start) = rest.strip_prefix('/') {
        let end = start.find('/').unwrap_or(start.len());
        let (segment, tail) = start.split_at(end);
        rest = tail;
        // `/2024/05/17` is a date in three segments: the first names a year.
        let is_year =
            segment.len() == 4 && (segment.starts_with("19") || segment.starts_with("20"));
        let all_digits = !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit());
        out.push('/');
        if all_digits && is_year && starts_with_month(rest) {
            out.push_str("{date}");
            previous_number = 1;
        } else if all_digits && (1..=2).contains(&previous_number) && segment.len() == 2 {
            // Month and day belong to the date already written.
            out.pop();
            previous_number += 1;
        } else {
            previous_number = 0;
            write_segment(segment, out);
        }
    }
    // Paths without a leading slash belong to no http URL; they are kept.
    out.push_str(rest);
}

fn starts_with_month(rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix('/') else {
        return false;
    };
    let month = rest.split('/').next().unwrap_or("");
    matches!(month.parse::<u8>(), Ok(1..=12)) && month.len() == 2
}

fn write_segment(segment: &str, out: &mut String) {
    if let Some(placeholder) = placeholder(segment) {
        out.push_str(placeholder);
        return;
    }
    if crate::redact::is_secret_segment(segment) {
        out.push_str("{secret}");
        return;
    }
    // A file name: judge the parts between dots, dashes and underscores, hashes and UUIDs only.
    if !segment.contains('.') || segment.len() < 12 {
        out.push_str(segment);
        return;
    }
    let (stem, extension) = segment.rsplit_once('.').unwrap_or((segment, ""));
    if let Some(placeholder) = placeholder(stem) {
        out.push_str(placeholder);
    } else {
        write_stem(stem, out);
    }
    out.push('.');
    out.push_str(extension);
}

/// `app.3f9c2a71` -> `app.{hash}`, `chunk-3f9c2a71` -> `chunk-{hash}`.
fn write_stem(stem: &str, out: &mut String) {
    let mut start = 0;
    let bytes = stem.as_bytes();
    for at in 0..=bytes.len() {
        let at_end = at == bytes.len();
        if at_end || matches!(bytes[at], b'.' | b'-' | b'_' | b'~') {
            let part = &stem[start..at];
            out.push_str(if is_hash(part) { "{hash}" } else { part });
            if !at_end {
                out.push(char::from(bytes[at]));
            }
            start = at + 1;
        }
    }
}

fn placeholder(segment: &str) -> Option<&'static str> {
    let bytes = segment.as_bytes();
    if bytes.is_empty() {
        return None;
    }
    if is_uuid(bytes) {
        return Some("{uuid}");
    }
    if is_date(bytes) {
        return Some("{date}");
    }
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    if digits == bytes.len() || (bytes[0] == b'-' && digits + 1 == bytes.len() && digits > 0) {
        return Some("{id}");
    }
    if is_hash(segment) {
        return Some("{hash}");
    }
    if segment.contains('@') || segment.contains("%40") {
        return Some("{email}");
    }
    // `ord_8f3a1c`, `INV-20931`, `u1234567`: a word and a run of digits, or a long mixture of letters and digits.
    let word = bytes
        .iter()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'~' | b'=' | b':'));
    if !word {
        return None;
    }
    let letters = bytes.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let longest_run = bytes
        .split(|b| !b.is_ascii_digit())
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0);
    let mixed = letters >= 4 && digits >= 4 && bytes.len() >= 16;
    let holds_hash = segment.split(['-', '_']).any(is_hash);
    (longest_run >= 4 || mixed || holds_hash).then_some("{id}")
}

/// Eight or more hexadecimal digits with at least one decimal digit among them, or 20 and more of the URL-safe base64
/// alphabet with upper case, lower case and digits.
fn is_hash(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let hex = bytes.iter().all(u8::is_ascii_hexdigit);
    if hex && bytes.len() >= 8 && digits > 0 && digits < bytes.len() {
        return true;
    }
    bytes.len() >= 20
        && digits >= 2
        && bytes.iter().any(u8::is_ascii_uppercase)
        && bytes.iter().any(u8::is_ascii_lowercase)
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'='))
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// `2024-05-17`, `20240517`, with or without a time behind it.
fn is_date(bytes: &[u8]) -> bool {
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let dashed = bytes.len() >= 10
        && [0, 1, 2, 3, 5, 6, 8, 9].into_iter().all(digit)
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && (bytes.len() == 10 || matches!(bytes[10], b'T' | b't' | b'%'));
    let compact = bytes.len() == 8
        && (0..8).all(digit)
        && (bytes.starts_with(b"19") || bytes.starts_with(b"20"))
        && matches!(&bytes[4..6], [b'0', b'1'..=b'9'] | [b'1', b'0'..=b'2']);
    dashed || compact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        for (path, expected) in [
            ("", "/"),
            ("/", "/"),
            ("/users/42/orders", "/users/{id}/orders"),
            ("/users/42/", "/users/{id}/"),
            ("/api/v1/me", "/api/v1/me"),
            ("/api/v2.1/items", "/api/v2.1/items"),
            ("/oauth2/token", "/oauth2/token"),
            ("/s3/bucket", "/s3/bucket"),
            ("/c/8f14e45fceea167a5a36dedd4bea2543", "/c/{hash}"),
            ("/o/123e4567-e89b-12d3-a456-426614174000/x", "/o/{uuid}/x"),
            ("/assets/app.3f9c2a71.js", "/assets/app.{hash}.js"),
            (
                "/assets/chunk-3f9c2a71b0.min.css",
                "/assets/chunk-{hash}.min.css",
            ),
            ("/assets/jquery-3.6.0.min.js", "/assets/jquery-3.6.0.min.js"),
            ("/reports/2024-05-17", "/reports/{date}"),
            ("/reports/20240517", "/reports/{date}"),
            ("/blog/2024/05/17/title", "/blog/{date}/title"),
            ("/blog/2024/05/title", "/blog/{date}/title"),
            ("/year/2024/x", "/year/{id}/x"),
            ("/u/ann@shop.test", "/u/{email}"),
            ("/orders/ord_8f3a1c92", "/orders/{id}"),
            ("/orders/INV-20931", "/orders/{id}"),
            ("/t/V1StGXR8Z5jdHi6BmyT9q0", "/t/{hash}"),
            ("/deadbeef/x", "/deadbeef/x"),
            ("/feedface1/x", "/{hash}/x"),
            ("/img/photo_20931.png", "/img/{id}.png"),
            ("/settings/security", "/settings/security"),
            ("/-5/x", "/{id}/x"),
            ("/a//b", "/a//b"),
            ("/transfer", "/transfer"),
            ("/balance.json", "/balance.json"),
        ] {
            assert_eq!(template(path), expected, "{path}");
        }
    }

    #[test]
    fn a_template_is_its_own_template() {
        for path in [
            "/users/{id}/orders",
            "/a/{uuid}",
            "/x/app.{hash}.js",
            "/{date}/t",
        ] {
            assert_eq!(template(path), path);
        }
    }
}
