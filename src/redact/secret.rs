//! What counts as a secret: by the name it stands under, or by its look.

/// Kinds that placeholders name.
pub(super) const KINDS: &[&str] = &[
    "authorization",
    "base64",
    "code",
    "cookie",
    "email",
    "hex",
    "jwt",
    "key",
    "password",
    "secret",
    "session",
    "signature",
    "token",
    "url",
    "userinfo",
    "value",
];

/// Random-looking values below this length are ordinary ids.
pub(super) const SHORTEST: usize = 20;

/// In a path, where ids and content hashes are common, random-looking segments below this length stay.
pub(super) const SHORTEST_SEGMENT: usize = 32;

/// Names that are secrets only as a whole: `code` is one, `country_code` is none.
const WHOLE_NAMES: &[(&str, &str)] = &[
    ("auth", "token"),
    ("code", "code"),
    ("codeverifier", "code"),
    ("hmac", "signature"),
    ("key", "key"),
    ("mac", "signature"),
    ("otp", "code"),
    ("pass", "password"),
    ("pin", "code"),
    ("pwd", "password"),
    ("sid", "session"),
    ("sig", "signature"),
    ("ticket", "token"),
];

/// Names that are secrets with anything before them: `id_token`, `X-Amz-Signature`, `user[password]`.
const ENDINGS: &[(&str, &str)] = &[
    ("accesskey", "key"),
    ("accesskeyid", "key"),
    ("apikey", "key"),
    ("assertion", "token"),
    ("authcode", "code"),
    ("authkey", "key"),
    ("authorization", "authorization"),
    ("cookie", "cookie"),
    ("credential", "secret"),
    ("credentials", "secret"),
    ("functionskey", "key"),
    ("jwt", "jwt"),
    ("passcode", "code"),
    ("passphrase", "password"),
    ("passwd", "password"),
    ("password", "password"),
    ("privatekey", "key"),
    ("samlrequest", "token"),
    ("samlresponse", "token"),
    ("secret", "secret"),
    ("secretkey", "key"),
    ("securitykey", "key"),
    ("sessid", "session"),
    ("session", "session"),
    ("sessionid", "session"),
    ("sessionkey", "session"),
    ("signature", "signature"),
    ("subscriptionkey", "key"),
    ("token", "token"),
];

/// Beginnings of well-known tokens.
pub(crate) const TOKEN_PREFIXES: &[&str] = &[
    "AIza",
    "AKIA",
    "ASIA",
    "EAAC",
    "SG.",
    "dop_v1_",
    "ghb_",
    "gho_",
    "ghp_",
    "ghr_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "npm_",
    "pk_live_",
    "pypi-",
    "rk_live_",
    "shpat_",
    "sk-",
    "sk_live_",
    "sk_test_",
    "whsec_",
    "xapp-",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "xoxs-",
    "ya29.",
];

/// The kind of secret that a parameter of this name holds.
pub(super) fn of_name(name: &str) -> Option<&'static str> {
    let name = letters(name);
    WHOLE_NAMES
        .iter()
        .find(|(whole, _)| name == *whole)
        .or_else(|| ENDINGS.iter().find(|(ending, _)| name.ends_with(ending)))
        .map(|(_, kind)| *kind)
}

/// The kind of secret that a header of this name holds, beyond cookies and `Authorization`.
pub(super) fn of_header(name: &str) -> Option<&'static str> {
    // `Access-Control-Allow-Credentials`, and facts such as "credentials mode", are no secrets.
    let prefix = name.as_bytes().get(..15);
    if prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"access-control-")) {
        return None;
    }
    let name = letters(name);
    ENDINGS
        .iter()
        .filter(|(_, kind)| {
            matches!(
                *kind,
                "authorization" | "jwt" | "key" | "password" | "session" | "signature" | "token"
            )
        })
        .find(|(ending, _)| name.ends_with(ending))
        .map(|(_, kind)| *kind)
}

/// The kind of secret that a value looks like; random-looking values shorter than `shortest` are none.
pub(super) fn of_value(value: &str, shortest: usize) -> Option<&'static str> {
    if is_email(value) {
        return Some("email");
    }
    if is_jwt(value) {
        return Some("jwt");
    }
    let has_token_prefix = value.len() >= 16 && TOKEN_PREFIXES.iter().any(|p| value.starts_with(p));
    if has_token_prefix && value.bytes().any(|b| b.is_ascii_digit()) && is_token_text(value) {
        return Some("token");
    }
    if value.len() < shortest || !is_token_text(value) {
        return None;
    }
    if value.bytes().all(|b| b.is_ascii_hexdigit()) {
        return (has_digit_and_letter(value) && entropy(value) >= 2.8).then_some("hex");
    }
    is_random(value).then_some("base64")
}

/// Whether a path segment is the file of a page's assets, whose name often holds a hash of its content.
pub(super) fn is_asset(segment: &str) -> bool {
    const EXTENSIONS: [&str; 15] = [
        "avif", "css", "gif", "ico", "jpeg", "jpg", "js", "map", "mjs", "png", "svg", "wasm",
        "webp", "woff", "woff2",
    ];
    segment.rsplit_once('.').is_some_and(|(name, extension)| {
        EXTENSIONS.contains(&extension) && !name.contains('@') && !is_jwt(name)
    })
}

/// A name in lower case without separators, so that `access-token`, `access_token` and `accessToken` are one.
fn letters(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else {
        return false;
    };
    let Some((host, top)) = domain.rsplit_once('.') else {
        return false;
    };
    !local.is_empty()
        && !host.is_empty()
        && top.len() >= 2
        && top.bytes().all(|b| b.is_ascii_alphabetic())
        && local
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b) || b >= 0x80)
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b) || b >= 0x80)
}

/// Three (or, unsigned, two) parts of base64url, the first of which is the beginning of a JSON object.
fn is_jwt(value: &str) -> bool {
    let mut parts = value.split('.');
    parts
        .next()
        .is_some_and(|head| head.starts_with("eyJ") && head.len() >= 10 && is_base64url(head))
        && parts
            .next()
            .is_some_and(|body| body.len() >= 2 && is_base64url(body))
}

fn is_base64url(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_=".contains(&b))
}

fn is_token_text(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"+/=-_.~".contains(&b))
}

fn has_digit_and_letter(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// Bits per byte, by how often each byte occurs.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let length = text.len() as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = f64::from(count) / length;
            -share * share.log2()
        })
        .sum()
}

/// Whether letters and digits follow each other as in random text and not as in words.
///
/// Words, file names and slugs stay within one class (upper case, lower case, digit) for several characters; random
/// base64 changes the class at six of ten steps, base 36 and base 32 at four of ten.
fn is_random(text: &str) -> bool {
    let class = |b: u8| match b {
        b'a'..=b'z' => Some(0),
        b'A'..=b'Z' => Some(1),
        b'0'..=b'9' => Some(2),
        _ => None,
    };
    let classes: Vec<u8> = text.bytes().filter_map(class).collect();
    let separators =
        text.trim_end_matches('=').len() - classes.len().min(text.trim_end_matches('=').len());
    if !has_digit_and_letter(text)
        || is_uuid(text)
        || separators * 6 > text.len()
        || classes.len() < 16
    {
        return false;
    }
    let changes = classes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let kinds = (0..3).filter(|kind| classes.contains(kind)).count();
    let least = if kinds == 3 { 0.33 } else { 0.25 };
    changes as f64 >= least * (classes.len() - 1) as f64 && entropy(text) >= 3.2
}

/// A UUID is an ordinary id unless its name says otherwise.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}
