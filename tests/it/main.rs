//! The integration tests, in one program.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::assertions_on_constants
)]

mod crashes;
mod kills;
mod lab;
mod oracle;
