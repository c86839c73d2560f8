//! What a connector is, and what it stands on.
//!
//! A [`Source`] reads a tool, a [`Commenter`] writes one living comment into it, a [`Notifier`] tells a person. Each method
//! is one step: one request (or one page), parsed and translated. Nothing here keeps state between calls but the
//! limits; where a read stands is the caller's row, handed in as a [`Cursor`] and handed back with the [`Page`].
//!
//! Reads are retried here by one table ([`http`]); a write is never repeated here: its next attempt is a row of the store.

pub mod clock;
pub mod control;
pub mod error;
pub mod http;
pub mod items;
pub mod limits;
pub mod markdown;
pub mod secret;
pub mod mentions;
mod supplement;
pub mod survey;
pub mod webhook;

use connector_model::{
    Absences, Account, Change, Container, ContainerRef, Field, Lack, Link, Mark, SiteKey, Task, TaskRef,
};
pub use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use clock::Clock;
pub use control::{Choice, Control};
pub use error::ConnectorError;
pub use supplement::{ChildCount, KnownTask, SourceRead, Supplement, TaskRelations, Values, Wanted};

/// Who we are at a tool, and which tenant answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whoami {
    /// The site the credential belongs to.
    pub site: SiteKey,
    /// The account the credential writes as. `None` where the tool does not tell.
    pub account: Option<Account>,
    /// Things the operator should know now: an expiry date, a missing permission. Each a sentence without secrets.
    pub warnings: Vec<String>,
}

/// What has been used of a tool since the start, for metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests by how they ended: a status, or `none` where no answer came.
    pub answers: Vec<(String, u64)>,
    /// What the tool said is left of each budget.
    pub remaining: Vec<(String, u64)>,
}

/// What a stream brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StreamKind {
    /// Which containers the selection covers. One a connection; `scope` is `None`.
    Containers,
    /// Tasks as they are now: first all, then what changed.
    Tasks,
    /// Comments as history.
    Comments,
    /// The tool's other history.
    Events,
    /// Homes with a date of their own: milestones, sprints, releases.
    Homes,
    /// Links and sums that change without the task's own `updated` moving.
    Links,
    /// Names of all open tasks of a container, to find what vanished. Judged only once its pass is complete.
    Census,
    /// What boards beside the tasks' own place say of them: dates, states, estimates. One a connection; `scope` is `None`.
    Boards,
}

impl StreamKind {
    const ALL: [StreamKind; 8] = [
        StreamKind::Containers,
        StreamKind::Tasks,
        StreamKind::Comments,
        StreamKind::Events,
        StreamKind::Homes,
        StreamKind::Links,
        StreamKind::Census,
        StreamKind::Boards,
    ];

    /// The number kept in the store; also the order in which due streams are pulled, but for boards: they come before the
    /// tasks they speak of.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`StreamKind::code`]; `None` for a number written by a newer program.
    pub fn from_code(code: u8) -> Option<StreamKind> {
        StreamKind::ALL.get(usize::from(code)).copied()
    }

    /// One for the whole connection; the others are there for each container.
    pub fn is_of_connection(self) -> bool {
        matches!(self, StreamKind::Containers | StreamKind::Boards)
    }

    /// Comments and events: what facts are folded from.
    pub fn is_history(self) -> bool {
        matches!(self, StreamKind::Comments | StreamKind::Events)
    }
}

/// A stream a connector has, and when it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamSpec {
    /// What it brings.
    pub kind: StreamKind,
    /// How often.
    pub every: Every,
}

/// When a stream is due again after a complete pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// With the connection's `poll`.
    Poll,
    /// After so long, and at once when a [`StreamKind::Tasks`] page of its container brought something new.
    AfterTasks(SignedDuration),
    /// After so long.
    Period(SignedDuration),
    /// Once a day, each container at a time of day of its own, so that they do not fall together. Costs as much as there is,
    /// so that it keeps its day even where everything else is read at once.
    Daily,
}

/// One stream to pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamKey {
    /// What it brings.
    pub kind: StreamKind,
    /// The container it is read for. `None` for a stream of the whole connection.
    pub scope: Option<Scope>,
}

