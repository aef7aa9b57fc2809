//! The pipeline: recordings to an [`Audit`]. With the readers, the only place that knows threads.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::control::{Suppressed, part};
use crate::cors::{Class, Code, Engine, Verdict};
use crate::error::{Error, ErrorKind};
use crate::evidence::Evidence;
use crate::exchange::Capture;
use crate::finding::Finding;
use crate::inputs::{Input, Inputs, record_failure};
use crate::judge::{EngineChoice, Session, engine_of, judge, judge_worker_answer};
use crate::meter::Meter;
use crate::notice::Notice;
use crate::options::Options;
use crate::pairing::{self, Fetch, Paired};
use crate::reader::{self, KeyLogs};
use crate::rules::{self, Context, FetchView, Findings};
use crate::source::Source;

/// Everything a report tells.
#[derive(Debug, Default)]
pub struct Audit {
    /// The recordings, ordered by name.
    pub captures: Vec<Capture>,
    /// Fetches that are, or may be, cross-origin (all fetches if asked for), ordered by start time.
    pub fetches: Vec<JudgedFetch>,
    /// Findings, ordered by severity (worst first), rule, target, endpoint.
    pub findings: Vec<Finding>,
    /// Findings about which somebody has decided: accepted, or known before. In the same order.
    pub suppressed: Vec<Suppressed>,
    /// What later audits may build on, if it was asked for.
    pub evidence: Option<Evidence>,
    /// What was cut, unknown, skipped or not decryptable, ordered by recording and place.
    pub notices: Vec<Notice>,
    /// Inputs that could not be audited.
    pub errors: Vec<Error>,
    /// Counts over everything, also over fetches that are no rows.
    pub counts: Counts,
}

/// A fetch with its verdict.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JudgedFetch {
    /// Index into [`Audit::captures`].
    #[serde(skip)]
    pub capture: u32,
    /// The fetch.
    pub fetch: Fetch,
    /// What the browser did with it.
    pub verdict: Verdict,
    /// Where the verdict is undetermined: the verdicts that the unknown input decides between.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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

/// Audits inputs.
///
/// Recordings are read and judged side by side, fetches and rules in parallel; the outcome is the same for any number
/// of threads.
#[must_use]
pub fn run(inputs: Inputs, options: &Options) -> Audit {
    run_metered(inputs, options, &Arc::default())
}

/// Audits inputs, as [`run`], and moves a meter on, at which others may look meanwhile.
#[must_use]
pub fn run_metered(inputs: Inputs, options: &Options, meter: &Arc<Meter>) -> Audit {
    let threads = options.jobs.map_or(0, std::num::NonZeroUsize::get);
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(|| run_here(inputs, options, meter)),
        // No thread could be started: this one does the work.
        Err(_) => run_here(inputs, options, meter),
    }
}

fn run_here(inputs: Inputs, options: &Options, meter: &Arc<Meter>) -> Audit {
    let KeyLogs {
        keylog,
        errors,
        notices,
    } = KeyLogs::read(&options.keylogs);
    let mut audit = Audit {
        errors,
        notices,
        ..Audit::default()
    };
    audit.errors.extend(inputs.errors);
    let reading = reader::Options {
        check_har: options.check_har,
        keylog: Arc::new(keylog),
        ..reader::Options::default()
    };
    let read: Vec<(Input, Result<Judged, ErrorKind>)> = inputs
        .inputs
        .into_par_iter()
        .map(|input| {
            let judged = read_and_judge(&input, &reading, options, meter);
            meter.add_input();
            (input, judged)
        })
        .collect();
    for (input, judged) in read {
        match judged {
            Ok(judged) => audit.add(judged),
            Err(kind) => record_failure(&mut audit, &input, kind),
        }
    }
    audit.fetches.sort_by_cached_key(|judged| {
        let first = judged.fetch.first(&audit.captures[judged.capture as usize]);
        (
            first.and_then(|exchange| exchange.started),
            judged.capture,
            first.map(|exchange| exchange.locus),
        )
    });
    let (captures, rows) = (audit.captures.len(), audit.fetches.len());
    audit.add_evidence(options);
    let parted = part(
        findings(&audit.captures, &audit.fetches, rows, options),
        options,
    );
    audit.captures.truncate(captures);
    audit.fetches.truncate(rows);
    audit.findings = parted.open;
    audit.suppressed = parted.suppressed;
    audit.notices.extend(parted.notices);
    if !options.all_fetches {
        audit.fetches.shrink_to_fit();
    }
    audit.notices.sort_by(|a, b| {
        (&a.file, a.locus, a.name, &a.message).cmp(&(&b.file, b.locus, b.name, &b.message))
    });
    audit
}

