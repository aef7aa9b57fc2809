//! The CORS check (Fetch Standard, section 4.10).

use super::fetch::Answer;
use super::header::{ALLOW_CREDENTIALS, ALLOW_ORIGIN};
use super::origin::Origin;
use super::request::CredentialsMode;
use super::trace::{Trace, Value};
use super::verdict::{Code, Phase};

/// Checks a response for a request whose origin serialises as `origin`; the code is of class allowed or blocked.
///
/// The status takes no part: a 404 with the right headers is readable, a 200 without them is not.
pub(super) fn cors_check<T: Trace>(
    answer: &Answer<'_>,
    origin: &Origin,
    credentials: CredentialsMode,
    trace: &mut T,
) -> Code {
    let include = credentials.is_include();
    // Steps 1 and 2.
    let allow_origin = answer.headers.get(ALLOW_ORIGIN);
    let value = allow_origin.as_deref();
    trace.clause(
        "CORS check 2: present",
        ALLOW_ORIGIN,
        value.into(),
        value.is_some(),
    );
    let Some(value) = value else {
        return Code::MissingAllowOrigin;
    };
    // Step 3.
    if value == b"*" {
        trace.clause(
            "CORS check 3: * and credentials mode not include",
            "credentials mode",
            Value::Text(credentials.as_str()),
            !include,
        );
        if !include {
            return Code::OkWildcard;
        }
        // Step 4: `*` equals no serialised origin.
        trace.refused(value);
        return Code::WildcardWithCredentials;
    }
    // Step 4.
    let matches = value == origin.serialised().as_bytes();
    trace.clause(
        "CORS check 4: equals the request's origin",
        "Origin",
        Value::Text(origin.serialised()),
        matches,
    );
    if !matches {
        trace.refused(value);
        return refused_origin(value);
    }
    // Step 5.
    let (plain, with_credentials) = if origin.is_opaque() {
        (Code::OkNullOrigin, Code::OkNullOriginCredentials)
    } else {
        (Code::OkOriginMatch, Code::OkOriginMatchCredentials)
    };
    trace.clause(
        "CORS check 5: credentials mode not include",
        "credentials mode",
        Value::Text(credentials.as_str()),
        !include,
    );
    if !include {
        return plain;
    }
    // Steps 6 and 7.
    let allow_credentials = answer.headers.get(ALLOW_CREDENTIALS);
    let allowed = allow_credentials.as_deref() == Some(b"true");
    trace.clause(
        "CORS check 7: true",
        ALLOW_CREDENTIALS,
        allow_credentials.as_deref().into(),
        allowed,
    );
    if allowed {
        return with_credentials;
    }
    trace.refused(allow_credentials.as_deref().unwrap_or_default());
    Code::AllowCredentialsNotTrue
}

/// Tells apart what step 4 refuses, as Chromium does: several values, no URL at all, another origin.
fn refused_origin(value: &[u8]) -> Code {
    if value.iter().any(|byte| matches!(byte, b' ' | b',')) {
        return Code::AllowOriginMultiple;
    }
    let is_url = || {
        std::str::from_utf8(value).is_ok_and(|text| ::url::Url::parse(text).is_ok())
            || ::url::Url::parse(&String::from_utf8_lossy(value)).is_ok()
    };
    if value == b"null" || is_url() {
        Code::AllowOriginMismatch
    } else {
        Code::AllowOriginInvalid
    }
}

/// The code of a failed CORS check in the given phase.
pub(super) fn code_in(phase: Phase, code: Code) -> Code {
    if phase != Phase::Preflight {
        return code;
    }
    match code {
        Code::MissingAllowOrigin => Code::PreflightMissingAllowOrigin,
        Code::AllowOriginMismatch => Code::PreflightAllowOriginMismatch,
        Code::AllowOriginMultiple => Code::PreflightAllowOriginMultiple,
        Code::AllowOriginInvalid => Code::PreflightAllowOriginInvalid,
        Code::WildcardWithCredentials => Code::PreflightWildcardWithCredentials,
        Code::AllowCredentialsNotTrue => Code::PreflightAllowCredentialsNotTrue,
        other => other,
    }
}
