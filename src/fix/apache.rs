//! Apache httpd 2.4, `mod_setenvif`, `mod_headers` and `mod_rewrite`. The comparison is by string, not by pattern.

use std::fmt::Write as _;

use super::remedy::AllowList;
use super::{MAX_AGE, listed};

pub(super) fn grant(list: &AllowList) -> String {
    let mut out = String::from(
        "# In the virtual host. CORS_ORIGIN is set for these origins and no others.\n",
    );
    for origin in &list.origins {
        let origin = origin.as_ref();
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(
            out,
            "SetEnvIfExpr \"req('Origin') == '{origin}'\" CORS_ORIGIN={origin}"
        );
    }
    out.push_str(
        "# What the application says is replaced.\n\
         Header onsuccess unset Access-Control-Allow-Origin\n\
         Header onsuccess unset Access-Control-Allow-Credentials\n\
         Header always set Access-Control-Allow-Origin \"%{CORS_ORIGIN}e\" env=CORS_ORIGIN\n",
    );
    let mut for_granted = |name: &str, value: &str| {
        let _ = writeln!(out, "Header always set {name} \"{value}\" env=CORS_ORIGIN");
    };
    if list.credentials {
        for_granted("Access-Control-Allow-Credentials", "true");
    }
    for_granted("Access-Control-Allow-Methods", &listed(&list.methods));
    if !list.headers.is_empty() {
        for_granted("Access-Control-Allow-Headers", &listed(&list.headers));
    }
    for_granted("Access-Control-Max-Age", &MAX_AGE.to_string());
    out.push_str(
        "Header always merge Vary Origin\n\
         # Preflights are answered here, before authentication and redirects.\n\
         RewriteEngine On\n\
         RewriteCond %{REQUEST_METHOD} =OPTIONS\n\
         RewriteCond %{HTTP:Access-Control-Request-Method} .\n\
         RewriteRule ^ - [R=204,L]\n",
    );
    out
}

pub(super) fn share(policy: &str) -> String {
    format!("Header always set Cross-Origin-Resource-Policy \"{policy}\"\n")
}