/// A container as a stream needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Which.
    pub at: ContainerRef,
    /// Its connector's handle ([`Container::handle`]).
    pub handle: String,
    /// What people call it.
    pub name: String,
}

/// Where a stream stands. Opaque to everybody but its connector; kept in the store with the rows it covers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The connector's own text. `None`: from the beginning.
    pub at: Option<String>,
    /// Entity tag of the answer to exactly the next request, as received. `None`: none, or the request changed.
    pub etag: Option<String>,
    /// False until the first complete pass is over.
    pub backfilled: bool,
}

/// One answer, translated.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// When the request was sent. An older answer never overwrites a newer one.
    pub asked_at: Timestamp,
    /// Tasks as they are.
    pub tasks: Vec<Task>,
    /// History entries.
    pub changes: Vec<Change>,
    /// Links of tasks that were asked for without the task itself.
    pub links: Vec<TaskLinks>,
    /// Parents and children of tasks that were asked for without the task itself.
    pub relations: Vec<TaskRelations>,
    /// What boards say of tasks.
    pub supplements: Vec<Supplement>,
    /// A board of which this page is the last, with nothing left out.
    pub source_read: Option<SourceRead>,
    /// Every board there is, on the last page of a pass over them; what others have said no longer counts.
    pub sources: Option<Vec<String>>,
    /// Everybody named on the page.
    pub accounts: Vec<Account>,
    /// When some of them are away. Who is not named here was not asked about.
    pub absences: Vec<Absences>,
    /// Containers and homes named on the page. On a [`StreamKind::Containers`] page: everything the selection covers.
    pub containers: Vec<Container>,
    /// On a [`StreamKind::Census`] page: every open task it shows.
    pub present: Vec<TaskRef>,
    /// Tasks that a list has lost, or that the tool says left: each is asked for directly, and only that answer counts.
    pub missed: Vec<TaskRef>,
    /// Items that could not be read: skipped, counted, named. The rest of the page goes on.
    pub unreadable: Vec<Unreadable>,
    /// Items that are no tasks (pull requests), left out on purpose.
    pub skipped: u32,
    /// Where the stream stands after this page.
    pub next: Cursor,
    /// True: ask again at once with `next`, there is more.
    pub more: bool,
    /// True: the tool said nothing has changed; everything else is empty.
    pub unchanged: bool,
    /// For a history stream whose first pass ends with this page, or a stream of tasks that brings their history along: the
    /// instant since which its history is complete. The epoch: since ever. `None`: not told by this page.
    pub history_since: Option<Timestamp>,
    /// The answer may silently lack items (SSO, partial results): nothing may be concluded from what is absent.
    pub partial: Option<String>,
    /// Everything that this stream cannot tell at present, by what its tool has answered, and the tasks that are mirrored
    /// were read with. Empty: it tells all. `None`: this page says nothing of it, and what was known of it stays.
    ///
    /// What can be told again is left out only once the open tasks have been read with it: until then what the mirror holds
    /// of it is nothing, or old.
    pub lacks: Option<Vec<Lack>>,
}

impl Page {
    /// An empty page, to be filled in.
    pub fn new(asked_at: Timestamp, next: Cursor) -> Page {
        Page {
            asked_at,
            tasks: Vec::new(),
            changes: Vec::new(),
            links: Vec::new(),
            relations: Vec::new(),
            supplements: Vec::new(),
            source_read: None,
            sources: None,
            accounts: Vec::new(),
            absences: Vec::new(),
            containers: Vec::new(),
            present: Vec::new(),
            missed: Vec::new(),
            unreadable: Vec::new(),
            skipped: 0,
            next,
            more: false,
            unchanged: false,
            history_since: None,
            partial: None,
            lacks: None,
        }
    }
}

/// All links of one task from its own side, replacing those known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskLinks {
    /// Whose.
    pub task: TaskRef,
    /// Its links.
    pub links: Vec<Link>,
}

/// An item that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The tool's id or position, as far as it could be made out.
    pub what: String,
    /// Why, without its content.
    pub because: String,
}

/// A direct look at one task.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskLook {
    /// It is there.
    There(Box<Page>),
    /// It lives under another address now, to be read by its new container.
    Moved(TaskRef),
    /// The tool says it was deleted, and shows the place it was deleted from.
    Gone,
    /// Its place can be seen, but not the task: moved out of sight, or not for this credential. Nothing may be concluded.
    Hidden,
}

