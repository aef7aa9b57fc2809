//! What the names of members and parameters promise.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::gov_id::Scheme;
use super::limits;

/// What a value under a name may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    AccountData,
    Card,
    Coordinate,
    CsrfToken,
    GovId(Scheme),
    Health,
    OauthToken,
    Phone,
    SessionId,
}

use Meaning::{
    AccountData, Card, Coordinate, CsrfToken, GovId, Health, OauthToken, Phone, SessionId,
};

/// How a name is written: letters and digits, lower case. `sid` must be all of it; `*phone` may follow on other words.
const NAMES: &[Name] = &[
    ("*accountbalance", AccountData),
    ("*accountno", AccountData),
    ("*accountnumber", AccountData),
    ("*availablebalance", AccountData),
    ("balance", AccountData),
    ("*bankaccount", AccountData),
    ("*creditlimit", AccountData),
    ("*currentbalance", AccountData),
    ("*outstandingbalance", AccountData),
    ("*routingnumber", AccountData),
    ("*sortcode", AccountData),
    ("*cardno", Card),
    ("*cardnum", Card),
    ("*cardnumber", Card),
    ("*ccnumber", Card),
    ("*creditcard", Card),
    ("pan", Card),
    ("*primaryaccountnumber", Card),
    ("lat", Coordinate),
    ("*latitude", Coordinate),
    ("lng", Coordinate),
    ("lon", Coordinate),
    ("*longitude", Coordinate),
    ("*antiforgerytoken", CsrfToken),
    ("authenticitytoken", CsrfToken),
    ("csrf", CsrfToken),
    ("*csrfmiddlewaretoken", CsrfToken),
    ("*csrftoken", CsrfToken),
    ("*requestverificationtoken", CsrfToken),
    ("xsrf", CsrfToken),
    ("*xsrftoken", CsrfToken),
    ("*aadhaar", GovId(Scheme::India)),
    ("*aadhaarnumber", GovId(Scheme::India)),
    ("bsn", GovId(Scheme::Netherlands)),
    ("burgerservicenummer", GovId(Scheme::Netherlands)),
    ("*codicefiscale", GovId(Scheme::Italy)),
    ("cpf", GovId(Scheme::Brazil)),
    ("dni", GovId(Scheme::Spain)),
    ("*fiscalcode", GovId(Scheme::Italy)),
    ("*idcardnumber", GovId(Scheme::Any)),
    ("*identitynumber", GovId(Scheme::Any)),
    ("insee", GovId(Scheme::France)),
    ("*nationalid", GovId(Scheme::Any)),
    ("*nationalidnumber", GovId(Scheme::Any)),
    ("*nationalinsurancenumber", GovId(Scheme::Any)),
    ("nie", GovId(Scheme::Spain)),
    ("nif", GovId(Scheme::Spain)),
    ("nir", GovId(Scheme::France)),
    ("*numerosecuritesociale", GovId(Scheme::France)),
    ("*personalid", GovId(Scheme::Any)),
    ("*personnummer", GovId(Scheme::Sweden)),
    ("pesel", GovId(Scheme::Poland)),
    ("*socialsecuritynumber", GovId(Scheme::Any)),
    ("*taxid", GovId(Scheme::Any)),
    ("allergies", Health),
    ("bloodtype", Health),
    ("diagnoses", Health),
    ("diagnosis", Health),
    ("icd10", Health),
    ("icd10code", Health),
    ("*medicalrecordnumber", Health),
    ("medication", Health),
    ("medications", Health),
    ("*patientid", Health),
    ("prescriptions", Health),
    ("*accesstoken", OauthToken),
    ("*authtoken", OauthToken),
    ("*bearertoken", OauthToken),
    ("idtoken", OauthToken),
    ("*oauthtoken", OauthToken),
    ("*refreshtoken", OauthToken),
    ("*cellphone", Phone),
    ("*mobile", Phone),
    ("*mobilenumber", Phone),
    ("msisdn", Phone),
    ("*phone", Phone),
    ("*phonenumber", Phone),
    ("tel", Phone),
    ("*telephone", Phone),
    ("jsessionid", SessionId),
    ("phpsessid", SessionId),
    ("sessid", SessionId),
    ("*sessionid", SessionId),
    ("*sessionkey", SessionId),
    ("*sessiontoken", SessionId),
    ("sid", SessionId),
];

