//! Notices, posts and messages: the types. What is said, where, and whether it arrived; decided in `alerts/`, worded and
//! followed in `messages/`.

use connector_kit::{Destination, Text};
use connector_model::Mark;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::digest::DigestOf;
use super::finding::Finding;
use super::ids::{AccountId, AlertId, MessageId, NoticeId, PostId, TaskId};

/// One decision to tell one account about one alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Row.
    pub id: NoticeId,
    /// About what.
    pub alert: AlertId,
    /// Which episode.
    pub episode: u32,
    /// Why now.
    pub reason: Reason,
    /// 0 digest, 1 owner, 2 manager, 3 whoever leads the manager; for `Resolved` the rung that had been told.
    pub rung: u8,
    /// Counts repeats.
    pub round: u32,
    /// Whom.
    pub account: AccountId,
    /// Where.
    pub address: Address,
    /// Where it stands.
    pub state: NoticeState,
    /// Why it was withdrawn or died, in words.
    pub why: Option<String>,
    /// What carries it. `None`: it waits for a digest.
    pub message: Option<MessageId>,
    /// The post it is a line of. `None`: none (a digest line).
    pub post: Option<PostId>,
    /// The finding it was decided on.
    pub finding: Finding,
    /// When.
    pub decided_at: Timestamp,
    /// When the channel confirmed it. `None`: not, or not yet.
    pub told_at: Option<Timestamp>,
}

impl Notice {
    /// When its reader heard, or may have heard. `None`: they did not.
    pub fn heard_at(&self) -> Option<Timestamp> {
        let at = self.told_at.or((self.state == NoticeState::Unsure).then_some(self.decided_at));
        at.filter(|_| !self.address.is_for_all())
    }
}

/// Why somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The gap opened.
    Opened,
    /// It went a stage further.
    Worsened,
    /// It stays, so the next one hears.
    Escalated,
    /// It resolved.
    Resolved,
    /// The time that somebody asked for is over, and it still stands.
    Asked,
    /// The same once more: nothing was done about it.
    Repeated,
    /// It is somebody else's by now: what its former owner was told says so, in silence.
    Handed,
}

impl Reason {
    /// As kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`Reason::code`]; anything else reads as resolved.
    pub fn from_code(code: u8) -> Reason {
        match code {
            0 => Reason::Opened,
            1 => Reason::Worsened,
            2 => Reason::Escalated,
            4 => Reason::Asked,
            5 => Reason::Repeated,
            6 => Reason::Handed,
            _ => Reason::Resolved,
        }
    }

    /// `opened`, `worsened`, `escalated`, `resolved`, `asked`, `repeated` or `handed`.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Opened => "opened",
            Reason::Worsened => "worsened",
            Reason::Escalated => "escalated",
            Reason::Resolved => "resolved",
            Reason::Asked => "asked",
            Reason::Repeated => "repeated",
            Reason::Handed => "handed",
        }
    }

    /// True for the last word to somebody about a gap: nothing is asked by it.
    pub fn is_farewell(self) -> bool {
        matches!(self, Reason::Resolved | Reason::Handed)
    }
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeState {
    /// Decided; waits for its digest.
    Open,
    /// Part of a sealed message.
    Sealed,
    /// The channel confirmed it.
    Told,
    /// May or may not have arrived, and will not be repeated.
    Unsure,
    /// Every channel refused it.
    Dead,
    /// It was one of too many at once, and somebody decided that it is not sent. It is not said again while the gap stays
    /// what it is.
    Dropped,
    /// Taken back before it was sent.
    Withdrawn,
}

impl NoticeState {
    /// As kept in the store.
    pub fn code(self) -> u8 {
        match self {
            NoticeState::Open => 0,
            NoticeState::Sealed => 1,
            NoticeState::Told => 2,
            NoticeState::Unsure => 3,
            NoticeState::Dead => 5,
            NoticeState::Dropped => 6,
            NoticeState::Withdrawn => 9,
        }
    }

    /// The inverse of [`NoticeState::code`]; anything else reads as withdrawn.
    pub fn from_code(code: u8) -> NoticeState {
        match code {
            0 => NoticeState::Open,
            1 => NoticeState::Sealed,
            2 => NoticeState::Told,
            3 => NoticeState::Unsure,
            5 => NoticeState::Dead,
            6 => NoticeState::Dropped,
            _ => NoticeState::Withdrawn,
        }
    }
}

/// Where a notice goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Address {
    /// Slack: a person or a channel.
    Slack(Destination),
    /// A mail to this address.
    Email(String),
    /// Our comment on the task, through this connection; with the login to mention, when it is the only channel.
    Comment {
        /// Name of the connection, `github.acme`.
        connection: String,
        /// The task.
        task: TaskId,
        /// `None`: nobody is mentioned.
        mention: Option<String>,
    },
    /// A line of somebody's daily digest, for which it waits. Holds the person's handle or `channel`.
    Digest(String),
    /// The log and `doctor`, where no operator is configured.
    Log,
}

