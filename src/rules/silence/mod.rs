//! Silence.

pub mod stalled;
