//! Telephone numbers of persons. Only under a name that says so, and only in the form of E.164: any shorter number may be
//! anything.

/// Beginnings of numbers that ring at a company, free of charge.
const FREE: &[&str] = &[
    "1800", "1833", "1844", "1855", "1866", "1877", "1888", "44800", "44808", "49800", "33800",
    "800",
];

/// The digits of a number, if the value is one of a person.
pub(super) fn number(value: &[u8]) -> Option<Vec<u8>> {
    let rest = value.trim_ascii().strip_prefix(b"+")?;
    let mut digits = Vec::with_capacity(15);
    for byte in rest {
        match byte {
            b'0'..=b'9' if digits.len() < 15 => digits.push(*byte),
            b' ' | b'-' | b'.' | b'(' | b')' => {}
            _ => return None,
        }
    }
    let is_person = digits.len() >= 8
        && digits[0] != b'0'
        && !FREE.iter().any(|free| digits.starts_with(free.as_bytes()))
        // Numbers reserved for films, and made up ones.
        && digits[2..].windows(2).any(|pair| pair[0] != pair[1]);
    is_person.then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (value, personal) in [
            ("+4915123456789", true),
            ("+44 7911 123456", true),
            ("+1 (415) 555-2671", true),
            ("+1-800-555-0199", false),
            ("004915123456789", false),
            ("4155552671", false),
            ("+123", false),
            ("+10000000000", false),
            ("+1234567890123456", false),
            ("+49 x", false),
            ("", false),
        ] {
            assert_eq!(number(value.as_bytes()).is_some(), personal, "{value}");
        }
    }
}
