//! Whatever `serde_json` reads is read as it reads it.

use corsaudit::exchange::Locus;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{entry, log, read};

/// What the reader accepts of a document that `serde_json` accepts must be what `serde_json` sees.
fn agree(document: &Value) {
    let capture = read(document.to_string());
    let Some(entries) = document["log"]["entries"].as_array() else {
        return;
    };
    let capture = capture.expect("a capture");
    assert_eq!(capture.entries, entries.len() as u64);
    let expected: Vec<_> = entries
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| {
            let url = corsaudit::url::Url::parse(entry["request"]["url"].as_str()?).ok()?;
            let status = match &entry["response"]["status"] {
                Value::Number(number) => number.as_f64(),
                Value::String(text) => text.trim().parse().ok(),
                _ => None,
            };
            let status = status
                .filter(|status| (100.0..1000.0).contains(status))
                .map(|status| status as u16);
            Some((index, url.to_string(), status))
        })
        .collect();
    let found: Vec<_> = capture
        .exchanges
        .iter()
        .map(|exchange| {
            let Locus::Entry(index) = exchange.locus else {
                panic!("{:?}", exchange.locus)
            };
            (
                index as usize,
                exchange.request.url.to_string(),
                exchange.response().map(|response| response.status),
            )
        })
        .collect();
    assert_eq!(found, expected);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (100_u16..600).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("https://a.test/x")),
        Just(json!("\"},{\"\\")),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(
                "[a-z]{0,3}|request|url|headers|name|value|entries|log",
                inner,
                0..4
            )
            .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_serde_json(places in prop::collection::vec((0_usize..6, "request|response|url|status|headers|pageref|cache|_initiator|x", any_json()), 0..8)) {
        let mut document = log(json!(vec![entry(json!({"_x": [{"request": {}}]})); 6]));
        for (index, name, value) in places {
            let entry = &mut document["log"]["entries"][index];
            let target = match &*name {
                "url" | "headers" => &mut entry["request"],
                "status" => &mut entry["response"],
                _ => entry,
            };
            if target.is_object() || target.is_null() {
                target[&name] = value;
            }
        }
        agree(&document);
    }
}
