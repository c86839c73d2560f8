//! Webhooks of projects: signed over the raw body with a secret that Asana gives once, in the greeting with which it tries a
//! new webhook's address. They are read for one thing alone: something is new.
//!
//! Whoever greets with a secret could sign whatever he likes afterwards, so a greeting is believed only with the word that
//! stands in the webhook's address (`…?door=WORD`), which Asana alone was told. The secret is kept before the greeting is
//! answered: it comes only this once.

use std::sync::Arc;

use connector_kit::StreamKind;
use connector_kit::http::HeaderMap;
use connector_kit::secret::Secret;
use connector_kit::webhook::{Delivery, Greeting, HookRefused, Hooks, Wake, is_same, is_signed};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::wire::Event;

/// A secret of Asana's is shorter.
const LONGEST_SECRET: usize = 256;

/// Where the secrets of webhooks are kept, one a line: each project's webhook has its own.
#[derive(Clone)]
pub struct Keeper {
    /// All that were kept.
    pub kept: Secret,
    /// Adds one, so that it is there after a crash. Its error names the place, never the secret.
    pub keep: Keep,
}

/// Keeps a secret.
pub type Keep = Arc<dyn Fn(&SecretString) -> Result<(), String> + Send + Sync>;

/// The hooks of one connection.
pub struct AsanaHooks {
    /// The word in the webhooks' address.
    pub door: Secret,
    /// Their secrets.
    pub keeper: Keeper,
}

/// What we read of a payload; everything else is left alone.
#[derive(Deserialize)]
struct Payload {
    events: Vec<Event>,
}

impl Hooks for AsanaHooks {
    fn greet(&self, query: Option<&str>, headers: &HeaderMap) -> Option<Result<Greeting, HookRefused>> {
        let secret = headers.get("x-hook-secret")?;
        Some(self.welcome(query, secret.to_str().unwrap_or_default()))
    }

