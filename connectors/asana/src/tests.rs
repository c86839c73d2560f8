//! The connector against a server of our own making.

#![allow(clippy::unwrap_used)]

mod access;
mod looking;
mod reading;
mod server;
mod writing;
