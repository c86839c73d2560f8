//! Jira, Cloud and Data Center: the whole way, against working models of both.

mod described;
mod recorded;
mod story;
mod writing;
