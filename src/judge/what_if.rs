//! What a fetch would come to if something about it were otherwise: the procedure run again on altered inputs.

use super::case::Case;
use super::explanation::local_network;
use crate::cors::{
    self, Answer, Code, CredentialsMode, Engine, Evaluation, NoTrace, Origin, Phase, Preflight,
    RequestMode,
};
use crate::header::{HeaderList, HeaderListBuilder};
use crate::rules::FetchView;

/// Repairs in a row after which a fetch counts as beyond repair; each code has one, and few follow each other.
const REPAIRS: usize = 12;

/// A recorded fetch, ready to be judged under other circumstances.
pub struct WhatIf<'c> {
    case: Case<'c>,
    assumed: Assumed,
}

/// The inputs of a verdict: known ones, and for unknown ones those that lead to the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// The initiator's origin.
    pub origin: Origin,
    /// The request mode.
    pub mode: RequestMode,
    /// The credentials mode.
    pub credentials: CredentialsMode,
}

/// One thing that is otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another page asks; every answer stays as recorded.
    Origin(Origin),
    /// The page asks in another mode.
    Mode(RequestMode),
    /// The page asks in another credentials mode.
    Credentials(CredentialsMode),
    /// An answer has this header with this value, or lacks it.
    Header {
        /// Index of the hop.
        hop: usize,
        /// Whose answer.
        of: Answered,
        /// The header.
        name: &'static str,
        /// Its value; `None`: there is none.
        value: Option<String>,
    },
    /// A preflight's answer has this status.
    PreflightStatus {
        /// Index of the hop.
        hop: usize,
        /// The status.
        status: u16,
    },
}

/// The two requests of a hop that are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The preflight.
    Preflight,
    /// The actual request.
    Actual,
}

impl<'c> WhatIf<'c> {
    /// Lays out a judged fetch. `None` for one whose exchanges are not in its capture.
    #[must_use]
    pub fn new(view: FetchView<'c>) -> Option<Self> {
        let (fetch, verdict) = (&view.judged.fetch, &view.judged.verdict);
        let last = fetch.last(view.capture)?;
        let case = Case::new(view.capture, fetch, local_network(verdict.code, last))?;
        let origin = fetch.initiator_origin.value.clone();
        let mode = fetch.mode.value;
        let mut what_if = Self {
            case,
            assumed: Assumed {
                origin: origin.unwrap_or(Origin::OPAQUE),
                mode: mode.unwrap_or(RequestMode::Cors),
                credentials: fetch
                    .credentials
                    .value
                    .unwrap_or(CredentialsMode::SameOrigin),
            },
        };
        if fetch.credentials.value.is_none() {
            let include = [Change::Credentials(CredentialsMode::Include)];
            let leads_there = |changes| what_if.run(verdict.engine, changes).code == verdict.code;
            if !leads_there(&[]) && leads_there(&include) {
                what_if.assumed.credentials = CredentialsMode::Include;
            }
        }
        Some(what_if)
    }

    /// The inputs that stand where nothing is changed.
    #[must_use]
    pub fn assumed(&self) -> &Assumed {
        &self.assumed
    }

    /// What the engine's rules say under the changes. The recorder's word on the outcome is not asked: it is about what
    /// did happen.
    #[must_use]
    pub fn run(&self, engine: Engine, changes: &[Change]) -> Evaluation {
        self.with(changes, |fetch| cors::evaluate(fetch, engine, &mut NoTrace))
    }

    /// One change after another on the server's side, each the remedy of what blocks then, until the engine allows the
    /// fetch or no header helps; with what the fetch comes to after each.
    #[must_use]
    pub fn repairs(&self, engine: Engine) -> Vec<(Change, Evaluation)> {
        let mut changes = Vec::new();
        let mut repairs = Vec::new();
        let mut evaluation = self.run(engine, &changes);
        while repairs.len() < REPAIRS {
            let Some(change) = self.repair(&changes, &evaluation) else {
                break;
            };
            changes.push(change.clone());
            let next = self.run(engine, &changes);
            let helps = next.code != evaluation.code
                || (next.hop, next.phase) != (evaluation.hop, evaluation.phase);
            if !helps {
                break;
            }
            repairs.push((change, next.clone()));
            evaluation = next;
        }
        repairs
    }

