//! Payment card numbers.
//!
//! One number in ten passes the Luhn sum, and recordings are full of long numbers. So a number counts only where it is a
//! value of its own, begins as a card of its length does, and is not one of many that look alike and fail the sum: cards
//! all pass.

/// The value of a number, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sum {
    /// Passes the Luhn sum.
    Passes,
    /// Has the looks of a card number and fails the sum.
    Fails,
    /// No card number by its looks.
    NoCard,
}

/// What digits are that no name calls a card number: one of the brands by beginning and length.
pub(super) fn by_looks(digits: &[u8]) -> Sum {
    if !has_issuer(digits) || is_monotonous(digits) {
        Sum::NoCard
    } else if is_luhn(digits) {
        Sum::Passes
    } else {
        Sum::Fails
    }
}

/// Whether digits that a name calls a card number are one.
pub(super) fn is_named(digits: &[u8]) -> bool {
    (13..=19).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && !is_monotonous(digits)
        && is_luhn(digits)
}

/// Whether groups of digits are how cards print their numbers.
pub(super) fn is_grouped(lengths: &[usize]) -> bool {
    matches!(lengths, [4, 4, 4, 4] | [4, 6, 5] | [4, 6, 4])
}

/// Luhn's sum (ISO/IEC 7812-1, annex B).
pub(super) fn is_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            match (place % 2, digit) {
                (0, _) => digit,
                (_, 0..=4) => digit * 2,
                _ => digit * 2 - 9,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Beginning and length of the brands in use. Lengths that are all but unused (Visa with 13 or 19 digits, Maestro) count
/// under a name only.
fn has_issuer(digits: &[u8]) -> bool {
    let Some(first) = digits.first_chunk::<4>() else {
        return false;
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let first = first
        .iter()
        .fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    match digits.len() {
        // Diners Club.
        14 => matches!(first, 3000..=3059 | 3095 | 3600..=3699 | 3800..=3999),
        // American Express.
        15 => matches!(first, 3400..=3499 | 3700..=3799),
        // Visa, Mastercard, Discover, JCB, UnionPay.
        16 => matches!(
            first,
            4000..=4999 | 5100..=5599 | 2221..=2720 | 6011 | 6440..=6599 | 3528..=3589 | 6200..=6299
        ),
        _ => false,
    }
}

/// Fewer than two different digits behind the issuer: made up, and no test card either.
fn is_monotonous(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (digits, sum) in [
            ("4111111111111111", Sum::Passes),
            ("5555555555554444", Sum::Passes),
            ("2223003122003222", Sum::Passes),
            ("378282246310005", Sum::Passes),
            ("30569309025904", Sum::Passes),
            ("3530111333300000", Sum::Passes),
            ("6011111111111117", Sum::Passes),
            ("4111111111111112", Sum::Fails),
            ("4444444444444444", Sum::NoCard),
            // A time in milliseconds, one in microseconds, a post's id, an account of a phone.
            ("1750000000000", Sum::NoCard),
            ("1750000000000000", Sum::NoCard),
            ("1745939412347895810", Sum::NoCard),
            ("356938035643809", Sum::NoCard),
            ("", Sum::NoCard),
        ] {
            assert_eq!(by_looks(digits.as_bytes()), sum, "{digits}");
        }
        assert!(is_named(b"6759649826438453"));
        assert!(is_named(b"4222222222222"));
        assert!(!is_named(b"6759649826438454"));
        assert!(!is_named(b"0000000000000000"));
    }
}
