//! The rules.

pub mod settings;
