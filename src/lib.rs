//! corsaudit reads a recording of browser traffic, decides what a browser did with each cross-origin fetch, and
//! says what is wrong.

pub mod http;
pub mod net;
pub mod tls;
