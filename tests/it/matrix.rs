//! The fault matrix: what tools, networks, clocks and machines do, what must not come of it, and each time a figure.
//!
//! A figure is one line that begins with `figure` and the row's name; `tests/run` shows them all at its end.

mod bodies;
pub mod canaries;
mod clocks;
mod echoes;
mod invariants;
mod lists;
mod origins;
mod outages;
mod panics;
mod refusals;
mod resumes;
mod slow;
mod waits;
pub mod wiretap;

use connector_simulator::{Logged, Tool};

use crate::world::World;

/// For as long as a test lasts.
const FOR_EVER: u32 = 1_000_000;

/// Prints a row's figure.
fn figure(row: &str, words: impl std::fmt::Display) {
    println!("figure {row}: {words}");
}

/// The requests of a tool since the log was emptied.
fn requests(world: &World, tool: Tool) -> Vec<Logged> {
    world.sim.requests().into_iter().filter(|request| request.tool == tool).collect()
}
