//! What happened to a task, raw and append-only. Whether it was a person, a bot, ourselves or the system is decided
//! later, by the fold in `domain/facts.rs`, so that it can be decided anew.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::TaskRef;

/// One entry of a tool's own history, or one difference we observed between two reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The task it happened to.
    pub task: TaskRef,
    /// When, by the tool's clock. For an observed change: the tool's `updated` instant of the read that showed it.
    pub at: Timestamp,
    /// The tool's own id of the entry, unique within the task (`comment:711645`, `event:6774117135`).
    pub vkey: String,
    /// What changed.
    pub field: Field,
    /// The value before. `None`: nothing, or not told. For [`Field::Owner`] the account id taken off.
    pub from: Option<String>,
    /// The value after. `None`: nothing, or not told. For [`Field::Owner`] the account id put on; for a comment its
    /// first line, only if that is a `/gapwatch` command.
    pub to: Option<String>,
    /// The account that did it ([`crate::Account::ext`]). `None`: the tool does not say, or the account is deleted.
    pub account: Option<String>,
    /// The app through which it was done, where the tool tells. An account that acts through an automation is no human.
    pub via: Option<String>,
    /// Of a comment: whom it names, and whether it asks something.
    #[serde(default, skip_serializing_if = "Mentions::is_empty")]
    pub mentions: Mentions,
    /// The signed marker the entry carries, if any. Believed only when its MAC is valid.
    pub mark: Option<Mark>,
    /// True: no entry of the tool's, but a difference between two reads.
    pub observed: bool,
}

/// How an entry of [`Field::Label`] calls a flag that says of a task that it waits, whatever its state.
pub const FLAGGED: &str = "waiting/Flagged";

/// What a change touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Field {
    /// State of the work: closed, reopened, moved between columns; `from`/`to` are the tool's words, or
    /// [entries](crate::StatusCategory::entry) where the tool has more than open and closed.
    Status,
    /// An owner was added (`to`) or taken off (`from`).
    Owner,
    /// Deadline.
    Due,
    /// Planned start.
    Start,
    /// Title.
    Title,
    /// Description.
    Description,
    /// Declared progress, checklist items ticked; `from`/`to` are shares as text.
    Progress,
    /// Estimate, time spent or remaining.
    Estimate,
    /// Priority.
    Priority,
    /// A label; counts as activity only where the configuration maps it to a state.
    Label,
    /// Milestone, sprint, project or other home.
    Home,
    /// Parent or child.
    Parent,
    /// A dependency.
    Link,
    /// A comment.
    Comment,
    /// Work elsewhere that names the task: a commit, a linked pull request.
    Reference,
    /// Known to the tool, of no meaning to us (pinned, locked, subscribed …); kept, never counted.
    Other,
}

impl Field {
    const ALL: [Field; 16] = [
        Field::Status,
        Field::Owner,
        Field::Due,
        Field::Start,
        Field::Title,
        Field::Description,
        Field::Progress,
        Field::Estimate,
        Field::Priority,
        Field::Label,
        Field::Home,
        Field::Parent,
        Field::Link,
        Field::Comment,
        Field::Reference,
        Field::Other,
    ];

    /// The number kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`Field::code`]; an unknown number reads as [`Field::Other`].
    pub fn from_code(code: u8) -> Field {
        Field::ALL.get(usize::from(code)).copied().unwrap_or(Field::Other)
    }
}

/// Whom a comment names, and whether it asks something; nothing else of what people write is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mentions {
    /// People by [`crate::Account::ext`] or by the login they are mentioned by, each once, and no teams; who
    /// of them wrote it is found out later.
    pub who: Vec<String>,
    /// There is a question in it, outside of code, quotations and addresses.
    pub asks: bool,
}

impl Mentions {
    /// True when nobody is named.
    pub fn is_empty(&self) -> bool {
        self.who.is_empty()
    }

    /// As the store keeps it: one name a line, after a line that is `?` for a question, else empty. `None`: nobody is named.
    pub fn to_text(&self) -> Option<String> {
        let head = if self.asks { "?" } else { "" };
        (!self.is_empty()).then(|| format!("{head}\n{}", self.who.join("\n")))
    }

    /// The inverse of [`Mentions::to_text`].
    pub fn from_text(text: &str) -> Mentions {
        let mut lines = text.lines();
        let asks = lines.next() == Some("?");
        Mentions { who: lines.filter(|name| !name.is_empty()).map(str::to_owned).collect(), asks }
    }
}

/// The signed marker that makes a comment or message recognisable as ours: `WIRE-MAC`.
///
/// People see it in tools that hide nothing, so it is short: fifty random bits tell messages apart, and forty bits of MAC can
/// only be guessed by writing a comment for each try. Earlier ones are longer (`WIRE.MAC`, each of 32 hexadecimal digits)
/// and are read as well.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    /// The message's random wire id: [`Mark::WIRE`] letters and digits.
    pub wire: String,
    /// MAC of the wire id under the instance key: [`Mark::MAC`] letters and digits.
    pub mac: String,
}

impl Mark {
    /// Length of a wire id.
    pub const WIRE: usize = 10;
    /// Length of its MAC.
    pub const MAC: usize = 8;

    /// `WIRE-MAC`; of an earlier one `WIRE.MAC`.
    pub fn to_text(&self) -> String {
        let between = if self.is_long() { '.' } else { '-' };
        format!("{}{between}{}", self.wire, self.mac)
    }

    /// The inverse of [`Mark::to_text`]; `None` for anything that has another form.
    pub fn from_text(text: &str) -> Option<Mark> {
        let hex = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
        let is_long = |wire: &str, mac: &str| wire.len() == 32 && mac.len() == 32 && hex(wire) && hex(mac);
        let is_short =
            |wire: &str, mac: &str| wire.len() == Mark::WIRE && mac.len() == Mark::MAC && plain(wire) && plain(mac);
        let long = text.split_once('.').filter(|(wire, mac)| is_long(wire, mac));
        let (wire, mac) = long.or_else(|| text.split_once('-').filter(|(wire, mac)| is_short(wire, mac)))?;
        Some(Mark { wire: wire.to_owned(), mac: mac.to_owned() })
    }

    /// True for one of the earlier form.
    pub fn is_long(&self) -> bool {
        self.wire.len() == 32
    }
}
