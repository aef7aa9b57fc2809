//! Whose rules decide.

use crate::cors::Engine;
use crate::exchange::{Capture, Client, Exchange, Recorder};

/// The user's choice of engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineChoice {
    /// Read it from the recording.
    #[default]
    Auto,
    /// This one.
    Fixed(Engine),
}

/// The engine that made a request: by its `User-Agent`, else by the recorder.
#[must_use]
pub fn engine_of(choice: EngineChoice, capture: &Capture, exchange: &Exchange) -> Engine {
    if let EngineChoice::Fixed(engine) = choice {
        return engine;
    }
    match (exchange.hints.client, capture.recorder) {
        (Client::Chromium, _) => Engine::Chromium,
        (Client::Firefox, _) => Engine::Firefox,
        (Client::WebKit, _) => Engine::WebKit,
        (_, Recorder::DevTools | Recorder::Playwright) => Engine::Chromium,
        (_, Recorder::Firefox) => Engine::Firefox,
        (_, Recorder::WebKit) => Engine::WebKit,
        _ => Engine::Shipping,
    }
}
