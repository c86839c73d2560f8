//! What gapwatch knows and how it may be looked at. Pure: no clock, no IO, no environment.

pub mod absence;
pub mod alert;
pub mod away;
pub mod baseline;
pub mod board;
pub mod record;
pub mod bulk;
pub mod calendar;
mod edges;
pub mod facts;
pub mod finding;
pub mod graph;
pub mod ids;
pub mod length;
pub mod look;
pub mod mark;
pub mod names;
pub mod norms;
pub mod notice;
pub mod outcome;
pub mod past;
pub mod people;
pub mod policy;
pub mod snapshot;
mod timers;
mod uses;