impl Address {
    /// `slack`, `email`, `comment`, `digest` or `log`, as in `channel`.
    pub fn channel(&self) -> &'static str {
        match self {
            Address::Slack(_) => "slack",
            Address::Email(_) => "email",
            Address::Comment { .. } => "comment",
            Address::Digest(_) => "digest",
            Address::Log => "log",
        }
    }

    /// The same, but for comments: these go by their connection, each of which fails by itself.
    pub fn way(&self) -> String {
        match self {
            Address::Comment { connection, .. } => connection.clone(),
            other => other.channel().to_owned(),
        }
    }

    /// True for what one person alone reads.
    pub fn is_private(&self) -> bool {
        matches!(self, Address::Slack(Destination::User(_) | Destination::Email(_)) | Address::Email(_))
    }

    /// True for a comment that mentions nobody: it is nobody's word in particular.
    pub fn is_for_all(&self) -> bool {
        matches!(self, Address::Comment { mention: None, .. })
    }

    /// True when something is sent there now, false for a line that waits.
    pub fn is_sent(&self) -> bool {
        matches!(self, Address::Slack(_) | Address::Email(_) | Address::Comment { .. })
    }
}

/// A comment or message of ours that is kept up to date.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// Row.
    pub id: PostId,
    /// Where it is, without a mention.
    pub place: Address,
    /// What it is about.
    pub about: PostAbout,
    /// Counts up when one had to be made anew.
    pub generation: u32,
    /// Its mark: that of the message that made it.
    pub mark: Mark,
    /// The channel's id for it. `None`: not sent yet.
    pub at: Option<String>,
    /// What it should say.
    pub want: Text,
    /// What it says. `None`: nothing yet.
    pub have: Option<Text>,
    /// A line for whoever answered in a way that could not be obeyed. `None`: none.
    pub remark: Option<String>,
    /// False once a person took it away, or it could not be sent: nothing is made there again.
    pub open: bool,
}

/// A digest to be worded.
#[derive(Debug, Clone, PartialEq)]
pub struct DigestDue {
    /// Whose.
    pub of: DigestOf,
    /// Of which day.
    pub day: Date,
    /// Where it goes.
    pub address: Address,
    /// The lines it takes.
    pub lines: Vec<NoticeId>,
}

/// What a post gathers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PostAbout {
    /// All gaps of a task: the living comment.
    Task(TaskId),
    /// All lines of one day for one address: the grouped direct message.
    Day(Date),
    /// One episode of one alert: what could not wait.
    Alert(AlertId, u32),
    /// The digest of one day.
    Digest(DigestOf, Date),
}

/// One thing to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Row.
    pub id: MessageId,
    /// Wire id and MAC; of an edit, those of its post.
    pub mark: Mark,
    /// What it does.
    pub op: MessageOp,
    /// Where it goes.
    pub address: Address,
    /// The post it makes, edits, or answers under.
    pub post: PostId,
    /// Frozen words.
    pub body: Text,
    /// Where it stands.
    pub state: MessageState,
    /// Not before.
    pub due_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was last tried.
    pub attempt_at: Option<Timestamp>,
    /// By which epoch of the store's owner.
    pub attempt_epoch: Option<i64>,
    /// Last error, without secrets.
    pub error: Option<String>,
    /// True when losing it is worse than saying it twice (a failure stage).
    pub insist: bool,
    /// Whether it may leave, as far as floods go.
    pub gate: Gate,
}

/// Whether a message may leave, as far as floods go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// It may, unless there are too many.
    Free,
    /// It was one of too many within an hour, and waits for somebody to decide.
    Held {
        /// When the flood began that it is part of.
        since: Timestamp,
    },
    /// Somebody decided that it is sent all the same.
    LetGo,
}

/// What a message does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageOp {
    /// Makes its post.
    Post,
    /// Brings its post up to date.
    Edit,
    /// Answers under its post, so that the reader is notified.
    Reply,
}

impl MessageOp {
    /// As kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`MessageOp::code`]; anything else reads as an edit, which is harmless to repeat.
    pub fn from_code(code: u8) -> MessageOp {
        match code {
            0 => MessageOp::Post,
            2 => MessageOp::Reply,
            _ => MessageOp::Edit,
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageState {
    /// Worded and frozen.
    Sealed,
    /// A call is being made.
    Sending,
    /// A call was made, its outcome is not known.
    Unsure,
    /// The channel confirmed it.
    Sent,
    /// Given up.
    Dead,
    /// Taken back before it was sent.
    Withdrawn,
}

impl MessageState {
    /// As kept in the store.
    pub fn code(self) -> u8 {
        match self {
            MessageState::Sealed => 1,
            MessageState::Sending => 2,
            MessageState::Unsure => 3,
            MessageState::Sent => 4,
            MessageState::Dead => 5,
            MessageState::Withdrawn => 9,
        }
    }

    /// The inverse of [`MessageState::code`]; anything else reads as withdrawn.
    pub fn from_code(code: u8) -> MessageState {
        match code {
            1 => MessageState::Sealed,
            2 => MessageState::Sending,
            3 => MessageState::Unsure,
            4 => MessageState::Sent,
            5 => MessageState::Dead,
            _ => MessageState::Withdrawn,
        }
    }

    /// True while something is still to be done.
    pub fn is_live(self) -> bool {
        matches!(self, MessageState::Sealed | MessageState::Sending | MessageState::Unsure)
    }
}
