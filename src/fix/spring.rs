//! Spring with Spring Security, whose CORS filter stands before authentication and adds `Vary: Origin`.

use std::fmt::Write as _;

use super::remedy::AllowList;
use super::{MAX_AGE, quoted};

pub(super) fn grant(list: &AllowList) -> String {
    let mut out = format!(
        "// With Spring Security: http.cors(Customizer.withDefaults()) finds this bean.\n\
         @Bean\n\
         CorsConfigurationSource corsConfigurationSource() {{\n    \
             CorsConfiguration cors = new CorsConfiguration();\n    \
             cors.setAllowedOrigins(List.of({}));\n    \
             cors.setAllowedMethods(List.of({}));\n",
        quoted(&list.origins, '"'),
        quoted(&list.methods, '"'),
    );
    // Writing to a string cannot fail, here and below.
    if !list.headers.is_empty() {
        let _ = writeln!(
            out,
            "    cors.setAllowedHeaders(List.of({}));",
            quoted(&list.headers, '"')
        );
    }
    if list.credentials {
        out.push_str("    cors.setAllowCredentials(true);\n");
    }
    let _ = writeln!(out, "    cors.setMaxAge({MAX_AGE}L);");
    out.push_str(
        "    UrlBasedCorsConfigurationSource source = new UrlBasedCorsConfigurationSource();\n    \
             source.registerCorsConfiguration(\"/**\", cors);\n    \
             return source;\n}\n",
    );
    out
}

pub(super) fn share(policy: &str) -> String {
    let constant = match policy {
        "same-site" => "SAME_SITE",
        _ => "CROSS_ORIGIN",
    };
    format!(
        "http.headers(headers -> headers.crossOriginResourcePolicy(policy -> policy.policy(\n    \
         CrossOriginResourcePolicyHeaderWriter.CrossOriginResourcePolicy.{constant})));\n"
    )
}
