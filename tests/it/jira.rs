//! Jira, Cloud and Data Center: the whole way, against working models of both.

mod canaries;
mod described;
mod faults;
mod hostile;
mod kills;
mod lagging;
mod logins;
mod meanings;
mod recorded;
mod story;
mod vanishing;
mod writing;
