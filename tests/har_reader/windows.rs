//! Neither windows of a file nor threads show in what is read.

use corsaudit::reader::Options;
use serde_json::json;

use crate::{entry, log, read, read_with, summary};

/// A document with every kind of member, small enough to be cut everywhere.
fn varied() -> String {
    let entries = json!([
        entry(json!({"pageref": "p", "_initiator": {"type": "parser", "url": "https://a.test/"}})),
        entry(json!({"request": null})),
        7,
        entry(
            json!({"response": {"status": 200, "content": {"text": "\"},{\\\\\"startedDateTime\":\"", "size": 3}}})
        ),
        entry(
            json!({"request": {"method": "GET", "url": "https://b.test/\u{e9}", "headers": {"Cookie": ["a=b", "c=d"]}}})
        ),
    ]);
    format!(
        "\u{feff}cb({{\"x\":[{{}}],\"log\":{{\"entries\":{},\"pages\":[{{\"id\":\"p\"}}],\"creator\":\"Firefox\"}}}});",
        entries.to_string().replace("},{\"start", "},\n {\"start")
    )
}

#[test]
fn windows_never_show() {
    let text = varied();
    let whole = summary(&read(&text).expect("a capture"));
    for window in 1..text.len() + 1 {
        let options = Options {
            window,
            ..Options::default()
        };
        assert_eq!(
            summary(&read_with(&text, &options).expect("a capture")),
            whole,
            "window {window}"
        );
    }
}

#[test]
fn threads_never_show() {
    // Long enough to be cut into pieces, with keys and bodies that look like the start of an entry where none is.
    let mut entries = Vec::new();
    for index in 0..3000 {
        let body = "{\"startedDateTime\":".repeat(index % 40);
        entries.push(match index % 7 {
            0 => json!({"startedDateTime": 1, "request": {"method": "GET", "url": "x"}, "nested": [{"startedDateTime": 1}]}),
            1 => json!([{"startedDateTime": {"startedDateTime": index}}]),
            _ => entry(json!({"connection": index.to_string(), "response": {"status": 200, "content": {"text": body}}})),
        });
    }
    let text = log(json!(entries)).to_string();
    let with = |threads: usize, window: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        pool.install(|| {
            summary(
                &read_with(
                    &text,
                    &Options {
                        window,
                        ..Options::default()
                    },
                )
                .expect("a capture"),
            )
        })
    };
    let one = with(1, 8 << 20);
    for (threads, window) in [(2, 8 << 20), (7, 8 << 20), (3, 1 << 18), (4, 100_000)] {
        assert!(
            with(threads, window) == one,
            "{threads} threads, window {window}"
        );
    }
}
