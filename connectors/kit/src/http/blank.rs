//! A tool that repeats the credential it was sent (in the text of an error, in a header) must not get it into a log, an error
//! or the store: it is blanked before anybody sees the answer.

use bytes::Bytes;
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};

/// What is read for it: errors are short, and what is longer is the customer's own text.
const LONGEST: usize = 64 * 1024;

/// Shorter ones are no credentials of any tool, and would stand in ordinary words.
const SHORTEST: usize = 16;

/// Stands where the credential stood.
const BLANK: &[u8] = b"[credential]";

/// The same body without the credential, as it is and as an address has it.
pub(super) fn body(body: Bytes, secrets: &[SecretString]) -> Bytes {
    if body.len() > LONGEST {
        return body;
    }
    worth_blanking(secrets).fold(body, |body, secret| {
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        without(without(body, secret.as_bytes()), encoded.as_bytes())
    })
}

/// Takes headers away that hold the credential.
pub(super) fn headers(headers: &mut HeaderMap, secrets: &[SecretString]) {
    let holds = |value: &[u8]| worth_blanking(secrets).any(|secret| find(value, secret.as_bytes()).is_some());
    let guilty: Vec<_> =
        headers.iter().filter(|(_, value)| holds(value.as_bytes())).map(|(name, _)| name.clone()).collect();
    for name in guilty {
        headers.remove(name);
    }
}

fn worth_blanking(secrets: &[SecretString]) -> impl Iterator<Item = &str> {
    secrets.iter().map(ExposeSecret::expose_secret).filter(|secret| secret.len() >= SHORTEST)
}

fn without(body: Bytes, secret: &[u8]) -> Bytes {
    let Some(first) = find(&body, secret) else { return body };
    let mut blanked = Vec::with_capacity(body.len());
    let (mut rest, mut at) = (&body[..], Some(first));
    while let Some(found) = at {
        blanked.extend_from_slice(&rest[..found]);
        blanked.extend_from_slice(BLANK);
        rest = &rest[found + secret.len()..];
        at = find(rest, secret);
    }
    blanked.extend_from_slice(rest);
    blanked.into()
}

fn find(text: &[u8], secret: &[u8]) -> Option<usize> {
    text.windows(secret.len()).position(|window| window == secret)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_credential_that_is_repeated_is_blanked_wherever_it_stands() {
        let secret = [SecretString::from("ghp_0123456789a/b")];
        let said = |text: &'static str| body(Bytes::from_static(text.as_bytes()), &secret);
        assert_eq!(&said("bad ghp_0123456789a/b, ghp_0123456789a/b")[..], b"bad [credential], [credential]");
        assert_eq!(&said("?token=ghp_0123456789a%2Fb")[..], b"?token=[credential]");
        assert_eq!(&said("nothing of it")[..], b"nothing of it");
        assert_eq!(&said("ghp_")[..], b"ghp_");
        let short = [SecretString::from("t")];
        assert_eq!(&body(Bytes::from_static(b"a title"), &short)[..], b"a title");
        assert_eq!(&body(Bytes::from_static(b"ghp_0123456789a/b"), &[])[..], b"ghp_0123456789a/b");
        let mut kept = HeaderMap::new();
        kept.insert("etag", "\"ghp_0123456789a/b\"".parse().unwrap());
        kept.insert("date", "today".parse().unwrap());
        headers(&mut kept, &secret);
        assert_eq!(kept.keys().map(http::HeaderName::as_str).collect::<Vec<_>>(), ["date"]);
    }
}
