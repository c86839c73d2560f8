//! One budget per (credential, resource).
/// x
pub struct Limits;
