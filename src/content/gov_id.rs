//! National identity and insurance numbers. Only schemes with a checksum, and only under a name that says so: without
//! either, any number would do.

/// Whose number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// CPF: two check digits modulo 11.
    Brazil,
    /// NIR: key 97 minus the number modulo 97.
    France,
    /// Aadhaar: Verhoeff.
    India,
    /// Codice fiscale: check letter.
    Italy,
    /// BSN: weighted sum divisible by 11.
    Netherlands,
    /// PESEL: weighted sum divisible by 10.
    Poland,
    /// DNI and NIE: check letter modulo 23.
    Spain,
    /// Personnummer: Luhn.
    Sweden,
    /// The name tells no country: one of those whose checksum is strong.
    Any,
}

/// Whether a value is such a number.
pub(super) fn is_valid(scheme: Scheme, value: &[u8]) -> bool {
    let mut buffer = [0; 20];
    let mut length = 0;
    for byte in value {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                let Some(place) = buffer.get_mut(length) else {
                    return false;
                };
                *place = byte.to_ascii_uppercase();
                length += 1;
            }
            b' ' | b'.' | b'-' | b'/' | b'+' => {}
            _ => return false,
        }
    }
    let value = &buffer[..length];
    // Runs of one digit pass several of the sums and belong to nobody.
    if value.windows(2).all(|pair| pair[0] == pair[1]) {
        return false;
    }
    match scheme {
        Scheme::Brazil => is_cpf(value),
        Scheme::France => is_nir(value),
        Scheme::India => is_aadhaar(value),
        Scheme::Italy => is_codice_fiscale(value),
        Scheme::Netherlands => is_bsn(value),
        Scheme::Poland => is_pesel(value),
        Scheme::Spain => is_dni(value),
        Scheme::Sweden => is_personnummer(value),
        Scheme::Any => {
            is_cpf(value)
                || is_nir(value)
                || is_codice_fiscale(value)
                || is_dni(value)
                || is_chinese(value)
        }
    }
}

/// The digits of a number with as many as asked for.
fn digits<const N: usize>(value: &[u8]) -> Option<[u32; N]> {
    let value: &[u8; N] = value.try_into().ok()?;
    value
        .iter()
        .all(u8::is_ascii_digit)
        .then(|| value.map(|digit| u32::from(digit - b'0')))
}

fn weighted(digits: &[u32], weights: impl IntoIterator<Item = u32>) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum()
}

fn is_cpf(value: &[u8]) -> bool {
    let Some(digits) = digits::<11>(value) else {
        return false;
    };
    let check = |length: usize| {
        let weights = (2..=length as u32 + 1).rev();
        weighted(&digits[..length], weights) * 10 % 11 % 10
    };
    check(9) == digits[9] && check(10) == digits[10]
}

fn is_nir(value: &[u8]) -> bool {
    if value.len() != 15 || !matches!(value[0], b'1' | b'2') {
        return false;
    }
    // Corsica's departments stand for 19 and 18.
    let mut number = value[..13].to_vec();
    match &value[5..7] {
        b"2A" => number[5..7].copy_from_slice(b"19"),
        b"2B" => number[5..7].copy_from_slice(b"18"),
        _ => {}
    }
    let parse = |bytes: &[u8]| {
        bytes.iter().try_fold(0_u64, |sum, byte| match byte {
            b'0'..=b'9' => Some(sum * 10 + u64::from(byte - b'0')),
            _ => None,
        })
    };
    let month = parse(&number[3..5]);
    let is_month = month.is_some_and(|month| matches!(month, 1..=12 | 20 | 30..=42 | 50..=99));
    match (parse(&number), parse(&value[13..])) {
        (Some(number), Some(key)) => is_month && key == 97 - number % 97,
        _ => false,
    }
}

fn is_aadhaar(value: &[u8]) -> bool {
    let Some(digits) = digits::<12>(value) else {
        return false;
    };
    // Multiplication in the dihedral group of order ten, and the permutation of each position.
    let multiply = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b - 5) % 5 + 5,
        (false, true) => (a + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    const PERMUTED: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let sum = digits
        .iter()
        .rev()
        .enumerate()
        .fold(0, |sum, (place, &digit)| {
            let moved = (0..place % 8).fold(digit, |digit, _| PERMUTED[digit as usize]);
            multiply(sum, moved)
        });
    digits[0] > 1 && sum == 0
}

