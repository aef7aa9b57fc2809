//! ASP.NET Core. Its middleware sends `Vary: Origin` for lists of two and more only, so the header is added here.

use std::fmt::Write as _;

use super::remedy::AllowList;
use super::{MAX_AGE, quoted};

pub(super) fn grant(list: &AllowList) -> String {
    let mut out = format!(
        "builder.Services.AddCors(options => options.AddPolicy(\"pages\", policy => policy\n    \
         .WithOrigins({})\n    .WithMethods({})\n",
        quoted(&list.origins, '"'),
        quoted(&list.methods, '"'),
    );
    // Writing to a string cannot fail, here and below.
    if !list.headers.is_empty() {
        let _ = writeln!(out, "    .WithHeaders({})", quoted(&list.headers, '"'));
    }
    if list.credentials {
        out.push_str("    .AllowCredentials()\n");
    }
    let _ = writeln!(
        out,
        "    .SetPreflightMaxAge(TimeSpan.FromSeconds({MAX_AGE}))));\n"
    );
    out.push_str(
        "// After UseRouting, before UseAuthentication.\n\
         app.Use(async (context, next) =>\n{\n    \
             context.Response.Headers.Append(\"Vary\", \"Origin\");\n    \
             await next();\n});\n\
         app.UseCors(\"pages\");\n",
    );
    out
}

pub(super) fn share(policy: &str) -> String {
    format!(
        "app.Use(async (context, next) =>\n{{\n    \
         context.Response.Headers[\"Cross-Origin-Resource-Policy\"] = \"{policy}\";\n    await next();\n}});\n"
    )
}
