//! The whole program against working models of the tools: real HTTP, a clock that is set by hand.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs, unreachable_pub)]

mod clocks;
mod commands;
mod faults;
mod neighbours;
mod pipeline;
mod quiet;
mod recorded;
mod world;
mod writes;
