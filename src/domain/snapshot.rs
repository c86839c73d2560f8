//! The board at one moment, under one policy: all that judging, stepping and routing may see.

use jiff::Timestamp;

use super::board::Board;
use super::policy::Policy;

/// The board and `now`.
#[derive(Clone, Copy)]
pub struct Snapshot<'a> {
    /// The open world.
    pub board: &'a Board,
    /// What the configuration says about speaking.
    pub policy: &'a Policy,
    /// The moment.
    pub now: Timestamp,
}
