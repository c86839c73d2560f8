//! Addresses of a hosted tool: where its API is, and what the address of one of its pages leads to.

use url::Url;

/// The address of a page, as it is copied out of a browser.
pub(super) struct Page<'a> {
    /// Without its port.
    host: &'a str,
    /// Parts of its path.
    pub(super) parts: Vec<&'a str>,
}

/// Takes an address apart. `None`: the text is none. At `home` it may lack its scheme.
pub(super) fn page<'a>(text: &'a str, home: &str) -> Option<Page<'a>> {
    let text = text.trim();
    let bare = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let at_home = || text.strip_prefix(home).is_some_and(|rest| rest.starts_with('/'));
    let bare = bare.or_else(|| at_home().then_some(text))?;
    let path = bare.split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.split('/');
    let host = parts.next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
    Some(Page { host, parts: parts.filter(|part| !part.is_empty()).collect() })
}

/// True for an address that leads to another host than the tool's own and that of the API.
pub(super) fn is_foreign(text: &str, domain: &str, api: &Url) -> bool {
    page(text, domain).is_some_and(|page| !is_below(page.host, domain) && Some(page.host) != api.host_str())
}

/// True for an address of the tool's that is not its API.
pub(super) fn is_no_api(url: &Url, domain: &str, api: &str) -> bool {
    is_below(url.host_str().unwrap_or_default(), domain) && url.as_str().trim_end_matches('/') != api
}

fn is_below(host: &str, domain: &str) -> bool {
    host.eq_ignore_ascii_case(domain)
        || host.to_ascii_lowercase().strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_the_tools_own_host_and_that_of_the_api_are_at_home() {
        let api = Url::parse("http://127.0.0.1:8123/1").unwrap();
        for text in [
            "A board",
            "nC8QJJoZ",
            "https://trello.com/b/x",
            "https://api.trello.com/1/boards/x",
            "http://127.0.0.1/b/x",
        ] {
            assert!(!is_foreign(text, "trello.com", &api), "{text}");
        }
        for text in ["https://evil.example/b/x", "https://nottrello.com/b/x", "https://trello.com@evil.example/b/x"] {
            assert!(is_foreign(text, "trello.com", &api), "{text}");
        }
        assert!(page("trello.community", "trello.com").is_none());
    }
}
