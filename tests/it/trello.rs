//! Trello: the whole way, against a working model of it.

mod recorded;
