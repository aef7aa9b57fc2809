//! Go's `net/http`, without a library. Indented with tabs, as gofmt does.

use std::fmt::Write as _;

use super::remedy::AllowList;
use super::{MAX_AGE, listed};

pub(super) fn grant(list: &AllowList) -> String {
    let mut out = String::from("var allowedOrigins = map[string]bool{\n");
    for origin in &list.origins {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "\t\"{}\": true,", origin.as_ref());
    }
    out.push_str(
        "}\n\n\
         // Outermost: before authentication and redirects.\n\
         func cors(next http.Handler) http.Handler {\n\
         \treturn http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {\n\
         \t\tw.Header().Add(\"Vary\", \"Origin\")\n\
         \t\torigin := r.Header.Get(\"Origin\")\n\
         \t\tif allowedOrigins[origin] {\n\
         \t\t\tw.Header().Set(\"Access-Control-Allow-Origin\", origin)\n",
    );
    let mut set = |name: &str, value: &str| {
        let _ = writeln!(out, "\t\t\tw.Header().Set(\"{name}\", \"{value}\")");
    };
    if list.credentials {
        set("Access-Control-Allow-Credentials", "true");
    }
    set("Access-Control-Allow-Methods", &listed(&list.methods));
    if !list.headers.is_empty() {
        set("Access-Control-Allow-Headers", &listed(&list.headers));
    }
    set("Access-Control-Max-Age", &MAX_AGE.to_string());
    out.push_str(
        "\t\t}\n\
         \t\tif r.Method == http.MethodOptions && r.Header.Get(\"Access-Control-Request-Method\") != \"\" {\n\
         \t\t\tw.WriteHeader(http.StatusNoContent)\n\
         \t\t\treturn\n\
         \t\t}\n\
         \t\tnext.ServeHTTP(w, r)\n\
         \t})\n\
         }\n",
    );
    out
}

pub(super) fn share(policy: &str) -> String {
    format!("w.Header().Set(\"Cross-Origin-Resource-Policy\", \"{policy}\")\n")
}
