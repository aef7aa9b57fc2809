//! The pipeline: recordings to an [`Audit`]. With the readers, the only place that knows threads.

mod judging;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use bitcode::{Decode, Encode};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::control::{Suppressed, part};
use crate::cors::{Class, Code, Verdict};
use crate::error::{Error, ErrorKind};
use crate::evidence::Evidence;
use crate::exchange::Capture;
use crate::finding::Finding;
use crate::inputs::{Input, Inputs, record_failure};
use crate::judge::EngineChoice;
use crate::meter::Meter;
use crate::notice::Notice;
use crate::options::Options;
use crate::pairing::Fetch;
use crate::pieces::Pieces;
use crate::reader::{self, KeyLogs};
use crate::recording::{Desk, Excerpt, Recording};
use crate::rules::{self, Context, FetchView, Findings};
use crate::source::Source;
pub use judging::judge_capture;
use judging::{Judged, RowKey};

/// Everything a report tells.
#[derive(Debug, Default)]
pub struct Audit {
    /// The recordings, ordered by name.
    pub recordings: Vec<Recording>,
    // Where each fetch rests, ordered by start time.
    rows: Vec<Row>,
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

/// Where a fetch rests: its recording, and its place there.
#[derive(Clone, Copy, Debug)]
struct Row {
    recording: u32,
    place: u32,
}

/// A fetch with its verdict.
#[derive(Clone, Debug, Serialize, Deserialize, Encode, Decode)]
pub struct JudgedFetch {
    /// Index of its recording among those that are looked at.
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
    let empty = Context::new(options);
    let read: Vec<(Input, Result<Judged, ErrorKind>)> = inputs
        .inputs
        .into_par_iter()
        .map(|input| {
            let judged = read_and_judge(&input, &reading, options, &empty, meter);
            meter.add_input();
            (input, judged)
        })
        .collect();
    let mut context = empty;
    let mut keys: Vec<Pieces<RowKey>> = Vec::new();
    for (input, judged) in read {
        match judged {
            Ok(judged) => keys.push(audit.add(judged, &mut context)),
            Err(kind) => record_failure(&mut audit, &input, kind),
        }
    }
    audit.order_rows(&keys);
    drop(keys);
    let (recordings, rows) = (audit.recordings.len(), audit.rows.len());
    audit.add_evidence(options, &mut context);
    let parted = part(audit.find(&context, rows, options), options);
    audit.recordings.truncate(recordings);
    audit.rows.truncate(rows);
    audit.findings = parted.open;
    audit.suppressed = parted.suppressed;
    audit.notices.extend(parted.notices);
    audit.notices.sort_by(|a, b| {
        (&a.file, a.locus, a.name, &a.message).cmp(&(&b.file, b.locus, b.name, &b.message))
    });
    audit
}

fn read_and_judge(
    input: &Input,
    reading: &reader::Options,
    options: &Options,
    empty: &Context,
    meter: &Arc<Meter>,
) -> Result<Judged, ErrorKind> {
    let source = Source::path(&input.path).metered(Arc::clone(meter));
    let recording = reader::read_recording(&source, reading).map_err(|error| error.kind)?;
    let engine = options
        .engine
        .map_or(EngineChoice::Auto, EngineChoice::Fixed);
    Ok(Judged::of(recording, engine, options.all_fetches, empty))
}

impl Audit {
    /// Adds a recording; gives what orders its fetches.
    fn add(&mut self, judged: Judged, context: &mut Context) -> Pieces<RowKey> {
        let Judged {
            mut recording,
            context: seen,
            counts,
            keys,
        } = judged;
        context.merge(seen);
        let head = recording.head_mut();
        self.notices.append(&mut head.notices);
        self.counts.inputs += 1;
        self.counts.bytes += head.bytes;
        self.counts.exchanges += head.entries;
        for (class, count) in counts {
            *self.counts.fetches.entry(class).or_insert(0) += count;
        }
        self.recordings.push(recording);
        keys
    }

    /// Orders the fetches of all recordings, of each of which there are `keys`.
    fn order_rows(&mut self, keys: &[Pieces<RowKey>]) {
        let rows = (0..).zip(keys).flat_map(|(recording, keys)| {
            (0..keys.len() as u32).map(move |place| Row { recording, place })
        });
        self.rows = rows.collect();
        self.rows.sort_unstable_by_key(|row| {
            let (started, first) = keys[row.recording as usize][row.place as usize];
            (started, row.recording, first)
        });
    }

