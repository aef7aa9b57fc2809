//! What unfolds below a fetch: its exchanges as recorded, the decision clause by clause, the browsers' sentences.

use serde::Serialize;

use super::charts::waterfall::{Bar, bars};
use super::tables::Tables;
use crate::cors::{Class, Code};
use crate::exchange::{Exchange, Outcome};
use crate::header::HeaderList;
use crate::judge;
use crate::pairing::PreflightLink;
use crate::redact;
use crate::report::text::locus;
use crate::rules::FetchView;

/// Exchanges of one fetch: the standard ends a chain of redirects at 20.
const EXCHANGES: usize = 24;
/// Header lines of one message.
const LINES: usize = 40;
/// Clauses of one decision.
const CLAUSES: usize = 80;

/// What unfolds. Numbers are places in the table of texts.
#[derive(Serialize)]
pub(super) struct Detail {
    verdict: &'static str,
    code: u32,
    confidence: &'static str,
    engine: &'static str,
    phase: &'static str,
    meaning: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<u32>,
    exchanges: Vec<ExchangeEntry>,
    // Places in the table of clauses.
    clauses: Vec<u32>,
    // Browser, error name (empty where it has none), pieces of the sentence.
    said: Vec<(u32, u32, Vec<u32>)>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: Vec<&'static str>,
}

/// A message and what came back.
#[derive(Serialize)]
struct ExchangeEntry {
    role: &'static str,
    method: u32,
    url: u32,
    place: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    // Why there is no status.
    #[serde(skip_serializing_if = "Option::is_none")]
    silence: Option<&'static str>,
    // Start and width on the line of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    bar: Option<[u32; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<f32>,
    // Places in the table of lines.
    request: Vec<u32>,
    response: Vec<u32>,
    #[serde(skip_serializing_if = "is_zero")]
    more_lines: usize,
    // Whether the verdict fell here.
    #[serde(skip_serializing_if = "is_false")]
    decided: bool,
    // The header that was refused, and whether the answer lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    offending: Option<&'static str>,
    #[serde(skip_serializing_if = "is_false")]
    absent: bool,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Collects what unfolds below a fetch.
pub(super) fn detail(view: FetchView<'_>, texts: &mut Tables) -> Detail {
    let verdict = &view.judged.verdict;
    let told = judge::explain(view);
    let exchanges = exchanges(view);
    let bars = {
        let exchanges: Vec<&Exchange> = exchanges.iter().map(|(_, exchange)| *exchange).collect();
        bars(&exchanges)
    };
    let deciding = view.deciding();
    let addresses: Vec<String> = exchanges
        .iter()
        .map(|(_, exchange)| redact::url(&exchange.request.url).into_owned())
        .collect();
    Detail {
        verdict: verdict.class().as_str(),
        code: texts.add(verdict.code.as_str()),
        confidence: verdict.confidence.as_str(),
        engine: verdict.engine.as_str(),
        phase: verdict.phase.as_str(),
        meaning: texts.add(verdict.code.explanation().meaning),
        outcome: view
            .last()
            .and_then(|exchange| exchange.hints.error.as_deref())
            .map(|error| texts.add(&redact::text(error))),
        exchanges: exchanges
            .iter()
            .zip(bars)
            .map(|((role, exchange), bar)| {
                let decided = deciding.is_some_and(|deciding| std::ptr::eq(deciding, *exchange));
                let offending = decided
                    .then(|| offending_header(verdict.code))
                    .flatten()
                    .filter(|_| exchange.response().is_some());
                entry(exchange, role, bar, decided, offending, texts)
            })
            .collect(),
        clauses: told
            .clauses
            .iter()
            .take(CLAUSES)
            .map(|clause| {
                texts.add_clause(
                    &clause.step,
                    &redact::text(&clause.reads),
                    &redact::header_value(&clause.reads, clause.value.as_bytes()),
                    clause.holds,
                )
            })
            .collect(),
        said: [
            ("Chromium", told.chromium),
            ("Firefox", told.firefox),
            ("WebKit", told.webkit),
        ]
        .into_iter()
        .filter_map(|(browser, said)| {
            let said = said?;
            Some((
                texts.add(browser),
                texts.add(said.error.as_deref().unwrap_or_default()),
                pieces(&redact::text(&said.message), &addresses, texts),
            ))
        })
        .collect(),
        warnings: verdict
            .warnings
            .iter()
            .map(crate::cors::Warning::as_str)
            .collect(),
    }
}

/// A sentence cut around the addresses in it: what is left is the same for many fetches.
fn pieces(sentence: &str, addresses: &[String], texts: &mut Tables) -> Vec<u32> {
    let mut found = Vec::new();
    let mut rest = sentence;
    // The first address in the rest, of those that start there the longest.
    while let Some((at, address)) = addresses
        .iter()
        .filter(|address| !address.is_empty())
        .filter_map(|address| Some((rest.find(address.as_str())?, address)))
        .min_by_key(|(at, address)| (*at, std::cmp::Reverse(address.len())))
    {
        found.push(texts.add(&rest[..at]));
        found.push(texts.add(address));
        rest = &rest[at + address.len()..];
    }
    found.push(texts.add(rest));
    found
}

/// The exchanges of a fetch in their order, each with its part.
fn exchanges<'a>(view: FetchView<'a>) -> Vec<(&'static str, &'a Exchange)> {
    let hops = &view.judged.fetch.hops;
    let at = |index: u32| view.capture.exchanges.get(index as usize);
    let mut found = Vec::new();
    for (hop, is_last) in hops.iter().zip((1..).map(|n| n == hops.len())) {
        let preflight = match hop.preflight {
            PreflightLink::None => None,
            PreflightLink::Recorded(index) => Some(("preflight", index)),
            PreflightLink::Cached(index) => Some(("cached preflight", index)),
        };
        let actual = hop
            .exchange
            .map(|index| (if is_last { "actual" } else { "redirect" }, index));
        for (role, index) in [preflight, actual].into_iter().flatten() {
            found.extend(at(index).map(|exchange| (role, exchange)));
        }
    }
    found.truncate(EXCHANGES);
    found
}

