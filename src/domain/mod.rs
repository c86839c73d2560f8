//! What is true of work.

pub mod length;
pub mod policy;