    fn repair(&self, changes: &[Change], blocked: &Evaluation) -> Option<Change> {
        let hop = usize::from(blocked.hop);
        let of = match blocked.phase {
            Phase::Preflight => Answered::Preflight,
            Phase::Actual | Phase::Redirect => Answered::Actual,
        };
        let asked = self.with(changes, |fetch| {
            let hop = fetch.hops.get(hop)?;
            Some(match hop.preflight {
                Preflight::Recorded {
                    origin,
                    method,
                    headers,
                    ..
                } => Asked {
                    origin: origin.map(Origin::to_string),
                    method: method.as_str().to_owned(),
                    headers: String::from_utf8_lossy(headers.unwrap_or_default()).into_owned(),
                },
                Preflight::NotRecorded | Preflight::WouldAnswer { .. } => Asked::default(),
            })
        })?;
        let header = |name, value: String| {
            Some(Change::Header {
                hop,
                of,
                name,
                value: Some(value),
            })
        };
        match blocked.code {
            Code::MissingAllowOrigin
            | Code::AllowOriginMismatch
            | Code::AllowOriginMultiple
            | Code::AllowOriginInvalid
            | Code::WildcardWithCredentials => {
                header("Access-Control-Allow-Origin", blocked.origin.to_string())
            }
            Code::PreflightMissingAllowOrigin
            | Code::PreflightAllowOriginMismatch
            | Code::PreflightAllowOriginMultiple
            | Code::PreflightAllowOriginInvalid
            | Code::PreflightWildcardWithCredentials => header(
                "Access-Control-Allow-Origin",
                asked.origin.unwrap_or_else(|| blocked.origin.to_string()),
            ),
            Code::AllowCredentialsNotTrue | Code::PreflightAllowCredentialsNotTrue => {
                header("Access-Control-Allow-Credentials", "true".to_owned())
            }
            Code::PreflightBadStatus | Code::PreflightRedirected => {
                Some(Change::PreflightStatus { hop, status: 204 })
            }
            Code::PreflightAllowMethodsUnparsable | Code::PreflightMethodNotAllowed => {
                header("Access-Control-Allow-Methods", asked.method)
            }
            Code::PreflightAllowHeadersUnparsable
            | Code::PreflightHeaderNotAllowed
            | Code::PreflightAuthorizationNotListed => {
                header("Access-Control-Allow-Headers", asked.headers)
            }
            Code::CorpSameOrigin | Code::CorpSameSite | Code::CorpCoep => {
                header("Cross-Origin-Resource-Policy", "cross-origin".to_owned())
            }
            _ => None,
        }
    }

    fn with<R>(&self, changes: &[Change], run: impl FnOnce(&cors::Fetch<'_>) -> R) -> R {
        let mut assumed = self.assumed.clone();
        let mut other_origin = false;
        for change in changes {
            match change {
                Change::Origin(origin) => {
                    assumed.origin = origin.clone();
                    other_origin = true;
                }
                Change::Mode(mode) => assumed.mode = *mode,
                Change::Credentials(credentials) => assumed.credentials = *credentials,
                Change::Header { .. } | Change::PreflightStatus { .. } => {}
            }
        }
        let Assumed {
            origin,
            mode,
            credentials,
        } = assumed;
        self.case.with(&origin, mode, credentials, |fetch| {
            let altered: Vec<Altered> = fetch
                .hops
                .iter()
                .enumerate()
                .map(|(index, hop)| Altered::new(index, hop, changes))
                .collect();
            let hops: Vec<cors::Hop<'_>> = fetch
                .hops
                .iter()
                .zip(&altered)
                .map(|(hop, altered)| altered.hop(hop, other_origin))
                .collect();
            run(&cors::Fetch {
                hops: &hops,
                ..fetch.clone()
            })
        })
    }
}

/// What the preflight asked for.
#[derive(Default)]
struct Asked {
    origin: Option<String>,
    method: String,
    headers: String,
}

/// The answers of a hop after changes; `None`: as recorded.
struct Altered {
    preflight: Option<HeaderList>,
    preflight_status: Option<u16>,
    actual: Option<HeaderList>,
}

impl Altered {
    fn new(index: usize, hop: &cors::Hop<'_>, changes: &[Change]) -> Self {
        let recorded_preflight = match hop.preflight {
            Preflight::Recorded { response, .. } | Preflight::WouldAnswer { response, .. } => {
                response
            }
            Preflight::NotRecorded => None,
        };
        let preflight_status = changes.iter().rev().find_map(|change| match change {
            Change::PreflightStatus { hop, status } if *hop == index => Some(*status),
            _ => None,
        });
        Self {
            preflight: headers(index, Answered::Preflight, recorded_preflight, changes),
            preflight_status,
            actual: headers(index, Answered::Actual, hop.response, changes),
        }
    }

    fn hop<'s>(&'s self, hop: &cors::Hop<'s>, other_origin: bool) -> cors::Hop<'s> {
        let mut hop = *hop;
        if other_origin {
            hop.wire_origin = None;
        }
        if let (Some(answer), Some(headers)) = (&mut hop.response, &self.actual) {
            answer.headers = headers;
        }
        if let Preflight::Recorded {
            origin, response, ..
        } = &mut hop.preflight
        {
            if other_origin {
                *origin = None;
            }
            if let Some(answer) = response {
                answer.status = self.preflight_status.unwrap_or(answer.status);
                if let Some(headers) = &self.preflight {
                    answer.headers = headers;
                }
            }
        }
        hop
    }
}

fn headers(
    index: usize,
    whose: Answered,
    recorded: Option<Answer<'_>>,
    changes: &[Change],
) -> Option<HeaderList> {
    let mut altered: Option<HeaderList> = None;
    for change in changes {
        if let Change::Header {
            hop,
            of,
            name,
            value,
        } = change
            && (*hop, *of) == (index, whose)
        {
            let before = altered.as_ref().or(recorded.map(|answer| answer.headers))?;
            altered = Some(replaced(before, name, value.as_deref()));
        }
    }
    altered
}

/// The list without lines of a name, and with one if there is a value.
fn replaced(list: &HeaderList, name: &str, value: Option<&str>) -> HeaderList {
    let mut lines = HeaderListBuilder::new();
    for (other, line) in list.iter() {
        if !other.eq_ignore_ascii_case(name.as_bytes()) {
            lines.push(other, line);
        }
    }
    if let Some(value) = value {
        lines.push(name.as_bytes(), value.as_bytes());
    }
    lines.take()
}
