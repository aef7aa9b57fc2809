//! FastAPI, by Starlette's middleware, which compares origins by string and adds `Vary: Origin`.

use std::fmt::Write as _;

use super::remedy::AllowList;
use super::{MAX_AGE, quoted};

pub(super) fn grant(list: &AllowList) -> String {
    let mut out = format!(
        "from fastapi.middleware.cors import CORSMiddleware\n\n\
         # Added last, so that it stands before all other middleware.\n\
         app.add_middleware(\n    CORSMiddleware,\n    allow_origins=[{}],\n    allow_methods=[{}],\n",
        quoted(&list.origins, '"'),
        quoted(&list.methods, '"'),
    );
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "    allow_headers=[{}],", quoted(&list.headers, '"'));
    if list.credentials {
        out.push_str("    allow_credentials=True,\n");
    }
    let _ = writeln!(out, "    max_age={MAX_AGE},\n)");
    out
}

pub(super) fn share(policy: &str) -> String {
    format!(
        "@app.middleware(\"http\")\nasync def resource_policy(request, call_next):\n    \
         response = await call_next(request)\n    \
         response.headers[\"Cross-Origin-Resource-Policy\"] = \"{policy}\"\n    return response\n"
    )
}
