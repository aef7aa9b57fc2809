//! International bank account numbers (ISO 13616).

/// Lengths by country, as the registry has them.
const LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

/// Longest number of the table.
pub(super) const LONGEST: usize = 33;

/// The length of a number that begins so, if a country's numbers do.
pub(super) fn length(start: &[u8]) -> Option<usize> {
    let [first, second, digit, other, ..] = start else {
        return None;
    };
    if !digit.is_ascii_digit() || !other.is_ascii_digit() {
        return None;
    }
    let at = LENGTHS
        .binary_search_by_key(&[*first, *second], |(country, _)| **country)
        .ok()?;
    Some(LENGTHS[at].1)
}

/// Whether letters and digits without separators are a number: the country's length, and 1 modulo 97.
pub(super) fn is_valid(number: &[u8]) -> bool {
    if length(number) != Some(number.len()) {
        return false;
    }
    let rest = number[4..]
        .iter()
        .chain(&number[..4])
        .try_fold(0_u32, |rest, byte| match byte {
            b'0'..=b'9' => Some((rest * 10 + u32::from(byte - b'0')) % 97),
            b'A'..=b'Z' => Some((rest * 100 + u32::from(byte - b'A') + 10) % 97),
            _ => None,
        });
    // All zeros behind the country belong to nobody and can be made valid.
    rest == Some(1) && number[4..].iter().any(|byte| matches!(byte, b'1'..=b'9'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert!(LENGTHS.is_sorted());
        assert!(LENGTHS.iter().all(|(_, length)| *length <= LONGEST));
        for (number, valid) in [
            ("DE89370400440532013000", true),
            ("GB29NWBK60161331926819", true),
            ("NO9386011117947", true),
            ("MT84MALT011000012345MTLCAST001S", true),
            ("DE89370400440532013001", false),
            ("DE8937040044053201300", false),
            ("XX89370400440532013000", false),
            ("de89370400440532013000", false),
            ("DE", false),
            ("", false),
        ] {
            assert_eq!(is_valid(number.as_bytes()), valid, "{number}");
        }
    }
}
