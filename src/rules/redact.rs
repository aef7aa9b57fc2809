//! Stand-in for `crate::redact` with its signatures, until that is merged.

use std::borrow::Cow;

use crate::url::Url;

/// A URL without query values and user information.
pub(crate) fn url(url: &Url) -> Cow<'_, str> {
    let text = url.as_str();
    if url.has_userinfo() {
        return Cow::Owned(format!("{}{}", url.origin(), url.path()));
    }
    Cow::Borrowed(text.split_once('?').map_or(text, |(before, _)| before))
}

/// A header value fit to print.
pub(crate) fn header_value(_name: &str, value: &[u8]) -> String {
    String::from_utf8_lossy(value)
        .chars()
        .flat_map(|c| {
            let hidden = c.is_control();
            let escaped = hidden.then(|| c.escape_default());
            escaped.into_iter().flatten().chain((!hidden).then_some(c))
        })
        .collect()
}
