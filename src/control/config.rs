//! `corsaudit.toml`: options that belong to a project, and decisions about findings.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use serde::Deserialize;

use super::Suppression;
use crate::cors::Engine;
use crate::finding::{Certainty, Severity};
use crate::nearest::nearest;
use crate::options::Options;
use crate::rules;

/// What a configuration file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    engine: Option<Engine>,
    min_severity: Option<Severity>,
    min_confidence: Option<Certainty>,
    fail_on: Option<Option<Severity>>,
    only: Vec<String>,
    ignore: Vec<String>,
    first_party: Vec<String>,
    scope: Vec<String>,
    severities: BTreeMap<String, Severity>,
    suppressions: Vec<Suppression>,
}

/// Why a configuration file cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigError {
    /// It cannot be read.
    Io(PathBuf, io::Error),
    /// It says something that means nothing: what, and where.
    Invalid(PathBuf, String),
}

/// The name that is looked for.
const NAME: &str = "corsaudit.toml";

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Document {
    engine: Option<String>,
    min_severity: Option<String>,
    min_confidence: Option<String>,
    fail_on: Option<String>,
    #[serde(default)]
    only: Vec<String>,
    #[serde(default)]
    ignore: Vec<String>,
    #[serde(default)]
    first_party: Vec<String>,
    #[serde(default)]
    scope: Vec<String>,
    #[serde(default)]
    rules: BTreeMap<String, RuleTable>,
    #[serde(default)]
    suppress: Vec<SuppressTable>,
    #[serde(flatten)]
    unknown: BTreeMap<String, toml::Value>,
}

const KEYS: [&str; 10] = [
    "engine",
    "fail-on",
    "first-party",
    "ignore",
    "min-confidence",
    "min-severity",
    "only",
    "rules",
    "scope",
    "suppress",
];

#[derive(Deserialize)]
struct RuleTable {
    enabled: Option<bool>,
    severity: Option<String>,
    reason: Option<String>,
    #[serde(flatten)]
    unknown: BTreeMap<String, toml::Value>,
}

const RULE_KEYS: [&str; 3] = ["enabled", "reason", "severity"];

#[derive(Deserialize)]
struct SuppressTable {
    fingerprint: Option<String>,
    rule: Option<String>,
    host: Option<String>,
    endpoint: Option<String>,
    reason: Option<String>,
    expires: Option<toml::value::Datetime>,
    #[serde(flatten)]
    unknown: BTreeMap<String, toml::Value>,
}

const SUPPRESS_KEYS: [&str; 6] = [
    "endpoint",
    "expires",
    "fingerprint",
    "host",
    "reason",
    "rule",
];

impl Config {
    /// The configuration file of a folder: its own, or that of the nearest folder above that has one.
    #[must_use]
    pub fn find(folder: &Path) -> Option<PathBuf> {
        folder
            .ancestors()
            .map(|folder| folder.join(NAME))
            .find(|path| path.is_file())
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, or has a key, a rule or a value that means nothing.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            fs::read_to_string(path).map_err(|error| ConfigError::Io(path.to_owned(), error))?;
        Self::parse(&text, &path.to_string_lossy())
            .map_err(|what| ConfigError::Invalid(path.to_owned(), what))
    }

    /// Reads the text of a configuration file; `name` stands in the notices about its suppressions.
    ///
    /// # Errors
    /// As [`Config::read`]: what is wrong, and the nearest name.
    pub fn parse(text: &str, name: &str) -> Result<Self, String> {
        let document: Document = toml::from_str(text).map_err(|error| error.to_string())?;
        refuse_unknown(&document.unknown, "", &KEYS)?;
        let mut config = Self {
            engine: match document.engine.as_deref() {
                None | Some("auto") => None,
                Some(text) => Some(engine(text)?),
            },
            min_severity: document.min_severity.as_deref().map(severity).transpose()?,
            min_confidence: document
                .min_confidence
                .as_deref()
                .map(certainty)
                .transpose()?,
            fail_on: match document.fail_on.as_deref() {
                None => None,
                Some("never") => Some(None),
                Some(text) => Some(Some(severity(text)?)),
            },
            only: document.only,
            ignore: document.ignore,
            first_party: document.first_party,
            scope: document.scope,
            ..Self::default()
        };
        for id in config.only.iter().chain(&config.ignore) {
            known_rule(id)?;
        }
        for (id, table) in document.rules {
            known_rule(&id)?;
            refuse_unknown(&table.unknown, &format!("rules.{id}."), &RULE_KEYS)?;
            if table.enabled == Some(false) {
                config.ignore.push(id.clone());
            }
            if let Some(text) = &table.severity {
                if table
                    .reason
                    .as_deref()
                    .is_none_or(|why| why.trim().is_empty())
                {
                    return Err(format!(
                        "rules.{id}: another severity needs a reason, as in reason = \"demo data only\""
                    ));
                }
                config.severities.insert(id, severity(text)?);
            }
        }
        let file: Arc<str> = name.into();
        for (index, table) in document.suppress.into_iter().enumerate() {
            let place = (Arc::clone(&file), index + 1);
            config.suppressions.push(suppression(table, place)?);
        }
        Ok(config)
    }

