use super::string::unicode_escape;
use super::*;

fn text(json: &str) -> String {
    let mut json = Json::new(json.as_bytes(), 0);
    let text = json.text().expect("a value").expect("a string");
    text.decode().into_owned()
}

#[test]
fn strings_end_where_a_byte_loop_says() {
    // Every mix of marks in every position of a block, with runs of backslashes over block borders.
    let mut seed = 1_u64;
    for length in 0..300 {
        for _ in 0..40 {
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    match seed >> 60 {
                        0 => b'"',
                        1..9 => b'\\',
                        _ => b'a' | (0x80 * u8::from(seed >> 59 & 1 == 1)),
                    }
                })
                .collect();
            // The opening quote.
            let bytes = [b"\"", &bytes[..]].concat();
            let mut skip = false;
            let end = bytes[1..].iter().position(|&byte| {
                let ends = !skip && byte == b'"';
                skip = !skip && byte == b'\\';
                ends
            });
            assert_eq!(
                string_end(&bytes, 1).map(|(end, _)| end),
                end.map(|end| end + 1)
            );
            if let Some((end, false)) = string_end(&bytes, 1) {
                assert!(!bytes[1..end].contains(&b'\\'));
            }
        }
    }
}

/// Numbers without end, the same each time.
fn numbers() -> impl FnMut() -> u64 {
    let mut seed = 1_u64;
    move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        seed >> 33
    }
}

#[test]
fn long_strings_end_where_a_byte_loop_says() {
    // Runs of rare and of dense quotes in turn, longer than the blocks that are searched for the dense ones.
    let mut number = numbers();
    for _ in 0..300 {
        let mut bytes = b"\"".to_vec();
        for _ in 0..number() % 8 {
            let distance = [1, 7, 40, 63, 64, 65, 300][number() as usize % 7];
            for _ in 0..number() % 600 {
                bytes.extend(std::iter::repeat_n(b'a', number() as usize % distance));
                let backslashes = 1 + 2 * (number() as usize % 3);
                bytes.extend(std::iter::repeat_n(b'\\', backslashes));
                bytes.push(b'"');
            }
        }
        assert_eq!(string_end(&bytes, 1), None);
        let end = bytes.len();
        bytes.extend_from_slice(b"\",\"next\\\"\"");
        assert_eq!(string_end(&bytes, 1).map(|(end, _)| end), Some(end));
    }
}

#[test]
fn escapes_end_where_a_byte_loop_says() {
    fn byte_loop(raw: &[u8]) -> String {
        let mut text = String::new();
        let mut rest = raw;
        while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
            text += &String::from_utf8_lossy(&rest[..at]);
            let Some(letter) = rest.get(at + 1) else {
                return text;
            };
            rest = &rest[at + 2..];
            match letter {
                b'n' => text.push('\n'),
                b'u' => text.push(unicode_escape(&mut rest)),
                b'"' | b'\\' => text.push(char::from(*letter)),
                _ => {
                    rest = &raw[raw.len() - rest.len() - 1..];
                    text.push('\\');
                }
            }
        }
        text + &String::from_utf8_lossy(rest)
    }
    let mut number = numbers();
    let pieces = [
        &b"\\"[..],
        b"\\\"",
        b"\\n",
        b"\\u00e9",
        b"\\ud83d\\ude00",
        b"\\ud83d",
        b"\\u12",
        b"\xC3\xA9",
        b"\xE2\x82",
        b"\xAC",
        b"\xFF",
        b"abc",
        b"a long run of text without any escape that goes on and on, past all of the words looked at",
    ];
    for _ in 0..20_000 {
        let raw: Vec<u8> = (0..number() % 12)
            .flat_map(|_| pieces[number() as usize % pieces.len()])
            .copied()
            .collect();
        assert_eq!(unescape(&raw), byte_loop(&raw), "{}", raw.escape_ascii());
    }
}

#[test]
fn pairs_are_read_as_objects_are() {
    fn read(json: &str) -> (Option<[Cow<'_, str>; 2]>, usize) {
        let mut cursor = Json::new(json.as_bytes(), 0);
        let pair = cursor.pair(b"\"name\"", b"\"value\"");
        (pair.map(|pair| pair.map(Text::decode)), cursor.at())
    }
    for json in [
        "{\"name\":\"a\",\"value\":\"b\\n\"}",
        " {\n  \"name\" : \"a\" ,\n  \"value\": \"b\\n\"\n}",
    ] {
        let (pair, at) = read(json);
        assert_eq!(pair, Some(["a".into(), "b\n".into()]), "{json}");
        assert_eq!(at, json.len());
        for end in 0..json.len() {
            assert_eq!(read(&json[..end]), (None, 0), "{json}");
        }
    }
    for json in [
        r#"{"value":"b","name":"a"}"#,
        r#"{"name":"a","value":"b",}"#,
        r#"{"name":"a","value":"b","comment":""}"#,
        r#"{"name":"a","value":1}"#,
        r#"{"nam\u0065":"a","value":"b"}"#,
        r#"{"names":"a","value":"b"}"#,
        r#"["name"]"#,
    ] {
        assert_eq!(read(json), (None, 0), "{json}");
    }
}

#[test]
fn escapes() {
    assert_eq!(text(r#""a\n\u00e9\ud83d\ude00\/""#), "a\né😀/");
    assert_eq!(
        text(r#""\ud800x \udc00\u12""#),
        "\u{fffd}x \u{fffd}\u{fffd}12"
    );
    assert_eq!(text(r#""\x\\""#), "\\x\\");
}

#[test]
fn skipping() {
    for (json, behind) in [
        (r#"{"a":[1,{"b":"]}"}],"c":null} x"#, 29),
        ("[[],{},[{}]] ", 12),
        ("-1.5e3,", 6),
        ("true}", 4),
    ] {
        let mut cursor = Json::new(json.as_bytes(), 0);
        assert_eq!((cursor.skip(), cursor.at()), (Ok(()), behind), "{json}");
    }
    for json in [r#"{"a":1"#, "[1", "\"", "12", "tru"] {
        assert_eq!(
            Json::new(json.as_bytes(), 0).skip(),
            Err(Stop::Incomplete),
            "{json}"
        );
    }
    for json in ["{1:2}", "[1 2]", "{\"a\" 1}", "nil ", "}", "[1}"] {
        assert!(
            matches!(
                Json::new(json.as_bytes(), 0).skip(),
                Err(Stop::Syntax { .. })
            ),
            "{json}"
        );
    }
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    assert_eq!(Json::new(&deep, 0).skip(), Ok(()));
}
