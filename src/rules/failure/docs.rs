//! The documentation of failures, one page for each code.

use std::borrow::Cow;

use super::{default_severity, text};
use crate::cors::Code;
use crate::finding::Category;
use crate::rules::Declaration;

/// The declaration of a code's rule.
pub(super) fn declaration(code: Code) -> Declaration {
    let text = text::of(code);
    let preflight = code.as_str().starts_with("preflight-");
    let title = if preflight && code.as_str().contains("allow-origin")
        || code == Code::PreflightWildcardWithCredentials
        || code == Code::PreflightAllowCredentialsNotTrue
    {
        preflight_title(code)
    } else {
        text.title
    };
    let docs = format!(
        "## What it finds\n{}{}\n\n## Why it matters\nThe browser refused to hand the answer to the page; the page sees a \
         network error.{}\n\n## Example\n{}\n\n## Fix\n{}\n\n## References\n- {}\n",
        text.meaning,
        if preflight {
            " This is said of the preflight's answer."
        } else {
            ""
        },
        variants(code),
        example(code),
        text.fix,
        text.reference,
    );
    Declaration {
        id: code.as_str(),
        category: Category::Failure,
        severity: default_severity(code),
        title,
        since: "0.1.0",
        docs: Cow::Owned(docs),
    }
}

fn preflight_title(code: Code) -> &'static str {
    match code {
        Code::PreflightMissingAllowOrigin => {
            "no Access-Control-Allow-Origin in the preflight's answer"
        }
        Code::PreflightAllowOriginMismatch => {
            "the preflight's Access-Control-Allow-Origin names another origin"
        }
        Code::PreflightAllowOriginMultiple => {
            "the preflight's Access-Control-Allow-Origin has several values"
        }
        Code::PreflightAllowOriginInvalid => {
            "the preflight's Access-Control-Allow-Origin is not an origin"
        }
        Code::PreflightWildcardWithCredentials => {
            "`*` in the preflight's answer refused because the request includes credentials"
        }
        _ => "the preflight's Access-Control-Allow-Credentials is not `true`",
    }
}

fn variants(code: Code) -> &'static str {
    match code {
        Code::MissingAllowOrigin | Code::PreflightMissingAllowOrigin => {
            " Variant `granted-elsewhere` (high): other answers of the endpoint granted this origin. Variant `protected` \
             (info): a page of an unrelated site tried to read (GET, HEAD, or anything stopped at the preflight), perhaps \
             with the user's credentials, from a server that the user had \
             opened in a tab of its own, that does not know the page, and that answered nobody with a grant; the browser \
             protected the user and nothing needs repair. Variant `third-party` (info): a collector that the reviewer \
             cannot change."
        }
        Code::AllowOriginMismatch | Code::PreflightAllowOriginMismatch => {
            " Variant `near`: the value misses by scheme, port, `www.`, a slash, case, default port, path or script. Variant \
             `own-origin`: the server names itself; it sent CORS headers and thereby meant to grant something, so this \
             stays a failure even if the page is a stranger."
        }
        Code::PreflightBadStatus => {
            " Variant `auth-demanded` (high): 401 or 407; preflights never carry credentials, so every such request fails."
        }
        _ => "",
    }
}

