//! One recording judged: its exchanges paired by their marks, its fetches judged one by one, each before the few exchanges
//! that it names.

use std::collections::BTreeMap;
use std::slice;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{JudgedFetch, is_row};
use crate::cors::{Class, Engine, Verdict, max_age_seconds};
use crate::exchange::{Capture, Exchange};
use crate::judge::{EngineChoice, Session, engine_of, judge, judge_worker_answer};
use crate::notice::Notice;
use crate::pairing::{Hop, Mark, Paired, Timeline, Whole, facts, pair};
use crate::pieces::Pieces;
use crate::recording::{BLOCK, Block, Desk, Recording};
use crate::rules::{Context, FetchView, LazyLoads, OpaqueLoads};

/// Parts of a recording that one thread looks through at a time: what parts tell has its price in merging.
const PARTS: usize = 4;

/// Fetches that one thread judges at a time.
const FETCHES: usize = 256;

/// Portions of work that are done before what they told is merged: enough that no thread waits long for another, and few
/// enough to bound what waits.
fn round() -> usize {
    4 * rayon::current_num_threads()
}

/// A recording with its fetches judged, and what rules learned from it.
pub(super) struct Judged {
    pub(super) recording: Recording,
    pub(super) context: Context,
    pub(super) counts: BTreeMap<Class, u64>,
    /// Of each fetch that rests in the recording, what orders it.
    pub(super) keys: Pieces<RowKey>,
}

/// Start time in nanoseconds (the least number without one), and the exchange that came first.
pub(super) type RowKey = (i64, u32);

/// What a recording as a whole tells its fetches.
struct Judging {
    engine: EngineChoice,
    session: Session,
    whole: Whole,
}

impl Judging {
    fn judge(&self, capture: &Capture, hops: Vec<Hop>) -> JudgedFetch {
        let mut fetch = facts(capture, &self.whole, hops);
        let engine = fetch.first(capture).map_or(Engine::Shipping, |first| {
            engine_of(self.engine, capture, first)
        });
        let judgement = judge(capture, &self.session, &mut fetch, engine);
        JudgedFetch {
            capture: 0,
            fetch,
            verdict: judgement.verdict,
            alternatives: judgement.alternatives,
        }
    }

    /// A page's request that a service worker sent on, judged by the worker's own exchange, of which the verdict is
    /// given: a fetch of its own where the worker's answer was one that the request could not take.
    fn judge_page(
        &self,
        capture: &Capture,
        hops: Vec<Hop>,
        of_worker: Verdict,
    ) -> Option<JudgedFetch> {
        let fetch = facts(capture, &self.whole, hops);
        let verdict = judge_worker_answer(capture, &fetch, of_worker)?;
        Some(JudgedFetch {
            capture: 0,
            fetch,
            verdict,
            alternatives: Vec::new(),
        })
    }
}

/// The mark of an exchange, by what the browser that sent it keeps of preflights.
fn mark(capture: &Capture, exchange: &Exchange, engine: EngineChoice) -> Mark {
    Mark::of(capture, exchange, |preflight| {
        let max_age = preflight
            .response()
            .and_then(|response| response.headers.get("access-control-max-age"));
        max_age_seconds(max_age.as_deref(), engine_of(engine, capture, preflight))
    })
}

/// The exchange that stands for the first hop.
fn first_of(hops: &[Hop]) -> u32 {
    hops.first().map_or(u32::MAX, Hop::first)
}

/// The verdicts of the workers' own exchanges among the wanted ones.
fn verdicts_of<'j>(
    wanted: &FxHashSet<u32>,
    hops: &'j [Hop],
    verdict: Verdict,
) -> impl Iterator<Item = (u32, Verdict)> + 'j {
    let named = (!wanted.is_empty()).then(|| {
        let exchanges = hops.iter().filter_map(|hop| hop.exchange);
        exchanges
            .filter(|exchange| wanted.contains(exchange))
            .collect::<Vec<u32>>()
    });
    named
        .into_iter()
        .flatten()
        .map(move |exchange| (exchange, verdict))
}

