//! Socket Mode: an app asks for an address, opens a websocket there, once, and acknowledges what comes in. What it does not
//! acknowledge before its websocket ends comes again on the next one.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::model::APP;
use super::{Answer, Refusal, Workspace};
use crate::world::World;

/// What is sent on a websocket.
#[derive(Debug, Clone)]
pub(crate) enum Outgoing {
    Text(String),
    /// It is closed.
    End,
}

/// A websocket of the app's.
#[derive(Debug)]
pub(crate) struct Open {
    id: u32,
    pub(crate) sender: mpsc::UnboundedSender<Outgoing>,
}

/// Something that is not acknowledged yet.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) id: String,
    pub(crate) payload: Value,
    /// The websocket it was sent on.
    line: u32,
    retry: u32,
}

impl Envelope {
    fn text(&self) -> String {
        json!({
            "envelope_id": self.id, "type": "interactive", "payload": self.payload, "accepts_response_payload": true,
            "retry_attempt": self.retry, "retry_reason": if self.retry > 0 { "timeout" } else { "" },
        })
        .to_string()
    }
}

impl Workspace {
    pub(super) fn open_connection(&mut self) -> Answer {
        if self.presses.socket_mode_off {
            return Err(Refusal::Error("not_allowed"));
        }
        let ticket = self.next_id('t');
        self.presses.tickets.insert(ticket.clone());
        Ok(json!({ "url": format!("ws://{}{}?ticket={ticket}&app_id={APP}", self.at, crate::SOCKET_PATH) }))
    }

    /// Sends something on the websocket that was opened last, or on this one of those that are open. `None`: none is open.
    pub(super) fn send_envelope(&mut self, payload: Value, line: Option<usize>) -> Option<String> {
        let id = self.next_id('e');
        let open = match line {
            Some(at) => self.presses.lines.get(at),
            None => self.presses.lines.last(),
        };
        let open = open?;
        let envelope = Envelope { id: id.clone(), payload, line: open.id, retry: 0 };
        let _ = open.sender.send(Outgoing::Text(envelope.text()));
        self.presses.waiting.push(envelope);
        Some(id)
    }

    fn opened(&mut self, sender: mpsc::UnboundedSender<Outgoing>) -> u32 {
        self.presses.next_line += 1;
        let id = self.presses.next_line;
        let connections = self.presses.lines.len() + 1 + self.presses.strangers;
        let hello = json!({
            "type": "hello", "num_connections": connections, "connection_info": { "app_id": APP },
            "debug_info": { "host": "applink-1", "approximate_connection_time": 18060 },
        });
        let _ = sender.send(Outgoing::Text(hello.to_string()));
        let open: Vec<u32> = self.presses.lines.iter().map(|line| line.id).collect();
        for envelope in self.presses.waiting.iter_mut().filter(|envelope| !open.contains(&envelope.line)) {
            (envelope.line, envelope.retry) = (id, envelope.retry + 1);
            let _ = sender.send(Outgoing::Text(envelope.text()));
        }
        self.presses.lines.push(Open { id, sender });
        id
    }
}

/// Opens a websocket for whoever has a ticket that nobody has used.
pub(crate) async fn accept(world: Arc<World>, parts: &mut Parts, stop: CancellationToken) -> Response {
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let ticket = query.split('&').find_map(|pair| pair.strip_prefix("ticket=")).unwrap_or_default();
    let known = world.workspace().presses.tickets.remove(ticket);
    let upgrade = WebSocketUpgrade::from_request_parts(parts, &()).await;
    match upgrade {
        Ok(upgrade) if known => upgrade.on_upgrade(move |socket| serve(world, socket, stop)),
        Ok(_) => (StatusCode::FORBIDDEN, Body::empty()).into_response(),
        Err(refused) => refused.into_response(),
    }
}

async fn serve(world: Arc<World>, mut socket: WebSocket, stop: CancellationToken) {
    let (sender, mut outgoing) = mpsc::unbounded_channel();
    let id = world.workspace().opened(sender);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            next = outgoing.recv() => match next {
                Some(Outgoing::Text(text)) => {
                    if socket.send(Message::Text(text.into())).await.is_err() {
                        break;
                    }
                }
                Some(Outgoing::End) | None => break,
            },
            heard = socket.recv() => match heard {
                Some(Ok(Message::Text(text))) => acknowledged(&world, text.as_str()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    world.workspace().presses.lines.retain(|line| line.id != id);
}

fn acknowledged(world: &World, text: &str) {
    let Ok(said) = serde_json::from_str::<Value>(text) else { return };
    let Some(id) = said["envelope_id"].as_str() else { return };
    let mut workspace = world.workspace();
    workspace.presses.waiting.retain(|envelope| envelope.id != id);
    workspace.presses.acknowledged.push(id.to_owned());
}
