//! Decisions about findings from beside the command line: the configuration file and the baseline.

use std::fs::File;
use std::io;
use std::path::Path;

use corsaudit::audit::Audit;
use corsaudit::control::{Baseline, Config};
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
    Ok((options, args.fail_on(&config)))
}

/// Writes the baseline, if one is asked for: every finding, whether it is reported or was known already.
pub(crate) fn write_baseline(args: &AuditArgs, audit: &Audit) -> io::Result<()> {
    let Some(path) = &args.write_baseline else {
        return Ok(());
    };
    let suppressed = audit
        .suppressed
        .iter()
        .map(|suppressed| &suppressed.finding);
    Output::file(path)
        .and_then(|mut out| {
            Baseline::write(audit.findings.iter().chain(suppressed), &mut out)?;
            out.finish()
        })
        .map_err(|error| io::Error::new(error.kind(), described(path, &error)))
}

fn described(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}