    /// Puts what the file says into options.
    pub fn apply(&self, options: &mut Options) {
        if self.engine.is_some() {
            options.engine = self.engine;
        }
        options.min_severity = self.min_severity.unwrap_or(options.min_severity);
        options.min_confidence = self.min_confidence.unwrap_or(options.min_confidence);
        options.only.extend_from_slice(&self.only);
        options.ignore.extend_from_slice(&self.ignore);
        options.first_party.extend_from_slice(&self.first_party);
        options.scope.extend_from_slice(&self.scope);
        options.severities.extend(self.severities.clone());
        options.suppressions.extend_from_slice(&self.suppressions);
    }

    /// From which severity the exit code is 1, if the file says so; `Some(None)`: never.
    #[must_use]
    pub fn fail_on(&self) -> Option<Option<Severity>> {
        self.fail_on
    }
}

fn suppression(table: SuppressTable, place: (Arc<str>, usize)) -> Result<Suppression, String> {
    let at = format!("suppress {}", place.1);
    refuse_unknown(&table.unknown, &format!("{at}: "), &SUPPRESS_KEYS)?;
    if let Some(id) = &table.rule {
        known_rule(id).map_err(|what| format!("{at}: {what}"))?;
    }
    if table.fingerprint.is_none() && table.rule.is_none() {
        return Err(format!(
            "{at}: name a fingerprint, or a rule (and perhaps host and endpoint)"
        ));
    }
    let Some(reason) = table.reason.filter(|reason| !reason.trim().is_empty()) else {
        return Err(format!(
            "{at}: a reason is needed, as in reason = \"public test data\""
        ));
    };
    let expires = match table.expires {
        None => None,
        Some(date) => Some(civil(date).ok_or_else(|| {
            format!("{at}: expires is no day; write it as expires = 2027-01-31, without quotes")
        })?),
    };
    Ok(Suppression {
        fingerprint: table.fingerprint,
        rule: table.rule,
        host: table.host.map(|host| host.to_ascii_lowercase()),
        endpoint: table.endpoint,
        reason,
        expires,
        place,
    })
}

fn civil(date: toml::value::Datetime) -> Option<Date> {
    let day = date.date?;
    Date::new(
        i16::try_from(day.year).ok()?,
        i8::try_from(day.month).ok()?,
        i8::try_from(day.day).ok()?,
    )
    .ok()
}

fn refuse_unknown(
    unknown: &BTreeMap<String, toml::Value>,
    before: &str,
    known: &[&'static str],
) -> Result<(), String> {
    let Some(key) = unknown.keys().next() else {
        return Ok(());
    };
    Err(match nearest(key, known.iter().copied()) {
        Some(near) => format!("unknown key {before}{key}; did you mean {near}?"),
        None => format!(
            "unknown key {before}{key}; the keys here are {}",
            known.join(", ")
        ),
    })
}

fn known_rule(id: &str) -> Result<(), String> {
    rules::check_id(id).map_err(|what| format!("rule {id}: {what}"))
}

fn engine(text: &str) -> Result<Engine, String> {
    let known = [
        Engine::Chromium,
        Engine::Firefox,
        Engine::WebKit,
        Engine::Standard,
    ];
    known
        .into_iter()
        .find(|engine| engine.as_str() == text)
        .ok_or_else(|| format!("engine {text:?}: use auto, chromium, firefox, webkit or standard"))
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::from_name(text)
        .ok_or_else(|| format!("severity {text:?}: use info, low, medium, high or critical"))
}

fn certainty(text: &str) -> Result<Certainty, String> {
    Certainty::from_name(text)
        .ok_or_else(|| format!("confidence {text:?}: use hint, likely or proven"))
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Invalid(path, what) => write!(f, "{}: {}", path.display(), what.trim_end()),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            Self::Invalid(..) => None,
        }
    }
}
