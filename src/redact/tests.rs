use proptest::prelude::*;

use super::*;

const JWT: &str =
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

#[test]
fn secrets_of_urls_go() {
    let cases = [
        (
            "user information",
            "https://user:pass@a.test/x",
            "https://[userinfo:9:#]@a.test/x",
        ),
        (
            "user information without slashes",
            "https:user:pass@a.test/x",
            "https:[userinfo:9:#]@a.test/x",
        ),
        (
            "user information of a relative URL",
            "//user:pass@a.test/x",
            "//[userinfo:9:#]@a.test/x",
        ),
        (
            "two signs",
            "https://u:p@ss@a.test/",
            "https://[userinfo:6]@a.test/",
        ),
        (
            "a token by name",
            "https://a.test/?access_token=hunter22",
            "https://a.test/?access_token=[token:8:#]",
        ),
        (
            "short values have no hash",
            "https://a.test/?code=1234&x=1",
            "https://a.test/?code=[code:4]&x=1",
        ),
        (
            "a name in brackets",
            "/?user%5Bpassword%5D=correcthorse",
            "/?user%5Bpassword%5D=[password:12:#]",
        ),
        (
            "a fragment",
            "https://a.test/#id_token=abcdefgh",
            "https://a.test/#id_token=[token:8:#]",
        ),
        (
            "an address",
            "https://a.test/?q=bob%40mail.test",
            "https://a.test/?q=[email:13:#]",
        ),
        (
            "hex",
            "https://a.test/?h=0123456789abcdef0123",
            "https://a.test/?h=[hex:20:#]",
        ),
        (
            "base64",
            "https://a.test/?h=x8Jk2Lq9ZpV4tR7yWb3N",
            "https://a.test/?h=[base64:20:#]",
        ),
        (
            "padded base64",
            "https://a.test/?h=x8Jk2Lq9ZpV4tR7yWb3NaQ==",
            "https://a.test/?h=[base64:24:#]",
        ),
        (
            "a matrix parameter",
            "https://a.test/x;jsessionid=abcdefgh",
            "https://a.test/x;jsessionid=[session:8:#]",
        ),
        (
            "a long segment",
            "https://a.test/r/0123456789abcdef0123456789abcdef/x",
            "https://a.test/r/[hex:32:#]/x",
        ),
        (
            "an address as segment",
            "https://a.test/u/bob@mail.test/x",
            "https://a.test/u/[email:13:#]/x",
        ),
        (
            "a URL in a value",
            "https://a.test/?u=https%3A%2F%2Fb.test%2F%3Ftoken%3Dabcdefgh",
            "https://a.test/?u=[url:30:#]",
        ),
        (
            "JSON in a value",
            "https://a.test/?d=%7B%22token%22%3A%22abcdefgh%22%7D",
            "https://a.test/?d=[value:20:#]",
        ),
    ];
    for (desc, url, expected) in cases {
        assert_eq!(without_hashes(&url_text(url)), expected, "{desc}");
    }
    let jwt = format!("https://a.test/{JWT}/x?a={JWT}");
    assert_eq!(
        without_hashes(&url_text(&jwt)),
        "https://a.test/[jwt:107:#]/x?a=[jwt:107:#]".replace("107", &JWT.len().to_string())
    );
}

#[test]
fn ordinary_urls_stay() {
    for url in [
        "https://a.test/c/t00001",
        "https://a.test/c/t00001?case=xo-preflight-header-not-allowed&page=2",
        "https://a.test/users/550e8400-e29b-41d4-a716-446655440000?id=550e8400-e29b-41d4-a716-446655440000",
        "https://a.test/?country_code=CH&sort_key=price&status_code=404&currency=EUR",
        "https://a.test/assets/app.3f2a9c1d.js?v=20261122081100&t=1700000000000",
        "https://a.test/?utm_campaign=autumn-sale-2026-newsletter-week-47&lang=de-CH",
        "https://a.test/npm/@scope/pkg@1.2.3/dist/index.min.js",
        "https://a.test:8443/a//b/c?x=1;y=2#top",
        "https://a.test/static/main.0123456789abcdef0123456789abcdef.chunk.js",
        "https://a.test/very-long-article-title-about-cors-and-other-things-2026",
        "https://a.test/AnalyticsDashboardSettingsPage2Controller",
        "null",
        "*",
        "",
        "http://[::1]:3000",
        "data:,x",
    ] {
        assert!(
            matches!(url_text(url), Cow::Borrowed(_)),
            "{url} became {}",
            url_text(url)
        );
    }
}

#[test]
fn header_values_lose_their_secrets() {
    let cases = [
        (
            "Cookie",
            "sid=abcdefgh; theme=dark",
            "sid=[cookie:8:#]; theme=[cookie:4]",
        ),
        ("cookie", "sid; theme", "sid; theme"),
        ("cookie", "ab cd+efgh/ij", "[cookie:13:#]"),
        (
            "Set-Cookie",
            "sid=abcdefgh; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; SameSite=None; Secure",
            "sid=[cookie:8:#]; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; SameSite=None; Secure",
        ),
        (
            "Set-Cookie",
            "a=abcdefgh; Path=/, b=ijklmnop",
            "a=[cookie:8:#]; Path=/, b=[cookie:8:#]",
        ),
        (
            "Authorization",
            "Bearer abcdefgh",
            "Bearer [authorization:8:#]",
        ),
        ("authorization", "abcdefgh", "[authorization:8:#]"),
        (
            "Proxy-Authorization",
            "Basic dXNlcjpwYXNz",
            "Basic [authorization:12:#]",
        ),
        ("X-Api-Key", "abcdefgh", "[key:8:#]"),
        ("X-CSRF-Token", "abcdefgh", "[token:8:#]"),
        (
            "Access-Control-Allow-Origin",
            "https://u:p@a.test",
            "https://[userinfo:3]@a.test",
        ),
        ("Access-Control-Allow-Credentials", "true", "true"),
        (
            "Access-Control-Allow-Headers",
            "authorization, x-api-key",
            "authorization, x-api-key",
        ),
        (
            "Location",
            "https://a.test/cb?code=abcdefgh",
            "https://a.test/cb?code=[code:8:#]",
        ),
        ("Vary", "Origin", "Origin"),
    ];
    for (name, value, expected) in cases {
        assert_eq!(
            without_hashes(&header_value(name, value.as_bytes())),
            expected,
            "{name}: {value}"
        );
    }
    assert_eq!(header_value("x", b"caf\xe9"), "café");
}

