//! The one integration binary: what no single file of the sources can promise alone. The whole program runs against working
//! models of the tools: real HTTP, a clock that is set by hand.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs, unreachable_pub)]

mod acceptance;
mod access;
mod adversarial;
mod asana;
mod channels;
mod clocks;
mod commands;
mod contract;
mod crashes;
mod faults;
mod fixtures;
mod generated;
mod hosted_desk;
mod jira;
mod jira_desk;
mod joint;
mod kills;
mod lab;
mod looks;
mod mail;
mod matrix;
mod neighbours;
mod norms;
mod oracle;
mod own_rules;
mod pipeline;
mod plans;
mod projects;
mod quiet;
mod recorded;
mod reference;
mod reload;
mod same_company;
mod second_clock;
mod service;
mod sweep;
mod tidy;
mod trackers;
mod trello;
mod vanished;
mod webhooks;
mod wizard;
mod world;
mod writes;