    fn receive(&self, headers: &HeaderMap, body: &[u8]) -> Result<Delivery, HookRefused> {
        let signature = headers.get("x-hook-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kept = self.keeper.kept.read().map_err(|_| HookRefused::NoSecret)?;
        let secrets = kept.expose_secret().lines().map(str::trim).filter(|line| !line.is_empty());
        // All are tried, so that the time tells nothing of which it was.
        let signed =
            secrets.fold(false, |signed, secret| is_signed(&SecretString::from(secret), body, signature) | signed);
        if !signed {
            return Err(HookRefused::Forged);
        }
        let payload: Payload = serde_json::from_slice(body).map_err(|_| HookRefused::Malformed)?;
        let kinds = payload.events.iter().filter_map(kind_of);
        let mut wakes: Vec<Wake> = kinds.map(|kind| Wake { kind, container: None }).collect();
        wakes.sort();
        wakes.dedup();
        // A delivery has no id of its own.
        Ok(Delivery { id: None, wakes })
    }
}

impl AsanaHooks {
    fn welcome(&self, query: Option<&str>, secret: &str) -> Result<Greeting, HookRefused> {
        let door = self.door.read().map_err(|_| HookRefused::NoSecret)?;
        let given = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .find_map(|(name, value)| (name == "door").then(|| value.into_owned()))
            .unwrap_or_default();
        if !is_same(&door, &given) {
            return Err(HookRefused::Forged);
        }
        let fits = !secret.is_empty() && secret.len() <= LONGEST_SECRET && secret.bytes().all(|b| b.is_ascii_graphic());
        if !fits {
            return Err(HookRefused::Malformed);
        }
        let kept = SecretString::from(secret);
        (self.keeper.keep)(&kept).map_err(|_| HookRefused::NoSecret)?;
        Ok(Greeting { headers: vec![("x-hook-secret", kept)] })
    }
}

/// The stream that sees what an event tells of. `None`: the event is about something else.
fn kind_of(event: &Event) -> Option<StreamKind> {
    match event.resource.as_ref()?.resource_type.as_deref()? {
        "task" | "story" | "section" | "attachment" => Some(StreamKind::Tasks),
        "project" => Some(StreamKind::Containers),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Mutex;

    use connector_kit::webhook::signature;
    use serde_json::json;

    use super::*;

    const FIRST: &str = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";

    fn hooks() -> (AsanaHooks, Arc<Mutex<String>>) {
        let kept: Arc<Mutex<String>> = Arc::default();
        let (read, write) = (kept.clone(), kept.clone());
        let keeper = Keeper {
            kept: Secret::new(move || Ok(SecretString::from(read.lock().unwrap().clone()))),
            keep: Arc::new(move |secret| {
                write.lock().unwrap().push_str(&format!("{}\n", secret.expose_secret()));
                Ok(())
            }),
        };
        (AsanaHooks { door: Secret::fixed("open sesame"), keeper }, kept)
    }

    fn with(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    }

    fn receive(hooks: &AsanaHooks, secret: &str, body: &[u8]) -> Result<Delivery, HookRefused> {
        hooks.receive(&with("x-hook-signature", &signature(&secret.into(), body)), body)
    }

    #[test]
    fn a_greeting_is_answered_once_its_secret_is_kept() {
        let (hooks, kept) = hooks();
        let greeting = hooks.greet(Some("a=b&door=open+sesame"), &with("X-Hook-Secret", FIRST)).unwrap().unwrap();
        let [(name, value)] = &greeting.headers[..] else { panic!("one header") };
        assert_eq!((*name, value.expose_secret()), ("x-hook-secret", FIRST));
        assert_eq!(*kept.lock().unwrap(), format!("{FIRST}\n"));
        let body = json!({"events": []}).to_string();
        assert_eq!(
            receive(&hooks, FIRST, body.as_bytes()),
            Ok(Delivery { id: None, wakes: Vec::new() }),
            "a heartbeat"
        );
    }

    #[test]
    fn nobody_greets_without_the_word_of_the_door() {
        let (hooks, kept) = hooks();
        for query in [None, Some(""), Some("door="), Some("door=open"), Some("door=open+sesame!")] {
            let answer = hooks.greet(query, &with("x-hook-secret", FIRST));
            assert_eq!(answer.unwrap().err(), Some(HookRefused::Forged), "{query:?}");
        }
        let odd = hooks.greet(Some("door=open+sesame"), &with("x-hook-secret", "a b"));
        assert_eq!(odd.unwrap().err(), Some(HookRefused::Malformed));
        assert!(kept.lock().unwrap().is_empty());
        assert!(hooks.greet(Some("door=open+sesame"), &HeaderMap::new()).is_none(), "no greeting");
        let full = Keeper { keep: Arc::new(|_| Err("full".to_owned())), ..hooks.keeper.clone() };
        let full = AsanaHooks { door: hooks.door.clone(), keeper: full };
        let answer = full.greet(Some("door=open+sesame"), &with("x-hook-secret", FIRST));
        assert_eq!(answer.unwrap().err(), Some(HookRefused::NoSecret), "what cannot be kept is not answered");
    }

    #[test]
    fn an_event_wakes_the_stream_that_sees_it_whichever_webhook_it_came_by() {
        let (hooks, kept) = hooks();
        kept.lock().unwrap().push_str(&format!("other\n{FIRST}\n"));
        let event = |kind: &str| json!({"action": "changed", "resource": {"gid": "1", "resource_type": kind}});
        let body = json!({"events": [event("task"), event("story"), event("project"), event("goal")]}).to_string();
        for secret in [FIRST, "other"] {
            let wakes: Vec<StreamKind> =
                receive(&hooks, secret, body.as_bytes()).unwrap().wakes.into_iter().map(|wake| wake.kind).collect();
            assert_eq!(wakes, [StreamKind::Containers, StreamKind::Tasks]);
        }
    }

    #[test]
    fn what_is_not_signed_is_not_read() {
        let (hooks, kept) = hooks();
        let body = br#"{"events":[]}"#;
        assert_eq!(receive(&hooks, FIRST, body), Err(HookRefused::Forged), "no webhook was greeted yet");
        assert_eq!(receive(&hooks, "", body), Err(HookRefused::Forged));
        kept.lock().unwrap().push_str(FIRST);
        assert_eq!(receive(&hooks, FIRST, b"[]"), Err(HookRefused::Malformed));
        assert_eq!(receive(&hooks, "another", body), Err(HookRefused::Forged));
        assert_eq!(hooks.receive(&HeaderMap::new(), body), Err(HookRefused::Forged));
    }
}
