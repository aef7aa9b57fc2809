//! HTTP/1 and HTTP/2 messages from ordered byte streams.
