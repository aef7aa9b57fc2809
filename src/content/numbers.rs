//! Card and account numbers: where they may stand in a text, and where they stand for themselves.
//!
//! Both are runs of digits and capitals, single blanks or hyphens inside allowed.

use super::format::Format;
use super::scan::is_cell;
use super::tally::Tally;
use super::{Kind, bytes, iban, limits, member, names, pan};

/// Length of the shortest run of digits and capitals that is looked at.
const SHORTEST_RUN: usize = 13;

/// What a byte is in a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Digits and capitals.
    Member,
    /// What may stand between two of them.
    Joint,
    Other,
}

static CLASS: [Class; 256] = {
    let mut table = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = byte as u8;
        if value.is_ascii_digit() || value.is_ascii_uppercase() {
            table[byte] = Class::Member;
        }
        byte += 1;
    }
    table[b' ' as usize] = Class::Joint;
    table[b'-' as usize] = Class::Joint;
    table
};

fn class(byte: u8) -> Class {
    CLASS[usize::from(byte)]
}

/// Looks for numbers.
pub(super) fn numbers(text: &[u8], format: Format, tally: &mut Tally) {
    let mut doubtful = Doubtful::default();
    let mut done = 0;
    let mut probe = SHORTEST_RUN - 1;
    while let Some(&byte) = text.get(probe) {
        let at = match class(byte) {
            Class::Member => probe,
            // Behind a joint the run goes on.
            Class::Joint if is_member(text, probe + 1) => probe + 1,
            Class::Joint | Class::Other => {
                probe += SHORTEST_RUN;
                continue;
            }
        };
        let (start, end) = run_around(text, at, done);
        if end - start >= SHORTEST_RUN {
            run(text, start, end, format, tally, &mut doubtful);
        }
        done = end;
        // Runs do not touch, so the next one ends at least this far behind.
        probe = end + SHORTEST_RUN;
    }
    doubtful.settle(tally);
}

fn is_member(text: &[u8], at: usize) -> bool {
    text.get(at)
        .is_some_and(|byte| class(*byte) == Class::Member)
}

/// The run that holds `at`, not looking before `done`.
fn run_around(text: &[u8], at: usize, done: usize) -> (usize, usize) {
    let mut start = at;
    while start > done {
        match class(text[start - 1]) {
            Class::Member => start -= 1,
            Class::Joint if start >= done + 2 && is_member(text, start - 2) => start -= 2,
            Class::Joint | Class::Other => break,
        }
    }
    let mut end = at + 1;
    while let Some(&byte) = text.get(end) {
        match class(byte) {
            Class::Member => end += 1,
            Class::Joint if is_member(text, end + 1) => end += 2,
            Class::Joint | Class::Other => break,
        }
    }
    (start, end)
}

/// Looks for numbers in the groups of a run.
fn run(
    text: &[u8],
    start: usize,
    end: usize,
    format: Format,
    tally: &mut Tally,
    doubtful: &mut Doubtful,
) {
    let mut at = start;
    let mut previous_is_digits = false;
    while at < end {
        let length = group_length(text, at, end);
        let group = &text[at..at + length];
        let is_digits = group.iter().all(u8::is_ascii_digit);
        let mut used = length;
        if is_digits {
            if !previous_is_digits {
                used = card(text, at, end, format, tally, doubtful).unwrap_or(length);
            }
        } else if iban::length(group).is_some() {
            used = account(text, at, end, tally).unwrap_or(length);
        }
        previous_is_digits = is_digits;
        at += used + 1;
    }
}

fn group_length(text: &[u8], at: usize, end: usize) -> usize {
    let rest = text.get(at..end).unwrap_or_default();
    rest.iter()
        .take_while(|byte| class(**byte) == Class::Member)
        .count()
}