/// A request and its answer, as short as they can be.
fn example(code: Code) -> &'static str {
    match code {
        Code::MissingAllowOrigin => {
            "    GET /cart, Origin: https://shop.test\n    200, no Access-Control-Allow-Origin"
        }
        Code::AllowOriginMismatch => {
            "    GET /api, Origin: http://localhost:3000\n    Access-Control-Allow-Origin: https://yoursite.com"
        }
        Code::AllowOriginMultiple => "    Access-Control-Allow-Origin: *, *",
        Code::AllowOriginInvalid => "    Access-Control-Allow-Origin: *.corp.test",
        Code::WildcardWithCredentials => "    Cookie: sid=...\n    Access-Control-Allow-Origin: *",
        Code::AllowCredentialsNotTrue => {
            "    Cookie: sid=...\n    Access-Control-Allow-Credentials: True"
        }
        Code::PreflightMissingAllowOrigin => {
            "    OPTIONS /cart, Origin: https://shop.test\n    204, no Access-Control-Allow-Origin"
        }
        Code::PreflightAllowOriginMismatch => {
            "    OPTIONS /api, Origin: http://localhost:3000\n    Access-Control-Allow-Origin: http://localhost:3001"
        }
        Code::PreflightAllowOriginMultiple => {
            "    OPTIONS /api\n    Access-Control-Allow-Origin: https://a.test, https://b.test"
        }
        Code::PreflightAllowOriginInvalid => {
            "    OPTIONS /api\n    Access-Control-Allow-Origin: shop.test"
        }
        Code::PreflightWildcardWithCredentials => {
            "    OPTIONS /api, before a request with credentials\n    Access-Control-Allow-Origin: *"
        }
        Code::PreflightAllowCredentialsNotTrue => {
            "    OPTIONS /api, before a request with credentials\n    no Access-Control-Allow-Credentials"
        }
        Code::PreflightBadStatus => "    OPTIONS /orders\n    405",
        Code::PreflightRedirected => {
            "    OPTIONS http://api.test/\n    301, Location: https://api.test/"
        }
        Code::PreflightNetworkError => "    OPTIONS /orders\n    the connection is reset",
        Code::PreflightAllowMethodsUnparsable => "    Access-Control-Allow-Methods: GET POST",
        Code::PreflightAllowHeadersUnparsable => "    Access-Control-Allow-Headers: x-a; x-b",
        Code::PreflightMethodNotAllowed => {
            "    Access-Control-Request-Method: PUT\n    Access-Control-Allow-Methods: GET, POST"
        }
        Code::PreflightHeaderNotAllowed => {
            "    Access-Control-Request-Headers: x-trace\n    Access-Control-Allow-Headers: content-type"
        }
        Code::PreflightAuthorizationNotListed => {
            "    Access-Control-Request-Headers: authorization\n    Access-Control-Allow-Headers: *"
        }
        Code::SameOriginMode => {
            "    fetch('/next', {mode: 'same-origin'})\n    302, Location: https://other.test/"
        }
        Code::SchemeNotCorsEnabled => "    fetch('ftp://files.test/list')",
        Code::NoCorsRedirectMode => {
            "    fetch('https://other.test/', {mode: 'no-cors', redirect: 'error'})"
        }
        Code::RedirectModeError => {
            "    fetch('/old', {redirect: 'error'})\n    301, Location: /new"
        }
        Code::RedirectWithCredentials => "    302, Location: https://user:password@files.test/x",
        Code::CorpSameOrigin => {
            "    Sec-Fetch-Mode: no-cors\n    Cross-Origin-Resource-Policy: same-origin"
        }
        Code::CorpSameSite => {
            "    Sec-Fetch-Mode: no-cors, Sec-Fetch-Site: cross-site\n    Cross-Origin-Resource-Policy: same-site"
        }
        Code::CorpCoep => {
            "    document: Cross-Origin-Embedder-Policy: require-corp\n    image: no Cross-Origin-Resource-Policy"
        }
        Code::LnaInsecureContext => "    http://news.test asks http://192.168.0.1/",
        Code::LnaAddressSpaceMismatch => {
            "    fetch('http://news.test/', {targetAddressSpace: 'local'}), served from a public address"
        }
        Code::PnaPreflightMissingAllow | Code::PnaPreflightInvalidAllow => {
            "    Access-Control-Request-Private-Network: true\n    no Access-Control-Allow-Private-Network: true"
        }
        Code::LnaPermissionDenied => "    https://news.test asks http://192.168.0.1/",
        Code::CorsDisabled => "    about:config, content.cors.disable = true",
        Code::OriginHeaderNotAdded => "    an extension replaced the request's headers",
        Code::SwOpaqueForCors => "    the worker answers with fetch(url, {mode: 'no-cors'})",
        _ => "",
    }
}
