//! Asana and Trello: what both go through alike, the whole way, against working models of both.

mod answers;
pub mod canaries;
pub mod faults;
pub mod hostile;
pub mod kills;
mod later;
mod story;

use crate::contract::trackers::Tracker;

/// Those whose tests are the same.
pub const HOSTED: [Tracker; 2] = [Tracker::Asana, Tracker::Trello];
