//! Walks a body for sensitive data.
//!
//! Most bodies hold nothing, so each pass is a search for what a find must begin with, and looks closer only there:
//!
//! | pass | stops at |
//! | --- | --- |
//! | tokens | beginnings of tokens and keys, by one vectorised search for all of them |
//! | members | `":` behind two letters in which a name ends that means something |
//! | addresses | `@` |
//! | numbers | every thirteenth byte, if it is a digit or a capital: no shorter run is a card or an account |
//!
//! Nothing is unescaped or allocated on the way (`benches/reading.rs` measures it).

use std::sync::LazyLock;

use aho_corasick::packed::{Config, MatchKind, Searcher};

use super::bytes::{self, Value};
use super::format::Format;
use super::names::{self, Meaning};
use super::tally::Tally;
use super::{Kind, api_key, email, gov_id, member, numbers, phone, token};

/// Looks at a text, escaped or not.
pub(super) fn text(text: &[u8], format: Format, tally: &mut Tally) {
    tokens(text, tally);
    if !matches!(format, Format::Csv | Format::Form | Format::Multipart) {
        members(text, format, tally);
    }
    if format.is_data() || format == Format::Script {
        addresses(text, format, tally);
    }
    if format != Format::Script {
        numbers::numbers(text, format, tally);
    }
}

/// Beginnings that are searched for, tokens first.
struct Beginnings {
    /// `None` where the machine cannot search so.
    searcher: Option<Searcher>,
    texts: Vec<&'static str>,
}

static BEGINNINGS: LazyLock<Beginnings> = LazyLock::new(|| {
    let texts: Vec<&str> = [token::JWT_START, api_key::PEM_START]
        .into_iter()
        .chain(api_key::prefixes())
        .collect();
    let searcher = Config::new()
        .match_kind(MatchKind::LeftmostFirst)
        .builder()
        .extend(&texts)
        .build();
    Beginnings { searcher, texts }
});

fn tokens(text: &[u8], tally: &mut Tally) {
    let Beginnings { searcher, texts } = &*BEGINNINGS;
    if let Some(searcher) = searcher {
        for found in searcher.find_iter(text) {
            token_at(
                text,
                found.start(),
                texts[found.pattern().as_usize()],
                tally,
            );
        }
        return;
    }
    for beginning in texts {
        for at in memchr::memmem::find_iter(text, beginning) {
            token_at(text, at, beginning, tally);
        }
    }
}

fn token_at(text: &[u8], at: usize, beginning: &str, tally: &mut Tally) {
    let found = match beginning {
        token::JWT_START => token::jwt(text, at).map(|token| (Kind::Jwt, token)),
        api_key::PEM_START => api_key::private_key(text, at).map(|key| (Kind::ApiKey, key)),
        prefix => api_key::key(text, at, prefix),
    };
    if let Some((kind, value)) = found {
        tally.meet(kind, at, value);
    }
}

fn members(text: &[u8], format: Format, tally: &mut Tally) {
    // A search for the colon alone and a look at what is before it: several times as fast as one for both bytes, which
    // JSON has in every line.
    for colon in memchr::memchr_iter(b':', text) {
        if colon == 0 || text[colon - 1] != b'"' {
            continue;
        }
        let quote = colon - 1;
        let end = bytes::back_over_backslashes(text, quote);
        let [.., before, last] = text[..end] else {
            continue;
        };
        if !names::may_mean(before, last) {
            continue;
        }
        let Some(name) = bytes::name_before(text, quote) else {
            continue;
        };
        let Some(meaning) = names::meaning(name) else {
            continue;
        };
        // Pages and scripts are full of words; of their members only tokens count.
        if !meaning.is_token() && !format.is_data() {
            continue;
        }
        let (at, value) = bytes::value_at(text, quote + 2);
        if let Some((kind, value)) = under_name(meaning, value) {
            tally.meet(kind, at, &value);
        }
    }
}

