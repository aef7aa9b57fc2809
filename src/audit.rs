//! The pipeline: recordings to an [`Audit`]. With the readers, the only place that knows threads.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::cors::{Class, Verdict};
use crate::error::Error;
use crate::exchange::Capture;
use crate::finding::Finding;
use crate::judge::{EngineChoice, Session, engine_of, judge};
use crate::notice::Notice;
use crate::pairing::{self, Fetch};

/// Everything a report tells.
#[derive(Debug, Default)]
pub struct Audit {
    /// The recordings, ordered by name.
    pub captures: Vec<Capture>,
    /// Fetches that are, or may be, cross-origin (all fetches if asked for), ordered by start time.
    pub fetches: Vec<JudgedFetch>,
    /// Findings, ordered by severity (worst first), rule, target, endpoint.
    pub findings: Vec<Finding>,
    /// What was cut, unknown, skipped or not decryptable, ordered by recording and place.
    pub notices: Vec<Notice>,
    /// Inputs that could not be audited.
    pub errors: Vec<Error>,
    /// Counts over everything, also over fetches that are no rows.
    pub counts: Counts,
}

/// A fetch with its verdict.
#[derive(Clone, Debug)]
pub struct JudgedFetch {
    /// Index into [`Audit::captures`].
    pub capture: u32,
    /// The fetch.
    pub fetch: Fetch,
    /// What the browser did with it.
    pub verdict: Verdict,
    /// Where the verdict is undetermined: the verdicts that the unknown input decides between.
    pub alternatives: Vec<Verdict>,
}

/// Counts of an audit.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Inputs read.
    pub inputs: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Entries or messages met.
    pub exchanges: u64,
    /// Fetches by class of verdict.
    pub fetches: BTreeMap<Class, u64>,
}

/// Pairs and judges one recording. `index` is its place in the audit.
#[must_use]
pub fn judge_capture(capture: &Capture, index: u32, engine: EngineChoice) -> Vec<JudgedFetch> {
    let paired = pairing::pair(capture, |preflight| {
        let max_age = preflight.response().and_then(|response| response.headers.get("access-control-max-age"));
        crate::cors::max_age_seconds(max_age.as_deref(), engine_of(engine, capture, preflight))
    });
    let session = Session::new(capture);
    paired
        .fetches
        .into_par_iter()
        .map(|mut fetch| {
            let engine = fetch.first(capture).map_or(crate::cors::Engine::Shipping, |first| engine_of(engine, capture, first));
            let judgement = judge(capture, &session, &mut fetch, engine);
            JudgedFetch { capture: index, fetch, verdict: judgement.verdict, alternatives: judgement.alternatives }
        })
        .collect()
}
