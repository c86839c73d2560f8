//! gapwatch.

pub mod domain;

pub mod rules;

pub mod config;
