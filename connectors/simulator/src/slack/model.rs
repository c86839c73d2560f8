//! What a Slack workspace holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;

use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) const TEAM: &str = "T0GAPWATCH";
pub(super) const BOT: &str = "B0GAPWATCH";
pub(super) const BOT_USER: &str = "U0GAPWATCH";
pub(super) const APP: &str = "A0GAPWATCH";

/// Scopes of an app that was set up as the guide says.
const SCOPES: [&str; 12] = [
    "chat:write",
    "chat:write.public",
    "channels:join",
    "channels:read",
    "groups:read",
    "im:write",
    "users:read",
    "users:read.email",
    "channels:history",
    "groups:history",
    "im:history",
    "dnd:read",
];

#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) id: String,
    /// Lower-case.
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) zone: String,
    pub(crate) deleted: bool,
    pub(crate) bot: bool,
    /// The app may not write to them.
    pub(crate) refuses_messages: bool,
    /// A guest of some channels.
    pub(crate) guest: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Channel {
    pub(crate) id: String,
    /// Without `#`; empty for a direct message.
    pub(crate) name: String,
    pub(crate) private: bool,
    pub(crate) archived: bool,
    /// Whether the app is in it.
    pub(crate) joined: bool,
    /// Posting is not allowed.
    pub(crate) restricted: bool,
    /// Shared with another organisation.
    pub(crate) shared: bool,
    /// The other side of a direct message.
    pub(crate) user: Option<String>,
    pub(crate) created_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// Index of its channel.
    pub(crate) channel: usize,
    /// Microseconds since the epoch; written as `1712345678.123456`.
    pub(crate) ts: i64,
    pub(crate) thread: Option<i64>,
    pub(crate) broadcast: bool,
    /// Whose message; [`BOT_USER`] for the app's own.
    pub(crate) user: String,
    pub(crate) text: String,
    pub(crate) blocks: Option<Value>,
    pub(crate) metadata: Option<Value>,
    pub(crate) edits: u32,
    pub(crate) edited_at: Option<Timestamp>,
    pub(crate) at: Timestamp,
    /// Taken away; kept so that duplicates can be counted.
    pub(crate) deleted: bool,
}

/// One workspace.
pub(crate) struct Workspace {
    pub(crate) members: BTreeMap<String, Member>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) messages: Vec<Message>,
    pub(crate) scopes: BTreeSet<String>,
    /// Accepted tokens; empty: any.
    pub(crate) tokens: BTreeSet<String>,
    /// Refused tokens and the error they get.
    pub(crate) revoked: HashMap<String, &'static str>,
    /// Seconds after which a message can no longer be edited.
    pub(crate) edit_window: Option<i64>,
    /// One message a second and channel.
    pub(crate) post_limit: bool,
    /// Incoming webhooks by the last part of their address.
    pub(crate) hooks: BTreeMap<String, super::hooks::Hook>,
    /// Presses, forms and websockets.
    pub(crate) presses: super::press::Presses,
    /// Where the workspace is.
    pub(crate) at: SocketAddr,
    last_ts: i64,
    next_id: u32,
}

impl Workspace {
    pub(crate) fn new(at: SocketAddr) -> Workspace {
        Workspace {
            members: BTreeMap::new(),
            channels: Vec::new(),
            messages: Vec::new(),
            scopes: SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
            tokens: BTreeSet::new(),
            revoked: HashMap::new(),
            edit_window: None,
            post_limit: false,
            hooks: BTreeMap::new(),
            presses: super::press::Presses::default(),
            at,
            last_ts: 0,
            next_id: 1,
        }
    }

    /// A new message's id: the time, but always above the last one.
    pub(super) fn next_ts(&mut self, now: Timestamp) -> i64 {
        self.last_ts = now.as_microsecond().max(self.last_ts + 1);
        self.last_ts
    }

    pub(super) fn next_id(&mut self, kind: char) -> String {
        self.next_id += 1;
        format!("{kind}0{:07X}", self.next_id)
    }

    /// The direct message with a member, made if it is new; true: it was there.
    pub(super) fn direct(&mut self, user: &str, now: Timestamp) -> (usize, bool) {
        if let Some(at) = self.channels.iter().position(|channel| channel.user.as_deref() == Some(user)) {
            return (at, true);
        }
        let id = self.next_id('D');
        let user = Some(user.to_owned());
        let channel = Channel {
            id,
            name: String::new(),
            private: true,
            archived: false,
            joined: true,
            restricted: false,
            shared: false,
            user,
            created_at: now,
        };
        self.channels.push(channel);
        (self.channels.len() - 1, false)
    }

    pub(super) fn channel_by_id(&self, id: &str) -> Option<usize> {
        self.channels.iter().position(|channel| channel.id == id)
    }

    /// A message that is still there.
    pub(super) fn message(&self, channel: usize, ts: i64) -> Option<usize> {
        self.messages.iter().rposition(|one| one.channel == channel && one.ts == ts && !one.deleted)
    }

    pub(crate) fn stats(&self) -> Value {
        let edits: u32 = self.messages.iter().map(|message| message.edits).sum();
        json!({ "messages": self.messages.len(), "edits": edits, "markers": self.markers() })
    }

    /// How often each metadata was posted.
    pub(super) fn markers(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for metadata in self.messages.iter().filter_map(|message| message.metadata.as_ref()) {
            *counts.entry(metadata["event_payload"].to_string()).or_default() += 1;
        }
        counts
    }
}

/// `1712345678.123456`
pub(super) fn ts_text(ts: i64) -> String {
    format!("{}.{:06}", ts.div_euclid(1_000_000), ts.rem_euclid(1_000_000))
}

/// The inverse of [`ts_text`]; also reads whole seconds and fewer digits.
pub(super) fn ts_read(text: &str) -> Option<i64> {
    let (secs, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits: String = format!("{fraction:0<6}").chars().take(6).collect();
    Some(secs.parse::<i64>().ok()?.checked_mul(1_000_000)? + digits.parse::<i64>().ok()?)
}
