//! corsaudit reads a recording of browser traffic, decides what a browser did with each cross-origin fetch, and
//! says what is wrong.

pub mod cors;
pub mod error;
pub mod exchange;
pub mod fact;
pub mod header;
pub mod http;
pub mod net;
pub mod notice;
pub mod reader;
pub mod source;
pub mod tls;
pub mod url;
