//! The connector against a server of our own making.

#![allow(clippy::unwrap_used)]

mod server;
