//! What words need of a task, and no rule may see.

/// What words need of a task; one read for all of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskName {
    /// `acme/web#12`
    pub key: String,
    /// Byte for byte.
    pub title: String,
    /// Browser address.
    pub url: String,
    /// Its connector's handle.
    pub handle: String,
    /// Its connection's name.
    pub connection: String,
}
