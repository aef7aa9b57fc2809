use super::words::answer_details;
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::cors::Origin;
use crate::exchange::Exchange;
use crate::facts::{AllowOrigin, Policy, site_host};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// `Access-Control-Allow-Origin` names a domain of some documentation or tutorial (`https://yoursite.com`,
    /// `https://your-domain.com`, `https://example.com` ...), and the page that asked does not live there. Low, medium with
    /// `Access-Control-Allow-Credentials: true`, info on error answers. Silent where the server itself stands under
    /// example.com, `.example` or `.test`, or on that very domain.
    ///
    /// ## Why it matters
    /// The real page stays blocked, and such a domain may belong to somebody, who is then granted.
    ///
    /// ## Example
    /// ```text
    /// Origin: http://localhost:3000
    ///
    /// Access-Control-Allow-Origin: https://yoursite.com
    /// ```
    ///
    /// ## Fix
    /// Configure the origin of the real page.
    ///
    /// ## References
    /// - CWE-942
    /// - CWE-1188
    PlaceholderOriginConfigured {
        id: "placeholder-origin-configured", category: Permissive, severity: Low, since: "0.1.0",
        title: "a documentation's domain is allowed"
    }
}

/// Registrable domains that tutorials print, sorted.
const PLACEHOLDERS: &[&str] = &[
    "bar.com",
    "domain.com",
    "example.com",
    "example.net",
    "example.org",
    "foo.com",
    "foobar.com",
    "my-domain.com",
    "my-site.com",
    "my-website.com",
    "myapp.com",
    "mydomain.com",
    "mysite.com",
    "mywebsite.com",
    "somedomain.com",
    "somesite.com",
    "trusted-domain.com",
    "trusteddomain.com",
    "trustedsite.com",
    "website.com",
    "your-app.com",
    "your-domain.com",
    "your-frontend.com",
    "your-site.com",
    "your-website.com",
    "yourapp.com",
    "yourdomain.com",
    "yourfrontend.com",
    "yoursite.com",
    "yourwebsite.com",
];

impl Rule for PlaceholderOriginConfigured {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let actual = Policy::of(view)
            .filter(|policy| policy.allow_origin == AllowOrigin::Other)
            .map(|policy| policy.exchange);
        let preflight = || view.deciding().filter(|exchange| exchange.is_preflight());
        let Some(exchange) = actual.or_else(preflight) else {
            return;
        };
        let Some((value, credentials)) = placeholder(exchange) else {
            return;
        };
        let reader = view.judged.fetch.initiator_origin.value.as_ref();
        if reader.is_some_and(|reader| reader.serialised() == value) {
            return;
        }
        let status = exchange.response().map_or(0, |response| response.status);
        let severity = if status >= 400 || cx.is_collector(exchange.request.url.origin()) {
            Severity::Info
        } else if credentials {
            Severity::Medium
        } else {
            Severity::Low
        };
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(Certainty::Proven)
            .initiator(reader)
            .at(view, exchange, || {
                let url = redact::url(&exchange.request.url);
                let reader = reader.map_or("an unknown origin", |origin| origin.serialised());
                let message =
                    format!("{url} answers {reader} with `{value}`, a domain out of a tutorial");
                exchange
                    .response()
                    .map_or_else(Default::default, |response| {
                        answer_details(exchange, response, message)
                    })
            });
    }
}

/// The placeholder that an answer names, and whether it allows credentials.
fn placeholder(exchange: &Exchange) -> Option<(String, bool)> {
    let response = exchange.response()?;
    let value = response.headers.get("access-control-allow-origin")?;
    let text = std::str::from_utf8(&value).ok()?;
    let named = Origin::of(&::url::Url::parse(text).ok()?);
    let site = site_host(named.host()?);
    let known = PLACEHOLDERS.binary_search(&site).is_ok()
        // `your-domain.io`, `yoursite.net`: whatever the suffix.
        || matches!(
            site.split('.').next(),
            Some("your-domain" | "yourdomain" | "your-site" | "yoursite" | "your-website" | "yourwebsite")
        );
    let host = exchange.request.url.origin().host()?;
    let test_server = ["example.com", "example.net", "example.org"].contains(&site_host(host))
        || host.ends_with(".example")
        || host.ends_with(".test");
    if !known || test_server || site_host(host) == site {
        return None;
    }
    let credentials = response
        .headers
        .get("access-control-allow-credentials")
        .as_deref()
        == Some(b"true");
    Some((text.to_owned(), credentials))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(PLACEHOLDERS.is_sorted());
    }
}
