//! Behind the reader: pairing and verdicts, and the whole audit from bytes to findings, in bytes of the recording per
//! second.

use std::hint::black_box;
use std::io::Read as _;

use corsaudit::audit::{judge_capture, run};
use corsaudit::inputs::Inputs;
use corsaudit::judge::EngineChoice;
use corsaudit::options::Options;
use corsaudit::reader;
use corsaudit::source::Source;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const RECORDING: &str = "tests/conformance/train.devtools.full.har.gz";

fn recording() -> Vec<u8> {
    let mut text = Vec::new();
    let file = std::fs::File::open(RECORDING).expect("benches run in the package's folder");
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut text)
        .expect("the recording is a gzip file");
    text
}

fn pairing_and_verdict(c: &mut Criterion) {
    let text = recording();
    let bytes = text.len() as u64;
    let capture = reader::read(
        &Source::bytes("train.har", text),
        &reader::Options::default(),
    )
    .expect("it is a HAR");
    let mut group = c.benchmark_group("pairing and verdict");
    group.throughput(Throughput::Bytes(bytes)).sample_size(20);
    group.bench_function("4,294 entries of DevTools", |b| {
        b.iter(|| black_box(judge_capture(&capture, EngineChoice::Auto)));
    });
    group.finish();
}

fn end_to_end(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("train.har");
    let text = recording();
    std::fs::write(&path, &text).expect("room for 21 MB");
    let mut group = c.benchmark_group("end to end");
    group
        .throughput(Throughput::Bytes(text.len() as u64))
        .sample_size(20);
    group.bench_function("4,294 entries of DevTools", |b| {
        b.iter(|| black_box(run(Inputs::collect(&[&path]), &Options::default())));
    });
    group.finish();
}

criterion_group!(benches, pairing_and_verdict, end_to_end);
criterion_main!(benches);
