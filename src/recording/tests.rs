use super::*;
use crate::cors::{Code, Engine, Phase, Verdict, Warnings};
use crate::exchange::{Hints, Locus, Method, Outcome, Request};
use crate::fact::{Confidence, Fact};
use crate::header::HeaderList;
use crate::pairing::{Fetch, Hop, PreflightLink};
use crate::url::Url;

fn exchange(n: u32) -> Exchange {
    Exchange {
        locus: Locus::Entry(n),
        started: None,
        duration_ms: None,
        request: Request {
            method: Method::Get,
            url: Url::parse(&format!("https://a.test/{n}")).expect("a URL"),
            headers: HeaderList::from_lines([("Origin", b"https://\xff.test".as_slice())]),
            headers_complete: true,
            listed_cookies: false,
            body_size: None,
        },
        outcome: Outcome::NotRecorded,
        hints: Hints {
            page: Some(n % 3),
            connection: Some(n % 3),
            has_cache_member: true,
            ..Hints::default()
        },
        content: None,
    }
}

fn packed(order: impl Iterator<Item = u32>) -> Packed<Exchange> {
    let mut packed = Packed::default();
    order.for_each(|n| packed.push(exchange(n)));
    packed
}

fn loci(capture: &Capture) -> Vec<Locus> {
    capture.exchanges.iter().map(|e| e.locus).collect()
}

#[test]
fn exchanges_come_back_in_their_order_wherever_they_rest() {
    let in_order: Vec<Locus> = (0..200).map(Locus::Entry).collect();
    let straight = Recording::har(Capture::default(), packed(0..200), References::default());
    assert_eq!(loci(&straight.unpack()), in_order);
    // The one read at place p is number p * 7 % 200.
    let mut places = vec![0; 200];
    for place in 0..200 {
        places[place * 7 % 200] = place as u32;
    }
    let shuffled = Recording::packets(
        Capture::default(),
        packed((0..200).map(|place| place * 7 % 200)),
        places,
    );
    assert_eq!(shuffled.exchanges(), 200);
    assert_eq!(loci(&shuffled.unpack()), in_order);
}

#[test]
fn an_excerpt_names_its_own_exchanges() {
    let hops = vec![
        Hop {
            exchange: Some(150),
            preflight: PreflightLink::Cached(3),
            stored: None,
        },
        Hop {
            exchange: Some(3),
            preflight: PreflightLink::Recorded(151),
            stored: Some(150),
        },
    ];
    let mut recording = Recording::har(Capture::default(), packed(0..200), References::default());
    recording.fetches.push(JudgedFetch {
        capture: 0,
        fetch: Fetch {
            hops: hops.clone(),
            initiator_origin: Fact::unknown(),
            mode: Fact::unknown(),
            credentials: Fact::unknown(),
        },
        verdict: Verdict {
            code: Code::OkWildcard,
            confidence: Confidence::High,
            phase: Phase::Actual,
            hop: 1,
            engine: Engine::Chromium,
            warnings: Warnings::default(),
        },
        alternatives: Vec::new(),
    });
    let recordings = [Recording::default(), recording];
    let mut desk = Desk::new(&recordings);
    let excerpt = desk.fetch(1, 0).expect("it rests there");
    assert_eq!(excerpt.judged.verdict.code, Code::OkWildcard);
    assert_eq!(excerpt.capture.exchanges.len(), 3);
    let number = |index: u32| excerpt.capture.exchanges[index as usize].locus;
    for (own, whole) in excerpt.judged.fetch.hops.iter().zip(&hops) {
        for (own, whole) in [
            (own.exchange, whole.exchange),
            (own.preflight.exchange(), whole.preflight.exchange()),
            (own.stored, whole.stored),
        ] {
            assert_eq!(own.map(number), whole.map(Locus::Entry));
        }
    }
    let line = excerpt.capture.exchanges[0].request.headers.get("origin");
    assert_eq!(line.as_deref(), Some(b"https://\xff.test".as_slice()));
    assert!(desk.fetch(1, 1).is_none() && desk.fetch(2, 0).is_none());
}

#[test]
fn references_are_resolved_when_exchanges_are_looked_at() {
    for tells in [true, false] {
        let references = References {
            pages: vec![Some(7), None],
            connections: vec![true, false, true],
            cache_member_tells: tells,
        };
        let recording = Recording::har(Capture::default(), packed(0..3), references);
        assert!(recording.is_har());
        let capture = recording.unpack();
        let hints = |n: usize| &capture.exchanges[n].hints;
        assert_eq!([0, 1, 2].map(|n| hints(n).page), [Some(7), None, None]);
        assert_eq!(
            [0, 1, 2].map(|n| hints(n).connection),
            [Some(0), None, Some(2)]
        );
        assert!((0..3).all(|n| hints(n).from_cache == tells));
    }
}
