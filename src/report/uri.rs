//! Paths as URI references (RFC 3986).

/// A path as a URI reference: relative ones stay relative, absolute ones get the scheme `file`.
pub(super) fn of_path(path: &str) -> String {
    let path = path.replace(std::path::MAIN_SEPARATOR, "/");
    if path.starts_with('/') {
        return format!("file://{}", encoded(&path));
    }
    let is_drive = cfg!(windows) && path.as_bytes().get(1) == Some(&b':');
    if is_drive {
        let (drive, rest) = path.split_at(2);
        return format!("file:///{drive}{}", encoded(rest));
    }
    let mut relative = path.as_str();
    while let Some(rest) = relative.strip_prefix("./") {
        relative = rest.trim_start_matches('/');
    }
    encoded(relative)
}

/// Everything but unreserved characters and slashes, percent-encoded.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        for (path, uri) in [
            ("shop.har", "shop.har"),
            ("./a b/ä.har", "a%20b/%C3%A4.har"),
            ("../up.har", "../up.har"),
            ("/tmp/x#1?.har", "file:///tmp/x%231%3F.har"),
            ("c:odd.har", "c%3Aodd.har"),
            ("-", "-"),
        ] {
            assert_eq!(of_path(path), uri, "{path}");
        }
    }
}
