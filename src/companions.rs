//! Files beside the recordings: the configuration, the baseline, evidence.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;

use corsaudit::audit::Audit;
use corsaudit::control::{Baseline, Config};
use corsaudit::evidence::Evidence;
use corsaudit::finding::Severity;
use corsaudit::options::Options;

use crate::cli::AuditArgs;
use crate::output::Output;

/// Reads what the command line names, or the working directory holds: the options of the audit, and from which severity
/// the exit code is 1.
pub(crate) fn read(args: &AuditArgs) -> Result<(Options, Option<Severity>), String> {
    let path = args.config.clone().or_else(|| {
        let folder = std::env::current_dir().ok()?;
        let found = Config::find(&folder)?;
        // Shown as people would write it, where that is possible.
        Some(match found.strip_prefix(&folder) {
            Ok(inside) => inside.to_owned(),
            Err(_) => found,
        })
    });
    let config = match path {
        Some(path) => Config::read(&path).map_err(|error| error.to_string())?,
        None => Config::default(),
    };
    let mut options = args.options(&config);
    options.today = Some(
        jiff::Timestamp::now()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date(),
    );
    if let Some(path) = &args.baseline {
        let read = File::open(path).and_then(Baseline::read);
        options.baseline = Some(read.map_err(|error| described(path, &error))?);
    }
    if !args.evidence.is_empty() {
        let mut evidence = Evidence::default();
        for path in &args.evidence {
            let read = File::open(path).and_then(|file| evidence.read(BufReader::new(file)));
            read.map_err(|error| described(path, &error))?;
        }
        options.evidence = Some(Arc::new(evidence));
    }
    options.keeps_evidence = args.write_evidence.is_some();
    Ok((options, args.fail_on(&config)))
}

/// Writes what the command line asks for beside the report.
pub(crate) fn write(args: &AuditArgs, audit: &Audit) -> io::Result<()> {
    if let Some(path) = &args.write_baseline {
        // Every finding, whether it is reported or was known already.
        let suppressed = audit
            .suppressed
            .iter()
            .map(|suppressed| &suppressed.finding);
        let findings = audit.findings.iter().chain(suppressed);
        write_file(path, |out| Baseline::write(findings, out))?;
    }
    if let (Some(path), Some(evidence)) = (&args.write_evidence, &audit.evidence) {
        write_file(path, |out| evidence.write(out))?;
    }
    Ok(())
}

fn write_file(path: &Path, write: impl FnOnce(&mut Output) -> io::Result<()>) -> io::Result<()> {
    Output::file(path)
        .and_then(|mut out| {
            write(&mut out)?;
            out.finish()
        })
        .map_err(|error| io::Error::new(error.kind(), described(path, &error)))
}

fn described(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}