    /// Puts the recordings that evidence holds behind those of this run, for rules to see, and keeps evidence of both.
    fn add_evidence(&mut self, options: &Options, context: &mut Context) {
        if options.evidence.is_none() && !options.keeps_evidence {
            return;
        }
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); self.recordings.len()];
        for row in &self.rows {
            rows[row.recording as usize].push(row.place);
        }
        let mut own: Evidence = self
            .recordings
            .par_iter()
            .zip(rows)
            .map(|(recording, places)| {
                let fetches = recording.judged(&places);
                let rows: Vec<&JudgedFetch> = fetches
                    .iter()
                    .filter(|judged| is_row(judged, false))
                    .collect();
                Evidence::of(&recording.unpacked(), &rows)
            })
            .collect();
        let Some(earlier) = &options.evidence else {
            self.evidence = Some(own);
            return;
        };
        for recording in earlier.without(&own) {
            context.observe_capture(&recording.capture);
            for judged in &recording.fetches {
                context.observe(FetchView {
                    capture: &recording.capture,
                    judged,
                });
            }
            self.add_judged(recording.capture, recording.fetches);
        }
        if options.keeps_evidence {
            own.join(earlier);
            self.evidence = Some(own);
        }
    }

    /// Puts a recording and its fetches, in this order, behind those that are there.
    pub fn add_judged(&mut self, capture: Capture, fetches: Vec<JudgedFetch>) {
        let recording = self.recordings.len() as u32;
        self.rows
            .extend((0..fetches.len() as u32).map(|place| Row { recording, place }));
        self.recordings.push(Recording::packed(capture, fetches));
    }

    /// How many fetches are, or may be, cross-origin (all fetches if asked for): those that [`Audit::fetch`] gives.
    #[must_use]
    pub fn fetches(&self) -> usize {
        self.rows.len()
    }

    /// A place to look at fetches.
    #[must_use]
    pub fn desk(&self) -> Desk<'_> {
        Desk::new(&self.recordings)
    }

    /// The fetch at an index: fetches are ordered by start time.
    #[must_use]
    pub fn fetch(&self, desk: &mut Desk<'_>, index: usize) -> Option<Excerpt> {
        let row = self.rows.get(index)?;
        desk.fetch(row.recording as usize, row.place)
    }

    /// All fetches, in order.
    pub fn excerpts(&self) -> impl Iterator<Item = Excerpt> {
        let mut desk = self.desk();
        (0..self.fetches()).filter_map(move |index| self.fetch(&mut desk, index))
    }

    /// The verdicts of all fetches, in order.
    pub fn verdicts(&self) -> impl Iterator<Item = Verdict> {
        let mut desk = self.desk();
        self.rows
            .iter()
            .filter_map(move |row| desk.verdict(row.recording as usize, row.place))
    }

    /// What rules find. Fetches from `rows` on are no rows of the report.
    fn find(&self, context: &Context, rows: usize, options: &Options) -> Vec<Finding> {
        // In the order in which they rest, so that no block is unpacked twice.
        let mut indices: Vec<u32> = (0..self.rows.len() as u32).collect();
        indices.sort_by_key(|&index| {
            let row = self.rows[index as usize];
            (row.recording, row.place)
        });
        let mut found = indices
            .par_chunks(FETCHES_AT_ONCE)
            .map(|indices| {
                let mut desk = self.desk();
                let mut found = Findings::new();
                for &index in indices {
                    if let Some(excerpt) = self.fetch(&mut desk, index as usize) {
                        rules::check(excerpt.view(), index, context, &mut found);
                    }
                }
                found
            })
            .reduce(Findings::new, |mut all, part| {
                all.merge(part);
                all
            });
        rules::conclude(context, &mut found);
        let desk = RefCell::new(self.desk());
        found.finish(options, rows, |index, found| {
            if let Some(excerpt) = self.fetch(&mut desk.borrow_mut(), index as usize) {
                rules::check(excerpt.view(), index, context, found);
            }
        })
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
