//! Times as exporters write them: RFC 3339, more or less.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::exchange::Time;

/// The time of an RFC 3339 text with any offset; without one, in UTC. Digits behind the nanosecond are dropped.
pub(super) fn parse(text: &str) -> Option<Time> {
    let text = text.trim();
    let shortened = shorten_fraction(text);
    let text = shortened.as_deref().unwrap_or(text);
    let timestamp = text.parse::<Timestamp>().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        Offset::UTC.to_timestamp(local).ok()
    })?;
    i64::try_from(timestamp.as_nanosecond()).ok().map(Time)
}

/// The text with its fraction cut to nine digits, if it has more.
fn shorten_fraction(text: &str) -> Option<String> {
    let fraction = text.find(['.', ','])? + 1;
    let digits = text[fraction..]
        .bytes()
        .take_while(u8::is_ascii_digit)
        .count();
    if digits <= 9 {
        return None;
    }
    Some(format!(
        "{}{}",
        &text[..fraction + 9],
        &text[fraction + digits..]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let second = 1_772_359_200_000_000_000;
        for (text, nanoseconds) in [
            ("2026-03-01T10:00:00Z", Some(second)),
            ("2026-03-01T10:00:00.000Z", Some(second)),
            ("2026-03-01T12:00:00.000+02:00", Some(second)),
            ("2026-03-01T12:00:00+0200", Some(second)),
            ("2026-03-01T10:00:00.5", Some(second + 500_000_000)),
            ("2026-03-01 10:00:00", Some(second)),
            (
                "2026-03-01T10:00:00.1234567891234Z",
                Some(second + 123_456_789),
            ),
            ("2026-03-01T10:00:00.1Z", Some(second + 100_000_000)),
            ("Sun Mar 01 2026", None),
            ("", None),
            ("9999-12-31T10:00:00Z", None),
        ] {
            assert_eq!(parse(text), nanoseconds.map(Time), "{text}");
        }
    }
}
