//! Why a read failed, and how a write ended that did not succeed: one variant for each thing the caller does next.

use jiff::SignedDuration;

use crate::MessageRef;

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

/// How a write ended, when it did not succeed: one variant for each thing the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Surely not written: try again, at the earliest after `retry_after`.
    #[error("not sent: {because}")]
    NotSent {
        /// What the tool asked for. `None`: our own back-off.
        retry_after: Option<SignedDuration>,
        /// Why, without secrets.
        because: String,
    },
    /// Perhaps written (time-out, cut connection, 5xx): look before repeating.
    #[error("outcome unknown: {because}")]
    Unsure {
        /// Why, without secrets.
        because: String,
    },
    /// This destination refuses for good: take the next channel.
    #[error("refused: {because}")]
    Refused {
        /// Why, without secrets.
        because: String,
    },
    /// The thing to edit is gone, most likely deleted by a person: that is a no.
    #[error("gone: {because}")]
    Gone {
        /// Why, without secrets.
        because: String,
    },
    /// Some of those who are mentioned in a comment do not hear of it: whoever was to hear by that mention alone is not told,
    /// and takes the next channel.
    #[error("a mention reaches nobody: {because}")]
    Unheard {
        /// Where the comment is, for the others. `None`: nothing was written, for nobody would have heard of it.
        at: Option<MessageRef>,
        /// Who does not hear of it, as they are mentioned.
        who: Vec<String>,
        /// Why, without secrets.
        because: String,
    },
    /// Credential refused: nothing more goes through this connection until the operator acts.
    #[error("credential refused: {because}")]
    Unauthorized {
        /// Why, without secrets.
        because: String,
    },
}