fn is_codice_fiscale(value: &[u8]) -> bool {
    const SHAPE: &[u8; 16] = b"AAAAAA00A00A000A";
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let fits = value.len() == 16
        && value.iter().zip(SHAPE).all(|(byte, shape)| match shape {
            b'A' => byte.is_ascii_uppercase(),
            _ => byte.is_ascii_digit(),
        });
    if !fits {
        return false;
    }
    let sum: u32 = value[..15]
        .iter()
        .enumerate()
        .map(|(place, byte)| {
            let rank = match byte {
                b'0'..=b'9' => byte - b'0',
                _ => byte - b'A',
            };
            // The first place is odd.
            match place % 2 {
                0 => ODD[usize::from(rank)],
                _ => u32::from(rank),
            }
        })
        .sum();
    u32::from(value[15] - b'A') == sum % 26
}

fn is_bsn(value: &[u8]) -> bool {
    digits::<9>(value).is_some_and(|digits| {
        let sum = weighted(&digits[..8], (2..=9).rev());
        sum % 11 == digits[8]
    })
}

fn is_pesel(value: &[u8]) -> bool {
    digits::<11>(value).is_some_and(|digits| {
        let sum = weighted(&digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]);
        let (month, day) = (
            (digits[2] * 10 + digits[3]) % 20,
            digits[4] * 10 + digits[5],
        );
        sum % 10 == 0 && (1..=12).contains(&month) && (1..=31).contains(&day)
    })
}

fn is_dni(value: &[u8]) -> bool {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let [first, middle @ .., letter] = value else {
        return false;
    };
    if middle.len() != 7 {
        return false;
    }
    let first = match first {
        b'X' => b'0',
        b'Y' => b'1',
        b'Z' => b'2',
        digit => *digit,
    };
    let Some(digits) = digits::<8>(&[&[first], middle].concat()) else {
        return false;
    };
    let number = digits.iter().fold(0, |sum, digit| sum * 10 + digit);
    LETTERS[number as usize % 23] == *letter
}

fn is_personnummer(value: &[u8]) -> bool {
    // The century does not count.
    let value = if value.len() == 12 {
        &value[2..]
    } else {
        value
    };
    digits::<10>(value).is_some_and(|digits| {
        let month = digits[2] * 10 + digits[3];
        let day = digits[4] * 10 + digits[5];
        // Numbers of coordination add 60 to the day.
        (1..=12).contains(&month) && matches!(day, 1..=31 | 61..=91) && super::pan::is_luhn(value)
    })
}

fn is_chinese(value: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let Some((last, number)) = value.split_last() else {
        return false;
    };
    digits::<17>(number).is_some_and(|digits| {
        let check = b"10X98765432"[weighted(&digits, WEIGHTS) as usize % 11];
        let month = digits[10] * 10 + digits[11];
        check == *last && (1..=12).contains(&month) && matches!(digits[6] * 10 + digits[7], 19 | 20)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (scheme, value, valid) in [
            (Scheme::Brazil, "529.982.247-25", true),
            (Scheme::Brazil, "52998224726", false),
            (Scheme::Brazil, "111.111.111-11", false),
            (Scheme::France, "2 55 08 14 168 025 38", true),
            (Scheme::France, "255081416802539", false),
            (Scheme::India, "2341 2341 2346", true),
            (Scheme::India, "234123412345", false),
            (Scheme::Italy, "RSSMRA85T10A562S", true),
            (Scheme::Italy, "rssmra85t10a562s", true),
            (Scheme::Italy, "RSSMRA85T10A562T", false),
            (Scheme::Netherlands, "111222333", true),
            (Scheme::Netherlands, "123456789", false),
            (Scheme::Poland, "44051401359", true),
            (Scheme::Poland, "44051401358", false),
            (Scheme::Spain, "12345678Z", true),
            (Scheme::Spain, "X1234567L", true),
            (Scheme::Spain, "12345678A", false),
            (Scheme::Sweden, "19811218-9876", true),
            (Scheme::Sweden, "811218-9875", false),
            (Scheme::Any, "11010519491231002X", true),
            (Scheme::Any, "110105194912310021", false),
            (Scheme::Any, "1234567", false),
            (Scheme::Any, "", false),
            (Scheme::Any, "é", false),
        ] {
            assert_eq!(is_valid(scheme, value.as_bytes()), valid, "{value}");
        }
    }
}
