//! `[server]` and `[heartbeat]`: what others may ask the daemon, and whom it tells that it lives.

use std::fmt;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::values::{LISTEN, Parsed};
use super::{BaseUrl, Length, ProxyUrl, SecretRef};

/// `[server]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Where it listens.
    pub listen: Listen,
    /// How it is reached from outside, for hooks; its host is one that may be asked for. `None`: it is not.
    pub public_url: Option<BaseUrl>,
    /// Who may read the metrics.
    pub metrics: Audience,
}

/// Where the web server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// Nowhere.
    Off,
    /// At this address and port.
    At(SocketAddr),
}

impl Listen {
    fn parse(text: &str) -> Result<Listen, &'static str> {
        if text == "off" {
            return Ok(Listen::Off);
        }
        let literal = match text.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => text.to_owned(),
        };
        literal.parse().map(Listen::At).map_err(|_| LISTEN)
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Listen, D::Error> {
        deserializer.deserialize_str(Parsed(LISTEN, Listen::parse))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Off => f.write_str("off"),
            Listen::At(address) => address.fmt(f),
        }
    }
}

/// Who may ask for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Whoever is on this machine.
    Local,
    /// Whoever reaches the address.
    All,
}

/// `[heartbeat]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeartbeatSettings {
    /// The address that is called: whoever knows it can pretend that all is well, so it is kept like a secret.
    pub url: SecretRef,
    /// How often; always elapsed time.
    pub every: Length,
    /// `None`: the environment's.
    pub proxy: Option<ProxyUrl>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_at_has_a_port_and_may_be_off() {
        assert_eq!(Listen::parse("off"), Ok(Listen::Off));
        for (text, shown) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("localhost:9", "127.0.0.1:9"),
            ("[::]:80", "[::]:80"),
            ("0.0.0.0:1", "0.0.0.0:1"),
        ] {
            assert_eq!(Listen::parse(text).map(|listen| listen.to_string()).as_deref(), Ok(shown));
        }
        for text in ["8080", "", ":8080", "example.org:80", "127.0.0.1", "127.0.0.1:99999", "http://127.0.0.1:1"] {
            assert_eq!(Listen::parse(text), Err(LISTEN), "{text}");
        }
    }
}
