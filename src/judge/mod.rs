//! Judges fetches as recorded: every possible value of an unknown input is evaluated; one verdict results.
//!
//! Verdicts that agree need no certainty about the input. Where they differ the recorder's own word may decide; where
//! it does not either, the verdict is undetermined and lists what it lies between.

mod case;
mod engine;
mod explanation;
mod opaque_response;
mod outcome;
mod possibility;
mod service_worker;
mod session;
mod transport;
mod weigh;
mod what_if;

pub use engine::{EngineChoice, engine_of};
pub use explanation::{BrowserSentence, Explanation, ReportedClause, explain};
pub use service_worker::judge_worker_answer;
pub use session::Session;
pub use what_if::{Answered, Assumed, Change, WhatIf};

use crate::cors::{
    self, Class, Code, CredentialsMode, Engine, Evaluation, NoTrace, Origin, Phase, RequestMode,
    Verdict, Warning, Warnings,
};
use crate::exchange::{Capture, Client, Exchange, Method, Outcome, Recorder, ResourceType};
use crate::fact::Confidence;
use crate::pairing::{Fetch, PreflightLink, redirect_target};
use case::Case;
use opaque_response::is_withheld;
use outcome::{RecordedOutcome, recorded_outcome};
use possibility::{Possibility, possible_modes};
use transport::{is_loopback_host, is_mixed_content, is_privileged, local_network_code};
use weigh::{confidence_of_inputs, reads_credentials};

/// A verdict and, where it is undetermined, what the unknown input decides between.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The verdicts of the possible inputs, without repetition.
    pub alternatives: Vec<Verdict>,
}

/// Judges one fetch by the rules of an engine. Facts that the outcome settles are filled in.
#[must_use]
pub fn judge(capture: &Capture, session: &Session, fetch: &mut Fetch, engine: Engine) -> Judgement {
    let judge = Judge {
        capture,
        session,
        engine,
    };
    let mut judgement = match judge.without_procedure(fetch) {
        Some(verdict) => Judgement {
            verdict,
            alternatives: Vec::new(),
        },
        None => judge.by_procedure(fetch),
    };
    if fetch
        .hops
        .iter()
        .any(|hop| matches!(hop.preflight, PreflightLink::Cached(_)))
    {
        judgement
            .verdict
            .warnings
            .remove(Warning::PreflightNotRecorded);
    }
    judgement
}

struct Judge<'c> {
    capture: &'c Capture,
    session: &'c Session,
    engine: Engine,
}

