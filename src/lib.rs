//! corsaudit reads a recording of browser traffic, decides what a browser did with each cross-origin fetch, and
//! says what is wrong.

pub mod audit;
pub mod content;
pub mod cors;
pub mod error;
pub mod exchange;
pub mod exit;
pub mod fact;
pub mod facts;
pub mod finding;
pub mod har_export;
pub mod header;
pub mod http;
pub mod inputs;
pub mod judge;
pub mod meter;
pub mod net;
pub mod notice;
pub mod options;
pub mod pairing;
pub mod reader;
pub mod redact;
pub mod report;
pub mod rules;
pub mod source;
pub mod tls;
pub mod url;
