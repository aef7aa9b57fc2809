//! Values under names that promise something: account data, coordinates, medical words.

use super::bytes::Value;
use super::names::{Meaning, meaning};

/// Longest amount, account number, sort code.
const LONGEST: usize = 40;

/// Whether the value under a name such as `balance` or `accountNumber` is one: it holds a digit, and little else. An object
/// counts by its first member, for `"balance":{"amount":12}`.
pub(super) fn is_account_data(value: Value<'_>) -> bool {
    match value {
        Value::Number(_) => true,
        Value::Text(text) => {
            let text = text.trim_ascii();
            let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
            // Amounts carry a currency, account numbers blanks and stars; sentences are neither.
            (1..=LONGEST).contains(&text.len()) && digits > 0 && digits * 3 >= text.len()
        }
        Value::Object(inside) => is_amount(inside),
        Value::Other => false,
    }
}

fn is_amount(inside: &[u8]) -> bool {
    let inside = &inside[..inside.len().min(64)];
    let Some((name, value)) = super::bytes::first_member(inside) else {
        return false;
    };
    let is_amount = [
        "amount",
        "available",
        "current",
        "cents",
        "minorunits",
        "value",
    ]
    .iter()
    .any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    is_amount
        && match value {
            Value::Number(_) => true,
            Value::Text(text) => text.iter().any(u8::is_ascii_digit),
            Value::Object(_) | Value::Other => false,
        }
}

/// Whether the value under `latitude` or the like is a coordinate fine enough to find a house: a fraction of three digits.
pub(super) fn is_coordinate(value: Value<'_>) -> bool {
    let (Value::Number(text) | Value::Text(text)) = value else {
        return false;
    };
    let Some(point) = memchr::memchr(b'.', text) else {
        return false;
    };
    let Some(number) = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<f64>().ok())
    else {
        return false;
    };
    text.len() - point > 3 && number.abs() <= 180.0 && number != 0.0
}

/// Whether a value says something.
pub(super) fn is_filled(value: Value<'_>) -> bool {
    match value {
        Value::Number(_) | Value::Object(_) => true,
        Value::Text(text) => !text.trim_ascii().is_empty(),
        Value::Other => false,
    }
}

/// Whether a name is that of a card number.
pub(super) fn is_card(name: &[u8]) -> bool {
    meaning(name) == Some(Meaning::Card)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_data() {
        for (value, found) in [
            (Value::Number(b"1234.56"), true),
            (Value::Number(b"0"), true),
            (Value::Text(b"EUR 1,234.56"), true),
            (Value::Text(b"12-34-56"), true),
            (Value::Text(b"****1234"), true),
            (Value::Text(b"Balance"), false),
            (Value::Text(b"Your balance on 1 May"), false),
            (Value::Text(b""), false),
            (Value::Object(br#""amount":12,"currency":"EUR"}"#), true),
            (Value::Object(br#" "value": "12""#), true),
            (Value::Object(br#""label":"Balance 1"}"#), false),
            (Value::Object(b""), false),
            (Value::Other, false),
        ] {
            assert_eq!(is_account_data(value), found, "{value:?}");
        }
    }

    #[test]
    fn coordinates() {
        for (value, found) in [
            (Value::Number(b"52.520008"), true),
            (Value::Number(b"-0.1278"), true),
            (Value::Text(b"13.404954"), true),
            (Value::Number(b"52.5"), false),
            (Value::Number(b"52"), false),
            (Value::Number(b"0.0000"), false),
            (Value::Number(b"1000.1234"), false),
            (Value::Text(b"a.bcde"), false),
            (Value::Other, false),
        ] {
            assert_eq!(is_coordinate(value), found, "{value:?}");
        }
    }
}
