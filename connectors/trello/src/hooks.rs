//! Webhooks of a board: signed over the raw body and the address they are sent to, and read for one thing alone, which
//! board has something new.
//!
//! Before Trello sends anything it knocks with `HEAD`, without a signature, and wants a 200. A hook that fails too often is
//! switched off without a word, and all end with their token: reading goes on by itself.

use connector_kit::StreamKind;
use connector_kit::http::HeaderMap;
use connector_kit::secret::Secret;
use connector_kit::webhook::{Delivery, HookRefused, Hooks, Wake, is_signed_sha1};
use serde::Deserialize;

/// The hooks of one connection.
pub struct TrelloHooks {
    /// The API secret, which stands beside the API key; read anew for each hook.
    pub secret: Secret,
    /// The address that was registered, letter for letter: it is signed as well.
    pub callback_url: String,
}

/// What we read of a payload; everything else is left alone.
#[derive(Deserialize)]
struct Payload {
    action: Option<Action>,
    model: Option<Model>,
}

#[derive(Deserialize)]
struct Action {
    id: Option<String>,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    board: Option<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: Option<String>,
}

impl Hooks for TrelloHooks {
    fn receive(&self, headers: &HeaderMap, body: &[u8]) -> Result<Delivery, HookRefused> {
        let given = headers.get("x-trello-webhook").and_then(|value| value.to_str().ok()).ok_or(HookRefused::Forged)?;
        let secret = self.secret.read().map_err(|_| HookRefused::NoSecret)?;
        if !is_signed_sha1(&secret, &[body, self.callback_url.as_bytes()], given) {
            return Err(HookRefused::Forged);
        }
        let payload: Payload = serde_json::from_slice(body).map_err(|_| HookRefused::Malformed)?;
        let Some(action) = payload.action else { return Ok(Delivery { id: None, wakes: Vec::new() }) };
        let of_board = action.data.board.and_then(|board| board.id);
        let board = of_board.or_else(|| payload.model.and_then(|model| model.id)).filter(|id| !id.is_empty());
        let wakes = match (action.kind.as_str(), board) {
            ("updateBoard" | "addMemberToBoard" | "removeMemberFromBoard", _) => {
                vec![Wake { kind: StreamKind::Containers, container: None }]
            }
            (_, Some(board)) => vec![Wake { kind: StreamKind::Tasks, container: Some(board) }],
            (_, None) => Vec::new(),
        };
        Ok(Delivery { id: action.id, wakes })
    }

    fn is_knocked_at(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const BODY: &[u8] = br#"{"action":{"id":"1","type":"updateCard"},"model":{"id":"2"}}"#;
    const SIGNATURE: &str = "NqtHC8KkAMIIxlW4/WVMdSop2SY=";

    fn hooks(url: &str) -> TrelloHooks {
        TrelloHooks { secret: Secret::fixed("secret"), callback_url: url.to_owned() }
    }

    fn receive(url: &str, body: &[u8], signature: &str) -> Result<Delivery, HookRefused> {
        let headers = HeaderMap::from_iter([("x-trello-webhook".parse().unwrap(), signature.parse().unwrap())]);
        hooks(url).receive(&headers, body)
    }

    #[test]
    fn a_signed_hook_wakes_its_board() {
        let found = receive("https://example.org/hooks/trello", BODY, SIGNATURE).unwrap();
        assert_eq!(found.id.as_deref(), Some("1"));
        assert_eq!(found.wakes, [Wake { kind: StreamKind::Tasks, container: Some("2".to_owned()) }]);
        assert!(hooks("").is_knocked_at());
    }

    #[test]
    fn another_address_body_or_signature_is_not_trellos() {
        let url = "https://example.org/hooks/trello";
        for (url, body, signature) in [
            ("https://example.org/hooks/trello/", BODY, SIGNATURE),
            (url, &BODY[1..], SIGNATURE),
            (url, BODY, ""),
            (url, BODY, "NqtHC8KkAMIIxlW4/WVMdSop2Sy="),
        ] {
            assert_eq!(receive(url, body, signature), Err(HookRefused::Forged));
        }
        assert_eq!(hooks(url).receive(&HeaderMap::new(), BODY), Err(HookRefused::Forged));
        let gone = TrelloHooks { secret: Secret::new(|| Err("gone".to_owned())), callback_url: url.to_owned() };
        let headers = HeaderMap::from_iter([("x-trello-webhook".parse().unwrap(), SIGNATURE.parse().unwrap())]);
        assert_eq!(gone.receive(&headers, BODY), Err(HookRefused::NoSecret));
    }

    #[test]
    fn every_recorded_action_names_its_board() {
        let Some(recorded) = crate::fixtures::recorded() else { return };
        for (kind, action) in recorded["webhook_actions"].as_object().unwrap() {
            let action: Action = serde_json::from_value(action.clone()).unwrap();
            assert!(action.data.board.and_then(|board| board.id).is_some(), "{kind}");
        }
    }
}