/// What a value is under a name that promises something; without its escapes.
pub(super) fn under_name<'t>(
    meaning: Meaning,
    value: Value<'t>,
) -> Option<(Kind, std::borrow::Cow<'t, [u8]>)> {
    let text = match value {
        Value::Text(text) | Value::Number(text) => text,
        Value::Object(_) | Value::Other => b"",
    };
    let is_text = matches!(value, Value::Text(_));
    let kind = match meaning {
        Meaning::AccountData => member::is_account_data(value).then_some(Kind::AccountData),
        // Found with the other numbers.
        Meaning::Card => None,
        Meaning::Coordinate => member::is_coordinate(value).then_some(Kind::Geo),
        Meaning::CsrfToken => {
            (is_text && token::is_identifier(&bytes::plain(text))).then_some(Kind::CsrfToken)
        }
        Meaning::GovId(scheme) => gov_id::is_valid(scheme, text).then_some(Kind::GovId),
        Meaning::Health => member::is_filled(value).then_some(Kind::Health),
        Meaning::OauthToken => {
            (is_text && token::is_oauth(&bytes::plain(text))).then_some(Kind::OauthToken)
        }
        Meaning::Phone => {
            return phone::number(text).map(|digits| (Kind::Phone, digits.into()));
        }
        Meaning::SessionId => {
            (is_text && token::is_identifier(&bytes::plain(text))).then_some(Kind::SessionId)
        }
    };
    Some((kind?, bytes::plain(text)))
}

fn addresses(text: &[u8], format: Format, tally: &mut Tally) {
    let mut persons = email::Persons::default();
    for sign in memchr::memchr_iter(b'@', text) {
        let Some((start, end)) = email::bounds(text, sign) else {
            continue;
        };
        let stands_alone = match format {
            Format::Csv => is_cell(text, start, end),
            // Scripts carry their authors' addresses; one under a name is data.
            Format::Script => {
                bytes::is_whole_string(text, start, end)
                    && bytes::name_of_value(text, start)
                        .is_some_and(|name| name.to_ascii_lowercase().ends_with(b"mail"))
            }
            _ => bytes::is_whole_string(text, start, end),
        };
        let address = &text[start..end];
        if stands_alone && persons.have(address) {
            tally.meet(Kind::Email, start, &email::folded(address));
        }
    }
}

