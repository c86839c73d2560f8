//! The connector against a small server: which requests it makes, and what it makes of the answers.

#![allow(clippy::unwrap_used)]

mod access;
mod exported;
mod looking;
mod modelled;
mod reading;
mod server;
mod writing;
