//! The codes of refused preflights.

use super::{Explanation, HTTP_FETCH};
const PREFLIGHT: &str = "https://fetch.spec.whatwg.org/#cors-preflight-fetch-0";
const PREFLIGHT_FAILS: &str = "The browser asked the server with OPTIONS before the request itself, and the answer \
                               refused. The request was not sent.";

pub(super) const MISSING_ALLOW_ORIGIN: Explanation = Explanation {
    title: "the preflight's answer has no Access-Control-Allow-Origin",
    meaning: PREFLIGHT_FAILS,
    why: "The answer to OPTIONS passes the same check as every response. Authentication, routing and firewalls \
                  often answer OPTIONS before the code that adds the headers.",
    example: &[
        "OPTIONS /data HTTP/1.1",
        "Origin: https://app.example",
        "Access-Control-Request-Method: PUT",
        "",
        "HTTP/1.1 401 Unauthorized",
    ],
    fix: "Answer OPTIONS with the CORS headers before authentication and routing.",
    standard: PREFLIGHT,
    mdn: Some("CORSMissingAllowOrigin"),
};

pub(super) const ALLOW_ORIGIN_MISMATCH: Explanation = Explanation {
    title: "the preflight's answer allows another origin",
    meaning: PREFLIGHT_FAILS,
    why: "Access-Control-Allow-Origin of the answer is compared byte for byte with the preflight's Origin header.",
    example: &[
        "OPTIONS /data HTTP/1.1",
        "Origin: https://app.example",
        "Access-Control-Request-Method: PUT",
        "",
        "HTTP/1.1 204 No Content",
        "Access-Control-Allow-Origin: https://www.app.example",
    ],
    fix: "On the answer to OPTIONS, send back the Origin found in a list of allowed origins, and Vary: Origin.",
    standard: PREFLIGHT,
    mdn: Some("CORSAllowOriginNotMatchingOrigin"),
};

pub(super) const ALLOW_ORIGIN_MULTIPLE: Explanation = Explanation {
    title: "the preflight's answer allows several origins at once",
    meaning: PREFLIGHT_FAILS,
    why: "Access-Control-Allow-Origin takes one value. Most often both a proxy and the application add it.",
    example: &[
        "OPTIONS /data HTTP/1.1",
        "Origin: https://app.example",
        "Access-Control-Request-Method: PUT",
        "",
        "HTTP/1.1 204 No Content",
        "Access-Control-Allow-Origin: https://app.example, https://app.example",
    ],
    fix: "Let exactly one layer set Access-Control-Allow-Origin on the answer to OPTIONS, to one value.",
    standard: PREFLIGHT,
    mdn: Some("CORSMultipleAllowOriginNotAllowed"),
};

pub(super) const ALLOW_ORIGIN_INVALID: Explanation = Explanation {
    title: "Access-Control-Allow-Origin of the preflight's answer is no origin",
    meaning: PREFLIGHT_FAILS,
    why: "The value is neither *, nor null, nor scheme://host[:port].",
    example: &[
        "OPTIONS /data HTTP/1.1",
        "Origin: https://app.example",
        "Access-Control-Request-Method: PUT",
        "",
        "HTTP/1.1 204 No Content",
        "Access-Control-Allow-Origin: app.example",
    ],
    fix: "On the answer to OPTIONS, send scheme://host[:port] without quotes, path or pattern.",
    standard: PREFLIGHT,
    mdn: Some("CORSAllowOriginNotMatchingOrigin"),
};

pub(super) const WILDCARD_WITH_CREDENTIALS: Explanation = Explanation {
    title: "the preflight's answer allows any origin, but the request will carry credentials",
    meaning: PREFLIGHT_FAILS,
    why: "The preflight carries no credentials itself; it is judged by the credentials mode of the request that \
                  follows, and that is include.",
    example: &[
        "OPTIONS /data HTTP/1.1",
        "Origin: https://app.example",
        "Access-Control-Request-Method: PUT",
        "",
        "HTTP/1.1 204 No Content",
        "Access-Control-Allow-Origin: *",
    ],
    fix: "On the answer to OPTIONS, name the origin instead of * and send Access-Control-Allow-Credentials: true; \
                  or make the request without credentials.",
    standard: PREFLIGHT,
    mdn: Some("CORSNotSupportingCredentials"),
};

pub(super) const ALLOW_CREDENTIALS_NOT_TRUE: Explanation = Explanation {
    title: "Access-Control-Allow-Credentials of the preflight's answer is not true",
    meaning: PREFLIGHT_FAILS,
    why: "The request that follows has the credentials mode include, so its preflight has to allow credentials too.",
    example: &[
        "OPTIONS /data HTTP/1.1",
        "Origin: https://app.example",
        "Access-Control-Request-Method: PUT",
        "",
        "HTTP/1.1 204 No Content",
        "Access-Control-Allow-Origin: https://app.example",
    ],
    fix: "On the answer to OPTIONS, send Access-Control-Allow-Credentials: true, in lower case and once.",
    standard: PREFLIGHT,
    mdn: Some("CORSMissingAllowCredentials"),
};