/// Whether `start..end` is all of a cell of a table.
pub(super) fn is_cell(text: &[u8], start: usize, end: usize) -> bool {
    let is_border = |byte: u8| matches!(byte, b',' | b';' | b'\t' | b'\n' | b'\r' | b'"' | b'|');
    let opens = start == 0
        || is_border(text[start - 1])
        || start >= 2 && text[start - 2] == b'\\' && matches!(text[start - 1], b'n' | b'r' | b't');
    let closes = text
        .get(end)
        .is_none_or(|byte| is_border(*byte) || *byte == b'\\');
    opens && closes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{Place, limits};

    fn found(body: &str, format: Format) -> Vec<(Kind, u32)> {
        let mut tally = Tally::default();
        text(body.as_bytes(), format, &mut tally);
        tally
            .sightings(Place::ResponseBody, |_| Vec::new())
            .into_iter()
            .map(|sighting| (sighting.kind, sighting.count))
            .collect()
    }

    /// The same, as it stands and inside a JSON string.
    fn found_both_ways(body: &str, format: Format) -> Vec<(Kind, u32)> {
        let plain = found(body, format);
        let quoted = serde_json::to_string(body).expect("a string");
        assert_eq!(found(&quoted[1..quoted.len() - 1], format), plain, "{body}");
        plain
    }

    #[test]
    fn json() {
        for (body, kinds) in [
            (
                r#"{"email":"alice@example.com","cc":["bob@example.com"]}"#,
                &[(Kind::Email, 2)][..],
            ),
            (
                r#"{"email": "Alice@Example.com", "other": "alice@example.com"}"#,
                &[(Kind::Email, 1)],
            ),
            (r#"{"text":"write to alice@example.com now"}"#, &[]),
            (
                r#"{"dependencies":{"react@18.2.0":"x","a":"pkg@1.2"},"img":"icon@2x.png"}"#,
                &[],
            ),
            (r#"{"iban":"DE89370400440532013000"}"#, &[(Kind::Iban, 1)]),
            (
                r#"{"iban":"DE89 3704 0044 0532 0130 00"}"#,
                &[(Kind::Iban, 1)],
            ),
            (
                r#"{"t":"an DE89 3704 0044 0532 0130 00 zahlen"}"#,
                &[(Kind::Iban, 1)],
            ),
            (r#"{"iban":"DE89370400440532013001"}"#, &[]),
            (r#"{"hash":"xDE89370400440532013000"}"#, &[]),
            (r#"{"card":"4111111111111111"}"#, &[(Kind::Pan, 1)]),
            (r#"{"card":"4111 1111 1111 1111"}"#, &[(Kind::Pan, 1)]),
            (r#"{"cardNumber":4111111111111111}"#, &[(Kind::Pan, 1)]),
            (r#"{"cardNumber":"6759649826438453"}"#, &[(Kind::Pan, 1)]),
            (r#"{"n":4111111111111111}"#, &[]),
            (r#"{"orderId":"4111111111111111"}"#, &[]),
            (
                r#"{"x":"0.4111111111111111","y":"4111111111111111.5"}"#,
                &[],
            ),
            (r#"{"u":"41111111-1111-4111-1111-111111111111"}"#, &[]),
            (r#"{"long":"94111111111111111"}"#, &[]),
            (
                r#"["4111111111111111","4111111111111112","4111111111111113","4111111111111114"]"#,
                &[],
            ),
            (r#"{"ts":1750000000000,"us":"1750000000000000"}"#, &[]),
            (r#"{"balance":1234.56}"#, &[(Kind::AccountData, 1)]),
            (r#"{"balance":{"amount":12}}"#, &[(Kind::AccountData, 1)]),
            (r#"{"balance":null,"labels":{"balance":"Balance"}}"#, &[]),
            (
                r#"{"phone":"+49 151 23456789","headphones":"+49 151 23456789"}"#,
                &[(Kind::Phone, 1)],
            ),
            (r#"{"cpf":"529.982.247-25"}"#, &[(Kind::GovId, 1)]),
            (r#"{"lat":52.520008,"lng":13.404954}"#, &[(Kind::Geo, 2)]),
            (r#"{"diagnosis":"J45"}"#, &[(Kind::Health, 1)]),
            (
                r#"{"access_token":"gX3kQ9vLm2Zt8RwY"}"#,
                &[(Kind::OauthToken, 1)],
            ),
            (r#"{"access_token":"expired"}"#, &[]),
            (
                r#"{"sessionId":"9f86d081884c7d659a2feaa0c55ad015"}"#,
                &[(Kind::SessionId, 1)],
            ),
            (
                r#"{"csrfToken":"9f86d081884c7d659a2feaa0c55ad015"}"#,
                &[(Kind::CsrfToken, 1)],
            ),
            (
                r#"{"t":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"}"#,
                &[(Kind::Jwt, 1)],
            ),
            (
                r#"{"inner":"{\"email\":\"alice@example.com\",\"balance\":7}"}"#,
                &[(Kind::AccountData, 1), (Kind::Email, 1)],
            ),
            (
                r#"{"id":1,"name":"module checkout","price":"12.99","v":"1.2.3"}"#,
                &[],
            ),
        ] {
            assert_eq!(found_both_ways(body, Format::Json), kinds, "{body}");
        }
    }

    #[test]
    fn other_formats() {
        for (body, format, kinds) in [
            (
                "id,mail\n1,alice@example.com\n2,bob@example.com\n",
                Format::Csv,
                &[(Kind::Email, 2)][..],
            ),
            ("id,note\n1,write to alice@example.com\n", Format::Csv, &[]),
            ("card\n4111111111111111\n", Format::Csv, &[(Kind::Pan, 1)]),
            (
                "<footer><a href=\"mailto:alice@example.com\">alice@example.com</a>",
                Format::Markup,
                &[],
            ),
            (
                "<td>GB29 NWBK 6016 1331 9268 19</td>",
                Format::Markup,
                &[(Kind::Iban, 1)],
            ),
            (
                "<td>4111-1111-1111-1111</td><i>4111111111111111</i>",
                Format::Markup,
                &[(Kind::Pan, 1)],
            ),
            (
                "<script>x={\"balance\":5,\"csrf_token\":\"9f86d081884c7d659a2feaa0c55ad015\"}",
                Format::Markup,
                &[(Kind::CsrfToken, 1)],
            ),
            (
                "var u={email:\"alice@example.com\"};/* author@example.com */x=\"bob@example.com\"",
                Format::Script,
                &[(Kind::Email, 1)],
            ),
            ("@media(min-width:4px){a{color:#4111}}", Format::Text, &[]),
            (
                "function a(e){return 4111111111111111===e}",
                Format::Script,
                &[],
            ),
            (
                "the number 4111 1111 1111 1111 of the card",
                Format::Text,
                &[(Kind::Pan, 1)],
            ),
            ("on 4111 1111 1111 1112 of the card", Format::Text, &[]),
            ("3782 822463 10005", Format::Text, &[(Kind::Pan, 1)]),
            ("4111 1111 1111 1111 1111", Format::Text, &[]),
        ] {
            assert_eq!(found_both_ways(body, format), kinds, "{body}");
        }
    }

    #[test]
    fn numbers_are_found_at_every_offset() {
        for blanks in 0..40 {
            let body = format!(
                "{}\"4111111111111111\" x \"DE89370400440532013000\"",
                ".".repeat(blanks)
            );
            assert_eq!(
                found(&body, Format::Json),
                [(Kind::Iban, 1), (Kind::Pan, 1)],
                "{blanks}"
            );
            let body = format!(
                "{}4111 1111 1111 1111 x GB29 NWBK 6016 1331 9268 19",
                "_ ".repeat(blanks)
            );
            assert_eq!(
                found(&body, Format::Text),
                [(Kind::Iban, 1), (Kind::Pan, 1)],
                "{blanks}"
            );
        }
    }

    /// The passes over members and addresses without a choice of where to look: every name, every address.
    fn met_everywhere(text: &[u8], format: Format) -> Vec<crate::content::Sighting> {
        let mut tally = Tally::default();
        if !matches!(format, Format::Csv | Format::Form | Format::Multipart) {
            for quote in memchr::memmem::find_iter(text, "\":") {
                let meaning = bytes::name_before(text, quote).and_then(names::meaning);
                if let Some(meaning) = meaning
                    && (meaning.is_token() || format.is_data())
                    && let (at, value) = bytes::value_at(text, quote + 2)
                    && let Some((kind, value)) = under_name(meaning, value)
                {
                    tally.meet(kind, at, &value);
                }
            }
        }
        for (sign, _) in text.iter().enumerate().filter(|(_, byte)| **byte == b'@') {
            if let Some((start, end)) = email::bounds(text, sign)
                && format.is_data()
                && (format != Format::Csv && bytes::is_whole_string(text, start, end)
                    || format == Format::Csv && is_cell(text, start, end))
                && email::is_personal(&text[start..end])
            {
                tally.meet(Kind::Email, start, &text[start..end].to_ascii_lowercase());
            }
        }
        tally.sightings(Place::ResponseBody, pointers)
    }

    /// Offsets in place of pointers.
    fn pointers(offsets: &[usize]) -> Vec<Box<str>> {
        offsets
            .iter()
            .map(|offset| offset.to_string().into())
            .collect()
    }

    #[test]
    fn nothing_is_passed_over() {
        const PIECES: [&str; 24] = [
            "\"",
            "\\\"",
            "\\\\\\\"",
            ":",
            "\":",
            "\":\"",
            "\\\":\\\"",
            ",",
            "{",
            "access_token",
            "accessTOKEN",
            "csrf-token",
            "csrf_",
            "sid",
            "id",
            "e",
            "balance",
            "52.520008",
            "lat",
            "9f86d081884c7d659a2feaa0c55ad015",
            "Bob@example.com",
            "info@example.com",
            "x@icon.png",
            "phone",
        ];
        let mut seed = 7_u64;
        let mut found = 0;
        for _ in 0..20_000 {
            let mut body = String::from("{\"");
            for _ in 0..16 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                body += PIECES[(seed >> 33) as usize % PIECES.len()];
            }
            for format in [Format::Json, Format::Markup, Format::Csv] {
                let mut tally = Tally::default();
                if format != Format::Csv {
                    members(body.as_bytes(), format, &mut tally);
                }
                if format.is_data() {
                    addresses(body.as_bytes(), format, &mut tally);
                }
                let sightings = tally.sightings(Place::ResponseBody, pointers);
                found += sightings.len();
                assert_eq!(sightings, met_everywhere(body.as_bytes(), format), "{body}");
            }
        }
        assert!(found > 300, "{found}");
    }

    #[test]
    fn long_runs_take_linear_time() {
        for part in [
            "A1",
            "4111 ",
            "1",
            "DE89 ",
            "\":\"",
            "@",
            "a@b.",
            "eyJ",
            "eyJ.",
            "\\\"",
            "\"balance\":{",
        ] {
            let body = part.repeat(limits::SCANNED / part.len());
            for format in [Format::Json, Format::Markup, Format::Csv] {
                let begun = std::time::Instant::now();
                let _ = found(&body, format);
                assert!(begun.elapsed().as_secs() < 20, "{part}");
            }
        }
    }
}
