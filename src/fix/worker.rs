//! A worker of a content delivery network: what the server behind it says of CORS is replaced.

use std::fmt::Write as _;

use super::remedy::AllowList;
use super::{MAX_AGE, listed, quoted};

pub(super) fn grant(list: &AllowList) -> String {
    let mut out = format!(
        "const ALLOWED = new Set([{}]);\n\n\
         export default {{\n  async fetch(request) {{\n    \
             const origin = request.headers.get('Origin');\n    \
             const isPreflight = request.method === 'OPTIONS' && request.headers.has('Access-Control-Request-Method');\n    \
             const upstream = isPreflight ? new Response(null, {{ status: 204 }}) : await fetch(request);\n    \
             const response = new Response(upstream.body, upstream);\n    \
             response.headers.delete('Access-Control-Allow-Origin');\n    \
             response.headers.delete('Access-Control-Allow-Credentials');\n    \
             response.headers.append('Vary', 'Origin');\n    \
             if (ALLOWED.has(origin)) {{\n      \
                 response.headers.set('Access-Control-Allow-Origin', origin);\n",
        quoted(&list.origins, '\''),
    );
    let mut set = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "      response.headers.set('{name}', '{value}');");
    };
    if list.credentials {
        set("Access-Control-Allow-Credentials", "true");
    }
    set("Access-Control-Allow-Methods", &listed(&list.methods));
    if !list.headers.is_empty() {
        set("Access-Control-Allow-Headers", &listed(&list.headers));
    }
    set("Access-Control-Max-Age", &MAX_AGE.to_string());
    out.push_str("    }\n    return response;\n  },\n};\n");
    out
}

pub(super) fn share(policy: &str) -> String {
    format!(
        "export default {{\n  async fetch(request) {{\n    \
         const upstream = await fetch(request);\n    \
         const response = new Response(upstream.body, upstream);\n    \
         response.headers.set('Cross-Origin-Resource-Policy', '{policy}');\n    \
         return response;\n  }},\n}};\n"
    )
}