/// Pairs and judges one recording: every fetch, same-origin ones and navigations too.
#[must_use]
pub fn judge_capture(capture: &Capture, engine: EngineChoice) -> Vec<JudgedFetch> {
    let marks: Vec<Mark> = capture
        .exchanges
        .par_iter()
        .map(|exchange| mark(capture, exchange, engine))
        .collect();
    let marks = marks.into_iter().collect();
    let paired = pair(&Timeline::new(marks));
    let mut whole = Whole::default();
    whole.observe(&capture.exchanges);
    let judging = Judging {
        engine,
        session: Session::new(capture),
        whole,
    };
    let mut fetches: Vec<JudgedFetch> = (0..paired.len())
        .into_par_iter()
        .map(|fetch| judging.judge(capture, paired.hops(fetch)))
        .collect();
    let wanted = workers(&paired);
    let of_worker: FxHashMap<u32, Verdict> = fetches
        .iter()
        .flat_map(|judged| verdicts_of(&wanted, &judged.fetch.hops, judged.verdict))
        .collect();
    fetches.extend(
        paired
            .served_by_worker
            .iter()
            .filter_map(|&(page, worker)| {
                let verdict = *of_worker.get(&worker)?;
                judging.judge_page(capture, vec![Hop::of(page)], verdict)
            }),
    );
    fetches
}

fn workers(paired: &Paired) -> FxHashSet<u32> {
    let pairs = paired.served_by_worker.iter();
    pairs.map(|(_, worker)| *worker).collect()
}

/// What all exchanges of a recording tell, gathered in one look at each.
struct Survey {
    // By place.
    marks: Pieces<Mark>,
    session: Session,
    whole: Whole,
    context: Context,
}

impl Survey {
    fn of(recording: &Recording, engine: EngineChoice, empty: &Context) -> Self {
        let loads = LazyLoads::new(Box::new(|| {
            let mut loads = OpaqueLoads::default();
            for part in 0..recording.parts() {
                loads.observe(&recording.part(part));
            }
            loads
        }));
        let head = recording.head();
        let new = || Self {
            marks: Pieces::default(),
            session: Session::default(),
            whole: Whole::default(),
            context: empty.clone(),
        };
        let mut survey = new();
        let parts: Vec<usize> = (0..recording.parts()).collect();
        for waiting in parts.chunks(round() * PARTS) {
            let told: Vec<Self> = waiting
                .par_chunks(PARTS)
                .map(|parts| {
                    let mut survey = new();
                    for &part in parts {
                        let exchanges = recording.part(part);
                        let marks = exchanges
                            .iter()
                            .map(|exchange| mark(head, exchange, engine));
                        survey.marks.extend(marks);
                        survey.session.observe(head, &exchanges);
                        survey.whole.observe(&exchanges);
                        survey.context.observe_exchanges(head, &exchanges, &loads);
                    }
                    survey
                })
                .collect();
            for part in told {
                survey.marks.extend(part.marks.iter().copied());
                survey.session.merge(part.session);
                survey.whole.merge(part.whole);
                survey.context.merge(part.context);
            }
        }
        survey.context.observe_pages(head);
        survey
    }
}

/// Some fetches, judged.
struct Batch {
    context: Context,
    counts: BTreeMap<Class, u64>,
    of_worker: Vec<(u32, Verdict)>,
    rows: Vec<JudgedFetch>,
    keys: Vec<RowKey>,
}

