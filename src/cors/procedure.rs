//! Main fetch, HTTP fetch and HTTP-redirect fetch (Fetch Standard, sections 4.1, 4.3, 4.4), replayed hop by hop on
//! what was recorded.

use super::cors_check::cors_check;
use super::fetch::{Answer, Fetch, Hop, Preflight};
use super::local_network::local_network_check;
use super::origin::Origin;
use super::preflight::{self, Names, Question, is_redirect_status};
use super::preflight_cache::{self, Need};
use super::redirect::{self, Step, Target};
use super::request::{RedirectMode, RequestMode};
use super::resource_policy::resource_policy_check;
use super::safelist::{AuthorSet, Dropped};
use super::trace::{Trace, Value};
use super::verdict::{Class, Code, Engine, Phase, Warning, Warnings};
use crate::exchange::Method;
use crate::url::Url;

static OPAQUE: Origin = Origin::OPAQUE;
static GET: Method = Method::Get;

/// What the procedure came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The outcome.
    pub code: Code,
    /// Where it was decided.
    pub phase: Phase,
    /// Index of the hop that decided.
    pub hop: u16,
    /// Remarks.
    pub warnings: Warnings,
    /// Whether the last hop that was reached needs a preflight, as computed.
    pub needs_preflight: bool,
    /// Whether the preflight cache entry at hand made that preflight unnecessary; `None` when no preflight was needed
    /// or no entry was given.
    pub cache_hit: Option<bool>,
    /// Whether a needed preflight is neither recorded nor cached.
    pub preflight_missing: bool,
    /// The origin as the last hop that was reached serialises it: recorded, or `null` after redirect-taint.
    pub origin: Origin,
    dropped: Dropped,
    engine: Engine,
}

impl Evaluation {
    /// The class of the outcome.
    #[must_use]
    pub fn class(&self) -> Class {
        self.code.class()
    }

    /// The value of `Access-Control-Request-Headers` that the engine computes for the last hop that was reached; empty
    /// when the header is not sent.
    #[must_use]
    pub fn access_control_request_headers(&self, fetch: &Fetch<'_>) -> String {
        let set = AuthorSet::new(fetch.author_headers, self.dropped, self.engine);
        preflight::access_control_request_headers(set, self.engine)
    }
}

/// Decides what an engine does with a fetch.
///
/// Recorded facts go before computed ones: an origin, a method and a preflight on the wire are taken as they are.
pub fn evaluate<T: Trace>(fetch: &Fetch<'_>, engine: Engine, trace: &mut T) -> Evaluation {
    let mut walk = Walk {
        fetch,
        engine,
        tainting: Tainting::Basic,
        redirect_tainted: false,
        method: fetch.method,
        dropped: Dropped::default(),
        preflighted: false,
        hop: 0,
        origin: fetch.origin,
        needs_preflight: false,
        cache_hit: None,
        preflight_missing: false,
        warnings: Warnings::default(),
    };
    let (phase, code) = walk.run(trace);
    Evaluation {
        code,
        phase,
        hop: u16::try_from(walk.hop).unwrap_or(u16::MAX),
        warnings: walk.warnings,
        needs_preflight: walk.needs_preflight,
        cache_hit: walk.cache_hit,
        preflight_missing: walk.preflight_missing,
        origin: walk.origin.clone(),
        dropped: walk.dropped,
        engine,
    }
}

/// Response tainting (Fetch Standard, section 2.2.5). Once it left `Basic` it never returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tainting {
    Basic,
    Cors,
    Opaque,
}

/// The state of one fetch between hops.
struct Walk<'f, 'a> {
    fetch: &'f Fetch<'a>,
    engine: Engine,
    tainting: Tainting,
    redirect_tainted: bool,
    method: &'a Method,
    dropped: Dropped,
    preflighted: bool,
    hop: usize,
    origin: &'a Origin,
    needs_preflight: bool,
    cache_hit: Option<bool>,
    preflight_missing: bool,
    warnings: Warnings,
}

/// What a hop came to.
type Outcome = (Phase, Code);

/// Where a failed check ends the fetch.
trait EndsIn<T> {
    fn ends_in(self, phase: Phase) -> Result<T, Outcome>;
}

impl<T> EndsIn<T> for Result<T, Code> {
    fn ends_in(self, phase: Phase) -> Result<T, Outcome> {
        self.map_err(|code| (phase, code))
    }
}