pub(super) const BAD_STATUS: Explanation = Explanation {
    title: "the preflight's answer has no ok status",
    meaning: PREFLIGHT_FAILS,
    why: "The headers of the answer allow the origin, but a status outside 200 to 299 says that the server does \
                  not know the request. WebKit looks at the status before it looks at the headers.",
    example: &[
        "OPTIONS /data HTTP/1.1",
        "Origin: https://app.example",
        "Access-Control-Request-Method: PUT",
        "",
        "HTTP/1.1 405 Method Not Allowed",
        "Access-Control-Allow-Origin: https://app.example",
    ],
    fix: "Answer OPTIONS with 200 or 204.",
    standard: PREFLIGHT,
    mdn: Some("CORSPreflightDidNotSucceed"),
};

pub(super) const REDIRECTED: Explanation = Explanation {
    title: "the preflight was redirected",
    meaning: PREFLIGHT_FAILS,
    why: "Browsers follow no redirect of a preflight. Redirects to https, to www or to a trailing slash are the usual cause.",
    example: &[
        "OPTIONS /data HTTP/1.1",
        "Origin: https://app.example",
        "Access-Control-Request-Method: PUT",
        "",
        "HTTP/1.1 301 Moved Permanently",
        "Location: /data/",
    ],
    fix: "Answer OPTIONS at the URL that is called, without a redirect; or call the final URL.",
    standard: HTTP_FETCH,
    mdn: Some("CORSExternalRedirectNotAllowed"),
};

pub(super) const NETWORK_ERROR: Explanation = Explanation {
    title: "the preflight got no answer",
    meaning: "The browser asked the server with OPTIONS before the request itself, and no response came. The \
                      request was not sent.",
    why: "A preflight without an answer is a refusal. The connection failed, TLS failed, or something on the way \
                  drops OPTIONS.",
    example: &[
        "OPTIONS /data HTTP/1.1",
        "Origin: https://app.example",
        "Access-Control-Request-Method: PUT",
    ],
    fix: "Make the endpoint reachable for OPTIONS.",
    standard: PREFLIGHT,
    mdn: Some("CORSDidNotSucceed"),
};

pub(super) const ALLOW_METHODS_UNPARSABLE: Explanation = Explanation {
    title: "Access-Control-Allow-Methods is no list of methods",
    meaning: PREFLIGHT_FAILS,
    why: "The value has to be tokens between commas. One bad item spoils the whole list.",
    example: &[
        "Access-Control-Request-Method: PUT",
        "",
        "HTTP/1.1 204 No Content",
        "Access-Control-Allow-Methods: GET PUT",
    ],
    fix: "Separate the methods by commas and leave out everything that is no method.",
    standard: PREFLIGHT,
    mdn: Some("CORSInvalidAllowMethod"),
};

pub(super) const ALLOW_HEADERS_UNPARSABLE: Explanation = Explanation {
    title: "Access-Control-Allow-Headers is no list of header names",
    meaning: PREFLIGHT_FAILS,
    why: "The value has to be tokens between commas. One bad item spoils the whole list.",
    example: &[
        "Access-Control-Request-Headers: x-token",
        "",
        "HTTP/1.1 204 No Content",
        "Access-Control-Allow-Headers: X-Token; X-Other",
    ],
    fix: "Separate the header names by commas and leave out everything that is no header name.",
    standard: PREFLIGHT,
    mdn: Some("CORSInvalidAllowHeader"),
};

pub(super) const METHOD_NOT_ALLOWED: Explanation = Explanation {
    title: "the preflight's answer does not allow the method",
    meaning: PREFLIGHT_FAILS,
    why: "Every method but GET, HEAD and POST has to be listed. Case counts, and browsers do not write patch in \
                  capitals by themselves. With credentials * is no wildcard.",
    example: &[
        "Access-Control-Request-Method: PUT",
        "",
        "HTTP/1.1 204 No Content",
        "Access-Control-Allow-Methods: GET, POST",
    ],
    fix: "List the method in Access-Control-Allow-Methods, in the case in which it is sent.",
    standard: PREFLIGHT,
    mdn: Some("CORSMethodNotFound"),
};

pub(super) const HEADER_NOT_ALLOWED: Explanation = Explanation {
    title: "the preflight's answer does not allow a request header",
    meaning: PREFLIGHT_FAILS,
    why: "Every header that the script set and that is not safelisted has to be listed; a Content-Type of \
                  application/json is not safelisted. With credentials * is no wildcard.",
    example: &[
        "Access-Control-Request-Headers: content-type,x-token",
        "",
        "HTTP/1.1 204 No Content",
        "Access-Control-Allow-Headers: content-type",
    ],
    fix: "List the header in Access-Control-Allow-Headers.",
    standard: PREFLIGHT,
    mdn: Some("CORSMissingAllowHeaderFromPreflight"),
};

pub(super) const AUTHORIZATION_NOT_LISTED: Explanation = Explanation {
    title: "the preflight's answer does not name Authorization",
    meaning: "By the standard, * in Access-Control-Allow-Headers does not cover Authorization. Shipping browsers \
                      let it pass and warn.",
    why: "Authorization carries credentials; the standard wants servers to ask for it by name.",
    example: &[
        "Access-Control-Request-Headers: authorization",
        "",
        "HTTP/1.1 204 No Content",
        "Access-Control-Allow-Headers: *",
    ],
    fix: "List Authorization beside * in Access-Control-Allow-Headers.",
    standard: PREFLIGHT,
    mdn: Some("CORSMissingAllowHeaderFromPreflight"),
};
