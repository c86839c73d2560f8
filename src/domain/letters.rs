//! Short ids that people read and type: base32 in Crockford's letters, which has no `i`, `l`, `o` and `u`.

/// The letters.
const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The first bits of a number as so many letters, five bits each; at most twelve.
pub(super) fn letters(bits: u64, count: u32) -> String {
    (0..count.min(12)).map(|i| char::from(CROCKFORD[(bits >> (59 - 5 * i) & 31) as usize])).collect()
}

/// The first eight bytes as a number.
pub(super) fn leading(bytes: &[u8]) -> u64 {
    bytes.iter().chain(&[0; 8]).take(8).fold(0, |bits, byte| (bits << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bits_come_first() {
        assert_eq!(letters(u64::MAX, 3), "zzz");
        assert_eq!(letters(1 << 59, 2), "10");
        assert_eq!((leading(&[1]), leading(&[0, 0, 0, 0, 0, 0, 0, 2, 9])), (1 << 56, 2));
    }
}
