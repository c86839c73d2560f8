//! The connector against a small server: which requests it makes, and what it makes of the answers.

#![allow(clippy::unwrap_used)]

mod looking;
mod server;
mod writing;
