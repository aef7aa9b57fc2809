//! Pairs of names and values: queries, forms, and what stands in the path before them.

use std::borrow::Cow;

use super::bytes::Value;
use super::names::{self, Meaning};
use super::pointer;
use super::scan::under_name;
use super::tally::Tally;
use super::{Kind, api_key, email, iban, limits, pan, token};

/// The pairs of a query or form, decoded.
pub(super) fn pairs(text: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    url::form_urlencoded::parse(text).take(limits::MOST_PARAMETERS)
}

/// Looks at a URL behind its authority: path and query.
pub(super) fn address(path_and_query: &str, is_own_page: bool, tally: &mut Tally) {
    let without_fragment = path_and_query.split('#').next().unwrap_or_default();
    let (path, query) = without_fragment
        .split_once('?')
        .unwrap_or((without_fragment, ""));
    for segment in path.split('/').take(limits::MOST_PARAMETERS) {
        // Shorter ones hold nothing that is looked for.
        if segment.len() >= 16 {
            for part in segment.split(';') {
                match part.split_once('=') {
                    Some((name, value)) => named(name, value, tally),
                    None => shaped("", part, tally),
                }
            }
        }
    }
    let mut state = false;
    let mut code = None;
    for (name, value) in pairs(query.as_bytes()) {
        state |= name == "state" && !value.is_empty();
        if name == "code" && token::is_oauth(value.as_bytes()) {
            code = Some(value.clone().into_owned());
        }
        // On the address of a page, `token` opens something: a password reset, an invitation. Addresses of interfaces
        // carry public ones.
        if is_own_page
            && name.to_ascii_lowercase().ends_with("token")
            && token::is_oauth(value.as_bytes())
        {
            tally.meet_under(Kind::OauthToken, pointer::of_name(&name), value.as_bytes());
            continue;
        }
        named(&name, &value, tally);
    }
    if let (Some(code), true) = (code, state) {
        tally.meet_under(Kind::OauthToken, "code", code.as_bytes());
    }
}

/// Looks at one pair of an address.
fn named(name: &str, value: &str, tally: &mut Tally) {
    match names::meaning(name.as_bytes()) {
        // Analytics call the number of a visit so.
        Some(Meaning::SessionId) if !token::is_session_of_user(value.as_bytes()) => {}
        // Maps and weather are asked for by place.
        Some(Meaning::Coordinate | Meaning::Health) => {}
        _ => parameter(name, value, tally),
    }
}

/// Looks at one pair of a form.
pub(super) fn parameter(name: &str, value: &str, tally: &mut Tally) {
    if value.is_empty() || value.len() > limits::LONGEST_VALUE {
        return;
    }
    match names::meaning(name.as_bytes()) {
        Some(Meaning::Card) => {
            let digits: Vec<u8> = value
                .bytes()
                .filter(|byte| !matches!(byte, b' ' | b'-'))
                .collect();
            if pan::is_named(&digits) {
                tally.meet_under(Kind::Pan, pointer::of_name(name), &digits);
            }
        }
        Some(meaning) => {
            if let Some((kind, value)) = under_name(meaning, Value::Text(value.as_bytes())) {
                tally.meet_under(kind, pointer::of_name(name), &value);
            }
        }
        None => {}
    }
    shaped(name, value, tally);
}

/// Looks at what a value looks like by itself.
fn shaped(name: &str, value: &str, tally: &mut Tally) {
    let bytes = value.as_bytes();
    let pointer = if name.is_empty() {
        ""
    } else {
        pointer::of_name(name)
    };
    if let Some(at) = value.find(token::JWT_START)
        && let Some(found) = token::jwt(bytes, at)
    {
        tally.meet_under(Kind::Jwt, pointer, found);
    }
    for prefix in api_key::prefixes() {
        if value.starts_with(prefix)
            && !api_key::IDENTIFIERS.contains(&prefix)
            && let Some((kind, key)) = api_key::key(bytes, 0, prefix)
        {
            tally.meet_under(kind, pointer, key);
        }
    }
    if value.contains('@') && email::is_personal(bytes.trim_ascii()) {
        tally.meet_under(
            Kind::Email,
            pointer,
            &bytes.trim_ascii().to_ascii_lowercase(),
        );
    }
    if iban::length(bytes).is_some() {
        let number: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b' ').collect();
        if iban::is_valid(&number) {
            tally.meet_under(Kind::Iban, pointer, &number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Place;

    fn found(text: &str, is_own_page: bool) -> Vec<(Kind, String)> {
        let mut tally = Tally::default();
        address(text, is_own_page, &mut tally);
        tally
            .sightings(Place::RequestUrl, |_| Vec::new())
            .into_iter()
            .map(|sighting| (sighting.kind, sighting.pointer.into()))
            .collect()
    }

    #[test]
    fn addresses() {
        const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P";
        for (text, is_own_page, kinds) in [
            (
                "/a?access_token=gX3kQ9vLm2Zt8RwY",
                false,
                &[(Kind::OauthToken, "access_token")][..],
            ),
            (
                "/cb?code=gX3kQ9vLm2Zt8RwY&state=x",
                false,
                &[(Kind::OauthToken, "code")],
            ),
            ("/cb?code=gX3kQ9vLm2Zt8RwY", false, &[]),
            ("/cb?code=SUMMER&state=x", false, &[]),
            (&format!("/verify/{JWT}"), false, &[(Kind::Jwt, "")]),
            (&format!("/a?id={JWT}"), false, &[(Kind::Jwt, "id")]),
            (
                "/a;jsessionid=9f86d081884c7d659a2feaa0c55ad015",
                false,
                &[(Kind::SessionId, "jsessionid")],
            ),
            ("/a?token=gX3kQ9vLm2Zt8RwY", false, &[]),
            (
                "/reset?token=gX3kQ9vLm2Zt8RwY",
                true,
                &[(Kind::OauthToken, "token")],
            ),
            (
                "/a?PHPSESSID=9f86d081884c7d659a2feaa0c55ad015",
                false,
                &[(Kind::SessionId, "PHPSESSID")],
            ),
            (
                "/collect?sid=1712345678&session_id=3f2504e0-4f89-41d3-9a0c-0305e82c3301",
                false,
                &[],
            ),
            (
                "/a?email=alice%40example.com&to=info@example.com",
                false,
                &[(Kind::Email, "email")],
            ),
            (
                "/a?x=1&key=AIzaSyA4fK9sLq2Zt8RwYgX3kQ9vLm2Zt&lat=52.520008",
                false,
                &[],
            ),
            (
                "/o?X-Amz-Credential=AKIAIOSF0D2NN7QX4MPL%2F2026&X-Amz-Signature=9f86d081884c7d659a2feaa0c55ad015",
                false,
                &[],
            ),
            (
                "/a?card_number=4111+1111+1111+1111",
                false,
                &[(Kind::Pan, "card_number")],
            ),
            (
                "/a?iban=DE89370400440532013000",
                false,
                &[(Kind::Iban, "iban")],
            ),
            (
                "/styles/main.4f2a9c1b.css?v=9f86d081884c7d659a2feaa0c55ad015",
                false,
                &[],
            ),
            (
                "/a?alice%40example.com=bob%40example.com",
                false,
                &[(Kind::Email, "-")],
            ),
            ("", false, &[]),
        ] {
            let kinds: Vec<_> = kinds
                .iter()
                .map(|(kind, name)| (*kind, (*name).to_owned()))
                .collect();
            assert_eq!(found(text, is_own_page), kinds, "{text}");
        }
    }
}
