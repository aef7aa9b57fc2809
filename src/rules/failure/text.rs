//! What a blocked verdict's code means, in words.

use crate::cors::Code;

/// What a code means.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    /// One clause.
    pub(super) title: &'static str,
    /// When a browser decides so.
    pub(super) meaning: &'static str,
    /// What to change.
    pub(super) fix: &'static str,
    /// Where the standard says so.
    pub(super) reference: &'static str,
}

const CORS_CHECK: &str = "Fetch Standard, section 4.10, CORS check";
const PREFLIGHT: &str = "Fetch Standard, section 4.8, CORS-preflight fetch";

/// The words for a code of a blocked verdict.
pub(super) fn of(code: Code) -> Text {
    let (title, meaning, fix, reference) = match code {
        Code::MissingAllowOrigin | Code::PreflightMissingAllowOrigin => (
            "no Access-Control-Allow-Origin in the answer",
            "The answer to a cross-origin request in mode cors carries no Access-Control-Allow-Origin.",
            "Send Access-Control-Allow-Origin with the exact allowed origin (or `*` for public data) on every answer of this \
             route, errors and redirects included, and answer OPTIONS before authentication and routing.",
            CORS_CHECK,
        ),
        Code::AllowOriginMismatch | Code::PreflightAllowOriginMismatch => (
            "Access-Control-Allow-Origin names another origin",
            "Access-Control-Allow-Origin is one value, is not `*`, and is not byte-equal to the request's serialised origin.",
            "Compare the request's Origin with a list on the server and answer with the one that matches: scheme, host and \
             port exactly, lower case, no path, no trailing slash; add `Vary: Origin`.",
            CORS_CHECK,
        ),
        Code::AllowOriginMultiple | Code::PreflightAllowOriginMultiple => (
            "Access-Control-Allow-Origin has several values",
            "Several lines or a list: browsers take one value and never pick from a list.",
            "Let one layer, proxy or application, set the header, once.",
            CORS_CHECK,
        ),
        Code::AllowOriginInvalid | Code::PreflightAllowOriginInvalid => (
            "Access-Control-Allow-Origin is not an origin",
            "The value is neither `*` nor `null` nor an origin; patterns, quotes and bare hosts are not matched.",
            "Match patterns on the server and answer with the one origin that asked, as scheme://host[:port].",
            CORS_CHECK,
        ),
        Code::WildcardWithCredentials | Code::PreflightWildcardWithCredentials => (
            "`*` refused because the request includes credentials",
            "Access-Control-Allow-Origin is `*` and the request's credentials mode is include.",
            "Drop `credentials: 'include'` if the data is public; otherwise name one listed origin, with \
             Access-Control-Allow-Credentials: true and Vary: Origin.",
            CORS_CHECK,
        ),
        Code::AllowCredentialsNotTrue | Code::PreflightAllowCredentialsNotTrue => (
            "Access-Control-Allow-Credentials is not `true`",
            "The origin matches, the credentials mode is include, and Access-Control-Allow-Credentials is absent or not \
             exactly `true`.",
            "Send `Access-Control-Allow-Credentials: true`, lower case and once, to the trusted origins only.",
            CORS_CHECK,
        ),
        Code::PreflightBadStatus => (
            "the preflight's status is not 200 to 299",
            "The preflight passes the CORS check, and its status is not ok.",
            "Answer OPTIONS requests that carry Access-Control-Request-Method in the CORS layer, with 204, before \
             authentication and routing.",
            PREFLIGHT,
        ),
        Code::PreflightRedirected => (
            "the preflight was redirected",
            "Browsers follow no redirect of a preflight.",
            "Call the final URL directly (https, with or without slash, no login page).",
            PREFLIGHT,
        ),
        Code::PreflightNetworkError => (
            "the preflight got no answer",
            "The browser sent a preflight and no response arrived.",
            "Make the server reachable for OPTIONS: address, TLS, proxies that drop the method.",
            PREFLIGHT,
        ),
        Code::PreflightAllowMethodsUnparsable => (
            "Access-Control-Allow-Methods is not a list of tokens",
            "The value cannot be parsed, so nothing is granted.",
            "Send methods as plain tokens separated by commas.",
            PREFLIGHT,
        ),
        Code::PreflightAllowHeadersUnparsable => (
            "Access-Control-Allow-Headers is not a list of tokens",
            "The value cannot be parsed, so nothing is granted.",
            "Send header names as plain tokens separated by commas.",
            PREFLIGHT,
        ),
        Code::PreflightMethodNotAllowed => (
            "the preflight does not grant the method",
            "The method is not GET, HEAD or POST, is not listed byte for byte in Access-Control-Allow-Methods, and no usable \
             `*` covers it.",
            "List the method in Access-Control-Allow-Methods, in the case in which it is sent.",
            PREFLIGHT,
        ),
        Code::PreflightHeaderNotAllowed => (
            "the preflight does not grant a request header",
            "A header that the page sets is not listed in Access-Control-Allow-Headers, and no usable `*` covers it.",
            "Add the header's name to Access-Control-Allow-Headers.",
            PREFLIGHT,
        ),
        Code::PreflightAuthorizationNotListed => (
            "`*` does not grant Authorization",
            "By the standard, Authorization must be named in Access-Control-Allow-Headers; today's browsers let `*` cover it.",
            "List Authorization beside `*`.",
            PREFLIGHT,
        ),
        Code::SameOriginMode => (
            "mode same-origin across origins",
            "The page asked for same-origin only, and the URL, or a redirect, is of another origin.",
            "Use mode cors, or keep the request on its own origin.",
            "Fetch Standard, section 4.1, main fetch",
        ),
        Code::SchemeNotCorsEnabled => (
            "a scheme that CORS does not know",
            "Mode cors works with http and https only.",
            "Serve the resource over https.",
            "Fetch Standard, section 4.1, main fetch",
        ),
        Code::NoCorsRedirectMode => (
            "mode no-cors with a redirect mode other than follow",
            "Across origins, mode no-cors requires redirect mode follow.",
            "Use redirect mode follow, or mode cors.",
            "Fetch Standard, section 4.1, main fetch",
        ),
        Code::RedirectModeError => (
            "a redirect in redirect mode error",
            "The page refused redirects, and the server sent one.",
            "Call the final URL directly.",
            "Fetch Standard, section 4.3, HTTP fetch",
        ),
        Code::RedirectWithCredentials => (
            "a redirect to a URL with user name or password",
            "The Location of a cross-origin redirect in mode cors holds user information.",
            "Never put credentials into redirect URLs.",
            "Fetch Standard, section 4.4, HTTP-redirect fetch",
        ),
        Code::CorpSameOrigin => (
            "Cross-Origin-Resource-Policy: same-origin refuses the page",
            "A load in mode no-cors met Cross-Origin-Resource-Policy: same-origin.",
            "Send `Cross-Origin-Resource-Policy: cross-origin` on public assets, or load with the crossorigin attribute.",
            "Fetch Standard, section 3.7, Cross-Origin-Resource-Policy",
        ),
        Code::CorpSameSite => (
            "Cross-Origin-Resource-Policy: same-site refuses the page",
            "A load in mode no-cors from another site met Cross-Origin-Resource-Policy: same-site.",
            "Send `Cross-Origin-Resource-Policy: cross-origin` on public assets, or load with the crossorigin attribute.",
            "Fetch Standard, section 3.7, Cross-Origin-Resource-Policy",
        ),
        Code::CorpCoep => (
            "the page's embedder policy refuses a resource without CORP",
            "The document has Cross-Origin-Embedder-Policy, and the resource carries no Cross-Origin-Resource-Policy.",
            "Send `Cross-Origin-Resource-Policy: cross-origin` on the resource, or load it in mode cors.",
            "HTML Standard, section 7.1.4, cross-origin embedder policies",
        ),
        Code::LnaInsecureContext => (
            "a page that is no secure context asked the local network",
            "Chromium lets only secure contexts ask less public addresses.",
            "Serve the page over https.",
            "Local Network Access, section 3, Fetch integration",
        ),
        Code::LnaPermissionDenied => (
            "local network access without permission",
            "Chromium asks the user before a page may reach the local network, and the user did not agree.",
            "Drop the request, or tell the user why the permission is needed.",
            "Local Network Access, section 3, Fetch integration",
        ),
        Code::LnaAddressSpaceMismatch => (
            "the declared address space is another",
            "The request declared a target address space that the server's address is not in.",
            "Correct the targetAddressSpace option.",
            "Local Network Access, section 3, Fetch integration",
        ),
        Code::PnaPreflightMissingAllow | Code::PnaPreflightInvalidAllow => (
            "older Chromium: the private network was not granted",
            "Older Chromium wanted `Access-Control-Allow-Private-Network: true` from servers on private addresses.",
            "Update the browser; for older ones send the header from devices that need it, to listed origins.",
            "Private Network Access (superseded by Local Network Access)",
        ),
        Code::CorsDisabled => (
            "CORS is switched off in this Firefox",
            "The preference content.cors.disable forbids every cross-origin request.",
            "Reset the preference.",
            CORS_CHECK,
        ),
        Code::OriginHeaderNotAdded => (
            "Firefox could not add Origin",
            "An extension changed the request so that Origin could not be added.",
            "Look for the extension that changes requests.",
            CORS_CHECK,
        ),
        Code::SwOpaqueForCors => (
            "a service worker answered a cors request with an opaque response",
            "A response that a worker fetched in mode no-cors cannot answer a request in mode cors.",
            "Let the worker fetch in mode cors.",
            "Fetch Standard, section 4.3, HTTP fetch",
        ),
        // Codes of other classes are no failures; the registry holds none of them.
        _ => ("", "", "", ""),
    };
    Text {
        title,
        meaning,
        fix,
        reference,
    }
}
