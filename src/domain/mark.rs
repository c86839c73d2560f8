//! The signed marker by which we know our own comments and messages again.

use connector_model::Mark;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The key of this instance, made at the first start and kept in the store. Says nothing in debug output.
#[derive(Clone)]
pub struct InstanceKey([u8; 32]);

impl InstanceKey {
    /// From its stored bytes; `None` unless there are 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<InstanceKey> {
        bytes.try_into().ok().map(InstanceKey)
    }

    /// Signs a wire id.
    pub fn sign(&self, wire: &str) -> Mark {
        Mark { wire: wire.to_owned(), mac: self.mac(wire) }
    }

    /// True when the MAC is this instance's own; anybody can copy the form, nobody the MAC of another wire id.
    pub fn believes(&self, mark: &Mark) -> bool {
        self.mac(&mark.wire).as_bytes().ct_eq(mark.mac.as_bytes()).into()
    }

    fn mac(&self, wire: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(b"gapwatch/1\0");
        mac.update(wire.as_bytes());
        data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()[..16])
    }
}

impl std::fmt::Debug for InstanceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InstanceKey([set])")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_our_own_mac_is_believed() {
        let key = InstanceKey::from_bytes(&[7; 32]).unwrap();
        let mark = key.sign("00112233445566778899aabbccddeeff");
        assert!(key.believes(&mark));
        assert_eq!(Mark::from_text(&mark.to_text()), Some(mark.clone()));
        let other = Mark { wire: "ff112233445566778899aabbccddeeff".to_owned(), ..mark.clone() };
        assert!(!key.believes(&other));
        assert!(!InstanceKey::from_bytes(&[8; 32]).unwrap().believes(&mark));
        assert!(!format!("{key:?}").contains('7'));
    }
}
