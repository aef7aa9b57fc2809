//! Express with its `cors` middleware, which compares the items of a list by string and adds `Vary: Origin`.

use std::fmt::Write as _;

use super::remedy::AllowList;
use super::{MAX_AGE, quoted};

pub(super) fn grant(list: &AllowList) -> String {
    let mut out = format!(
        "// npm install cors. Before routes, authentication and redirects.\n\
         const cors = require('cors');\n\n\
         app.use(cors({{\n  origin: [{}],\n  methods: [{}],\n",
        quoted(&list.origins, '\''),
        quoted(&list.methods, '\''),
    );
    // Writing to a string cannot fail, here and below. Without a list the middleware grants every header asked for.
    let _ = writeln!(out, "  allowedHeaders: [{}],", quoted(&list.headers, '\''));
    if list.credentials {
        out.push_str("  credentials: true,\n");
    }
    let _ = writeln!(out, "  maxAge: {MAX_AGE},\n}}));");
    out
}

pub(super) fn share(policy: &str) -> String {
    format!(
        "app.use((req, res, next) => {{\n  res.set('Cross-Origin-Resource-Policy', '{policy}');\n  next();\n}});\n"
    )
}