#[test]
fn text_loses_its_secrets() {
    let cases = [
        (
            "fetch at 'https://a.test/?token=abcdefgh' from origin 'https://b.test'",
            "fetch at 'https://a.test/?token=[token:8:#]' from origin 'https://b.test'",
        ),
        (
            "sent Bearer abcdefgh, refused",
            "sent Bearer [token:8:#], refused",
        ),
        (
            "password=correcthorse; next",
            "password=[password:12:#]; next",
        ),
        ("bob@mail.test\u{1b}[2J", "[email:13:#]\u{1b}[2J"),
        (
            "Authorization:Bearer abcdefgh",
            "Authorization:[authorization:6] [token:8:#]",
        ),
        ("Authorization: abcdefgh", "Authorization: [token:8:#]"),
        (
            "{\"password\":\"abcdefgh\"}",
            "{\"password\":\"[token:8:#]\"}",
        ),
        (
            "Bearer [token:8:abc123], again",
            "Bearer [token:8:#], again",
        ),
        ("the Basic profile", "the Basic [token:7]"),
        ("write to bob@mail.test.", "write to [email:13:#]."),
        (
            "Cookie: sid=abcdefgh; b=c",
            "Cookie: sid=[cookie:8:#]; b=[cookie:1]",
        ),
        (
            "entry 17: 3 values differ (a, b)",
            "entry 17: 3 values differ (a, b)",
        ),
        ("net::ERR_FAILED", "net::ERR_FAILED"),
    ];
    for (given, expected) in cases {
        assert_eq!(without_hashes(&text(given)), expected, "{given}");
    }
}

#[test]
fn hidden_characters_are_escaped() {
    assert_eq!(
        printable("a\u{1b}[31mb\u{202e}c\u{9b}\n"),
        "a\\u{1b}[31mb\\u{202e}c\\u{9b}\\u{a}"
    );
    assert!(matches!(printable("Zürich 日本"), Cow::Borrowed(_)));
}

#[test]
fn equal_secrets_have_equal_placeholders() {
    // The key is part of the contract: reports of different versions can be compared.
    assert_eq!(url_text("/?token=abcdefgh"), url_text("/?token=abcdefgh"));
    assert_ne!(url_text("/?token=abcdefgh"), url_text("/?token=abcdefgi"));
}

proptest! {
    #[test]
    fn a_second_time_changes_nothing(value in "[ -~é]{0,60}") {
        let once = text(&value).into_owned();
        prop_assert_eq!(text(&once).into_owned(), once.clone());
        let once = url_text(&value).into_owned();
        prop_assert_eq!(url_text(&once).into_owned(), once);
    }

    #[test]
    fn a_second_time_changes_nothing_in_likely_text(pieces in prop::collection::vec(prop::sample::select(vec![
        "Bearer ", "password", "token", "=", ":", ": ", "&", "?", "/", "//", "https://", "@", "a.test", ";", ", ", "\"", "'",
        "x8Jk2Lq9ZpV4tR7yWb3NaQ", "abcdefgh", "bob", "[token:8:abc123]", "[code:4]", "{", "}", ".", "Cookie: ", "sid", "%3D", "%2F", "#",
    ]), 0..14)) {
        let value = pieces.concat();
        let once = text(&value).into_owned();
        prop_assert_eq!(text(&once).into_owned(), once.clone());
        let once = url_text(&value).into_owned();
        prop_assert_eq!(url_text(&once).into_owned(), once);
    }

    #[test]
    fn named_secrets_never_stay(secret in "[A-Za-z0-9]{8,40}", host in "[a-z]{1,8}") {
        let url = format!("https://{host}.test/a?x=1&access_token={secret}&y={host}");
        prop_assert!(!url_text(&url).contains(&secret));
        let url = format!("https://{secret}:x@{host}.test/a");
        prop_assert!(!url_text(&url).contains(&secret));
    }

    #[test]
    fn nothing_panics(value in "\\PC*") {
        let _ = (text(&value), url_text(&value), printable(&value), header_value("set-cookie", value.as_bytes()));
    }
}

/// Six hex digits at the end of a placeholder become `#`.
fn without_hashes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(']') {
        let (before, after) = rest.split_at(at);
        let cut = before
            .len()
            .checked_sub(7)
            .filter(|&n| before.is_char_boundary(n));
        match cut.map(|n| before.split_at(n)) {
            Some((head, hash))
                if hash.starts_with(':') && hash[1..].bytes().all(|b| b.is_ascii_hexdigit()) =>
            {
                out.push_str(head);
                out.push_str(":#");
            }
            _ => out.push_str(before),
        }
        out.push(']');
        rest = &after[1..];
    }
    out + rest
}