fn entry(
    exchange: &Exchange,
    role: &'static str,
    bar: Option<Bar>,
    decided: bool,
    offending: Option<&'static str>,
    texts: &mut Tables,
) -> ExchangeEntry {
    let response = exchange.response();
    let no_lines = HeaderList::default();
    let answered = response.map_or(&no_lines, |response| &response.headers);
    let more = |list: &HeaderList| list.iter().count().saturating_sub(LINES);
    ExchangeEntry {
        role,
        method: texts.add(&redact::text(exchange.request.method.as_str())),
        url: texts.add(&redact::url(&exchange.request.url)),
        place: texts.add(&locus(&exchange.locus)),
        status: response.map(|response| response.status),
        silence: match exchange.outcome {
            Outcome::Response(_) => None,
            Outcome::NoResponse => Some("no response"),
            Outcome::NotRecorded => Some("response not recorded"),
        },
        bar: bar.map(|bar| [bar.start, bar.width]),
        milliseconds: exchange
            .duration_ms
            .filter(|ms| ms.is_finite() && *ms >= 0.0)
            .map(|ms| (ms * 10.0).round() / 10.0),
        request: lines(&exchange.request.headers, texts),
        response: lines(answered, texts),
        more_lines: more(&exchange.request.headers) + more(answered),
        decided,
        offending,
        absent: offending.is_some_and(|name| !answered.contains(name)),
    }
}

/// Header lines as recorded, secrets replaced; those of CORS are never among the ones left out.
fn lines(list: &HeaderList, texts: &mut Tables) -> Vec<u32> {
    let matters = |name: &[u8]| {
        let name = name.to_ascii_lowercase();
        name.starts_with(b"access-control-") || matches!(&*name, b"origin" | b"vary" | b"location")
    };
    let count = list.iter().count();
    let first = list
        .iter()
        .enumerate()
        .filter(|(at, (name, _))| count <= LINES || matters(name) || *at < LINES / 2);
    first
        .take(LINES)
        .map(|(_, (name, value))| {
            let name = String::from_utf8_lossy(name);
            let value = redact::header_value(&name, value);
            texts.add_line(&redact::text(&name), &value)
        })
        .collect()
}

/// The header of the answer that a refusal is about.
fn offending_header(code: Code) -> Option<&'static str> {
    if !matches!(code.class(), Class::Blocked | Class::Failed) {
        return None;
    }
    Some(match code {
        Code::MissingAllowOrigin
        | Code::AllowOriginMismatch
        | Code::AllowOriginMultiple
        | Code::AllowOriginInvalid
        | Code::WildcardWithCredentials
        | Code::PreflightMissingAllowOrigin
        | Code::PreflightAllowOriginMismatch
        | Code::PreflightAllowOriginMultiple
        | Code::PreflightAllowOriginInvalid
        | Code::PreflightWildcardWithCredentials => "Access-Control-Allow-Origin",
        Code::AllowCredentialsNotTrue | Code::PreflightAllowCredentialsNotTrue => {
            "Access-Control-Allow-Credentials"
        }
        Code::PreflightAllowMethodsUnparsable | Code::PreflightMethodNotAllowed => {
            "Access-Control-Allow-Methods"
        }
        Code::PreflightAllowHeadersUnparsable
        | Code::PreflightHeaderNotAllowed
        | Code::PreflightAuthorizationNotListed => "Access-Control-Allow-Headers",
        Code::CorpSameOrigin | Code::CorpSameSite | Code::CorpCoep => {
            "Cross-Origin-Resource-Policy"
        }
        Code::RedirectWithCredentials | Code::RedirectBadScheme => "Location",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_the_sentence() {
        let addresses = ["https://a.test/".to_owned(), "https://a.test/b".to_owned()];
        let cases = [
            ("", 1),
            ("no address", 1),
            ("at 'https://a.test/b' (from 'https://a.test/')", 5),
            ("https://a.test/bhttps://a.test/", 5),
        ];
        for (sentence, count) in cases {
            let mut tables = Tables::default();
            let pieces = pieces(sentence, &addresses, &mut tables);
            assert_eq!(pieces.len(), count, "{sentence}");
            let texts: Vec<String> =
                serde_json::from_slice(&tables.texts.json()).expect("an array of texts");
            let whole: String = pieces.iter().map(|at| &*texts[*at as usize]).collect();
            assert_eq!(whole, sentence);
        }
    }
}
