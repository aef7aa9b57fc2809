//! What each code means, for `corsaudit explain` and for reports.

mod preflight;

use super::message::{chromium_error_name, firefox_category};
use super::verdict::Code;

/// What is told of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// One line.
    pub title: &'static str,
    /// What happened.
    pub meaning: &'static str,
    /// Why browsers do that; empty where nothing was refused.
    pub why: &'static str,
    /// Lines of an exchange that shows it; empty where nothing was refused.
    pub example: &'static [&'static str],
    /// One change on the server; empty where nothing was refused.
    pub fix: &'static str,
    /// Section of the standard that decides; empty where none does.
    pub standard: &'static str,
    /// Slug of MDN's page on the error.
    pub mdn: Option<&'static str>,
}

impl Code {
    /// What is told of the code.
    #[must_use]
    pub fn explanation(self) -> Explanation {
        explain(self)
    }

    /// The one change on the server that helps; empty where nothing was refused.
    #[must_use]
    pub fn fix_hint(self) -> &'static str {
        explain(self).fix
    }

    /// Chromium's name of the error (CDP `corsError`).
    #[must_use]
    pub fn chromium_error(self) -> Option<&'static str> {
        chromium_error_name(self)
    }

    /// Firefox's console category. A list in one `Access-Control-Allow-Origin` line is
    /// `CORSAllowOriginNotMatchingOrigin` instead of `CORSMultipleAllowOriginNotAllowed`.
    #[must_use]
    pub fn firefox_error(self) -> Option<&'static str> {
        firefox_category(self)
    }
}

impl Explanation {
    /// Addresses to read on: the standard, and MDN.
    pub fn references(&self) -> impl Iterator<Item = String> {
        let standard = (!self.standard.is_empty()).then(|| self.standard.to_owned());
        let mdn = self.mdn.map(|slug| {
            format!("https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS/Errors/{slug}")
        });
        standard.into_iter().chain(mdn)
    }
}

const CORS_CHECK: &str = "https://fetch.spec.whatwg.org/#cors-check";
const MAIN_FETCH: &str = "https://fetch.spec.whatwg.org/#main-fetch";
const HTTP_FETCH: &str = "https://fetch.spec.whatwg.org/#http-fetch";
const REDIRECT: &str = "https://fetch.spec.whatwg.org/#http-redirect-fetch";
const CORP: &str = "https://fetch.spec.whatwg.org/#cross-origin-resource-policy-header";
const LOCAL_NETWORK: &str = "https://wicg.github.io/local-network-access/";

/// Nothing was refused: a title and a meaning.
const fn plain(title: &'static str, meaning: &'static str) -> Explanation {
    Explanation {
        title,
        meaning,
        why: "",
        example: &[],
        fix: "",
        standard: "",
        mdn: None,
    }
}