/// Reads a tool.
pub trait Source: Send + Sync {
    /// Asks who we are. Called once at start and after a refused credential.
    fn whoami(&self) -> BoxFuture<'_, Result<Whoami, ConnectorError>>;

    /// The streams of this connection and of each of its containers.
    fn streams(&self) -> Vec<StreamSpec>;

    /// Whether the credential is another one than the one that was refused last: it is worth asking again at once.
    fn renewed(&self) -> bool {
        false
    }

    /// Fields whose history the tool does not keep: a difference between two reads is stored as an observed change.
    fn observed(&self) -> &'static [Field] {
        &[]
    }

    /// One request of one stream.
    ///
    /// On `Err` the caller keeps its cursor; the same call may be made again.
    fn pull<'a>(&'a self, stream: &'a StreamKey, cursor: &'a Cursor) -> BoxFuture<'a, Result<Page, ConnectorError>>;

    /// Whether streams of this kind that rest (their first pass is over, none is under way) can be asked for together, by
    /// [`Source::pull_joint`].
    fn joins(&self, _kind: StreamKind) -> bool {
        false
    }

    /// What is new in several streams of one kind that rest, in as few requests as the tool allows. One page for each, in the
    /// order given; a page with `more` goes on by itself.
    ///
    /// On `Err` every cursor stays. Where the failure is about one of them alone, asking for each by itself tells which.
    fn pull_joint<'a>(
        &'a self,
        _streams: &'a [(StreamKey, Cursor)],
    ) -> BoxFuture<'a, Result<Vec<Page>, ConnectorError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// The known tasks whose surroundings the next request of this stream asks for, or with which it compares what it reads.
    /// `None`: the stream needs none of them, or has another way for now.
    fn wants(&self, _stream: &StreamKey, _cursor: &Cursor) -> Option<Wanted> {
        None
    }

    /// One request of a stream that [wants](Source::wants) known tasks, with those tasks: as many as there are, at most as
    /// many as it wanted.
    ///
    /// On `Err` the caller keeps its cursor; the same call may be made again.
    fn refresh<'a>(
        &'a self,
        stream: &'a StreamKey,
        cursor: &'a Cursor,
        _tasks: &'a [KnownTask],
    ) -> BoxFuture<'a, Result<Page, ConnectorError>> {
        self.pull(stream, cursor)
    }

    /// One task by its handle.
    ///
    /// `NotVisible` where its place itself cannot be seen: then nothing is known of the task either.
    fn task<'a>(&'a self, handle: &'a str) -> BoxFuture<'a, Result<TaskLook, ConnectorError>>;
}

/// Where a written thing is: the tool's own id, opaque to everybody but its connector.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageRef(pub String);

/// Answer to "is the thing I may have written there?"
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is: adopt it.
    There(MessageRef),
    /// It surely is not: send it again.
    Absent,
    /// The tool cannot tell, with this reason: only a failure is repeated, and says so.
    CannotTell(String),
}

/// Writes our one living comment on a task.
pub trait Commenter: Send + Sync {
    /// Makes a comment that carries the mark. Where the tool tells that a mention in it reaches nobody, that is
    /// [`WriteError::Unheard`].
    fn post<'a>(
        &'a self,
        task: &'a str,
        body: &'a Text,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<MessageRef, WriteError>>;

    /// Replaces its text; the mark stays that of the post.
    fn edit<'a>(
        &'a self,
        task: &'a str,
        at: &'a MessageRef,
        body: &'a Text,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<(), WriteError>>;

    /// Looks for a comment of our own account that carries exactly this mark, made since `since` (our clock) at the earliest.
    fn find<'a>(
        &'a self,
        task: &'a str,
        mark: &'a Mark,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Found, ConnectorError>>;

    /// Takes a comment of ours away. Gone already is success.
    fn delete<'a>(&'a self, task: &'a str, at: &'a MessageRef) -> BoxFuture<'a, Result<(), WriteError>>;
}

