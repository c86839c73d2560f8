//! Who may ask at all: for a host that is ours, and not a browser that was sent here by somebody else's page.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::{CACHE_CONTROL, CONNECTION, FORWARDED, HOST, ORIGIN, VIA, X_CONTENT_TYPE_OPTIONS};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::door::Peer;
use super::{Shared, unsubscribe};

/// What the guard knows.
#[derive(Clone)]
pub(super) struct Doorkeeper {
    pub(super) shared: Arc<Shared>,
    /// Where the server listens.
    pub(super) at: Option<SocketAddr>,
}

/// Lets a request through, or not; every answer ends its connection and stays in no cache.
pub(super) async fn keep(State(keeper): State<Doorkeeper>, request: Request, next: Next) -> Response {
    let refused = keeper.refusal(&request);
    let mut response = match refused {
        Some(status) => status.into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

impl Doorkeeper {
    fn refusal(&self, request: &Request) -> Option<StatusCode> {
        let host = match request.headers().get(HOST) {
            Some(host) => host.to_str().unwrap_or_default(),
            // HTTP/1.0 has none, and no browser speaks it.
            None => request.uri().authority().map_or("localhost", |authority| authority.as_str()),
        };
        let live = self.shared.live();
        let public = live.settings.as_ref().and_then(|settings| settings.public_url.as_ref());
        let public = public.and_then(|url| url.url().host_str());
        if !is_ours(host, public, self.at.is_none_or(|at| at.ip().is_loopback())) {
            return Some(StatusCode::MISDIRECTED_REQUEST);
        }
        // Our own page for whoever wants no more mails is the one that posts.
        let changes = request.method() != Method::GET && !request.uri().path().starts_with(unsubscribe::PATH);
        (changes && is_of_a_page(request.headers())).then_some(StatusCode::FORBIDDEN)
    }
}

/// A name that only we have, or an address: a page elsewhere can make its own name lead here, but not these.
fn is_ours(host: &str, public: Option<&str>, only_here: bool) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    if name.eq_ignore_ascii_case("localhost") || public.is_some_and(|public| name.eq_ignore_ascii_case(public)) {
        return true;
    }
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || (!only_here && !ip.is_unspecified()))
}

/// A browser says where a request that may change something comes from; a program does not.
fn is_of_a_page(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    headers.contains_key(ORIGIN) || site.is_some_and(|site| site != "none")
}

/// Whether a process of this machine asks; whatever a proxy passed on does not come from one.
pub(super) struct IsLocal(pub(super) bool);

impl FromRequestParts<Arc<Shared>> for IsLocal {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<IsLocal, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<Peer>>().map(|ConnectInfo(Peer(peer))| *peer);
        let near = peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback());
        let live = shared.live();
        let has_proxy = live.settings.as_ref().is_some_and(|settings| settings.public_url.is_some());
        let passed_on = was_passed_on(&parts.headers) || (has_proxy && may_be_passed_on(&parts.headers, parts.version));
        Ok(IsLocal(near && !passed_on))
    }
}

/// A proxy said so.
fn was_passed_on(headers: &HeaderMap) -> bool {
    let said = [
        FORWARDED.as_str(),
        VIA.as_str(),
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-port",
        "x-real-ip",
    ];
    said.iter().any(|name| headers.contains_key(*name))
}

/// Where a proxy is known to be: it may not say so. One keeps the host it was asked for; another (nginx, left as it is)
/// names the address it passes on to, but speaks HTTP/1.0 or ends the connection, which programs of this machine do not.
fn may_be_passed_on(headers: &HeaderMap, version: Version) -> bool {
    let here = headers.get(HOST).and_then(|host| host.to_str().ok()).is_some_and(|host| is_ours(host, None, true));
    let ends = headers.get(CONNECTION).and_then(|how| how.to_str().ok());
    !here || version < Version::HTTP_11 || ends.is_some_and(|how| how.eq_ignore_ascii_case("close"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    #[test]
    fn a_host_is_ours_by_name_or_by_address() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080", "[::1]:8080", "[::1]", "127.9.9.9:1"]
        {
            assert!(is_ours(host, None, true), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "localhost.",
            "127.0.0.1.evil.example",
            "0.0.0.0",
            "0.0.0.0:8080",
            "[::]:8080",
            "10.0.0.1:8080",
            "127.0.0.1:",
            "user@localhost",
        ] {
            assert!(!is_ours(host, None, true), "{host}");
        }
        assert!(is_ours("Gapwatch.example.org:443", Some("gapwatch.example.org"), true));
        assert!(!is_ours("x.gapwatch.example.org", Some("gapwatch.example.org"), true));
        assert!(is_ours("10.0.0.1:8080", None, false), "a probe asks for the address itself");
        assert!(!is_ours("0.0.0.0:8080", None, false));
        assert!(!is_ours("evil.example", None, false));
    }

    #[test]
    fn where_a_proxy_is_only_what_cannot_come_from_it_is_of_this_machine() {
        let may = |head: &[(&'static str, &'static str)], version| {
            let headers: HeaderMap = head
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            may_be_passed_on(&headers, version)
        };
        let here = ("host", "127.0.0.1:8080");
        assert!(!may(&[here], Version::HTTP_11));
        assert!(!may(&[("host", "localhost"), ("connection", "keep-alive")], Version::HTTP_11));
        assert!(may(&[here, ("connection", "close")], Version::HTTP_10), "nginx, left as it is");
        assert!(may(&[here, ("connection", "Close")], Version::HTTP_11));
        assert!(may(&[("host", "gapwatch.example.org")], Version::HTTP_11), "a proxy that keeps the host");
        assert!(may(&[("host", "10.0.0.1:8080")], Version::HTTP_11));
        assert!(may(&[], Version::HTTP_10));
    }
}
