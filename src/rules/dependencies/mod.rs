//! Dependencies.

pub mod blocker_cascade;