impl<'f, 'a> Walk<'f, 'a> {
    fn run<T: Trace>(&mut self, trace: &mut T) -> Outcome {
        if matches!(
            self.fetch.mode,
            RequestMode::Navigate | RequestMode::WebSocket | RequestMode::WebTransport
        ) {
            return self.outside_cors(trace);
        }
        let hops: &'a [Hop<'a>] = self.fetch.hops;
        for (index, hop) in hops.iter().enumerate() {
            self.hop = index;
            match self.one_hop(hop, trace) {
                Ok(()) => {}
                Err(outcome) => return outcome,
            }
        }
        // Not reached while there is a hop: the last one always ends the fetch.
        (Phase::Actual, Code::UndeterminedResponse)
    }

    /// One URL of the list. `Ok` means that the next hop is to be judged.
    fn one_hop<T: Trace>(&mut self, hop: &'a Hop<'a>, trace: &mut T) -> Result<(), Outcome> {
        let decided_by = if self.hop == 0 {
            Phase::Actual
        } else {
            Phase::Redirect
        };
        self.needs_preflight = false;
        self.cache_hit = None;
        self.preflight_missing = false;
        self.method = hop.method.unwrap_or(self.method);
        self.origin = hop.wire_origin.unwrap_or_else(|| self.computed_origin());

        self.classify(hop.url, trace).ends_in(decided_by)?;
        if let Some(inputs) = self.fetch.local_network
            && self.hop + 1 == self.fetch.hops.len()
            && self.engine.checks_local_network()
            && !(self.tainting == Tainting::Basic && is_trustworthy(hop.url))
        {
            local_network_check(inputs, self.engine, trace).ends_in(Phase::Actual)?;
        }
        if self.tainting == Tainting::Cors {
            self.preflight(hop, trace).ends_in(Phase::Preflight)?;
        }
        trace.clause(
            "HTTP fetch 4: a response arrived",
            "response",
            hop.response
                .map_or(Value::Absent, |a| Value::Number(a.status.into())),
            hop.response.is_some(),
        );
        let Some(answer) = hop.response else {
            return Err((Phase::Actual, Code::NetworkError));
        };
        let redirects = self.hop + 1 < self.fetch.hops.len() || is_redirect_status(answer.status);
        let passed = self.judge_response(hop.url, &answer, trace);
        if !redirects {
            return Err((Phase::Actual, passed.unwrap_or_else(|code| code)));
        }
        let passed = passed.ends_in(Phase::Redirect)?;
        self.follow(hop.url, &answer, passed, trace)
    }

    /// Main fetch, steps 12 and 13: the response tainting of this URL, or why it is not fetched at all.
    fn classify<T: Trace>(&mut self, url: &Url, trace: &mut T) -> Result<(), Code> {
        let same_origin = self.fetch.origin.is_same_origin(url.origin());
        if self.tainting == Tainting::Basic {
            trace.clause(
                "main fetch 12: same origin as the request",
                "URL",
                Value::Text(url.as_str()),
                same_origin,
            );
            if same_origin || url.scheme() == "data" {
                return self.refuse_userinfo(url, trace);
            }
        }
        let http = matches!(url.scheme(), "http" | "https");
        match self.fetch.mode {
            RequestMode::SameOrigin => {
                // Chromium asks for the scheme first.
                if self.engine.judges_scheme_first() && !http {
                    return Err(Code::SchemeNotCorsEnabled);
                }
                trace.clause(
                    "main fetch 12: mode same-origin",
                    "mode",
                    Value::Text(self.fetch.mode.as_str()),
                    false,
                );
                return Err(Code::SameOriginMode);
            }
            RequestMode::NoCors => {
                let follows = self.fetch.redirect == RedirectMode::Follow;
                trace.clause(
                    "main fetch 12: mode no-cors follows redirects",
                    "redirect mode",
                    Value::Text(self.fetch.redirect.as_str()),
                    follows,
                );
                if !follows {
                    return Err(Code::NoCorsRedirectMode);
                }
                self.tainting = Tainting::Opaque;
            }
            _ => {
                trace.clause(
                    "main fetch 12: CORS takes http and https",
                    "URL",
                    Value::Text(url.as_str()),
                    http,
                );
                if !http {
                    return Err(Code::SchemeNotCorsEnabled);
                }
                self.tainting = Tainting::Cors;
            }
        }
        self.refuse_userinfo(url, trace)
    }

    /// Chromium fetches no subresource whose URL holds a user name or password (rd-userinfo-same).
    fn refuse_userinfo<T: Trace>(&self, url: &Url, trace: &mut T) -> Result<(), Code> {
        if !(self.engine.refuses_userinfo() && url.has_userinfo()) {
            return Ok(());
        }
        trace.clause(
            "Chromium: no user name or password in subresource URLs",
            "URL",
            Value::Text(url.as_str()),
            false,
        );
        Err(Code::SubresourceCredentialsBlocked)
    }

    /// HTTP fetch, step 4.2 and section 4.8: whether a preflight is needed, and what it said.
    fn preflight<T: Trace>(&mut self, hop: &'a Hop<'a>, trace: &mut T) -> Result<(), Code> {
        let set = AuthorSet::new(self.fetch.author_headers, self.dropped, self.engine);
        let safelisted = self.method.is_cors_safelisted();
        // Firefox keeps preflighting (rd-auth-dropped).
        let forced =
            self.fetch.force_preflight || (self.engine.keeps_preflighting() && self.preflighted);
        self.needs_preflight = forced || !safelisted || set.has_unsafe_names();
        trace.clause(
            "main fetch 12: no preflight needed",
            "method and author headers",
            Value::Text(self.method.as_str()),
            !self.needs_preflight,
        );
        self.preflighted |= self.needs_preflight;
        match &hop.preflight {
            Preflight::Recorded {
                origin,
                method,
                headers,
                response,
            } => {
                if !self.needs_preflight {
                    self.warnings.insert(Warning::PreflightSuperfluous);
                }
                self.preflighted = true;
                let question = Question {
                    origin: origin.unwrap_or_else(|| self.preflight_origin(hop)),
                    method,
                    names: Names::Recorded(headers.unwrap_or_default()),
                    credentials: self.fetch.credentials,
                };
                self.judge_preflight(question, response.as_ref(), trace)
            }
            Preflight::NotRecorded => {
                if self.needs_preflight {
                    self.preflight_missing = true;
                    self.warnings.insert(Warning::PreflightNotRecorded);
                }
                Ok(())
            }
            Preflight::WouldAnswer { response, cached } => {
                if !self.needs_preflight {
                    return Ok(());
                }
                let origin = self.preflight_origin(hop);
                if let Some(entry) = cached {
                    let need = Need {
                        origin,
                        url: hop.url,
                        credentials: self.fetch.credentials,
                        method: self.method,
                        names: set,
                        forced,
                    };
                    let hit = preflight_cache::covers(entry, need, self.engine, trace);
                    self.cache_hit = Some(hit);
                    if hit {
                        return Ok(());
                    }
                }
                let question = Question {
                    origin,
                    method: self.method,
                    names: Names::Author(set),
                    credentials: self.fetch.credentials,
                };
                self.judge_preflight(question, response.as_ref(), trace)
            }
        }
    }

    fn judge_preflight<T: Trace>(
        &mut self,
        question: Question<'_>,
        answer: Option<&Answer<'_>>,
        trace: &mut T,
    ) -> Result<(), Code> {
        preflight::judge(question, answer, self.engine, &mut self.warnings, trace)
    }

    /// The checks every response passes, redirects included. `Ok` holds the code if this response is final.
    fn judge_response<T: Trace>(
        &self,
        url: &Url,
        answer: &Answer<'_>,
        trace: &mut T,
    ) -> Result<Code, Code> {
        match self.tainting {
            Tainting::Basic if matches!(url.scheme(), "about" | "blob" | "data") => {
                Ok(Code::LocalScheme)
            }
            Tainting::Basic => Ok(Code::SameOrigin),
            // HTTP fetch, step 4.4.
            Tainting::Cors => {
                let code = cors_check(answer, self.origin, self.fetch.credentials, trace);
                match code.class() {
                    Class::Allowed => Ok(code),
                    _ => Err(code),
                }
            }
            // HTTP fetch, step 5.
            Tainting::Opaque => resource_policy_check(
                answer,
                self.fetch.origin,
                url.origin(),
                self.fetch.embedder_policy,
                trace,
            )
            .map(|()| Code::OpaqueNoCors),
        }
    }

    /// HTTP fetch, step 6, and HTTP-redirect fetch. `passed` is the code if the response proves final after all.
    fn follow<T: Trace>(
        &mut self,
        url: &Url,
        answer: &Answer<'_>,
        passed: Code,
        trace: &mut T,
    ) -> Result<(), Outcome> {
        let follow = self.fetch.redirect == RedirectMode::Follow;
        trace.clause(
            "HTTP fetch 6: redirects are followed",
            "redirect mode",
            Value::Text(self.fetch.redirect.as_str()),
            follow,
        );
        match self.fetch.redirect {
            RedirectMode::Error => return Err((Phase::Redirect, Code::RedirectModeError)),
            RedirectMode::Manual => return Err((Phase::Redirect, Code::OpaqueRedirect)),
            RedirectMode::Follow => {}
        }
        let target = match redirect::target(self.fetch, self.hop, answer.status, answer.headers) {
            Target::Final => return Err((Phase::Actual, passed)),
            Target::Unparsable => return Err((Phase::Redirect, Code::RedirectBadScheme)),
            Target::Url(target) => target,
        };
        let step = Step {
            hop: self.hop,
            target: &target,
            cors_tainted: self.tainting == Tainting::Cors,
        };
        redirect::may_follow(self.fetch, step, self.engine, trace).ends_in(Phase::Redirect)?;
        if self.hop + 1 == self.fetch.hops.len() {
            // Nothing shows that the next URL was asked for. What stops it beforehand needs no answer.
            self.classify(&target, trace).ends_in(Phase::Redirect)?;
            return Err((Phase::Redirect, Code::UndeterminedResponse));
        }
        let becomes_get = redirect::becomes_get(answer.status, self.method);
        if becomes_get {
            self.method = &GET;
        }
        redirect::drop_headers(&mut self.dropped, becomes_get, url, &target);
        self.redirect_tainted |= redirect::taints(self.fetch.origin, url, &target);
        Ok(())
    }

    /// Modes navigate, websocket and webtransport: no CORS, whatever the headers say.
    fn outside_cors<T: Trace>(&mut self, trace: &mut T) -> Outcome {
        let hops: &'a [Hop<'a>] = self.fetch.hops;
        let Some((last, index)) = hops.last().zip(hops.len().checked_sub(1)) else {
            return (Phase::Actual, Code::UndeterminedResponse);
        };
        self.hop = index;
        self.origin = last.wire_origin.unwrap_or(self.fetch.origin);
        if last.response.is_none() {
            return (Phase::Actual, Code::NetworkError);
        }
        let same_origin = hops
            .iter()
            .all(|hop| self.fetch.origin.is_same_origin(hop.url.origin()));
        trace.clause(
            "main fetch 12: modes navigate and websocket are outside CORS",
            "mode",
            Value::Text(self.fetch.mode.as_str()),
            true,
        );
        let code = if last.url.scheme() == "data" {
            Code::LocalScheme
        } else if same_origin {
            Code::SameOrigin
        } else if self.fetch.mode == RequestMode::Navigate {
            Code::Navigation
        } else {
            Code::WebSocket
        };
        (Phase::Actual, code)
    }

    /// Serialising a request origin (Fetch Standard, section 2.2.5).
    fn computed_origin(&self) -> &'a Origin {
        if self.redirect_tainted {
            &OPAQUE
        } else {
            self.fetch.origin
        }
    }

    /// The origin a preflight carries: that of the request. Firefox sends the page's (rd-pf-second-origin).
    fn preflight_origin(&self, hop: &Hop<'a>) -> &'a Origin {
        if self.engine.preflights_with_page_origin() {
            self.fetch.origin
        } else {
            hop.wire_origin.unwrap_or_else(|| self.computed_origin())
        }
    }
}

/// Potentially trustworthy (Secure Contexts, section 3.1), as far as URLs tell.
fn is_trustworthy(url: &Url) -> bool {
    let origin = url.origin();
    origin.scheme() == Some("https")
        || origin.host().is_some_and(|host| {
            host == "localhost"
                || host.ends_with(".localhost")
                || host == "[::1]"
                || host
                    .parse::<std::net::Ipv4Addr>()
                    .is_ok_and(|address| address.is_loopback())
        })
}
