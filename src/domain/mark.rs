//! The signed marker by which we know our own comments and messages again.

use connector_model::Mark;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::letters::{leading, letters};

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
        match wire.len() {
            // As in marks of the earlier form.
            32 => data_encoding::HEXLOWER.encode(&self.hmac(b"gapwatch/1\0", wire)[..16]),
            _ => letters(leading(&self.hmac(b"gapwatch/2\0", wire)), Mark::MAC as u32),
        }
    }

    fn hmac(&self, of: &[u8], wire: &str) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(of);
        mac.update(wire.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

/// A wire id from random bits, of which the first fifty count.
pub fn wire(random: u64) -> String {
    letters(random, Mark::WIRE as u32)
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
        let mark = key.sign(&wire(0x0011_2233_4455_6677));
        assert!(key.believes(&mark));
        assert_eq!(mark.to_text().len(), 19, "{}", mark.to_text());
        assert_eq!(Mark::from_text(&mark.to_text()), Some(mark.clone()));
        let other = Mark { wire: wire(0xff11_2233_4455_6677), ..mark.clone() };
        assert!(!key.believes(&other));
        assert!(!key.believes(&Mark { mac: String::new(), ..mark.clone() }));
        assert!(!InstanceKey::from_bytes(&[8; 32]).unwrap().believes(&mark));
        assert!(!format!("{key:?}").contains('7'));
    }

    #[test]
    fn a_mark_of_the_earlier_form_is_still_ours() {
        let key = InstanceKey::from_bytes(&[7; 32]).unwrap();
        let text = "00112233445566778899aabbccddeeff.EARLIER".replace("EARLIER", EARLIER);
        let mark = Mark::from_text(&text).unwrap();
        assert!(key.believes(&mark));
        assert_eq!(mark.to_text(), text);
        let other = Mark { wire: "ff112233445566778899aabbccddeeff".to_owned(), ..mark };
        assert!(!key.believes(&other));
        for wrong in ["0011223344-5566778", "00112233445-66778899", "0011223344.55667788", "001122334-A5566778", "a-b"]
        {
            assert_eq!(Mark::from_text(wrong), None, "{wrong}");
        }
    }

    /// What the first version gave, by another program: HMAC-SHA256 of `gapwatch/1`, a zero byte and the wire id.
    const EARLIER: &str = "c40b362a09d686d9db3505884e6a9298";
}
