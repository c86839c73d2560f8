//! The connector against a server of our own making, and against the model of Asana.

#![allow(clippy::unwrap_used)]

mod access;
mod looking;
mod reading;
mod server;
mod simulated;
mod writing;
