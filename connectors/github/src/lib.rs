//! GitHub Issues.
