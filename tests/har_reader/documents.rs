//! Documents as a whole: their shapes, what is refused, what is packed or cut.

use std::io::Write;

use corsaudit::exchange::Locus;
use corsaudit::reader::Options;
use serde_json::json;

use crate::{entry, log, names, read, read_with, summary};

#[test]
fn documents() {
    const ENTRY: &str =
        r#"{"request":{"method":"GET","url":"https://a.test/"},"response":{"status":200}}"#;
    let list = |text: &str| text.replace('E', ENTRY);
    for (desc, text, exchanges, notices) in [
        ("plain", list(r#"{"log":{"entries":[E,E]}}"#), 2, &[][..]),
        (
            "byte-order mark",
            list("\u{feff}{\"log\":{\"entries\":[E]}}"),
            1,
            &[],
        ),
        (
            "leading white space",
            list(" \r\n\t{\"log\":{\"entries\":[E]}}\n"),
            1,
            &[],
        ),
        (
            "JSONP",
            list("onInput({\"log\":{\"entries\":[E]}});\n"),
            1,
            &[],
        ),
        (
            "JSONP, no semicolon",
            list("a.b$_1 ( {\"log\":{\"entries\":[E]}} )"),
            1,
            &[],
        ),
        ("no wrapper", list(r#"{"entries":[E]}"#), 1, &[]),
        (
            "version 1.1",
            list(r#"{"log":{"version":"1.1","entries":[E]}}"#),
            1,
            &[],
        ),
        (
            "version a number",
            list(r#"{"log":{"version":1.2,"entries":[E]}}"#),
            1,
            &[],
        ),
        (
            "version empty",
            list(r#"{"log":{"version":"","entries":[E]}}"#),
            1,
            &[],
        ),
        (
            "creator a string",
            list(r#"{"log":{"creator":"Optic","entries":[E]}}"#),
            1,
            &[],
        ),
        (
            "creator null",
            list(r#"{"log":{"creator":null,"entries":[E]}}"#),
            1,
            &[],
        ),
        (
            "pages null",
            list(r#"{"log":{"pages":null,"entries":[E]}}"#),
            1,
            &[],
        ),
        (
            "pages odd",
            list(r#"{"log":{"pages":[1,{}],"entries":[E]}}"#),
            1,
            &[],
        ),
        (
            "unknown members",
            list(r#"{"a":[1],"log":{"_x":{"entries":[1]},"entries":[E]},"b":0}"#),
            1,
            &[],
        ),
        (
            "two lists",
            list(r#"{"log":{"entries":[E],"entries":[E]}}"#),
            2,
            &[],
        ),
        ("empty list", list(r#"{"log":{"entries":[]}}"#), 0, &[]),
        (
            "no list",
            list(r#"{"log":{"version":"1.2"}}"#),
            0,
            &["entries-missing"],
        ),
        (
            "null list",
            list(r#"{"log":{"entries":null}}"#),
            0,
            &["entries-missing"],
        ),
        ("log null", list(r#"{"log":null}"#), 0, &["entries-missing"]),
        (
            "trailing garbage",
            list(r#"{"log":{"entries":[E]}} x"#),
            1,
            &["trailing-garbage"],
        ),
        (
            "cut behind the list",
            list(r#"{"log":{"entries":[E]"#),
            1,
            &["recording-truncated"],
        ),
        (
            "cut behind an entry",
            list(r#"{"log":{"entries":[E"#),
            1,
            &["recording-truncated"],
        ),
        (
            "cut behind a comma",
            list(r#"{"log":{"entries":[E,"#),
            1,
            &["recording-truncated"],
        ),
        (
            "cut in an entry",
            list(r#"{"log":{"entries":[E,{"request":{"#),
            1,
            &["recording-truncated"],
        ),
        (
            "cut in a string",
            list(r#"{"log":{"entries":[E,{"a":"b\"#),
            1,
            &["recording-truncated"],
        ),
        (
            "comma before the bracket",
            list(r#"{"log":{"entries":[E,]}}"#),
            1,
            &[],
        ),
        (
            "comma missing",
            list(r#"{"log":{"entries":[E E]}}"#),
            2,
            &["list-damaged"],
        ),
        (
            "element null",
            list(r#"{"log":{"entries":[null,E,7,"x",[E],E]}}"#),
            2,
            &["entry-unreadable"],
        ),
        (
            "entry damaged",
            list(r#"{"log":{"entries":[E,{"a":tru},E]}}"#),
            2,
            &["entry-unreadable"],
        ),
        (
            "last entry damaged",
            list(r#"{"log":{"entries":[E,{"a" 1}]}}"#),
            1,
            &["entry-unreadable"],
        ),
        (
            "entry with a stray quote",
            list(r#"{"log":{"entries":[E,{"a":""","b":{},E,E]}}"#),
            3,
            &["entry-unreadable"],
        ),
        (
            "entry with a brace too few",
            list(r#"{"log":{"entries":[E,{"a":{,E,E]}}"#),
            3,
            &["entry-unreadable"],
        ),
        (
            "entry with a brace too many",
            list(r#"{"log":{"entries":[E},E]}}"#),
            2,
            &["list-damaged"],
        ),
        (
            "damaged behind the list",
            list(r#"{"log":{"entries":[E]],"x":1}}"#),
            1,
            &["recording-damaged"],
        ),
        (
            "escaped keys",
            list(r#"{"lo\u0067":{"entr\u0069es":[E]}}"#),
            1,
            &[],
        ),
        (
            "NUL behind",
            list("{\"log\":{\"entries\":[E]}}\0"),
            1,
            &["trailing-garbage"],
        ),
    ] {
        for window in [1, 7, 64, 8 << 20] {
            let options = Options {
                window,
                ..Options::default()
            };
            let capture =
                read_with(&text, &options).unwrap_or_else(|error| panic!("{desc}: {error}"));
            assert_eq!(
                capture.exchanges.len(),
                exchanges,
                "{desc}, window {window}"
            );
            assert_eq!(names(&capture), notices, "{desc}, window {window}");
        }
    }
}

#[test]
fn refused() {
    let refusal = |bytes: &[u8]| match read(bytes) {
        Ok(capture) => panic!("{}: {capture:?}", String::from_utf8_lossy(bytes)),
        Err(kind) => format!("{kind:?}"),
    };
    for (bytes, kind) in [
        (&b""[..], "Empty"),
        (b"plain text", "UnknownFormat"),
        (b"\x7fELF\x02", "UnknownFormat"),
        (b"<html>(", "UnknownFormat"),
        (b"{\"a\":1}", "NotAHar"),
        (b"[1,2,3]", "NotAHar"),
        (b"{\"entries\":7}", "NotAHar"),
        (b"{\n  \"log\": {\n    x", "Json { line: 3, column: 5"),
        (b"{\"log\":{\"version\"", "Json { line: 1, column: 18"),
        (b"{garbage", "Json { line: 1, column: 2"),
        (b"\xFF\xFE{\0", "Container"),
        (b"\x1f\x8b\x08broken", "Container"),
        (b"PK\x03\x04broken", "Container"),
        (b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "Container"),
    ] {
        let found = refusal(bytes);
        assert!(
            found.starts_with(kind),
            "{}: {found}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn deep_nesting() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!(
        r#"{{"x":{deep},"log":{{"y":{deep},"entries":[{{"z":{deep},"request":{{"url":"https://a.test/"}}}},{deep}]}}}}"#
    );
    let capture = read(text).expect("a capture");
    assert_eq!((capture.entries, capture.exchanges.len()), (2, 1));
}

#[test]
fn packed_and_cut() {
    let plain = log(json!([entry(json!({})), entry(json!({}))])).to_string();
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    };
    let expected = summary(&read(&plain).expect("a capture"));
    assert_eq!(summary(&read(gzip(&plain)).expect("a capture")), expected);
    let (first, second) = plain.split_at(plain.len() / 2);
    let members = [gzip(first), gzip(second)].concat();
    assert_eq!(summary(&read(members).expect("a capture")), expected);

    let long = log(json!(vec![entry(json!({})); 500])).to_string();
    let packed = gzip(&long);
    let cut = read(&packed[..packed.len() - 12]).expect("a capture");
    assert!(
        names(&cut).contains(&"container-damaged"),
        "{:?}",
        cut.notices
    );

    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [
        ("body.html", "{}"),
        ("har.har", &plain),
        ("other.HAR", "{}"),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .expect("memory");
        zip.write_all(text.as_bytes()).expect("memory");
    }
    let bytes = zip.finish().expect("memory").into_inner();
    let capture = read(bytes).expect("a capture");
    assert_eq!(capture.exchanges.len(), 2);
    assert_eq!(names(&capture), ["archive-members-skipped"]);
}

#[test]
fn conformance() {
    let options = Options {
        check_har: true,
        ..Options::default()
    };
    let capture = read_with(
        log(json!([entry(json!({})), entry(json!({}))])).to_string(),
        &options,
    )
    .expect("a capture");
    let [notice] = &capture.notices[..] else {
        panic!("{:?}", capture.notices)
    };
    assert_eq!(
        (notice.name, notice.count, notice.locus),
        ("har-nonconformant", 2, Some(Locus::Entry(0)))
    );
    assert!(
        notice.message.starts_with("missing field"),
        "{}",
        notice.message
    );
}
