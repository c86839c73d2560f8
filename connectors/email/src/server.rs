//! Which server, how it is reached, and as whom: `smtps://user@smtp.example.org:465`.

use std::net::IpAddr;

use url::{Host, Url};

/// How a connection is kept from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// `smtps`: TLS from the first byte.
    Tls,
    /// `smtp`: TLS by STARTTLS, or nothing is sent.
    StartTls,
    /// `smtp` towards this machine itself: STARTTLS where it is offered.
    Loopback,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// 465 or 587 where none is written.
    pub port: u16,
    /// How it is protected.
    pub protection: Protection,
    /// As whom to log in. `None`: nobody logs in.
    pub user: Option<String>,
}

impl Server {
    /// Reads the address of a server.
    ///
    /// # Errors
    /// A fragment that says what is expected; it holds nothing of the address.
    pub fn parse(text: &str) -> Result<Server, &'static str> {
        const FORM: &str = "smtps://user@host:465, or smtp://user@host:587 for STARTTLS";
        let url = Url::parse(text).map_err(|_| FORM)?;
        if url.password().is_some() {
            return Err("an address without a password: that is `password`");
        }
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return Err(FORM),
        };
        let (protection, port) = match url.scheme() {
            _ if !bare => return Err(FORM),
            "smtps" => (Protection::Tls, 465),
            "smtp" if is_loopback(&host) => (Protection::Loopback, 587),
            "smtp" => (Protection::StartTls, 587),
            _ => return Err(FORM),
        };
        let user = decoded(url.username()).ok_or(FORM)?;
        let user = Some(user).filter(|user| !user.is_empty());
        Ok(Server { host, port: url.port().unwrap_or(port), protection, user })
    }

    /// `smtp.example.org:465`, for people.
    pub fn place(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// As in an address kept for this: a scheme that the web does not know leaves IPv4 addresses as names.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A user's name with its `%40` taken back. `None`: it is not text, or holds what no name does.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let value = digit(rest.next()?)? * 16 + digit(rest.next()?)?;
                bytes.push(u8::try_from(value).ok()?);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn server(host: &str, port: u16, protection: Protection, user: Option<&str>) -> Server {
        Server { host: host.to_owned(), port, protection, user: user.map(str::to_owned) }
    }

    #[test]
    fn an_address_says_how_the_server_is_reached() {
        for (text, wanted) in [
            ("smtps://gapwatch@smtp.example.org", server("smtp.example.org", 465, Protection::Tls, Some("gapwatch"))),
            ("smtps://smtp.example.org:2465", server("smtp.example.org", 2465, Protection::Tls, None)),
            (
                "smtp://ana%40example.org@smtp.example.org",
                server("smtp.example.org", 587, Protection::StartTls, Some("ana@example.org")),
            ),
            (
                "smtp://ana@example.org@smtp.example.org/",
                server("smtp.example.org", 587, Protection::StartTls, Some("ana@example.org")),
            ),
            ("smtp://127.0.0.1:1025", server("127.0.0.1", 1025, Protection::Loopback, None)),
            ("smtp://localhost:25", server("localhost", 25, Protection::Loopback, None)),
            ("smtp://[::1]:25", server("::1", 25, Protection::Loopback, None)),
            ("smtp://10.0.0.1", server("10.0.0.1", 587, Protection::StartTls, None)),
        ] {
            assert_eq!(Server::parse(text).unwrap(), wanted, "{text}");
        }
        assert_eq!(Server::parse("smtp://[::1]:25").unwrap().place(), "[::1]:25");
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused_without_a_word_of_it() {
        for text in [
            "",
            "smtp.example.org",
            "http://smtp.example.org",
            "smtps://",
            "smtps://user:hush@smtp.example.org",
            "smtps://smtp.example.org/hush",
            "smtps://smtp.example.org?tls=hush",
            "smtps://%0d%0ahush@smtp.example.org",
            "smtps://%zzhush@smtp.example.org",
        ] {
            let why = Server::parse(text).unwrap_err();
            assert!(!why.contains("hush"), "{text}: {why}");
        }
    }
}
