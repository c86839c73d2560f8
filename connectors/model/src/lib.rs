//! The words every tool is translated into.
//!
//! No IO, no clock, no vendor: a connector turns its tool's JSON into these types, and everything behind it reads
//! nothing else. What a tool calls its things stays beside our word for it (`Status::raw`, `Task::key`), so that nothing
//! unknown is lost or fatal.

mod address;
mod change;
mod keys;
mod need;
mod person;
mod task;
pub mod words;

pub use address::{Address, tasks_named};
pub use change::{Change, FLAGGED, Field, Mark, Mentions};
pub use keys::{SiteKey, TaskRef};
pub use need::{Lack, Need};
pub use person::{Absences, Account, AccountKind, DaysAway};
pub use task::{
    Container, ContainerKind, ContainerRef, Due, DueSource, DueStated, Ineligible, Link, LinkKind, Progress,
    ProgressSource, Share, Status, StatusCategory, Task,
};
