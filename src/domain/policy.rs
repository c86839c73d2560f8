//! What the configuration says about speaking, as plain values.

use serde::{Deserialize, Serialize};

/// Judge and show, or also send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Judge and show everything, send nothing.
    Observe,
    /// Send.
    Live,
}
