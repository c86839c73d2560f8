//! The one integration binary: what no single file of the sources can promise alone. The whole program runs against working
//! models of the tools: real HTTP, a clock that is set by hand.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs, unreachable_pub)]

mod clocks;
mod commands;
mod crashes;
mod faults;
mod kills;
mod lab;
mod matrix;
mod neighbours;
mod oracle;
mod pipeline;
mod quiet;
mod recorded;
mod sweep;
mod tidy;
mod world;
mod writes;
