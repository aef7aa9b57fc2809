//! Django with `django-cors-headers`, which compares origins by string and adds `Vary: origin`.

use std::fmt::Write as _;

use super::remedy::AllowList;
use super::{MAX_AGE, quoted};

pub(super) fn grant(list: &AllowList) -> String {
    let mut out = format!(
        "# settings.py, with pip install django-cors-headers and \"corsheaders\" in INSTALLED_APPS.\n\
         MIDDLEWARE.insert(0, \"corsheaders.middleware.CorsMiddleware\")\n\
         CORS_ALLOW_ALL_ORIGINS = False\n\
         CORS_ALLOWED_ORIGINS = [{}]\n\
         CORS_ALLOW_METHODS = [{}]\n",
        quoted(&list.origins, '"'),
        quoted(&list.methods, '"'),
    );
    // Writing to a string cannot fail, here and below.
    let names: Vec<String> = list
        .headers
        .iter()
        .map(|name| name.as_ref().to_ascii_lowercase())
        .collect();
    let _ = writeln!(out, "CORS_ALLOW_HEADERS = [{}]", quoted(&names, '"'));
    let credentials = if list.credentials { "True" } else { "False" };
    let _ = writeln!(out, "CORS_ALLOW_CREDENTIALS = {credentials}");
    let _ = writeln!(out, "CORS_PREFLIGHT_MAX_AGE = {MAX_AGE}");
    out
}

pub(super) fn share(policy: &str) -> String {
    format!(
        "# In the view, or in a middleware.\nresponse[\"Cross-Origin-Resource-Policy\"] = \"{policy}\"\n"
    )
}
