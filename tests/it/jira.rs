//! Jira, Cloud and Data Center: the whole way, against working models of both.

mod described;
mod faults;
mod lagging;
mod logins;
mod meanings;
mod recorded;
mod story;
mod vanishing;
mod writing;
