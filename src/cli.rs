//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use corsaudit::control::Config;
use corsaudit::cors::Engine;
use corsaudit::finding::{Certainty, Severity};
use corsaudit::judge;
use corsaudit::nearest::nearest;
use corsaudit::options::Options;
use corsaudit::report::{Format, Wanted};
use corsaudit::rules;

/// Audits recordings of browser traffic: what the browser did with each cross-origin fetch, why, and what is wrong.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, disable_help_subcommand = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) audit: AuditArgs,
    /// Say when colours are used; NO_COLOR is respected by auto.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto, global = true)]
    pub(crate) color: When,
}

const EXAMPLES: &str = "\
Examples:
  corsaudit shop.har                           Say what is wrong in one recording.
  corsaudit recordings/ --report csv -o cors.csv
                                               Audit a folder into a spreadsheet.
  corsaudit --report ndjson shop.har | jq 'select(.verdict == \"blocked\")'
                                               List the blocked fetches with the reasons.
  corsaudit lab.pcapng --keylog keys.log       Audit a packet capture, TLS decrypted.
  corsaudit shop.har --report sarif -o cors.sarif
                                               Report to code scanning; markdown and junit are for comments and CI.
  corsaudit why shop.har --url /api/cart       Tell the whole story of one fetch.
  corsaudit export lab.pcapng -o lab.har       Turn a packet capture into a HAR.
  corsaudit explain MissingAllowOriginHeader   Explain an error of the browser's console.

