//! What a tool pushes: verified over its raw bytes, then asked for nothing but what to read again.
//!
//! A hook brings no data in. It may be forged until it is verified, replayed, late or about something we do not watch, so
//! all it may do is bring a read forward that would have come by itself.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::StreamKind;

/// Understands the hooks of one connection.
pub trait Hooks: Send + Sync {
    /// Answers a tool that tries a new webhook's address before it sends any hook there, by the address's query and the
    /// headers. `None`: this is no such greeting.
    ///
    /// # Errors
    /// It is not the tool's, or cannot be answered.
    fn greet(&self, _query: Option<&str>, _headers: &HeaderMap) -> Option<Result<Greeting, HookRefused>> {
        None
    }

    /// Verifies a hook by its headers and its raw body, and says what to read again.
    ///
    /// # Errors
    /// It is not the tool's, or cannot be understood.
    fn receive(&self, headers: &HeaderMap, body: &[u8]) -> Result<Delivery, HookRefused>;

    /// Whether the tool asks by `HEAD`, without a signature, if anybody is there before it delivers anything.
    fn is_knocked_at(&self) -> bool {
        false
    }
}

/// The answer to a greeting.
#[derive(Debug, Clone)]
pub struct Greeting {
    /// Headers that go with it, whose values are nobody else's.
    pub headers: Vec<(&'static str, SecretString)>,
}

/// A verified hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The tool's own id of the delivery, the same when it is delivered again. `None`: the tool gives none.
    pub id: Option<String>,
    /// What to read again; nothing where the hook says nothing about what we read.
    pub wakes: Vec<Wake>,
}

/// A stream that has something new.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Wake {
    /// Which kind.
    pub kind: StreamKind,
    /// The container, by the tool's stable id. `None`: the stream of the whole connection, or, of a kind that is there for
    /// each container, the streams of all of them.
    pub container: Option<String>,
}

/// Why a hook is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HookRefused {
    /// Its signature is missing or wrong: anybody may have sent it.
    #[error("not signed by the tool")]
    Forged,
    /// It is the tool's, but not in a form we know.
    #[error("not understood")]
    Malformed,
    /// We cannot tell: the secret cannot be read at present.
    #[error("the secret cannot be read")]
    NoSecret,
}

/// The HMAC-SHA256 of `body` under `secret`, in small hexadecimal digits.
pub fn signature(secret: &SecretString, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
    let mut mac = mac.expect("a key of any length will do");
    mac.update(body);
    data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
}

/// True when `given` is the [`signature`] of `body`, in digits of either case. Compared in constant time. With an empty
/// secret nothing is ever signed.
pub fn is_signed(secret: &SecretString, body: &[u8], given: &str) -> bool {
    let given = given.to_ascii_lowercase();
    let same = signature(secret, body).as_bytes().ct_eq(given.as_bytes());
    !secret.expose_secret().is_empty() && bool::from(same)
}

/// True when `given` is the secret. Compared in constant time; an empty secret is never given.
pub fn is_same(secret: &SecretString, given: &str) -> bool {
    let secret = secret.expose_secret();
    !secret.is_empty() && bool::from(secret.as_bytes().ct_eq(given.as_bytes()))
}

/// The HMAC-SHA1 of these pieces, one behind the other, in base64. For tools that know nothing newer; as an HMAC it is not
/// broken.
pub fn signature_sha1(secret: &SecretString, pieces: &[&[u8]]) -> String {
    let mac = Hmac::<Sha1>::new_from_slice(secret.expose_secret().as_bytes());
    let mut mac = mac.expect("a key of any length will do");
    for piece in pieces {
        mac.update(piece);
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// True when `given` is the [`signature_sha1`] of these pieces. Compared in constant time. With an empty secret nothing is
/// ever signed.
pub fn is_signed_sha1(secret: &SecretString, pieces: &[&[u8]], given: &str) -> bool {
    let same = signature_sha1(secret, pieces).as_bytes().ct_eq(given.as_bytes());
    !secret.expose_secret().is_empty() && bool::from(same)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIGNATURE: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn secret() -> SecretString {
        SecretString::from("It's a Secret to Everybody")
    }

    #[test]
    fn the_vendors_own_example_is_signed() {
        assert!(is_signed(&secret(), b"Hello, World!", SIGNATURE));
        assert!(is_signed(&secret(), b"Hello, World!", &SIGNATURE.to_uppercase()));
    }

    #[test]
    fn nothing_else_is() {
        let signed = |secret: &str, body: &[u8], signature: &str| is_signed(&secret.into(), body, signature);
        assert!(!signed("It's a secret to everybody", b"Hello, World!", SIGNATURE));
        assert!(!signed("It's a Secret to Everybody", b"Hello, World", SIGNATURE));
        for wrong in ["", "sha256=", &SIGNATURE[..62], &format!("{SIGNATURE}00"), "zz", "ü", &"0".repeat(64)] {
            assert!(!signed("It's a Secret to Everybody", b"Hello, World!", wrong), "{wrong}");
        }
        // HMAC under the empty key of the empty text.
        let empty = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
        assert!(!signed("", b"", empty), "no secret signs nothing");
    }

    #[test]
    fn a_sha1_signature_covers_all_pieces_in_their_order() {
        let (body, url) =
            (br#"{"action":{"id":"1","type":"updateCard"},"model":{"id":"2"}}"#, b"https://example.org/hooks/trello");
        let signed = |secret: &str, pieces: &[&[u8]], given: &str| is_signed_sha1(&secret.into(), pieces, given);
        let given = "NqtHC8KkAMIIxlW4/WVMdSop2SY=";
        assert!(signed("secret", &[body, url], given));
        assert!(!signed("secret", &[url, body], given) && !signed("secret", &[body], given));
        assert!(!signed("secreT", &[body, url], given));
        for wrong in ["", "NqtHC8KkAMIIxlW4/WVMdSop2SY", "nqtHC8KkAMIIxlW4/WVMdSop2SY="] {
            assert!(!signed("secret", &[body, url], wrong), "{wrong}");
        }
        assert!(!signed("", &[], "+9sdGxiqbAgyS31ktx+3Y3BpDh0="), "no secret signs nothing");
    }

    proptest! {
        #[test]
        fn every_flipped_bit_is_noticed(at in 0usize..64, bit in 0u8..4, body_at in 0usize..13, body_bit in 0u8..8) {
            let mut signature: Vec<u8> = SIGNATURE.bytes().collect();
            let digit = (signature[at] as char).to_digit(16).unwrap_or(0) ^ (1 << bit);
            signature[at] = char::from_digit(digit, 16).unwrap_or('0') as u8;
            prop_assert!(!is_signed(&secret(), b"Hello, World!", &String::from_utf8_lossy(&signature)));
            let mut body = b"Hello, World!".to_vec();
            body[body_at] ^= 1 << body_bit;
            prop_assert!(!is_signed(&secret(), &body, SIGNATURE));
        }

        #[test]
        fn no_text_makes_it_fail_in_another_way(signature in ".*", body in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(!is_signed(&secret(), &body, &signature) || signature.len() == 64);
        }
    }
}
