//! Webhooks of a repository, an organisation or an App: signed over the raw body, and read for one thing alone, which
//! streams of which repository have something new.
//!
//! Links, sub-issues and milestones change without any issue's `updated_at` moving, so their hooks name the streams that
//! would see it.

use connector_kit::StreamKind;
use connector_kit::http::HeaderMap;
use connector_kit::secret::Secret;
use connector_kit::webhook::{Delivery, HookRefused, Hooks, Wake, is_signed};
use serde::Deserialize;

/// The hooks of one connection.
pub struct GithubHooks {
    /// What they are signed with; read anew for each hook, so that a changed file takes effect at once.
    pub secret: Secret,
}

/// What we read of a payload; everything else is left alone.
#[derive(Deserialize)]
struct Payload {
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    id: u64,
}

impl Hooks for GithubHooks {
    fn receive(&self, headers: &HeaderMap, body: &[u8]) -> Result<Delivery, HookRefused> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let signature = header("x-hub-signature-256").and_then(|text| text.strip_prefix("sha256="));
        let signature = signature.ok_or(HookRefused::Forged)?;
        let secret = self.secret.read().map_err(|_| HookRefused::NoSecret)?;
        if !is_signed(&secret, body, signature) {
            return Err(HookRefused::Forged);
        }
        let kinds = kinds_of(header("x-github-event").ok_or(HookRefused::Malformed)?);
        let id = header("x-github-delivery").map(str::to_owned);
        if kinds.is_empty() {
            return Ok(Delivery { id, wakes: Vec::new() });
        }
        let is_form = header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let payload = if is_form { of_form(body) } else { serde_json::from_slice(body).ok() };
        let payload: Payload = payload.ok_or(HookRefused::Malformed)?;
        let repository = payload.repository.map(|repository| repository.id.to_string());
        let wake = |kind: &StreamKind| match kind {
            StreamKind::Containers | StreamKind::Boards => Some(Wake { kind: *kind, container: None }),
            // A hook without a repository says nothing about one.
            kind => Some(Wake { kind: *kind, container: Some(repository.clone()?) }),
        };
        Ok(Delivery { id, wakes: kinds.iter().filter_map(wake).collect() })
    }
}

/// GitHub's other content type: the JSON is the field `payload` of a form.
fn of_form(body: &[u8]) -> Option<Payload> {
    let mut fields = url::form_urlencoded::parse(body);
    let (_, json) = fields.find(|(name, _)| name == "payload")?;
    serde_json::from_str(&json).ok()
}

/// The streams that see what an event tells of; none for an event about something else, and for `ping`.
fn kinds_of(event: &str) -> &'static [StreamKind] {
    match event {
        "issues" | "issue_comment" | "label" => &[StreamKind::Tasks],
        "sub_issues" | "issue_dependencies" => &[StreamKind::Links, StreamKind::Tasks],
        "milestone" => &[StreamKind::Homes, StreamKind::Tasks],
        "projects_v2_item" => &[StreamKind::Boards],
        "repository" | "installation" | "installation_repositories" => &[StreamKind::Containers],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use connector_kit::webhook::signature;

    use super::*;

    const SECRET: &str = "It's a Secret to Everybody";

    fn sign(body: &[u8]) -> String {
        format!("sha256={}", signature(&SECRET.into(), body))
    }

    fn receive(event: &str, kind: &str, body: &[u8], signature: &str) -> Result<Delivery, HookRefused> {
        let headers = [
            ("x-github-event", event),
            ("x-github-delivery", "d-1"),
            ("content-type", kind),
            ("x-hub-signature-256", signature),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        GithubHooks { secret: Secret::fixed(SECRET) }.receive(&headers.collect(), body)
    }

    fn wakes(event: &str, body: &str) -> Vec<(StreamKind, Option<String>)> {
        let found = receive(event, "application/json", body.as_bytes(), &sign(body.as_bytes())).unwrap();
        assert_eq!(found.id.as_deref(), Some("d-1"));
        found.wakes.into_iter().map(|wake| (wake.kind, wake.container)).collect()
    }

    #[test]
    fn an_event_wakes_the_streams_that_see_it() {
        let body = r#"{"action":"opened","repository":{"id":42,"full_name":"acme/web"},"issue":{"title":"x"}}"#;
        let web = || Some("42".to_owned());
        assert_eq!(wakes("issues", body), [(StreamKind::Tasks, web())]);
        assert_eq!(wakes("issue_dependencies", body), [(StreamKind::Links, web()), (StreamKind::Tasks, web())]);
        assert_eq!(wakes("milestone", body), [(StreamKind::Homes, web()), (StreamKind::Tasks, web())]);
        assert_eq!(wakes("installation_repositories", r#"{"action":"added"}"#), [(StreamKind::Containers, None)]);
        let item = r#"{"action":"edited","projects_v2_item":{"id":5},"organization":{"login":"acme"}}"#;
        assert_eq!(wakes("projects_v2_item", item), [(StreamKind::Boards, None)]);
        assert_eq!(wakes("ping", r#"{"zen":"x"}"#), []);
        assert_eq!(wakes("star", body), []);
        assert_eq!(wakes("issues", r#"{"action":"opened"}"#), [], "no repository, nothing to read");
    }

    #[test]
    fn both_content_types_are_read_and_signed_over_their_raw_bytes() {
        let body = b"payload=%7B%22repository%22%3A%7B%22id%22%3A7%7D%7D";
        let found = receive("issues", "application/x-www-form-urlencoded", body, &sign(body)).unwrap();
        assert_eq!(found.wakes, [Wake { kind: StreamKind::Tasks, container: Some("7".to_owned()) }]);
        let json = br#"{"repository":{"id":7}}"#;
        assert_eq!(receive("issues", "application/json", body, &sign(json)), Err(HookRefused::Forged));
    }

    #[test]
    fn what_is_not_signed_is_not_read() {
        let body = br#"{"repository":{"id":7}}"#;
        for signature in ["", "sha256=", "sha1=0000", &sign(b"other"), &sign(body)[7..], "sha256=é"] {
            let found = receive("issues", "application/json", body, signature);
            assert_eq!(found, Err(HookRefused::Forged), "{signature}");
        }
        assert_eq!(receive("issues", "application/json", b"{}}", &sign(b"{}}")), Err(HookRefused::Malformed));
        let gone = GithubHooks { secret: Secret::new(|| Err("gone".to_owned())) };
        let headers = HeaderMap::from_iter([("x-hub-signature-256".parse().unwrap(), sign(b"").parse().unwrap())]);
        assert_eq!(gone.receive(&headers, b""), Err(HookRefused::NoSecret));
    }
}