Exit codes:
  0  No finding at or above --fail-on.
  1  A finding at or above --fail-on.
  2  An input could not be audited (the others were), or the command line is wrong.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Explains a rule, a verdict code, or a browser's CORS error.
    Explain {
        /// The id of a rule, a verdict code, or an error name such as MissingAllowOriginHeader.
        #[arg(value_name = "RULE-OR-CODE")]
        name: String,
    },
    /// Writes the exchanges of a packet capture as HAR 1.2.
    ///
    /// Values of cookies and of Authorization are not exported, nor bodies: cookies keep their names, Authorization its
    /// scheme, Referer its origin, User-Agent the browser's family, and header lines that say nothing about the CORS protocol
    /// their names. URLs are exported whole, without host where the request named none; a 101 before HTTP/2 is an entry of its
    /// own. What could not be read is told on standard error.
    Export {
        /// A packet capture (pcap or pcapng, also gzip), or - for standard input.
        #[arg(value_name = "CAPTURE")]
        capture: PathBuf,
        /// Decrypt with the secrets of this key log (SSLKEYLOGFILE). May be given several times.
        #[arg(long, value_name = "FILE")]
        keylog: Vec<PathBuf>,
        /// Write the HAR to this file, which appears only when it is complete, instead of standard output.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Prints a script that completes the command line in a shell.
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// The shell.
        #[arg(value_name = "SHELL", value_enum)]
        shell: clap_complete::Shell,
    },
    /// Prints the manual page, in roff.
    #[command(after_help = MAN)]
    Man {
        /// The page of this command instead of the program's.
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
    /// Lists every rule with category, severity and title.
    Rules {
        /// The format of the list.
        #[arg(long, value_name = "FORMAT", value_enum, default_value_t = ListFormat::Text)]
        report: ListFormat,
    },
    /// Tells the whole story of one fetch.
    ///
    /// What was sent, what is known and from what, each step of the decision with the header that it read, the verdict in
    /// every engine, what to change, and what would change the verdict, found by judging the fetch again.
    #[command(after_help = WHY)]
    Why(WhyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// The recording: a HAR, a packet capture, or - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    wanted: WantedArgs,
    /// Decrypt with the secrets of this key log (SSLKEYLOGFILE). May be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) keylog: Vec<PathBuf>,
    /// Whose rules decide. With auto, the browser that the recording names.
    #[arg(long, value_name = "ENGINE", value_enum, default_value_t = EngineChoice::Auto)]
    engine: EngineChoice,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct WantedArgs {
    /// The fetch of this entry of a HAR, counted from 0 as in reports.
    #[arg(long, value_name = "N")]
    entry: Option<u32>,
    /// The fetch whose URL holds this text.
    #[arg(long, value_name = "PART")]
    url: Option<String>,
    /// The fetch with a message in this packet of a capture, counted from 1 as in Wireshark.
    #[arg(long, value_name = "N")]
    packet: Option<u64>,
}

const WHY: &str = "\
Examples:
  corsaudit why shop.har --entry 17
  corsaudit why shop.har --url /api/cart
  corsaudit why lab.pcapng --keylog keys.log --packet 4021";

const COMPLETIONS: &str = "\
Examples:
  corsaudit completions bash > ~/.local/share/bash-completion/completions/corsaudit
  corsaudit completions zsh > ~/.zfunc/_corsaudit
  corsaudit completions fish > ~/.config/fish/completions/corsaudit.fish";

const MAN: &str = "\
Examples:
  corsaudit man > ~/.local/share/man/man1/corsaudit.1
  corsaudit man why | man -l -";

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Recordings: HAR files, packet captures, folders with all below them, or - for standard input. The format is told
    /// by the content, never by the name.
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The format of the report: text, csv, json, ndjson, sarif, html, markdown or junit.
    #[arg(long, value_name = "FORMAT", default_value_t = Format::Text)]
    pub(crate) report: Format,
    /// Write the report to this file, which appears only when it is complete, instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Decrypt captures with the secrets of this key log (SSLKEYLOGFILE). May be given several times.
    #[arg(long, value_name = "FILE")]
    keylog: Vec<PathBuf>,
    /// Whose rules decide. With auto, the browser that the recording names. [default: auto]
    #[arg(long, value_name = "ENGINE", value_enum)]
    engine: Option<EngineChoice>,
    /// Report findings of at least this severity: info, low, medium, high or critical. [default: info]
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    min_severity: Option<Severity>,
    /// Report findings that are at least this sure: hint, likely or proven. [default: likely]
    #[arg(long, value_name = "CONFIDENCE", value_parser = certainty)]
    min_confidence: Option<Certainty>,
    /// Report findings of this rule only. May be given several times.
    #[arg(long, value_name = "RULE", value_parser = rule)]
    only: Vec<String>,
    /// Do not report findings of this rule. May be given several times.
    #[arg(long, value_name = "RULE", value_parser = rule)]
    ignore: Vec<String>,
    /// Count this site among one's own, so that trust in it is no finding. May be given several times.
    #[arg(long, value_name = "SITE")]
    first_party: Vec<String>,
    /// Report on this host, and those below it, only. May be given several times.
    #[arg(long, value_name = "HOST")]
    scope: Vec<String>,
    /// Exit with 1 when a finding of at least this severity is reported; never to not exit with 1 at all. [default:
    /// high]
    #[arg(long, value_name = "SEVERITY", value_parser = fail_on)]
    fail_on: Option<FailOn>,
    /// Do not report findings that this file knows, unless they got worse.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write every finding of this audit to this file, as a baseline of later ones.
    #[arg(long, value_name = "FILE")]
    pub(crate) write_baseline: Option<PathBuf>,
    /// Let rules see what earlier audits saw, too. May be given several times, also without any INPUT.
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Vec<PathBuf>,
    /// Write what this audit saw, and what it builds on, to this file: exchanges and verdicts without bodies, cookie values
    /// and tokens.
    #[arg(long, value_name = "FILE")]
    pub(crate) write_evidence: Option<PathBuf>,
    /// Take options and accepted findings from this file instead of a corsaudit.toml in the working directory or above.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Use this many threads instead of one for each core.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Say whether progress may be shown on standard error while a terminal is watching.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Progress::Auto)]
    pub(crate) progress: Progress,
    /// List same-origin fetches too; json and ndjson have a row for each fetch.
    #[arg(long)]
    all_fetches: bool,
    /// Check every entry of a HAR against HAR 1.2, and report defects as notices.
    #[arg(long)]
    check_har: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    Auto,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EngineChoice {
    Auto,
    Chromium,
    Firefox,
    Webkit,
    Standard,
}

/// The severity from which findings count; `None`: never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FailOn(Option<Severity>);

impl AuditArgs {
    /// What the library is asked to do: the command line over the configuration file.
    pub(crate) fn options(&self, config: &Config) -> Options {
        let mut options = Options::default();
        config.apply(&mut options);
        if let Some(choice) = self.engine {
            options.engine = choice.engine();
        }
        options.all_fetches = self.all_fetches;
        options.min_severity = self.min_severity.unwrap_or(options.min_severity);
        options.min_confidence = self.min_confidence.unwrap_or(options.min_confidence);
        options.only.extend_from_slice(&self.only);
        options.ignore.extend_from_slice(&self.ignore);
        options.first_party.extend_from_slice(&self.first_party);
        options.scope.extend_from_slice(&self.scope);
        options.jobs = self.jobs;
        options.check_har = self.check_har;
        options.keylogs.extend_from_slice(&self.keylog);
        options
    }

    /// From which severity the exit code is 1; `None`: never.
    pub(crate) fn fail_on(&self, config: &Config) -> Option<Severity> {
        self.fail_on
            .map(|given| given.0)
            .or(config.fail_on())
            .unwrap_or(Some(Severity::High))
    }
}

impl WhyArgs {
    /// The fetch that is meant.
    pub(crate) fn wanted(&self) -> Wanted {
        match &self.wanted {
            WantedArgs {
                entry: Some(entry), ..
            } => Wanted::Entry(*entry),
            WantedArgs {
                packet: Some(packet),
                ..
            } => Wanted::Packet(*packet),
            WantedArgs { url, .. } => Wanted::Url(url.clone().unwrap_or_default()),
        }
    }

    /// Whose rules decide.
    pub(crate) fn engine(&self) -> judge::EngineChoice {
        self.engine
            .engine()
            .map_or(judge::EngineChoice::Auto, judge::EngineChoice::Fixed)
    }
}

impl EngineChoice {
    /// The engine; `None`: that of the recording.
    fn engine(self) -> Option<Engine> {
        match self {
            Self::Auto => None,
            Self::Chromium => Some(Engine::Chromium),
            Self::Firefox => Some(Engine::Firefox),
            Self::Webkit => Some(Engine::WebKit),
            Self::Standard => Some(Engine::Standard),
        }
    }
}

/// The name of the command that a word may have been meant as.
pub(crate) fn nearest_command(word: &str) -> Option<String> {
    let command = Cli::command();
    let names: Vec<&str> = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    nearest(word, names).map(str::to_owned)
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::from_name(text).ok_or_else(|| "use info, low, medium, high or critical".to_owned())
}

fn certainty(text: &str) -> Result<Certainty, String> {
    Certainty::from_name(text).ok_or_else(|| "use hint, likely or proven".to_owned())
}

fn fail_on(text: &str) -> Result<FailOn, String> {
    if text == "never" {
        return Ok(FailOn(None));
    }
    severity(text)
        .map(|severity| FailOn(Some(severity)))
        .map_err(|_| "use info, low, medium, high, critical or never".to_owned())
}

fn rule(text: &str) -> Result<String, String> {
    rules::check_id(text).map(|()| text.to_owned())
}
