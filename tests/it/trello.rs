//! Trello: the whole way, against a working model of it. What it has in common with Asana stands in `trackers`.

mod canaries;
mod faults;
mod hooks;
mod hostile;
mod recorded;
mod unheard;
mod vanishing;