impl Judge<'_> {
    fn verdict(&self, code: Code, confidence: Confidence) -> Verdict {
        Verdict {
            code,
            confidence,
            phase: Phase::Actual,
            hop: 0,
            engine: self.engine,
            warnings: Warnings::default(),
        }
    }

    fn of_evaluation(&self, evaluation: &Evaluation, confidence: Confidence) -> Verdict {
        Verdict {
            code: evaluation.code,
            confidence,
            phase: evaluation.phase,
            hop: evaluation.hop,
            engine: self.engine,
            warnings: evaluation.warnings,
        }
    }

    /// Verdicts that need no evaluation: no browser, no web page, no network.
    fn without_procedure(&self, fetch: &Fetch) -> Option<Verdict> {
        let first = fetch.first(self.capture)?;
        // A page may set User-Agent (Firefox sends it), but no tool writes Sec-Fetch headers of itself.
        let by_browser = first.sec_fetch_mode().is_some()
            || !matches!(
                self.capture.recorder,
                Recorder::Mitmproxy | Recorder::Packets | Recorder::Other
            );
        if first.hints.client == Client::NotABrowser && !by_browser {
            return Some(self.verdict(Code::NonBrowserClient, Confidence::Medium));
        }
        let origin = fetch.initiator_origin.value.as_ref();
        if origin.and_then(Origin::scheme).is_some_and(is_privileged) {
            return Some(self.verdict(Code::UndeterminedPrivileged, Confidence::Undetermined));
        }
        if fetch
            .exchanges(self.capture)
            .any(|exchange| exchange.hints.via_service_worker)
        {
            return Some(self.verdict(Code::UndeterminedServiceWorker, Confidence::Undetermined));
        }
        match first.request.url.scheme() {
            "http" | "https" | "ws" | "wss" | "ftp" => {}
            _ => return Some(self.verdict(Code::LocalScheme, Confidence::Certain)),
        }
        match fetch.mode.value {
            Some(RequestMode::Navigate) => {
                Some(self.verdict(Code::Navigation, fetch.mode.confidence))
            }
            Some(RequestMode::WebSocket | RequestMode::WebTransport) => {
                Some(self.verdict(Code::WebSocket, fetch.mode.confidence))
            }
            _ => None,
        }
    }

    fn by_procedure(&self, fetch: &mut Fetch) -> Judgement {
        let settled = |verdict| Judgement {
            verdict,
            alternatives: Vec::new(),
        };
        let Some(origin) = self.assumed_origin(fetch) else {
            let code = if self.looks_mixed(fetch) {
                Code::MixedContent
            } else {
                Code::UndeterminedOrigin
            };
            let confidence = if code == Code::MixedContent {
                Confidence::Low
            } else {
                Confidence::Undetermined
            };
            return settled(self.verdict(code, confidence));
        };
        if let Some(code) = self.unreadable(fetch) {
            return settled(self.verdict(code, Confidence::Undetermined));
        }
        let Some(case) = Case::new(self.capture, fetch, None) else {
            return settled(self.verdict(Code::UndeterminedResponse, Confidence::Undetermined));
        };
        let mut possibilities = Vec::new();
        for mode in possible_modes(fetch) {
            let both = mode == RequestMode::Cors && fetch.credentials.value.is_none();
            let credentials = match (mode, fetch.credentials.value) {
                (RequestMode::Cors, Some(known)) => known,
                (RequestMode::Cors, None) => CredentialsMode::SameOrigin,
                _ => CredentialsMode::Include,
            };
            for credentials in
                std::iter::once(credentials).chain(both.then_some(CredentialsMode::Include))
            {
                let evaluation = case.with(&origin, mode, credentials, |fetch| {
                    cors::evaluate(fetch, self.engine, &mut NoTrace)
                });
                let verdict = self.with_outcome(fetch, &origin, mode, &evaluation);
                possibilities.push(Possibility {
                    mode,
                    credentials,
                    verdict,
                });
                if verdict.code == Code::OpaqueNoCors && self.may_be_beacon(fetch) {
                    possibilities.push(Possibility {
                        mode,
                        credentials,
                        verdict: Verdict {
                            code: Code::BeaconDelivered,
                            ..verdict
                        },
                    });
                }
            }
        }
        self.decide(fetch, possibilities)
    }

    /// The origin to evaluate with. An unknown one matters unless the request is known to be cross-origin and no-cors.
    fn assumed_origin(&self, fetch: &Fetch) -> Option<Origin> {
        if let Some(origin) = &fetch.initiator_origin.value {
            return Some(origin.clone());
        }
        let first = fetch.first(self.capture)?;
        let crosses = matches!(
            first.request.headers.first("sec-fetch-site"),
            Some("cross-site" | "same-site")
        );
        (crosses && fetch.mode.value == Some(RequestMode::NoCors)).then_some(Origin::OPAQUE)
    }

    /// DevTools marks every failed load but those it never started: mixed content (status 0, no error).
    fn looks_mixed(&self, fetch: &Fetch) -> bool {
        fetch.first(self.capture).is_some_and(|first| {
            self.capture.recorder == Recorder::DevTools
                && first.hints.error_field
                && first.hints.error.is_none()
                && matches!(first.outcome, Outcome::NoResponse)
                && first.request.url.scheme() == "http"
                && !first
                    .request
                    .url
                    .origin()
                    .host()
                    .is_some_and(is_loopback_host)
        })
    }

    /// Responses that the recording holds in part only.
    fn unreadable(&self, fetch: &Fetch) -> Option<Code> {
        let last = fetch.last(self.capture)?;
        let response = fetch.hops.last()?.exchange.and_then(|_| last.response());
        // DevTools does not keep the headers of a beacon's answer. In mode no-cors nobody asks for them.
        if last.hints.resource_type == Some(ResourceType::Ping)
            && fetch.mode.value != Some(RequestMode::NoCors)
            && response.is_some_and(|response| response.headers.is_empty())
        {
            return Some(Code::UndeterminedResponse);
        }
        // A 304 to a validating request refreshes a stored response (Fetch, HTTP-network-or-cache fetch); without
        // that one, its headers decide.
        if response.is_some_and(|response| {
            response.status == 304 && !response.headers.contains("access-control-allow-origin")
        }) && fetch.hops.last()?.stored.is_none()
            && fetch.mode.value != Some(RequestMode::NoCors)
            && may_be_validating(last)
        {
            let same_origin = fetch
                .initiator_origin
                .value
                .as_ref()
                .is_some_and(|origin| origin.is_same_origin(last.request.url.origin()));
            return (!same_origin).then_some(Code::Undetermined304);
        }
        None
    }

    /// The verdict of an evaluation, seen beside what the recorder says.
    fn with_outcome(
        &self,
        fetch: &Fetch,
        origin: &Origin,
        mode: RequestMode,
        evaluation: &Evaluation,
    ) -> Verdict {
        let confidence = confidence_of_inputs(fetch, evaluation.code);
        let mut verdict = self.of_evaluation(evaluation, confidence);
        let Some(last) = fetch.last(self.capture) else {
            return verdict;
        };
        let has_actual = fetch.hops.last().is_some_and(|hop| hop.exchange.is_some());
        let recorded = if has_actual {
            recorded_outcome(self.capture.recorder, last)
        } else {
            RecordedOutcome::Silent
        };
        let from_stored = recorded == RecordedOutcome::Failed
            && fetch.hops.last().is_some_and(|hop| hop.stored.is_some());
        match evaluation.code.class() {
            Class::Failed if evaluation.code == Code::NetworkError => {
                self.without_response(
                    fetch,
                    origin,
                    mode,
                    last,
                    has_actual,
                    recorded,
                    &mut verdict,
                );
            }
            Class::Undetermined if evaluation.code == Code::UndeterminedResponse => {
                self.unfollowed_redirect(fetch, origin, mode, last, recorded, &mut verdict);
            }
            Class::Blocked if evaluation.code == Code::PreflightNetworkError => {
                let preflight = fetch.hops.last().and_then(|hop| hop.preflight.exchange());
                let preflight =
                    preflight.and_then(|index| self.capture.exchanges.get(index as usize));
                let of_preflight =
                    preflight.map(|exchange| recorded_outcome(self.capture.recorder, exchange));
                if of_preflight == Some(RecordedOutcome::OtherReason(Code::LnaPermissionDenied)) {
                    verdict.code = local_network_code(origin);
                } else if let RecordedOutcome::OtherReason(code) = recorded {
                    verdict.code = code;
                } else if preflight
                    .is_some_and(|exchange| matches!(exchange.outcome, Outcome::NotRecorded))
                {
                    verdict.code = Code::UndeterminedResponse;
                    verdict.confidence = Confidence::Undetermined;
                } else {
                    // A network failure that the recorder saw is a network failure.
                    verdict.code = Code::NetworkError;
                }
            }
            // By inference, the HTTP cache answered. What its answer would have allowed is not what failed.
            Class::Allowed | Class::Opaque if from_stored => {
                verdict.code = Code::UndeterminedResponse;
                verdict.confidence = Confidence::Undetermined;
                verdict.warnings.insert(Warning::OutcomeConflict);
            }
            Class::Blocked if from_stored && evaluation.phase == Phase::Actual => {
                verdict.confidence = verdict.confidence.min(Confidence::Medium);
            }
            Class::Opaque => {
                if let RecordedOutcome::OtherReason(code) = recorded {
                    verdict.code = code;
                } else if recorded == RecordedOutcome::Silent
                    && evaluation.code == Code::OpaqueNoCors
                    && (is_withheld(last, self.engine) || self.session.is_withheld(last))
                {
                    verdict.code = Code::OrbBlocked;
                    verdict.confidence = verdict.confidence.min(Confidence::Medium);
                }
            }
            Class::Allowed => {
                match recorded {
                    RecordedOutcome::Refused => {
                        verdict.warnings.insert(Warning::OutcomeConflict);
                        verdict.confidence = Confidence::Low;
                        if last.hints.server_ip.is_some_and(|ip| {
                            cors::AddressSpace::of(ip) != cors::AddressSpace::Public
                        }) {
                            verdict.warnings.insert(Warning::MaybeLna);
                        }
                    }
                    RecordedOutcome::Delivered if verdict.confidence >= Confidence::High => {
                        verdict.confidence = Confidence::Certain;
                    }
                    RecordedOutcome::OtherReason(code) => {
                        verdict.code = code;
                    }
                    _ => {}
                }
            }
            // The request itself reached the wire, so its preflight had passed.
            Class::Blocked
                if evaluation.phase == Phase::Preflight
                    && self.is_answered(fetch, evaluation.hop) =>
            {
                verdict.warnings.insert(Warning::OutcomeConflict);
                verdict.confidence = Confidence::Low;
            }
            // The stored response that a 304 refreshes was delivered to the page, and caches keep credentialed and
            // uncredentialed responses apart.
            Class::Blocked
                if reads_credentials(evaluation.code) && self.stored_was_delivered(fetch) =>
            {
                verdict.warnings.insert(Warning::OutcomeConflict);
                verdict.confidence = Confidence::Low;
            }
            Class::Blocked => match recorded {
                RecordedOutcome::Refused if verdict.confidence >= Confidence::High => {
                    verdict.confidence = Confidence::Certain;
                }
                RecordedOutcome::Delivered => {
                    verdict.warnings.insert(Warning::OutcomeConflict);
                    verdict.confidence = Confidence::Low;
                }
                _ => {}
            },
            _ => {}
        }
        // Nobody reads the answer to a beacon, so that nothing is hidden from anyone either.
        if verdict.code == Code::OpaqueNoCors
            && self.is_beacon(fetch)
            && last.response().is_some()
            && !matches!(recorded, RecordedOutcome::Refused | RecordedOutcome::Failed)
        {
            verdict.code = Code::BeaconDelivered;
        }
        if verdict.class() == Class::Blocked
            && verdict.code == Code::AllowOriginMismatch
            && last.hints.from_cache
        {
            verdict.warnings.insert(Warning::CacheWithoutVary);
        }
        verdict
    }

    /// Whether a request is a beacon: its redirects may no longer tell.
    fn is_beacon(&self, fetch: &Fetch) -> bool {
        fetch
            .exchanges(self.capture)
            .any(|exchange| exchange.hints.resource_type == Some(ResourceType::Ping))
    }

    /// Whether a request that a script made in mode no-cors may as well be a beacon: it was answered, and nothing tells
    /// the one from the other.
    fn may_be_beacon(&self, fetch: &Fetch) -> bool {
        let is_answered = fetch
            .last(self.capture)
            .is_some_and(|last| last.response().is_some());
        is_answered
            && fetch.first(self.capture).is_some_and(|first| {
                first.hints.resource_type.is_none()
                    && first.request.method == Method::Post
                    && first.sec_fetch_mode() == Some(RequestMode::NoCors)
                    && first.request.headers.first("sec-fetch-dest") == Some("empty")
            })
    }

    /// Whether the actual request of a hop got a response.
    fn is_answered(&self, fetch: &Fetch, hop: u16) -> bool {
        let exchange = fetch
            .hops
            .get(usize::from(hop))
            .and_then(|hop| hop.exchange);
        exchange
            .and_then(|index| self.capture.exchanges.get(index as usize))
            .is_some_and(|e| e.response().is_some())
    }

    fn stored_was_delivered(&self, fetch: &Fetch) -> bool {
        let stored = fetch.hops.last().and_then(|hop| hop.stored);
        stored
            .and_then(|index| self.capture.exchanges.get(index as usize))
            .is_some_and(|exchange| {
                recorded_outcome(self.capture.recorder, exchange) == RecordedOutcome::Delivered
            })
    }

    /// Everything before passed, and no response was recorded for the last request.
    #[expect(clippy::too_many_arguments, reason = "the inputs of one decision")]
    fn without_response(
        &self,
        fetch: &Fetch,
        origin: &Origin,
        mode: RequestMode,
        last: &Exchange,
        has_actual: bool,
        recorded: RecordedOutcome,
        verdict: &mut Verdict,
    ) {
        let follows_redirect = fetch.hops.len() > 1;
        // Whatever the answer was, it would have been readable, or opaque.
        let alone = fetch.hops.len() == 1 && has_actual;
        let unseen = alone && matches!(last.outcome, Outcome::NotRecorded);
        let (code, confidence) = match recorded {
            // Whatever kept the answer away, CORS was not asked.
            RecordedOutcome::Silent
                if alone && origin.is_same_origin(last.request.url.origin()) =>
            {
                (Code::SameOrigin, fetch.initiator_origin.confidence)
            }
            _ if unseen && mode == RequestMode::NoCors => {
                (Code::OpaqueNoCors, fetch.mode.confidence)
            }
            RecordedOutcome::OtherReason(code) => (code, Confidence::High),
            // DevTools opens a row for the redirect's target before the page's redirect mode stops it.
            RecordedOutcome::Aborted
                if follows_redirect && self.capture.recorder == Recorder::DevTools =>
            {
                (Code::OpaqueRedirect, Confidence::Medium)
            }
            // Local Network Access is refused before anything is sent, whatever the mode.
            RecordedOutcome::Failed
                if self
                    .session
                    .refused_local_network(origin, last.request.url.origin()) =>
            {
                (local_network_code(origin), Confidence::Medium)
            }
            RecordedOutcome::Failed if mode == RequestMode::Cors => {
                verdict.warnings.insert(Warning::ProbablyCorsBlocked);
                (Code::UndeterminedResponse, Confidence::Low)
            }
            RecordedOutcome::Silent
                if has_actual
                    && matches!(last.outcome, Outcome::NoResponse)
                    && is_mixed_content(origin, &last.request.url) =>
            {
                (Code::MixedContent, Confidence::Medium)
            }
            // The wire itself: the server closed or reset the connection, or the stream, instead of answering.
            RecordedOutcome::Silent
                if has_actual
                    && matches!(last.outcome, Outcome::NoResponse)
                    && self.capture.recorder == Recorder::Packets =>
            {
                (Code::NetworkError, Confidence::High)
            }
            _ => (Code::UndeterminedResponse, Confidence::Undetermined),
        };
        verdict.code = code;
        verdict.confidence = confidence;
    }

    /// A redirect whose target was never requested, as far as the recording tells.
    fn unfollowed_redirect(
        &self,
        fetch: &Fetch,
        origin: &Origin,
        mode: RequestMode,
        last: &Exchange,
        recorded: RecordedOutcome,
        verdict: &mut Verdict,
    ) {
        let target = last
            .response()
            .and_then(|response| redirect_target(last, response));
        let mixed = target
            .as_ref()
            .is_some_and(|target| is_mixed_content(origin, target));
        let (code, confidence) = match recorded {
            RecordedOutcome::OtherReason(code) => (code, Confidence::High),
            _ if mixed && mode == RequestMode::Cors => (Code::MixedContent, Confidence::Medium),
            // The CORS check passed, the target is acceptable, and yet the redirect itself failed.
            RecordedOutcome::Refused => (Code::RedirectModeError, Confidence::Medium),
            _ => (Code::UndeterminedResponse, Confidence::Undetermined),
        };
        verdict.code = code;
        verdict.confidence = confidence;
        verdict.phase = Phase::Redirect;
        verdict.hop = (fetch.hops.len() - 1) as u16;
    }
}

/// Whether a request may validate a stored response: it carries a validator, or its headers are not complete.
fn may_be_validating(exchange: &Exchange) -> bool {
    let headers = &exchange.request.headers;
    !exchange.request.headers_complete
        || [
            "if-none-match",
            "if-modified-since",
            "if-match",
            "if-unmodified-since",
            "if-range",
        ]
        .iter()
        .any(|name| headers.contains(name))
}