/// The table.
#[must_use]
pub fn explain(code: Code) -> Explanation {
    match code {
        Code::OkWildcard => plain(
            "any origin may read the response",
            "The response carries Access-Control-Allow-Origin: * and the request carried no credentials.",
        ),
        Code::OkOriginMatch => plain(
            "the response names the page's origin",
            "Access-Control-Allow-Origin equals the request's Origin, byte for byte.",
        ),
        Code::OkOriginMatchCredentials => plain(
            "the response names the page's origin and allows credentials",
            "Access-Control-Allow-Origin equals the request's Origin, and Access-Control-Allow-Credentials is true.",
        ),
        Code::OkNullOrigin => plain(
            "the response allows the origin null",
            "The request's origin is opaque or was tainted by a redirect, and the response names null. Every sandboxed \
             page has that origin.",
        ),
        Code::OkNullOriginCredentials => plain(
            "the response allows the origin null, with credentials",
            "The request's origin is opaque or was tainted by a redirect; the response names null and allows \
             credentials. Every sandboxed page has that origin.",
        ),
        Code::BeaconDelivered => plain(
            "a beacon was delivered",
            "sendBeacon or <a ping>: the request went out and nothing was blocked. No page reads the answer, whatever it \
             says.",
        ),
        Code::SameOrigin => plain(
            "the page and the URL have the same origin",
            "Scheme, host and port are equal on every hop. CORS does not apply, whatever its headers say.",
        ),
        Code::Navigation => plain(
            "a navigation",
            "The browser loaded a document. No script read the response, so CORS does not apply.",
        ),
        Code::WebSocket => plain(
            "a WebSocket handshake",
            "WebSockets are outside CORS. The server has to check the Origin header itself.",
        ),
        Code::LocalScheme => plain(
            "a URL that needs no network",
            "data:, about: and the page's own blob: URLs are answered by the browser.",
        ),
        Code::NonBrowserClient => plain(
            "the client is no browser",
            "CORS is kept by browsers. This client reads every response.",
        ),
        Code::OpaqueNoCors => plain(
            "the page got an opaque response",
            "The request was made in mode no-cors. The response can be used, as an image for instance, but no script \
             can read it, and Access-Control-Allow-Origin is not looked at.",
        ),
        Code::OpaqueRedirect => plain(
            "the page got an opaque redirect",
            "The request was made in redirect mode manual. The script learns that there was a redirect and nothing more.",
        ),
        Code::MissingAllowOrigin => Explanation {
            title: "the response has no Access-Control-Allow-Origin",
            meaning: "A page of another origin asked for the response, and the response does not say that it may read it.",
            why: "Without the header only pages of the URL's own origin may read a response. Error pages, redirects and \
                  answers made by a proxy often lack the header that the application adds.",
            example: &[
                "GET /data HTTP/1.1",
                "Origin: https://app.example",
                "",
                "HTTP/1.1 500 Internal Server Error",
            ],
            fix: "Send Access-Control-Allow-Origin on every response to allowed origins, error pages and redirects included.",
            standard: CORS_CHECK,
            mdn: Some("CORSMissingAllowOrigin"),
        },
        Code::AllowOriginMismatch => Explanation {
            title: "the response allows another origin",
            meaning: "Access-Control-Allow-Origin holds one origin, and it is not the one the request came from. Case, \
                      port, scheme and a trailing slash count.",
            why: "The value is compared byte for byte with the Origin header. After a redirect from one foreign origin \
                  to another the request's origin is null.",
            example: &[
                "Origin: https://app.example",
                "",
                "Access-Control-Allow-Origin: https://www.app.example",
            ],
            fix: "Compare the Origin header with a list of allowed origins, send the matching one back, and add Vary: Origin.",
            standard: CORS_CHECK,
            mdn: Some("CORSAllowOriginNotMatchingOrigin"),
        },
        Code::AllowOriginMultiple => Explanation {
            title: "the response allows several origins at once",
            meaning: "Access-Control-Allow-Origin holds more than one value, in one line or in several lines, which \
                      browsers join.",
            why: "The header takes one origin, * or null. Most often both a proxy and the application add it.",
            example: &[
                "Origin: https://app.example",
                "",
                "Access-Control-Allow-Origin: https://app.example",
                "Access-Control-Allow-Origin: *",
            ],
            fix: "Let exactly one layer set Access-Control-Allow-Origin, to one value.",
            standard: CORS_CHECK,
            mdn: Some("CORSMultipleAllowOriginNotAllowed"),
        },
        Code::AllowOriginInvalid => Explanation {
            title: "Access-Control-Allow-Origin is no origin",
            meaning: "The value is neither *, nor null, nor an origin: it is empty, quoted, or lacks the scheme.",
            why: "The value is compared byte for byte with the Origin header, and an origin is scheme://host[:port].",
            example: &[
                "Origin: https://app.example",
                "",
                "Access-Control-Allow-Origin: app.example",
            ],
            fix: "Send scheme://host[:port] without quotes, path or pattern.",
            standard: CORS_CHECK,
            mdn: Some("CORSAllowOriginNotMatchingOrigin"),
        },
        Code::WildcardWithCredentials => Explanation {
            title: "any origin is allowed, but the request carries credentials",
            meaning: "The credentials mode of the request is include, and Access-Control-Allow-Origin is *.",
            why: "Responses to requests with credentials may be personal. Browsers want the origin named before they \
                  give such a response away. The mode counts, not whether a cookie was there.",
            example: &[
                "Origin: https://app.example",
                "Cookie: session=...",
                "",
                "Access-Control-Allow-Origin: *",
            ],
            fix: "Name the origin, checked against a list, instead of *, with Access-Control-Allow-Credentials: true and \
                  Vary: Origin; or make the request without credentials.",
            standard: CORS_CHECK,
            mdn: Some("CORSNotSupportingCredentials"),
        },
        Code::AllowCredentialsNotTrue => Explanation {
            title: "Access-Control-Allow-Credentials is not true",
            meaning: "The credentials mode of the request is include, the origin is allowed, but \
                      Access-Control-Allow-Credentials is missing or something else than true.",
            why: "Only the four bytes true count. TRUE, 1 and two lines, which join to true, true, do not.",
            example: &[
                "Origin: https://app.example",
                "",
                "Access-Control-Allow-Origin: https://app.example",
                "Access-Control-Allow-Credentials: True",
            ],
            fix: "Send Access-Control-Allow-Credentials: true, in lower case and once; or make the request without credentials.",
            standard: CORS_CHECK,
            mdn: Some("CORSMissingAllowCredentials"),
        },
        Code::PreflightMissingAllowOrigin => preflight::MISSING_ALLOW_ORIGIN,
        Code::PreflightAllowOriginMismatch => preflight::ALLOW_ORIGIN_MISMATCH,
        Code::PreflightAllowOriginMultiple => preflight::ALLOW_ORIGIN_MULTIPLE,
        Code::PreflightAllowOriginInvalid => preflight::ALLOW_ORIGIN_INVALID,
        Code::PreflightWildcardWithCredentials => preflight::WILDCARD_WITH_CREDENTIALS,
        Code::PreflightAllowCredentialsNotTrue => preflight::ALLOW_CREDENTIALS_NOT_TRUE,
        Code::PreflightBadStatus => preflight::BAD_STATUS,
        Code::PreflightRedirected => preflight::REDIRECTED,
        Code::PreflightNetworkError => preflight::NETWORK_ERROR,
        Code::PreflightAllowMethodsUnparsable => preflight::ALLOW_METHODS_UNPARSABLE,
        Code::PreflightAllowHeadersUnparsable => preflight::ALLOW_HEADERS_UNPARSABLE,
        Code::PreflightMethodNotAllowed => preflight::METHOD_NOT_ALLOWED,
        Code::PreflightHeaderNotAllowed => preflight::HEADER_NOT_ALLOWED,
        Code::PreflightAuthorizationNotListed => preflight::AUTHORIZATION_NOT_LISTED,
        Code::SameOriginMode => Explanation {
            title: "mode same-origin, another origin",
            meaning: "The request was made in mode same-origin, and its URL, or the one it was redirected to, has another origin.",
            why: "The page asked for exactly that: fail rather than cross origins. Worker scripts are loaded so too.",
            example: &[
                "Sec-Fetch-Mode: same-origin",
                "",
                "HTTP/1.1 302 Found",
                "Location: https://cdn.example/worker.js",
            ],
            fix: "Serve the resource from the page's origin, without a redirect to another; or make the request in mode cors.",
            standard: MAIN_FETCH,
            mdn: None,
        },
        Code::SchemeNotCorsEnabled => Explanation {
            title: "the URL is neither http nor https",
            meaning: "A request in mode cors went, or was redirected, to a URL of another scheme.",
            why: "CORS is a protocol of HTTP headers.",
            example: &["HTTP/1.1 302 Found", "Location: ftp://files.example/data"],
            fix: "Serve the resource over http or https.",
            standard: MAIN_FETCH,
            mdn: Some("CORSRequestNotHttp"),
        },
        Code::NoCorsRedirectMode => Explanation {
            title: "mode no-cors follows redirects or fails",
            meaning: "The request was made in mode no-cors with a redirect mode other than follow.",
            why: "Whether a foreign URL redirects is not the page's to know.",
            example: &["fetch(url, { mode: \"no-cors\", redirect: \"manual\" })"],
            fix: "Allow the page's origin on the server and make the request in mode cors; or leave redirect at follow.",
            standard: MAIN_FETCH,
            mdn: None,
        },
        Code::RedirectModeError => Explanation {
            title: "redirected in redirect mode error",
            meaning: "The request was made in redirect mode error, and the server redirected it.",
            why: "The page asked for exactly that: fail rather than follow.",
            example: &[
                "fetch(url, { redirect: \"error\" })",
                "",
                "HTTP/1.1 301 Moved Permanently",
                "Location: /data/",
            ],
            fix: "Answer at the URL that is called, without a redirect.",
            standard: HTTP_FETCH,
            mdn: None,
        },
        Code::RedirectWithCredentials => Explanation {
            title: "redirected to a URL with user name or password",
            meaning: "Location holds a user name or password, and the redirect leads to another origin or comes from one.",
            why: "Passwords in URLs must not travel between origins.",
            example: &[
                "HTTP/1.1 302 Found",
                "Location: https://user:...@api.example/data",
            ],
            fix: "Leave user name and password out of Location.",
            standard: REDIRECT,
            mdn: None,
        },
        Code::RedirectBadScheme => Explanation {
            title: "redirected to a URL that cannot be fetched",
            meaning: "Location is no URL, or one whose scheme is neither http nor https.",
            why: "Fetches follow redirects within HTTP only.",
            example: &["HTTP/1.1 302 Found", "Location: data:text/plain,moved"],
            fix: "Redirect to an http or https URL.",
            standard: REDIRECT,
            mdn: None,
        },
        Code::RedirectLimit => Explanation {
            title: "more than 20 redirects",
            meaning: "The chain of redirects is longer than a browser follows; it is most likely a loop.",
            why: "The limit ends loops.",
            example: &["HTTP/1.1 302 Found", "Location: /data?again"],
            fix: "Shorten the chain of redirects, or break the loop.",
            standard: REDIRECT,
            mdn: None,
        },
        Code::SubresourceCredentialsBlocked => Explanation {
            title: "a subresource URL with user name or password",
            meaning: "The URL, or the one it was redirected to, holds a user name or password. Chromium does not fetch it.",
            why: "Chromium refuses such URLs for everything but navigations. Other engines do not.",
            example: &[
                "HTTP/1.1 302 Found",
                "Location: https://user:...@app.example/data",
            ],
            fix: "Leave user name and password out of URLs.",
            standard: MAIN_FETCH,
            mdn: None,
        },
        Code::NetworkError => Explanation {
            title: "no response",
            meaning: "The connection failed before a response came. No CORS header was judged.",
            why: "Name resolution, connection, TLS or the server failed. Consoles may still call it a CORS error.",
            example: &["net::ERR_CONNECTION_REFUSED"],
            fix: "Make the server reachable: name, port, certificate.",
            standard: HTTP_FETCH,
            mdn: Some("CORSDidNotSucceed"),
        },
        Code::MixedContent => Explanation {
            title: "an https page loads from http",
            meaning: "The browser refused the request because the page came over https and the URL is http.",
            why: "Whoever can change the insecure response could change the secure page.",
            example: &[
                "Referer: https://app.example/",
                "GET http://api.example/data",
            ],
            fix: "Serve the resource over https.",
            standard: "https://w3c.github.io/webappsec-mixed-content/",
            mdn: None,
        },
        Code::Csp => Explanation {
            title: "refused by the page's Content-Security-Policy",
            meaning: "The page's own policy does not list the URL. The request was not sent.",
            why: "connect-src and its like limit where a page may fetch from, before CORS is asked.",
            example: &["Content-Security-Policy: connect-src 'self'"],
            fix: "Add the target's origin to the directive of the page's Content-Security-Policy.",
            standard: "https://w3c.github.io/webappsec-csp/",
            mdn: None,
        },
        Code::OrbBlocked => Explanation {
            title: "an opaque response was withheld",
            meaning: "By its type or its first bytes, the response to a no-cors load is something that the load cannot \
                      use: HTML or JSON for instance, or in Firefox a film without the signature of one. The browser \
                      keeps its bytes out of the page's process.",
            why: "Such bytes could be read through side channels (Opaque Response Blocking).",
            example: &[
                "Sec-Fetch-Dest: image",
                "",
                "HTTP/1.1 200 OK",
                "Content-Type: application/json",
            ],
            fix: "Send the Content-Type that the load expects; or allow the origin and load in mode cors.",
            standard: "https://github.com/annevk/orb",
            mdn: None,
        },
        Code::CorpSameOrigin => Explanation {
            title: "Cross-Origin-Resource-Policy keeps other origins out",
            meaning: "The response to a no-cors load says same-origin, and the page has another origin.",
            why: "The server asked browsers not to hand the response to other origins.",
            example: &[
                "Sec-Fetch-Mode: no-cors",
                "",
                "Cross-Origin-Resource-Policy: same-origin",
            ],
            fix: "Send Cross-Origin-Resource-Policy: cross-origin if other sites may embed the resource.",
            standard: CORP,
            mdn: None,
        },
        Code::CorpSameSite => Explanation {
            title: "Cross-Origin-Resource-Policy keeps other sites out",
            meaning: "The response to a no-cors load says same-site, and the page belongs to another site, or is insecure \
                      while the URL is https.",
            why: "The server asked browsers not to hand the response to other sites.",
            example: &[
                "Sec-Fetch-Mode: no-cors",
                "",
                "Cross-Origin-Resource-Policy: same-site",
            ],
            fix: "Send Cross-Origin-Resource-Policy: cross-origin if other sites may embed the resource.",
            standard: CORP,
            mdn: None,
        },
        Code::CorpCoep => Explanation {
            title: "the page's embedder policy wants a Cross-Origin-Resource-Policy",
            meaning: "The page has Cross-Origin-Embedder-Policy: require-corp, and the response to its no-cors load has no \
                      Cross-Origin-Resource-Policy.",
            why: "Such pages are isolated: they get only what agrees to be embedded.",
            example: &[
                "Cross-Origin-Embedder-Policy: require-corp",
                "",
                "HTTP/1.1 200 OK",
                "Content-Type: image/png",
            ],
            fix: "Send Cross-Origin-Resource-Policy: cross-origin on the resource; or allow the origin and load in mode cors.",
            standard: CORP,
            mdn: None,
        },
        Code::LnaInsecureContext => Explanation {
            title: "an insecure page asked for the local network",
            meaning: "A page that is no secure context requested a less public address than its own. Chromium refuses.",
            why: "Whoever can change the page could reach devices behind the user's router.",
            example: &[
                "Origin: http://app.example",
                "GET http://192.168.1.20/status",
            ],
            fix: "Serve the page over https.",
            standard: LOCAL_NETWORK,
            mdn: None,
        },
        Code::LnaPermissionDenied => Explanation {
            title: "access to the local network was not permitted",
            meaning: "The page requested a less public address than its own, and the user did not grant the permission. \
                      No response header changes that.",
            why: "Chromium asks the user before a public site reaches local devices.",
            example: &[
                "Origin: https://app.example",
                "GET http://127.0.0.1:8000/status",
            ],
            fix: "Serve the resource from a public address; or have the user grant local network access.",
            standard: LOCAL_NETWORK,
            mdn: None,
        },
        Code::LnaAddressSpaceMismatch => Explanation {
            title: "the declared address space is another",
            meaning: "The request declared targetAddressSpace, and the connected address lies in another space.",
            why: "The declaration exempts from mixed content checks, so it has to be true.",
            example: &["fetch(url, { targetAddressSpace: \"local\" })"],
            fix: "Serve the resource from the address space that the request declares; or correct the declaration.",
            standard: LOCAL_NETWORK,
            mdn: None,
        },
        Code::PnaPreflightMissingAllow => Explanation {
            title: "the private network preflight was not granted",
            meaning: "An older Chromium asked with Access-Control-Request-Private-Network, and the answer lacks \
                      Access-Control-Allow-Private-Network.",
            why: "Private Network Access was replaced by Local Network Access; current browsers do not ask any more.",
            example: &[
                "Access-Control-Request-Private-Network: true",
                "",
                "HTTP/1.1 204 No Content",
            ],
            fix: "Nothing for current browsers; for old ones send Access-Control-Allow-Private-Network: true.",
            standard: LOCAL_NETWORK,
            mdn: None,
        },
        Code::PnaPreflightInvalidAllow => Explanation {
            title: "the private network grant is not true",
            meaning: "An older Chromium asked with Access-Control-Request-Private-Network, and \
                      Access-Control-Allow-Private-Network is not true.",
            why: "Private Network Access was replaced by Local Network Access; current browsers do not ask any more.",
            example: &[
                "Access-Control-Request-Private-Network: true",
                "",
                "HTTP/1.1 204 No Content",
                "Access-Control-Allow-Private-Network: 1",
            ],
            fix: "Nothing for current browsers; for old ones send Access-Control-Allow-Private-Network: true.",
            standard: LOCAL_NETWORK,
            mdn: None,
        },
        Code::CorsDisabled => Explanation {
            title: "CORS is switched off in Firefox",
            meaning: "The preference content.cors.disable is set; every cross-origin request in mode cors fails.",
            why: "The user or an administrator set it.",
            example: &["content.cors.disable = true"],
            fix: "None on the server: the preference has to be reset in the browser.",
            standard: MAIN_FETCH,
            mdn: Some("CORSDisabled"),
        },
        Code::OriginHeaderNotAdded => Explanation {
            title: "Firefox could not add Origin",
            meaning: "The request came from an extension or another context without a usable origin.",
            why: "Without an origin there is nothing for the server to allow.",
            example: &["moz-extension://..."],
            fix: "None on the server: the extension needs the host permission for the URL.",
            standard: CORS_CHECK,
            mdn: Some("CORSOriginHeaderNotAdded"),
        },
        Code::SwOpaqueForCors => Explanation {
            title: "a service worker gave an opaque response to a cors request",
            meaning: "The page asked in mode cors, and its service worker answered with a response that was fetched in mode no-cors.",
            why: "An opaque response must not become readable by way of a worker.",
            example: &["event.respondWith(fetch(url, { mode: \"no-cors\" }))"],
            fix: "Have the server allow the origin, and let the worker fetch in mode cors.",
            standard: HTTP_FETCH,
            mdn: None,
        },
        Code::UndeterminedOrigin => plain(
            "the initiator's origin is not in the recording",
            "Neither Origin, nor a preflight, nor the page of the request is recorded, and the verdict depends on it.",
        ),
        Code::UndeterminedMode => plain(
            "the request mode is not in the recording",
            "The verdict differs between the modes that the recording leaves open.",
        ),
        Code::UndeterminedCredentials => plain(
            "the credentials mode is not in the recording",
            "The response would pass without credentials and fail with them, or the reverse, and nothing recorded tells which it was.",
        ),
        Code::UndeterminedInitiatorType => plain(
            "a beacon or a fetch in mode no-cors",
            "sendBeacon and fetch() send the same lines here. Nothing was blocked either way: nobody reads a beacon's \
             answer, and from a fetch it is hidden.",
        ),
        Code::UndeterminedResponse => plain(
            "the response is not in the recording",
            "Everything recorded passes, but the recording ends before the response that decides.",
        ),
        Code::Undetermined304 => plain(
            "the stored response of a 304 is not in the recording",
            "A 304 is judged by the stored response that it refreshes.",
        ),
        Code::UndeterminedServiceWorker => plain(
            "a service worker answered",
            "What the worker did is not in this exchange; its own fetches are judged by themselves.",
        ),
        Code::UndeterminedPrivileged => plain(
            "the initiator is an extension or another privileged page",
            "Such pages may hold permissions that switch CORS off, and recordings do not show them.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cors::Class;

    #[test]
    fn every_refusal_is_explained_in_full() {
        for code in Code::ALL {
            let told = explain(*code);
            assert!(!told.title.is_empty() && !told.meaning.is_empty(), "{code}");
            assert!(
                !told.title.ends_with('.') && told.meaning.ends_with('.'),
                "{code}"
            );
            let refused = matches!(code.class(), Class::Blocked | Class::Failed);
            assert_eq!(refused, !told.why.is_empty(), "{code}");
            assert_eq!(refused, !told.example.is_empty(), "{code}");
            assert_eq!(refused, told.fix.ends_with('.'), "{code}");
            assert_eq!(refused, told.standard.starts_with("https://"), "{code}");
        }
    }
}