impl Judged {
    /// Judges a recording. `empty` is a context that has seen nothing.
    pub(super) fn of(
        mut recording: Recording,
        engine: EngineChoice,
        all_fetches: bool,
        empty: &Context,
    ) -> Self {
        let survey = Survey::of(&recording, engine, empty);
        let mut context = survey.context;
        let mut marks = survey.marks;
        recording.sort_by_index(marks.len(), |a, b| marks.swap(a, b));
        let paired = pair(&Timeline::new(marks));
        let judging = Judging {
            engine,
            session: survey.session,
            whole: survey.whole,
        };
        note_workers(&mut recording, &paired);

        // In the order of the file, where exchanges of one fetch stand close to each other.
        let mut fetches: Vec<u32> = (0..paired.len() as u32).collect();
        fetches.sort_by_key(|&fetch| recording.place(paired.first(fetch as usize)));
        let wanted = workers(&paired);
        let mut counts = BTreeMap::new();
        let mut keys = Pieces::default();
        let mut of_worker = FxHashMap::default();
        for waiting in fetches.chunks(round() * FETCHES) {
            let batches: Vec<Batch> = waiting
                .par_chunks(FETCHES)
                .map(|fetches| {
                    let mut desk = Desk::new(slice::from_ref(&recording));
                    let mut batch = Batch::new(empty);
                    for &fetch in fetches {
                        let hops = paired.hops(fetch as usize);
                        let (capture, local) = desk.capture(&recording, 0, &hops);
                        let judged = judging.judge(&capture, local);
                        batch
                            .of_worker
                            .extend(verdicts_of(&wanted, &hops, judged.verdict));
                        batch.add(&capture, judged, &hops, all_fetches);
                    }
                    batch
                })
                .collect();
            for batch in batches {
                of_worker.extend(batch.of_worker.iter().copied());
                batch.rest(&mut recording, &mut context, &mut counts, &mut keys);
            }
        }
        let mut pages = Batch::new(empty);
        {
            let mut desk = Desk::new(slice::from_ref(&recording));
            for &(page, worker) in &paired.served_by_worker {
                let Some(&verdict) = of_worker.get(&worker) else {
                    continue;
                };
                let hops = [Hop::of(page)];
                let (capture, local) = desk.capture(&recording, 0, &hops);
                if let Some(judged) = judging.judge_page(&capture, local, verdict) {
                    pages.add(&capture, judged, &hops, all_fetches);
                }
            }
        }
        pages.rest(&mut recording, &mut context, &mut counts, &mut keys);
        recording.close();
        Self {
            recording,
            context,
            counts,
            keys,
        }
    }
}

impl Batch {
    fn new(empty: &Context) -> Self {
        Self {
            context: empty.clone(),
            counts: BTreeMap::new(),
            of_worker: Vec::new(),
            rows: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// Adds a fetch judged before an excerpt; `hops` are its hops in the whole recording.
    fn add(&mut self, capture: &Capture, mut judged: JudgedFetch, hops: &[Hop], all_fetches: bool) {
        *self.counts.entry(judged.verdict.class()).or_insert(0) += 1;
        if !is_row(&judged, all_fetches) {
            return;
        }
        self.context.observe(FetchView {
            capture,
            judged: &judged,
        });
        let started = judged.fetch.first(capture).and_then(|first| first.started);
        let started = started.map_or(i64::MIN, |time| time.0);
        self.keys.push((started, first_of(hops)));
        judged.fetch.hops = hops.to_vec();
        self.rows.push(judged);
    }

    fn rest(
        self,
        recording: &mut Recording,
        context: &mut Context,
        counts: &mut BTreeMap<Class, u64>,
        keys: &mut Pieces<RowKey>,
    ) {
        context.merge(self.context);
        for (class, count) in self.counts {
            *counts.entry(class).or_insert(0) += count;
        }
        keys.extend(self.keys);
        recording.fetches.extend(self.rows, |full| {
            full.par_chunks(BLOCK).map(Block::of).collect()
        });
    }
}

fn note_workers(recording: &mut Recording, paired: &Paired) {
    let Some(&(page, _)) = paired.served_by_worker.first() else {
        return;
    };
    let (first, _) =
        Desk::new(slice::from_ref(&*recording)).capture(recording, 0, &[Hop::of(page)]);
    let notice = Notice {
        name: "served-by-service-worker",
        message: "requests that a service worker sent on are judged by the worker's own entry"
            .to_owned(),
        file: recording.head().source.clone(),
        locus: first.exchanges.first().map(|exchange| exchange.locus),
        count: paired.served_by_worker.len() as u64,
    };
    recording.head_mut().notices.push(notice);
}