/// One recording, judged.
struct Judged {
    capture: Capture,
    fetches: Vec<JudgedFetch>,
    counts: BTreeMap<Class, u64>,
}

fn read_and_judge(
    input: &Input,
    reading: &reader::Options,
    options: &Options,
    meter: &Arc<Meter>,
) -> Result<Judged, ErrorKind> {
    let source = Source::path(&input.path).metered(Arc::clone(meter));
    let mut capture = reader::read(&source, reading).map_err(|error| error.kind)?;
    let engine = options
        .engine
        .map_or(EngineChoice::Auto, EngineChoice::Fixed);
    let paired = pair(&capture, engine);
    if let Some(first) = paired
        .served_by_worker
        .first()
        .and_then(|(page, _)| page.first(&capture))
    {
        let locus = first.locus;
        capture.notices.push(Notice {
            name: "served-by-service-worker",
            message: "requests that a service worker sent on are judged by the worker's own entry"
                .to_owned(),
            file: capture.source.clone(),
            locus: Some(locus),
            count: paired.served_by_worker.len() as u64,
        });
    }
    let mut fetches = judge_paired(&capture, paired, engine);
    let mut counts = BTreeMap::new();
    for judged in &fetches {
        *counts.entry(judged.verdict.class()).or_insert(0) += 1;
    }
    fetches.retain(|judged| is_row(judged, options.all_fetches));
    Ok(Judged {
        capture,
        fetches,
        counts,
    })
}

impl Audit {
    fn add(&mut self, mut judged: Judged) {
        let index = self.captures.len() as u32;
        for fetch in &mut judged.fetches {
            fetch.capture = index;
        }
        self.fetches.append(&mut judged.fetches);
        self.notices.append(&mut judged.capture.notices);
        self.counts.inputs += 1;
        self.counts.bytes += judged.capture.bytes;
        self.counts.exchanges += judged.capture.entries;
        for (class, count) in judged.counts {
            *self.counts.fetches.entry(class).or_insert(0) += count;
        }
        self.captures.push(judged.capture);
    }

    /// Puts the recordings that evidence holds behind those of this run, for rules to see, and keeps evidence of both.
    fn add_evidence(&mut self, options: &Options) {
        if options.evidence.is_none() && !options.keeps_evidence {
            return;
        }
        let mut fetches: Vec<Vec<&JudgedFetch>> = vec![Vec::new(); self.captures.len()];
        for judged in self.fetches.iter().filter(|judged| is_row(judged, false)) {
            fetches[judged.capture as usize].push(judged);
        }
        let mut own: Evidence = self
            .captures
            .par_iter()
            .zip(fetches)
            .map(|(capture, fetches)| Evidence::of(capture, &fetches))
            .collect();
        let Some(earlier) = &options.evidence else {
            self.evidence = Some(own);
            return;
        };
        for mut recording in earlier.without(&own) {
            let index = self.captures.len() as u32;
            for judged in &mut recording.fetches {
                judged.capture = index;
            }
            self.captures.push(recording.capture);
            self.fetches.append(&mut recording.fetches);
        }
        if options.keeps_evidence {
            own.join(earlier);
            self.evidence = Some(own);
        }
    }
}

