//! The connector against a small server: which requests it makes, and what it makes of the answers.

#![allow(clippy::unwrap_used)]

mod access;
mod described;
mod looking;
mod reading;
mod server;
mod site;
mod untouched;
mod writing;
