//! Why a read failed: one variant for each thing the caller does next.

use jiff::SignedDuration;

/// A boxed cause.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a read failed. Texts carry no secret and no address with a query.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorError {
    /// Expected to pass: keep the cursor, wait (at least `retry_after`), ask again.
    #[error("{tool} did not answer: {what}")]
    Transient {
        /// The tool.
        tool: &'static str,
        /// What happened (`HTTP 503`, `connection reset`).
        what: String,
        /// What the tool asked for. `None`: our own back-off.
        retry_after: Option<SignedDuration>,
        /// The cause, if there is one.
        #[source]
        source: Option<BoxError>,
    },
    /// A limit of the tool is used up: keep the cursor, ask nothing of this resource until then.
    #[error("{tool} asks us to wait: {what}")]
    Limited {
        /// The tool.
        tool: &'static str,
        /// Which limit.
        what: String,
        /// How long.
        retry_after: SignedDuration,
    },
    /// The credential as a whole is refused, or lacks what everything needs: park the connection, tell the operator once.
    #[error("{tool} refuses the credential: {what}")]
    Unauthorized {
        /// The tool.
        tool: &'static str,
        /// What is missing and what to do, as exactly as the tool tells it.
        what: String,
    },
    /// The credential is good, but may not do this here: hold this container, go on with the others, tell the operator.
    #[error("{tool} does not allow {what}")]
    Forbidden {
        /// The tool.
        tool: &'static str,
        /// What was asked for, and what is missing, as exactly as the tool tells it.
        what: String,
    },
    /// This container (or this feature of it) is not there or not to be seen: hold it, conclude nothing.
    #[error("{tool} does not show {what}")]
    NotVisible {
        /// The tool.
        tool: &'static str,
        /// What was asked for.
        what: String,
    },
    /// An answer in a shape we do not know: keep the cursor, tell the operator. One bad item is not this: it is skipped,
    /// counted, and named in `Page::unreadable`.
    #[error("{tool} answered in an unknown form: {what}")]
    Malformed {
        /// The tool.
        tool: &'static str,
        /// What was expected and what came.
        what: String,
        /// The cause, if there is one.
        #[source]
        source: Option<BoxError>,
    },
    /// The request cannot work as it is (address, TLS, version): retrying is useless, the operator must act.
    #[error("{tool} cannot be asked: {what}")]
    Misconfigured {
        /// The tool.
        tool: &'static str,
        /// What is wrong and what to do.
        what: String,
    },
}
