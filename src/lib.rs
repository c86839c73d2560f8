//! gapwatch: work execution assurance.
//!
//! ```text
//!  Jira Asana Trello GitHub                                                        Slack · ticket comments · e-mail · webhook
//!      │ pull(stream, cursor) -> Page                                                 ▲ send / post / edit / find
//!  ┌─ pull ───────────┐   ┌─ decide: one round ──────────────────────────────┐   ┌─ deliver ─────────────┐
//!  │ one request,     │   │ answers → judge → reconcile → step → route:      │   │ mark sending, one     │
//!  │ parse, normalise │   │ notices; those due: names → word → sealed        │   │ call, record; the next│
//!  └──────┬───────────┘   └──────▲──────────────────────────┬────────────────┘   │ attempt is a row      │
//!         │ Page                 │ what is due, Snapshot    │ Round              └───▲────────────┬──────┘
//!         ▼                      │                          ▼                 sealed │            ▼ Outcome
//!  ┌─ core: one thread owns the store's writer and the board; each write is a plain value: committed, then applied ─┐
//!  │ store: mirror, alerts, notices, messages, posts, inbox          board: the store's open world in memory        │
//!  └────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Modules in the order in which they may use each other: each uses only what stands above it.

#[cfg(test)]
mod golden;

pub mod domain;
pub mod rules;
pub mod alerts;
pub mod messages;
pub mod config;
pub mod store;
pub mod registry;
pub mod clock;
pub mod telemetry;
pub mod core;
pub mod jobs;
pub mod web;
pub mod daemon;
pub mod cli;