/// An account number in one group or in groups of four; how much of the run it is.
fn account(text: &[u8], start: usize, end: usize, tally: &mut Tally) -> Option<usize> {
    let length = iban::length(&text[start..end])?;
    let mut number = Vec::with_capacity(iban::LONGEST);
    let mut at = start;
    while number.len() < length {
        let group = group_length(text, at, end);
        let is_last = number.len() + group >= length;
        // In groups, all but the last have four.
        if group == 0 || !is_last && group != 4 {
            return None;
        }
        number.extend_from_slice(&text[at..at + group]);
        at += group + 1;
    }
    let number_end = at - 1;
    if bytes::is_word_before(text, start)
        || bytes::is_word_after(text, number_end)
        || !iban::is_valid(&number)
    {
        return None;
    }
    tally.meet(Kind::Iban, start, &number);
    Some(number_end - start)
}

/// A card number in one group or in groups as cards print them; how much of the run it is.
fn card(
    text: &[u8],
    start: usize,
    end: usize,
    format: Format,
    tally: &mut Tally,
    doubtful: &mut Doubtful,
) -> Option<usize> {
    // Most are fractions, and parts of something longer.
    if goes_on_before(text, start) {
        return None;
    }
    let mut lengths = [0; MOST_GROUPS];
    let mut count = 0;
    let mut at = start;
    while at < end && count < MOST_GROUPS {
        let length = group_length(text, at, end);
        let group = &text[at..at + length];
        if length == 0 || length > 19 || !group.iter().all(u8::is_ascii_digit) {
            break;
        }
        lengths[count] = length;
        count += 1;
        at += length + 1;
        // Groups of one number are joined alike.
        if count > 1 && text.get(at - 1) != text.get(start + lengths[0]) && at <= end {
            break;
        }
    }
    let number_end = at.checked_sub(1)?;
    let is_grouped = pan::is_grouped(&lengths[..count]);
    if !is_grouped && count != 1 || goes_on_behind(text, number_end) {
        return None;
    }
    let digits = || -> Vec<u8> {
        let number = text[start..number_end].iter().copied();
        number.filter(u8::is_ascii_digit).collect()
    };
    let used = number_end - start;
    let name = bytes::name_of_value(text, start);
    if name.is_some_and(member::is_card) {
        let digits = digits();
        if pan::is_named(&digits) {
            tally.meet(Kind::Pan, start, &digits);
        }
        return Some(used);
    }
    let stands_alone = match format {
        Format::Json | Format::Jsonp => bytes::is_whole_string(text, start, number_end),
        Format::Csv => is_cell(text, start, number_end),
        _ => is_grouped,
    };
    if stands_alone && !name.is_some_and(names::is_ordinary_number) {
        doubtful.add(start, &digits());
    }
    Some(used)
}

/// Most groups that are looked at as one card number.
const MOST_GROUPS: usize = 5;

/// Whether what begins at `start` is part of a word, a decimal, or something joined by what joins no card's groups.
fn goes_on_before(text: &[u8], start: usize) -> bool {
    let before = start.checked_sub(1).map(|index| text[index]);
    matches!(
        before,
        Some(b'.' | b'-' | b'+' | b'/' | b'#' | b'%' | b'&' | b'=')
    ) || bytes::is_word_before(text, start)
}

/// As [`goes_on_before`], for what ends at `end`.
fn goes_on_behind(text: &[u8], end: usize) -> bool {
    let after = text.get(end).copied();
    let digit_behind = text.get(end + 1).is_some_and(u8::is_ascii_digit);
    bytes::is_word_after(text, end)
        || matches!(after, Some(b'-' | b'/'))
        || matches!(after, Some(b'.')) && digit_behind
}

/// Numbers with the looks of a card's that no name confirms.
#[derive(Debug, Default)]
struct Doubtful {
    passed: Vec<(usize, Vec<u8>)>,
    failed: usize,
}

impl Doubtful {
    fn add(&mut self, at: usize, digits: &[u8]) {
        match pan::by_looks(digits) {
            pan::Sum::Passes if self.passed.len() < limits::MOST_DOUBTFUL => {
                self.passed.push((at, digits.to_vec()));
            }
            pan::Sum::Fails => self.failed += 1,
            pan::Sum::Passes | pan::Sum::NoCard => {}
        }
    }

    /// Ids fail the sum nine times out of ten, cards never.
    fn settle(self, tally: &mut Tally) {
        if self.failed < self.passed.len() {
            for (at, digits) in self.passed {
                tally.meet(Kind::Pan, at, &digits);
            }
        }
    }
}