/// A name and what it promises.
type Name = (&'static str, Meaning);

/// Shortest name of the table.
const SHORTEST: usize = 3;

/// The entries by the last three letters of their names: a look at a name that means nothing costs one probe.
static BY_ENDING: LazyLock<FxHashMap<[u8; SHORTEST], Vec<Name>>> = LazyLock::new(|| {
    let mut table: FxHashMap<_, Vec<_>> = FxHashMap::default();
    for &(name, meaning) in NAMES {
        if let Some(ending) = name.as_bytes().last_chunk() {
            table.entry(*ending).or_default().push((name, meaning));
        }
    }
    table
});

/// Letters and digits by number, upper case as lower case; [`QUOTE`] and [`OTHER`] for what a name is not made of.
static CLASS: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = byte as u8;
        if value.is_ascii_digit() {
            table[byte] = value - b'0';
        } else if value.is_ascii_alphabetic() {
            table[byte] = 10 + value.to_ascii_lowercase() - b'a';
        }
        byte += 1;
    }
    table[b'"' as usize] = QUOTE;
    table
};

const QUOTE: u8 = 62;
const OTHER: u8 = 63;

/// For the class of a name's last byte, the classes of the byte before it with which a name of the table ends, a bit each.
/// Other bytes than letters and digits decide nothing; a quote makes the name too short.
static ENDS: [u64; 64] = {
    let mut table = [1 << OTHER; 64];
    table[QUOTE as usize] = 0;
    table[OTHER as usize] = u64::MAX;
    let mut index = 0;
    while index < NAMES.len() {
        let name = NAMES[index].0.as_bytes();
        let [.., before, last] = name else {
            panic!("a name of the table is too short");
        };
        table[CLASS[*last as usize] as usize] |= 1 << CLASS[*before as usize];
        index += 1;
    }
    table
};

/// Whether a name may mean something that ends in these two bytes. Of the names of a body nine in ten do not, and need no
/// closer look.
pub(super) fn may_mean(before: u8, last: u8) -> bool {
    ENDS[usize::from(CLASS[usize::from(last)])] >> CLASS[usize::from(before)] & 1 == 1
}

impl Meaning {
    /// Whether a value of it is a secret that lets its holder in, wherever it stands.
    pub(super) fn is_token(self) -> bool {
        matches!(self, CsrfToken | OauthToken | SessionId)
    }
}

/// What a name promises. `access-token`, `access_token` and `accessToken` are one.
pub(super) fn meaning(name: &[u8]) -> Option<Meaning> {
    let mut letters = [0; limits::LONGEST_NAME];
    let letters = normalised(name, &mut letters)?;
    let ending: &[u8; SHORTEST] = letters.last_chunk()?;
    let candidates = BY_ENDING.get(ending)?;
    // The longest says most: an `idCardNumber` is no `cardNumber`.
    candidates
        .iter()
        .filter(|(known, _)| match known.strip_prefix('*') {
            Some(end) => letters.ends_with(end.as_bytes()),
            None => letters == known.as_bytes(),
        })
        .max_by_key(|(known, _)| known.len())
        .map(|(_, meaning)| *meaning)
}

/// Whether a field of this name guards against forgery: such names are used for nothing else.
pub(super) fn is_anti_forgery(name: &[u8]) -> bool {
    const WHOLE: [&str; 7] = [
        "authenticitytoken",
        "formkey",
        "formtoken",
        "sesskey",
        "token",
        "wpnonce",
        "verificationtoken",
    ];
    let mut letters = [0; limits::LONGEST_NAME];
    let Some(letters) = normalised(name, &mut letters) else {
        return false;
    };
    // Laravel's `_token`; a `token` without it may be anything.
    if letters == b"token" {
        return name == b"_token";
    }
    WHOLE.iter().any(|known| letters == known.as_bytes())
        || ["csrf", "xsrf", "antiforgery", "requestverificationtoken"]
            .iter()
            .any(|part| memchr::memmem::find(letters, part.as_bytes()).is_some())
}

