//! A websocket, opened by the same client as everything else: the same certificates, proxy and deadline, no redirect, and
//! no plain text to another machine.
//!
//! Its address is a credential (a ticket stands in its query) and reaches no log and no error. No header of ours goes with
//! it. What comes in is capped; frames that are no text are skipped.

use std::pin::Pin;

use futures_util::{SinkExt, StreamExt};
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderValue, Method};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use url::Url;

use super::HttpConfig;
use super::client::build_for_socket;
use super::origin::host_of;
use super::outcome::root_cause;
use crate::ConnectorError;

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// An open websocket.
pub struct Socket {
    tool: &'static str,
    stream: WebSocketStream<Pin<Box<dyn Wire>>>,
}

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Text.
    Text(String),
    /// A sign of life, or something that is no text.
    Other,
}

impl Socket {
    /// Opens the websocket at this address: `wss`, or `ws` on this machine itself. `config.base` is not asked for anything;
    /// whether the address may be believed is for the caller to say before.
    ///
    /// # Errors
    /// `Misconfigured` where the address may not be connected to, or the client cannot be built; else `Transient`.
    pub async fn open(config: HttpConfig, address: &Url) -> Result<Socket, ConnectorError> {
        let tool = config.tool;
        let wrong = |what: String| ConnectorError::Misconfigured { tool, what };
        let url = as_http(address).map_err(|what| wrong(what.to_owned()))?;
        let mut base = url.clone();
        base.set_query(None);
        base.set_path("/");
        let max_body = config.max_body;
        let client = build_for_socket(&HttpConfig { base, also: Vec::new(), ..config }).map_err(wrong)?;
        let lost = |what: String| ConnectorError::Transient { tool, what, retry_after: None, source: None };
        let key = generate_key();
        let mut request = reqwest::Request::new(Method::GET, url.clone());
        let headers = request.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        let nonce = HeaderValue::from_str(&key).map_err(|_| lost("no key for the websocket".to_owned()))?;
        headers.insert(SEC_WEBSOCKET_KEY, nonce);
        let host = host_of(&url).to_owned();
        let answer = client
            .execute(request)
            .await
            .map_err(|error| lost(format!("no websocket to {host}: {}", root_cause(&error.without_url()))))?;
        if answer.status().as_u16() != 101 {
            return Err(lost(format!("HTTP {} instead of a websocket from {host}", answer.status().as_u16())));
        }
        let accepted = answer.headers().get(SEC_WEBSOCKET_ACCEPT).map(HeaderValue::as_bytes);
        if accepted != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
            return Err(lost(format!("what answers at {host} does not speak websocket")));
        }
        let wire = answer
            .upgrade()
            .await
            .map_err(|error| lost(format!("no websocket to {host}: {}", root_cause(&error.without_url()))))?;
        let limits = WebSocketConfig::default().max_message_size(Some(max_body)).max_frame_size(Some(max_body));
        let wire: Pin<Box<dyn Wire>> = Box::pin(wire);
        Ok(Socket { tool, stream: WebSocketStream::from_raw_socket(wire, Role::Client, Some(limits)).await })
    }

    /// The next frame. `None`: it is over, however it ended. Given up and asked for again, it loses nothing.
    pub async fn next(&mut self) -> Option<Frame> {
        match self.stream.next().await? {
            Ok(Message::Text(text)) => Some(Frame::Text(text.as_str().to_owned())),
            Ok(Message::Close(_)) | Err(_) => None,
            Ok(_) => Some(Frame::Other),
        }
    }

    /// Sends text.
    ///
    /// # Errors
    /// `Transient`: the connection is gone.
    pub async fn send(&mut self, text: String) -> Result<(), ConnectorError> {
        self.put(Message::Text(text.into())).await
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// `Transient`: the connection is gone.
    pub async fn ping(&mut self) -> Result<(), ConnectorError> {
        self.put(Message::Ping(Bytes::new())).await
    }

    async fn put(&mut self, message: Message) -> Result<(), ConnectorError> {
        let tool = self.tool;
        self.stream.send(message).await.map_err(|error| ConnectorError::Transient {
            tool,
            what: "the websocket is gone".to_owned(),
            retry_after: None,
            source: Some(Box::new(error)),
        })
    }
}

/// The address as it is asked for; [`build_for_socket`] refuses plain http to another machine.
fn as_http(address: &Url) -> Result<Url, &'static str> {
    let scheme = match address.scheme() {
        "wss" => "https",
        "ws" => "http",
        _ => return Err("a websocket's address begins with wss://"),
    };
    if !address.username().is_empty() || address.password().is_some() || address.fragment().is_some() {
        return Err("a websocket's address holds no user");
    }
    let rest = address.as_str().split_once(':').map_or("", |(_, rest)| rest);
    Url::parse(&format!("{scheme}:{rest}")).map_err(|_| "this is no address")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_a_websocket_s_address_is_asked_and_it_keeps_its_ticket() {
        let of = |address: &str| as_http(&address.parse().unwrap()).map(String::from);
        assert_eq!(of("wss://wss.x.example/link/?ticket=a&b=c").unwrap(), "https://wss.x.example/link/?ticket=a&b=c");
        assert_eq!(of("ws://127.0.0.1:9/x").unwrap(), "http://127.0.0.1:9/x");
        for bad in ["https://x.example", "wss://u:p@x.example", "wss://x.example/#a", "ftp://x.example"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
