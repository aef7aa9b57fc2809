//! Text of a recording, fit to be shown.

use crate::redact;

/// Characters of one text that are shown; an address or a header value that is longer says nothing more.
const LONGEST: usize = 700;

/// Text that a page shows as it is: secrets were replaced by whoever made it, here characters that cannot be seen are
/// written out and what is endless is cut.
pub(super) fn shown(text: &str) -> String {
    let text = redact::printable(text);
    match text.char_indices().nth(LONGEST) {
        None => text.into_owned(),
        Some((end, _)) => format!("{}… ({} bytes more)", &text[..end], text.len() - end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_hidden() {
        assert_eq!(shown("a\u{202e}b\n"), "a\\u{202e}b\\u{a}");
        let long = "é".repeat(LONGEST + 5);
        assert!(shown(&long).ends_with("é… (10 bytes more)"));
        assert_eq!(shown(&"x".repeat(LONGEST)).len(), LONGEST);
    }
}
