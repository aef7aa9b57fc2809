//! A fetch's exchanges on a line of time: preflights, redirects, the actual request.

use crate::exchange::Exchange;

/// Parts that the line of time is cut into.
const SCALE: f64 = 1000.0;
/// The narrowest bar: what is there is seen.
const NARROWEST: f64 = 6.0;

/// Start and width of a bar on a line of [`SCALE`] parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report::html) struct Bar {
    pub(in crate::report::html) start: u32,
    pub(in crate::report::html) width: u32,
}

/// The bars of exchanges, in their order; `None` where the recording tells no start.
pub(in crate::report::html) fn bars(exchanges: &[&Exchange]) -> Vec<Option<Bar>> {
    let spans: Vec<Option<(f64, f64)>> = exchanges
        .iter()
        .map(|exchange| {
            let duration = exchange
                .duration_ms
                .filter(|ms| ms.is_finite() && *ms > 0.0)
                .map_or(0.0, f64::from);
            let start = exchange.started?.0 as f64 / 1e6;
            Some((start, start + duration))
        })
        .collect();
    let known = || spans.iter().flatten();
    let first = known()
        .map(|(start, _)| *start)
        .fold(f64::INFINITY, f64::min);
    let last = known()
        .map(|(_, end)| *end)
        .fold(f64::NEG_INFINITY, f64::max);
    let whole = last - first;
    spans
        .into_iter()
        .map(|span| {
            let (start, end) = span?;
            if whole <= 0.0 {
                return Some(Bar {
                    start: 0,
                    width: SCALE as u32,
                });
            }
            let width = ((end - start) / whole * SCALE).max(NARROWEST);
            let start = ((start - first) / whole * SCALE)
                .min(SCALE - width)
                .max(0.0);
            Some(Bar {
                start: start.round() as u32,
                width: width.round() as u32,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Hints, Locus, Method, Outcome, Request, Time};
    use crate::header::HeaderList;
    use crate::url::Url;

    fn exchange(started: Option<i64>, duration_ms: Option<f32>) -> Exchange {
        Exchange {
            locus: Locus::Entry(0),
            started: started.map(|ms| Time(ms * 1_000_000)),
            duration_ms,
            request: Request {
                method: Method::Get,
                url: Url::parse("https://a.test/").expect("a URL"),
                headers: HeaderList::default(),
                headers_complete: true,
                listed_cookies: false,
                body_size: None,
            },
            outcome: Outcome::NoResponse,
            hints: Hints::default(),
            content: None,
        }
    }

    fn told(exchanges: &[Exchange]) -> Vec<Option<(u32, u32)>> {
        let exchanges: Vec<&Exchange> = exchanges.iter().collect();
        let bars = bars(&exchanges);
        bars.into_iter()
            .map(|bar| bar.map(|bar| (bar.start, bar.width)))
            .collect()
    }

    #[test]
    fn bars_stand_where_time_puts_them() {
        let preflight = exchange(Some(1000), Some(100.0));
        let actual = exchange(Some(1100), Some(300.0));
        assert_eq!(
            told(&[preflight, actual]),
            [Some((0, 250)), Some((250, 750))]
        );
    }

    #[test]
    fn unknown_and_hostile_times_draw_nothing_wild() {
        let cases = [
            (exchange(None, Some(10.0)), None),
            (exchange(Some(5), None), Some((0, 1000))),
        ];
        for (exchange, expected) in cases {
            assert_eq!(told(&[exchange]), [expected]);
        }
        let far = [
            exchange(Some(-9_000_000_000_000), Some(f32::MAX)),
            exchange(Some(9_000_000_000_000), Some(f32::NAN)),
            exchange(Some(0), Some(-3.0)),
        ];
        for bar in told(&far).into_iter().flatten() {
            assert!(bar.0 + bar.1 <= 1000, "{bar:?}");
        }
    }
}
