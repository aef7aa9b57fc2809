//! nginx. A `map` compares whole strings; the value it gives is written out rather than copied from the request. A
//! header with an empty value is not sent.

use std::fmt::Write as _;

use super::remedy::AllowList;
use super::{MAX_AGE, listed};

pub(super) fn grant(list: &AllowList) -> String {
    let mut out = String::from(
        "# In http { }: the answer's origin, empty for all but these.\n\
         map $http_origin $cors_origin {\n    default \"\";\n",
    );
    for origin in &list.origins {
        let origin = origin.as_ref();
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "    \"{origin}\" \"{origin}\";");
    }
    out.push_str("}\n");
    let mut for_granted = |name: &str, value: &str| {
        let _ = writeln!(
            out,
            "map $cors_origin ${name} {{\n    default \"{value}\";\n    \"\" \"\";\n}}"
        );
    };
    if list.credentials {
        for_granted("cors_credentials", "true");
    }
    for_granted("cors_methods", &listed(&list.methods));
    if !list.headers.is_empty() {
        for_granted("cors_headers", &listed(&list.headers));
    }
    out.push_str(
        "\n# In the location that answers. What the application behind it says is replaced.\n\
         proxy_hide_header Access-Control-Allow-Origin;\n\
         proxy_hide_header Access-Control-Allow-Credentials;\n\
         add_header Access-Control-Allow-Origin $cors_origin always;\n",
    );
    if list.credentials {
        out.push_str("add_header Access-Control-Allow-Credentials $cors_credentials always;\n");
    }
    out.push_str("add_header Access-Control-Allow-Methods $cors_methods always;\n");
    if !list.headers.is_empty() {
        out.push_str("add_header Access-Control-Allow-Headers $cors_headers always;\n");
    }
    let _ = writeln!(out, "add_header Access-Control-Max-Age {MAX_AGE} always;");
    out.push_str(
        "add_header Vary Origin always;\n\
         if ($request_method = OPTIONS) {\n    return 204;\n}\n",
    );
    out
}

pub(super) fn share(policy: &str) -> String {
    format!(
        "# In the location that answers.\nadd_header Cross-Origin-Resource-Policy {policy} always;\n"
    )
}