/// Whether a name says that its value is an ordinary number of something: an id, a time, an article.
pub(super) fn is_ordinary_number(name: &[u8]) -> bool {
    const ENDINGS: [&str; 27] = [
        "at",
        "barcode",
        "code",
        "cursor",
        "date",
        "ean",
        "gtin",
        "hash",
        "iccid",
        "id",
        "ids",
        "imei",
        "index",
        "isbn",
        "key",
        "offset",
        "order",
        "ordernumber",
        "reference",
        "seed",
        "serial",
        "sku",
        "time",
        "timestamp",
        "tracking",
        "trackingnumber",
        "version",
    ];
    let mut letters = [0; limits::LONGEST_NAME];
    let Some(letters) = normalised(name, &mut letters) else {
        return true;
    };
    ENDINGS
        .iter()
        .any(|ending| letters.ends_with(ending.as_bytes()))
}

/// The letters and digits of a name, in lower case; `None` for a name too long to mean anything.
fn normalised<'b>(name: &[u8], buffer: &'b mut [u8; limits::LONGEST_NAME]) -> Option<&'b [u8]> {
    let mut length = 0;
    for byte in name.iter().filter(|byte| byte.is_ascii_alphanumeric()) {
        *buffer.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    Some(&buffer[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, found) in [
            ("access_token", Some(OauthToken)),
            ("accessToken", Some(OauthToken)),
            ("google-access-token", Some(OauthToken)),
            ("id_token", Some(OauthToken)),
            ("androidToken", None),
            ("token", None),
            ("sid", Some(SessionId)),
            ("reside", None),
            ("userSessionId", Some(SessionId)),
            ("balance", Some(AccountData)),
            ("loadBalance", None),
            ("accountNumber", Some(AccountData)),
            ("homePhone", Some(Phone)),
            ("headphones", None),
            ("hotel", None),
            ("japan", None),
            ("", None),
            ("id", None),
            ("x-csrf-token", Some(CsrfToken)),
            (
                "a_name_that_goes_on_and_on_and_on_until_nobody_reads_it_phone",
                None,
            ),
        ] {
            assert_eq!(meaning(name.as_bytes()), found, "{name}");
        }
    }

    #[test]
    fn anti_forgery_fields() {
        for (name, guards) in [
            ("csrf_token", true),
            ("csrfmiddlewaretoken", true),
            ("_csrf", true),
            ("user[csrf]", true),
            ("authenticity_token", true),
            ("__RequestVerificationToken", true),
            ("_token", true),
            ("token", false),
            ("_wpnonce", true),
            ("amount", false),
        ] {
            assert_eq!(is_anti_forgery(name.as_bytes()), guards, "{name}");
        }
    }

    #[test]
    fn no_meaning_is_passed_over() {
        let names = NAMES.iter().map(|(name, _)| name.trim_start_matches('*'));
        for name in names {
            let upper = name.to_ascii_uppercase();
            for name in [name, upper.as_str()] {
                for end in 0..=name.len() {
                    for joint in ["", "_", "-"] {
                        let name = [&name[..end], joint, &name[end..]].concat();
                        let &[.., before, last] = name.as_bytes() else {
                            panic!("two letters");
                        };
                        assert!(
                            may_mean(before, last) || meaning(name.as_bytes()).is_none(),
                            "{name}"
                        );
                    }
                }
            }
        }
        for before in 0..=255 {
            for last in 0..=255 {
                let name = [b'x', before, last];
                assert!(may_mean(before, last) || meaning(&name).is_none());
            }
        }
        assert!(!may_mean(b'm', b'e') && !may_mean(b'"', b'a'));
    }

    #[test]
    fn every_name_of_the_table_means_itself() {
        for &(name, found) in NAMES {
            let plain = name.trim_start_matches('*');
            assert!(plain.len() >= SHORTEST, "{name}");
            assert_eq!(meaning(plain.as_bytes()), Some(found), "{name}");
        }
    }
}