/// Where a notifier sends to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Destination {
    /// A person, by the notifier's own id (`U024BE7LH`).
    User(String),
    /// A person, to be looked up by e-mail.
    Email(String),
    /// A channel, by name or id.
    Channel(String),
}

/// What a notifier knows of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The notifier's own id.
    pub id: String,
    /// IANA time zone, as `Europe/Berlin`. `None`: not told.
    pub zone: Option<String>,
}

/// Tells people.
pub trait Notifier: Send + Sync {
    /// Asks who we are; fails when the credential is refused.
    fn whoami(&self) -> BoxFuture<'_, Result<Vec<String>, ConnectorError>>;

    /// Who is behind an id or an e-mail address. `None`: nobody there, deactivated, or not a person.
    fn lookup<'a>(&'a self, who: &'a Destination) -> BoxFuture<'a, Result<Option<Profile>, ConnectorError>>;

    /// False where it posts into one fixed place: nobody is told in private, and nothing is edited or answered there.
    fn reaches_people(&self) -> bool {
        true
    }

    /// Why [`Notifier::lookup`] finds nobody, and what to do about it, for the operator.
    fn absence<'a>(&'a self, who: &'a Destination) -> BoxFuture<'a, Result<String, ConnectorError>> {
        let _ = who;
        Box::pin(async { Ok("nobody is known there".to_owned()) })
    }

    /// Sends a message; with `thread` as an answer under that message.
    fn send<'a>(
        &'a self,
        to: &'a Destination,
        body: &'a Text,
        mark: &'a Mark,
        thread: Option<&'a MessageRef>,
    ) -> BoxFuture<'a, Result<MessageRef, WriteError>>;

    /// Replaces the text of a message of ours.
    fn edit<'a>(&'a self, at: &'a MessageRef, body: &'a Text, mark: &'a Mark) -> BoxFuture<'a, Result<(), WriteError>>;

    /// Looks for a message of ours that carries exactly this mark, sent since `since` (our clock) at the earliest.
    fn find<'a>(
        &'a self,
        to: &'a Destination,
        mark: &'a Mark,
        since: Timestamp,
        thread: Option<&'a MessageRef>,
    ) -> BoxFuture<'a, Result<Found, ConnectorError>>;
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

/// Words in the small tree that every dialect is written from. Text in it is data: a dialect escapes it, so that it can
/// neither format nor mention.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// One plain line for notifications and screen readers, without markup.
    pub summary: String,
    /// The body.
    pub blocks: Vec<Block>,
}

impl Text {
    /// Whom it mentions, each once.
    pub fn mentions(&self) -> Vec<&str> {
        let mut mentions: Vec<&str> = Vec::new();
        for span in self.blocks.iter().flat_map(Block::spans) {
            if let Span::Mention(id) = span
                && !mentions.contains(&id.as_str())
            {
                mentions.push(id);
            }
        }
        mentions
    }
}

/// One block of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Block {
    /// A line or paragraph.
    Line(Vec<Span>),
    /// Small print.
    Note(Vec<Span>),
    /// What the reader can do about what stands above, where the channel has buttons; elsewhere nothing is shown.
    Controls(Vec<Control>),
}

impl Block {
    /// The pieces of a line; none of controls.
    pub fn spans(&self) -> &[Span] {
        match self {
            Block::Line(spans) | Block::Note(spans) => spans,
            Block::Controls(_) => &[],
        }
    }
}

/// One piece of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Span {
    /// Plain words.
    Plain(String),
    /// Emphasised words.
    Strong(String),
    /// Words to be shown as they are, as code.
    Code(String),
    /// A link that we built; `url` must be http or https, else only the label is shown.
    Link {
        /// What is shown.
        label: String,
        /// Where it leads.
        url: String,
    },
    /// The one mention we mean: the dialect's own id of a person (login, `U…`).
    Mention(String),
}

impl Span {
    /// Neighbouring plain words as one, so that nothing forms across their border.
    pub fn joined(spans: &[Span]) -> Vec<Span> {
        let mut pieces: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            match (pieces.last_mut(), span) {
                (Some(Span::Plain(before)), Span::Plain(words)) => before.push_str(words),
                _ => pieces.push(span.clone()),
            }
        }
        pieces
    }
}
