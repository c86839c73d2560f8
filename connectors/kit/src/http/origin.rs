//! Where a request may go: the configured bases and nowhere else, and which writes may go there at all.

use http::Method;
use url::{Host, Url};

/// Fails with the reason why this cannot be a base.
pub(super) fn check_base(base: &Url) -> Result<(), String> {
    if base.host().is_none() || !matches!(base.scheme(), "http" | "https") {
        return Err("the address must begin with https:// and name a host".to_owned());
    }
    if base.scheme() == "http" && !is_loopback(base) {
        return Err(format!("plain http is allowed to this machine alone, not to {}; use https", host_of(base)));
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err("the address must not contain a user or password; the credential has its own setting".to_owned());
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err("the address must not contain ? or #".to_owned());
    }
    Ok(())
}

/// The host, for people.
pub(super) fn host_of(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

/// True: the host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The address requested: `path` below `base`. Refused where the path could mean anything else to anybody who reads it.
pub(super) fn compose(base: &Url, path: &str, query: &[(&str, String)]) -> Result<Url, &'static str> {
    check_path(path)?;
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    // The checks above make this so; it is asked once more because a credential hangs on it.
    if is_below(&url, base) { Ok(url) } else { Err("the path leaves the configured address") }
}

fn is_below(url: &Url, base: &Url) -> bool {
    let root = base.path().trim_end_matches('/');
    let below = url.path().strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
    url.origin() == base.origin()
        && below
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}

/// A path is segments of printable ASCII, already encoded, that climb nowhere. An empty path is the base itself.
fn check_path(path: &str) -> Result<(), &'static str> {
    if path.bytes().any(|byte| !byte.is_ascii_graphic() || matches!(byte, b'?' | b'#' | b'\\')) {
        return Err("the path contains a character that must be encoded");
    }
    if path.starts_with('/') || path.contains("//") || path.contains("://") {
        return Err("the path is not relative to the configured address");
    }
    if path.split('/').any(is_dots) {
        return Err("the path climbs out of the configured address");
    }
    Ok(())
}

/// `.` and `..`, encoded or not, as address parsers understand them.
fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

/// A write that may be sent: verb and path, where `*` stands for one segment.
pub(super) struct AllowedWrite {
    method: Method,
    pattern: String,
}

impl AllowedWrite {
    pub(super) fn new(method: &Method, pattern: &str) -> AllowedWrite {
        AllowedWrite { method: method.clone(), pattern: pattern.to_owned() }
    }

    pub(super) fn covers(&self, method: &Method, path: &str) -> bool {
        let mut wanted = self.pattern.split('/');
        let mut given = path.split('/');
        *method == self.method
            && loop {
                match (wanted.next(), given.next()) {
                    (None, None) => break true,
                    (Some("*"), Some(segment)) if !segment.is_empty() => {}
                    (Some(a), Some(b)) if a == b => {}
                    _ => break false,
                }
            }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn base() -> Url {
        "https://ghe.example.com/api/v3/".parse().unwrap()
    }

    #[test]
    fn a_path_is_put_below_the_base_and_a_query_is_encoded() {
        let url = compose(&base(), "repos/acme/web/issues", &[("q", "a b&c=#?".to_owned())]).unwrap();
        assert_eq!(url.as_str(), "https://ghe.example.com/api/v3/repos/acme/web/issues?q=a+b%26c%3D%23%3F");
        assert_eq!(compose(&base(), "a%2Fb/@evil.example", &[]).unwrap().path(), "/api/v3/a%2Fb/@evil.example");
        let root: Url = "https://slack.com".parse().unwrap();
        assert_eq!(compose(&root, "", &[]).unwrap().as_str(), "https://slack.com/");
    }

    #[test]
    fn a_path_that_could_lead_elsewhere_is_refused() {
        for path in [
            "/evil.example/x",
            "//evil.example",
            "a//b",
            "\\\\evil.example",
            "a\\b",
            "https://evil.example/",
            "..",
            "a/../../b",
            "%2e%2e/x",
            "a/.%2E/b",
            ".",
            "a?b=c",
            "a#b",
            "a b",
            "a\nb",
            "a\tb",
            "\u{0}",
            "ä",
        ] {
            assert!(compose(&base(), path, &[]).is_err(), "{path:?}");
        }
    }

    proptest! {
        #[test]
        fn no_path_and_no_query_changes_scheme_host_port_or_root(
            path in r"([/\\@:?#.%a-z0-9\r\n\t &=;-]|//|\.\.|%2e|%2f|%5c|@evil\.example|https://|:443){0,12}",
            any_path in ".*",
            value in ".*",
        ) {
            for path in [path, any_path] {
                if let Ok(url) = compose(&base(), &path, &[("q", value.clone())]) {
                    prop_assert_eq!(url.scheme(), "https");
                    prop_assert_eq!(url.host_str(), Some("ghe.example.com"));
                    prop_assert_eq!(url.port_or_known_default(), Some(443));
                    prop_assert!(url.path().starts_with("/api/v3/"), "{}", url);
                    prop_assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
                    // What goes over the wire is read again by others; they must read the same.
                    let again: Url = url.as_str().parse().unwrap();
                    prop_assert_eq!(&again, &url);
                }
            }
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for good in [
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:80/api",
            "http://localhost:1",
            "https://x.example",
        ] {
            assert!(check_base(&good.parse().unwrap()).is_ok(), "{good}");
        }
        for bad in [
            "http://x.example",
            "http://localhost.evil.example",
            "http://128.0.0.1",
            "http://[::2]",
            "ftp://x.example",
            "https://user:secret@x.example",
            "https://user@x.example",
            "https://x.example/?a=b",
            "https://x.example/#a",
            "data:x",
        ] {
            let error = check_base(&bad.parse().unwrap()).unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_star_in_an_allowed_write_stands_for_one_segment() {
        let allowed = AllowedWrite::new(&Method::POST, "repos/*/*/issues/*/comments");
        assert!(allowed.covers(&Method::POST, "repos/acme/web/issues/12/comments"));
        assert!(!allowed.covers(&Method::PUT, "repos/acme/web/issues/12/comments"));
        assert!(!allowed.covers(&Method::POST, "repos/acme/web/issues/12/comments/9"));
        assert!(!allowed.covers(&Method::POST, "repos/acme/web/issues/12"));
        assert!(!allowed.covers(&Method::POST, "repos/acme//issues/12/comments"));
        assert!(!allowed.covers(&Method::POST, "x/repos/acme/web/issues/12/comments"));
    }
}
