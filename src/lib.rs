//! corsaudit reads a recording of browser traffic, decides what a browser did with each cross-origin fetch, and
//! says what is wrong.
//!
//! [`audit::run`] is the whole way from files to an [`audit::Audit`], which [`report::write`] turns into any of the
//! formats; nothing is printed, and nothing is sent anywhere.
//!
//! ```
//! use corsaudit::audit;
//! use corsaudit::finding::Severity;
//! use corsaudit::inputs::Inputs;
//! use corsaudit::options::Options;
//! use corsaudit::report::{self, Format, Style};
//!
//! let inputs = Inputs::collect(&["samples/bank-reflect-credentials.har"]);
//! let audit = audit::run(inputs, &Options::default());
//!
//! let worst = &audit.findings[0];
//! assert_eq!(worst.rule, "any-site-authenticated-read");
//! assert_eq!(worst.severity, Severity::High);
//!
//! let mut sarif = Vec::new();
//! report::write(&audit, Format::Sarif, &Style::default(), &mut sarif)?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A single verdict needs no files: [`reader::read`] takes bytes too, [`audit::judge_capture`] judges what was read.
//!
//! ```
//! use corsaudit::audit::judge_capture;
//! use corsaudit::cors::Code;
//! use corsaudit::judge::EngineChoice;
//! use corsaudit::reader::{self, Options};
//! use corsaudit::source::Source;
//!
//! let har = br#"{"log": {"entries": [{
//!     "request": {"method": "GET", "url": "https://api.test/cart", "headers": [
//!         {"name": "Origin", "value": "https://shop.test"},
//!         {"name": "Sec-Fetch-Mode", "value": "cors"}]},
//!     "response": {"status": 200, "headers": []}}]}}"#;
//! let capture = reader::read(&Source::bytes("cart.har", *har), &Options::default())?;
//! let fetches = judge_capture(&capture, EngineChoice::Auto);
//! assert_eq!(fetches[0].verdict.code, Code::MissingAllowOrigin);
//! # Ok::<(), corsaudit::error::Error>(())
//! ```

pub mod audit;
pub mod content;
pub mod control;
pub mod cors;
pub mod error;
pub mod evidence;
pub mod exchange;
pub mod exit;
pub mod fact;
pub mod facts;
pub mod few;
pub mod finding;
pub mod fix;
pub mod flyweight;
pub mod har_export;
pub mod header;
pub mod http;
pub mod inputs;
pub mod judge;
pub mod meter;
pub mod nearest;
pub mod net;
pub mod notice;
pub mod options;
pub mod pairing;
mod pieces;
pub mod probe;
pub mod proxy;
pub mod reader;
pub mod recording;
pub mod redact;
pub mod report;
pub mod rules;
pub mod source;
pub mod tls;
pub mod url;