/// Whether a fetch is a row of reports. Navigations are counted and never are: a page asked for no answer it could
/// read. Same-origin fetches are rows if asked for.
fn is_row(judged: &JudgedFetch, all_fetches: bool) -> bool {
    match judged.verdict.code {
        Code::Navigation => false,
        Code::SameOrigin | Code::LocalScheme => all_fetches,
        _ => true,
    }
}

/// Fetches that rules look at before anything is merged: merging has its price, too.
const FETCHES_AT_ONCE: usize = 2048;

/// What rules find. Fetches from `rows` on are no rows of the report.
fn findings(
    captures: &[Capture],
    fetches: &[JudgedFetch],
    rows: usize,
    options: &Options,
) -> Vec<Finding> {
    let new_context = || Context::new(options);
    let mut context = captures
        .par_iter()
        .fold(new_context, |mut context, capture| {
            context.observe_capture(capture);
            context
        })
        .reduce(new_context, |mut all, part| {
            all.merge(part);
            all
        });
    let observed = fetches
        .par_iter()
        .with_min_len(FETCHES_AT_ONCE)
        .fold(new_context, |mut context, judged| {
            context.observe(FetchView {
                capture: &captures[judged.capture as usize],
                judged,
            });
            context
        })
        .reduce(new_context, |mut all, part| {
            all.merge(part);
            all
        });
    context.merge(observed);
    let mut found = fetches
        .par_iter()
        .with_min_len(FETCHES_AT_ONCE)
        .enumerate()
        .fold(Findings::new, |mut found, (index, judged)| {
            let view = FetchView {
                capture: &captures[judged.capture as usize],
                judged,
            };
            rules::check(view, index as u32, &context, &mut found);
            found
        })
        .reduce(Findings::new, |mut all, part| {
            all.merge(part);
            all
        });
    rules::conclude(&context, &mut found);
    found.finish(options, rows, |index, found| {
        let judged = &fetches[index as usize];
        let view = FetchView {
            capture: &captures[judged.capture as usize],
            judged,
        };
        rules::check(view, index, &context, found);
    })
}

fn pair(capture: &Capture, engine: EngineChoice) -> Paired {
    pairing::pair(capture, |preflight| {
        let max_age = preflight
            .response()
            .and_then(|response| response.headers.get("access-control-max-age"));
        crate::cors::max_age_seconds(max_age.as_deref(), engine_of(engine, capture, preflight))
    })
}

fn judge_all(
    capture: &Capture,
    fetches: Vec<Fetch>,
    index: u32,
    engine: EngineChoice,
) -> Vec<JudgedFetch> {
    let session = Session::new(capture);
    fetches
        .into_par_iter()
        .map(|mut fetch| {
            let engine = fetch
                .first(capture)
                .map_or(Engine::Shipping, |first| engine_of(engine, capture, first));
            let judgement = judge(capture, &session, &mut fetch, engine);
            JudgedFetch {
                capture: index,
                fetch,
                verdict: judgement.verdict,
                alternatives: judgement.alternatives,
            }
        })
        .collect()
}

/// Judges everything paired: a request that a service worker sent on by the worker's own exchange, unless the worker's
/// answer was one that the page's request could not take.
fn judge_paired(capture: &Capture, paired: Paired, engine: EngineChoice) -> Vec<JudgedFetch> {
    let mut fetches = judge_all(capture, paired.fetches, 0, engine);
    for (page, worker_side) in paired.served_by_worker {
        let of_worker = fetches.iter().find(|judged| {
            judged
                .fetch
                .hops
                .iter()
                .any(|hop| hop.exchange == Some(worker_side))
        });
        let Some(of_worker) = of_worker else { continue };
        if let Some(verdict) = judge_worker_answer(capture, &page, of_worker.verdict) {
            fetches.push(JudgedFetch {
                capture: 0,
                fetch: page,
                verdict,
                alternatives: Vec::new(),
            });
        }
    }
    fetches
}

/// Pairs and judges one recording: every fetch, same-origin ones and navigations too.
#[must_use]
pub fn judge_capture(capture: &Capture, engine: EngineChoice) -> Vec<JudgedFetch> {
    judge_paired(capture, pair(capture, engine), engine)
}
