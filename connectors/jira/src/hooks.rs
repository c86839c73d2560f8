//! Webhooks of a site: signed over the raw body, and read for one thing alone, which streams of which project have
//! something new.
//!
//! A hook about an issue names its project; one about a comment on Data Center, a link or a piece of work done names none,
//! so all projects of the connection are asked: together they cost one search.

use connector_kit::StreamKind;
use connector_kit::http::HeaderMap;
use connector_kit::secret::Secret;
use connector_kit::webhook::{Delivery, HookRefused, Hooks, Wake, is_signed};
use serde::Deserialize;
use serde_json::Value;

/// The hooks of one connection.
pub struct JiraHooks {
    /// What they are signed with; read anew for each hook, so that a changed file takes effect at once.
    pub secret: Secret,
}

/// What we read of a payload; everything else is left alone.
#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "webhookEvent")]
    event: String,
    issue: Option<Issue>,
    version: Option<Version>,
}

#[derive(Deserialize)]
struct Issue {
    fields: Option<Fields>,
}

#[derive(Deserialize)]
struct Fields {
    project: Option<Project>,
}

#[derive(Deserialize)]
struct Project {
    id: Option<Value>,
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "projectId")]
    project: Option<Value>,
}

impl Payload {
    /// The project it is about. `None`: it does not say.
    fn project(&self) -> Option<String> {
        let of_issue = || self.issue.as_ref()?.fields.as_ref()?.project.as_ref()?.id.as_ref();
        let of_version = || self.version.as_ref()?.project.as_ref();
        match of_issue().or_else(of_version)? {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        }
    }
}

impl Hooks for JiraHooks {
    fn receive(&self, headers: &HeaderMap, body: &[u8]) -> Result<Delivery, HookRefused> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let signature = header("x-hub-signature").and_then(|text| text.strip_prefix("sha256="));
        let signature = signature.ok_or(HookRefused::Forged)?;
        let secret = self.secret.read().map_err(|_| HookRefused::NoSecret)?;
        if !is_signed(&secret, body, signature) {
            return Err(HookRefused::Forged);
        }
        let payload: Payload = serde_json::from_slice(body).map_err(|_| HookRefused::Malformed)?;
        let wake = |kind: StreamKind| {
            let container = if kind.is_of_connection() { None } else { payload.project() };
            Wake { kind, container }
        };
        let wakes = kind_of(&payload.event).map(wake).into_iter().collect();
        Ok(Delivery { id: header("x-atlassian-webhook-identifier").map(str::to_owned), wakes })
    }
}

/// The stream that sees what an event tells of. `None`: the event is about something else.
fn kind_of(event: &str) -> Option<StreamKind> {
    let event = event.strip_prefix("jira:").unwrap_or(event);
    let about = |prefixes: &[&str]| prefixes.iter().any(|prefix| event.starts_with(prefix));
    if about(&["issue_property_"]) {
        None
    } else if about(&["issue_", "comment_", "worklog_", "issuelink_"]) {
        Some(StreamKind::Tasks)
    } else if about(&["sprint_", "board_", "version_"]) {
        Some(StreamKind::Homes)
    } else if about(&["project_"]) {
        Some(StreamKind::Containers)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use connector_kit::webhook::signature;
    use serde_json::json;

    use super::*;

    const SECRET: &str = "It's a Secret to Everybody";

    fn sign(body: &[u8]) -> String {
        format!("sha256={}", signature(&SECRET.into(), body))
    }

    fn receive(body: &[u8], signature: &str) -> Result<Delivery, HookRefused> {
        let headers = [("X-Hub-Signature", signature), ("X-Atlassian-Webhook-Identifier", "d-1")];
        let headers = headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        JiraHooks { secret: Secret::fixed(SECRET) }.receive(&headers.collect(), body)
    }

    fn wakes(payload: &Value) -> Vec<(StreamKind, Option<String>)> {
        let body = payload.to_string();
        let found = receive(body.as_bytes(), &sign(body.as_bytes())).unwrap();
        assert_eq!(found.id.as_deref(), Some("d-1"));
        found.wakes.into_iter().map(|wake| (wake.kind, wake.container)).collect()
    }

    #[test]
    fn the_vendors_own_example_is_signed() {
        let given = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
        assert_eq!(receive(b"Hello World!", given), Err(HookRefused::Malformed), "it is Jira's, and no event");
        assert_eq!(receive(b"Hello World?", given), Err(HookRefused::Forged));
    }

    #[test]
    fn an_event_wakes_the_stream_that_sees_it() {
        let issue = json!({"id": "10005", "key": "ABC-5", "fields": {"project": {"id": "10000"}, "summary": "x"}});
        let of = |event: &str| wakes(&json!({"webhookEvent": event, "issue": issue}));
        for event in ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created"] {
            assert_eq!(of(event), [(StreamKind::Tasks, Some("10000".to_owned()))], "{event}");
        }
        let comment = json!({"self": "https://jira.example/rest/api/2/issue/10400/comment/7", "body": "x"});
        let on_data_center = json!({"webhookEvent": "comment_updated", "comment": comment});
        assert_eq!(wakes(&on_data_center), [(StreamKind::Tasks, None)], "no project: all of them");
        let sprint = json!({"webhookEvent": "sprint_started", "sprint": {"id": 3, "originBoardId": 1}});
        assert_eq!(wakes(&sprint), [(StreamKind::Homes, None)]);
        let version = json!({"webhookEvent": "jira:version_released", "version": {"id": "1", "projectId": 10000}});
        assert_eq!(wakes(&version), [(StreamKind::Homes, Some("10000".to_owned()))]);
        let project = json!({"webhookEvent": "project_created", "project": {"id": 10001, "key": "NEW"}});
        assert_eq!(wakes(&project), [(StreamKind::Containers, None)]);
        for other in ["user_created", "issue_property_set", "option_voting_changed", "unheard_of"] {
            assert_eq!(of(other), [], "{other}");
        }
    }

    #[test]
    fn what_is_not_signed_is_not_read() {
        let body = br#"{"webhookEvent":"jira:issue_updated"}"#;
        for signature in ["", "sha256=", "sha1=0000", &sign(b"other"), &sign(body)[7..], "sha256=é"] {
            assert_eq!(receive(body, signature), Err(HookRefused::Forged), "{signature}");
        }
        let unsigned = JiraHooks { secret: Secret::fixed(SECRET) };
        assert_eq!(
            unsigned.receive(&HeaderMap::new(), body),
            Err(HookRefused::Forged),
            "as an old Data Center sends it"
        );
        assert_eq!(receive(b"{}", &sign(b"{}")), Err(HookRefused::Malformed));
        let gone = JiraHooks { secret: Secret::new(|| Err("gone".to_owned())) };
        let headers = HeaderMap::from_iter([("x-hub-signature".parse().unwrap(), sign(b"").parse().unwrap())]);
        assert_eq!(gone.receive(&headers, b""), Err(HookRefused::NoSecret));
    }

    #[test]
    fn recorded_hooks_wake_the_project_they_name() {
        let Some(recorded) = crate::fixtures::recorded() else { return };
        let hooks = recorded["webhooks"].as_object().unwrap();
        assert!(hooks.len() >= 18);
        for (name, payload) in hooks {
            let found = wakes(payload);
            let project = payload["issue"]["fields"]["project"]["id"].as_str().map(str::to_owned);
            assert_eq!(found, [(StreamKind::Tasks, project)], "{name}");
        }
    }
}
