//! Slack as a test or the demo changes it and looks at it. Nothing here goes over the wire.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};

use jiff::Timestamp;
use serde_json::Value;

use super::hooks::Hook;
use super::model::{BOT_USER, Channel, Member, Message, Workspace, ts_read, ts_text};
use crate::world::World;

/// A message as it stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct SlackMessage {
    /// Id of its conversation (`C…`, `D…`).
    pub channel: String,
    /// Name of the channel with `#`. `None`: a direct message.
    pub channel_name: Option<String>,
    /// The other side of a direct message. `None`: a channel.
    pub user: Option<String>,
    /// True: written by the app.
    pub ours: bool,
    /// Its id inside the conversation: `1712345678.123456`.
    pub ts: String,
    /// The parent's `ts`. `None`: no answer in a thread.
    pub thread_ts: Option<String>,
    /// The plain text.
    pub text: String,
    /// The blocks as Slack keeps them. `None`: none.
    pub blocks: Option<Value>,
    /// The hidden metadata. `None`: none.
    pub metadata: Option<Value>,
    /// How often it was edited.
    pub edits: u32,
    /// When it was posted, in the simulated world.
    pub at: Timestamp,
    /// True: taken away since.
    pub deleted: bool,
}

/// A handle on Slack's world; cheap to clone.
#[derive(Clone)]
pub struct Slack(Arc<World>);

impl Slack {
    pub(crate) fn new(world: Arc<World>) -> Slack {
        Slack(world)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.now()
    }

    pub(super) fn workspace(&self) -> MutexGuard<'_, Workspace> {
        self.0.workspace()
    }

    /// Makes a member.
    pub fn user(&self, id: &str, email: &str, name: &str, zone: &str) {
        let member = Member {
            id: id.to_owned(),
            email: email.to_lowercase(),
            name: name.to_owned(),
            zone: zone.to_owned(),
            deleted: false,
            bot: false,
            refuses_messages: false,
            guest: false,
        };
        self.workspace().members.insert(id.to_owned(), member);
    }

    /// Deactivates a member.
    pub fn deactivate(&self, id: &str) {
        if let Some(member) = self.workspace().members.get_mut(id) {
            member.deleted = true;
        }
    }

    /// The app's Messages tab is off for this member.
    pub fn refuse_messages(&self, id: &str, on: bool) {
        if let Some(member) = self.workspace().members.get_mut(id) {
            member.refuses_messages = on;
        }
    }

    /// Makes a member a guest of the workspace.
    pub fn make_guest(&self, id: &str) {
        if let Some(member) = self.workspace().members.get_mut(id) {
            member.guest = true;
        }
    }

    /// Shares a channel with another organisation.
    pub fn share(&self, channel: &str) {
        self.with_channel(channel, |channel| channel.shared = true);
    }

    /// Gives a channel another name; its id stays.
    pub fn rename(&self, channel: &str, name: &str) {
        let name = name.trim_start_matches('#').to_owned();
        self.with_channel(channel, |channel| channel.name = name);
    }

    /// An incoming webhook into a channel; tells the end of its address.
    pub(crate) fn new_webhook(&self, channel: &str) -> String {
        self.channel(channel);
        let mut workspace = self.workspace();
        let short = channel.trim_start_matches('#');
        let at = workspace.channels.iter().position(|one| one.name == short).unwrap_or_default();
        let name = format!("{}/{}/{}", super::model::TEAM, workspace.next_id('B'), workspace.next_id('x'));
        workspace.hooks.insert(name.clone(), Hook { channel: at, broken: None });
        name
    }

    /// Every webhook answers with this status and word from now on, as when it was revoked. `None`: they work again.
    pub fn break_webhooks(&self, answer: Option<(u16, &'static str)>) {
        self.workspace().hooks.values_mut().for_each(|hook| hook.broken = answer);
    }

    /// Makes a public channel that the app is in, and tells its id. The `#` may be left out.
    pub fn channel(&self, name: &str) -> String {
        self.new_channel(name, false, true)
    }

    /// Makes a private channel, and tells its id; `joined`: the app was invited.
    pub fn private_channel(&self, name: &str, joined: bool) -> String {
        self.new_channel(name, true, joined)
    }

    fn new_channel(&self, name: &str, private: bool, joined: bool) -> String {
        let now = self.0.now();
        let mut workspace = self.workspace();
        let name = name.trim_start_matches('#').to_owned();
        if let Some(known) = workspace.channels.iter().find(|channel| channel.name == name) {
            return known.id.clone();
        }
        let id = workspace.next_id('C');
        let channel = Channel {
            id: id.clone(),
            name,
            private,
            archived: false,
            joined,
            restricted: false,
            shared: false,
            user: None,
            created_at: now,
        };
        workspace.channels.push(channel);
        id
    }

    fn with_channel(&self, name: &str, deed: impl FnOnce(&mut Channel)) {
        let mut workspace = self.workspace();
        let short = name.trim_start_matches('#');
        let found = workspace.channels.iter_mut().find(|channel| channel.id == name || channel.name == short);
        deed(found.unwrap_or_else(|| panic!("the simulator has no channel {name}")));
    }

    /// Archives a channel, by name or id.
    pub fn archive(&self, channel: &str) {
        self.with_channel(channel, |channel| channel.archived = true);
    }

    /// Takes the app out of a channel.
    pub fn kick(&self, channel: &str) {
        self.with_channel(channel, |channel| channel.joined = false);
    }

    /// Lets nobody post in a channel but its managers.
    pub fn restrict(&self, channel: &str, on: bool) {
        self.with_channel(channel, |channel| channel.restricted = on);
    }

    /// Grants exactly these scopes.
    pub fn scopes(&self, scopes: &[&str]) {
        self.workspace().scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    }

    /// Takes a scope away.
    pub fn without_scope(&self, scope: &str) {
        self.workspace().scopes.remove(scope);
    }

    /// Accepts this token; from the first on, only tokens named so are accepted.
    pub fn token(&self, token: &str) {
        let mut workspace = self.workspace();
        workspace.tokens.insert(token.to_owned());
        workspace.revoked.remove(token);
    }

    /// Refuses this token from now on, as `token_revoked`.
    pub fn revoke(&self, token: &str) {
        self.workspace().revoked.insert(token.to_owned(), "token_revoked");
    }

    /// Seconds after which a message can no longer be edited. `None`: for ever.
    pub fn edit_window(&self, secs: Option<i64>) {
        self.workspace().edit_window = secs;
    }

    /// Enforces one message a second and channel.
    pub fn post_limit(&self, on: bool) {
        self.workspace().post_limit = on;
    }

    /// A person writes in a conversation (id or name), perhaps in a thread. Returns the `ts`.
    pub fn say(&self, channel: &str, user: &str, text: &str, thread_ts: Option<&str>) -> String {
        let now = self.0.now();
        let mut workspace = self.workspace();
        let short = channel.trim_start_matches('#');
        let found = workspace.channels.iter().position(|one| one.id == channel || one.name == short);
        let at = found.unwrap_or_else(|| panic!("the simulator has no channel {channel}"));
        let ts = workspace.next_ts(now);
        let message = Message {
            channel: at,
            ts,
            thread: thread_ts.and_then(ts_read),
            broadcast: false,
            user: user.to_owned(),
            text: text.to_owned(),
            blocks: None,
            metadata: None,
            edits: 0,
            edited_at: None,
            at: now,
            deleted: false,
        };
        workspace.messages.push(message);
        ts_text(ts)
    }

    /// Somebody with the right to do so takes a message away.
    pub fn delete_message(&self, channel: &str, ts: &str) {
        let mut workspace = self.workspace();
        let at = workspace.channel_by_id(channel);
        let found = at.zip(ts_read(ts)).and_then(|(at, ts)| workspace.message(at, ts));
        if let Some(found) = found {
            workspace.messages[found].deleted = true;
        }
    }

    /// Every message in the order of posting, the deleted ones too.
    pub fn messages(&self) -> Vec<SlackMessage> {
        let workspace = self.workspace();
        workspace.messages.iter().map(|message| seen(&workspace, message)).collect()
    }

    /// How often each metadata payload (as JSON text) was posted: 2 is a duplicate.
    pub fn markers(&self) -> BTreeMap<String, u32> {
        self.workspace().markers()
    }
}

fn seen(workspace: &Workspace, message: &Message) -> SlackMessage {
    let channel = &workspace.channels[message.channel];
    SlackMessage {
        channel: channel.id.clone(),
        channel_name: channel.user.is_none().then(|| format!("#{}", channel.name)),
        user: channel.user.clone(),
        ours: message.user == BOT_USER,
        ts: ts_text(message.ts),
        thread_ts: message.thread.map(ts_text),
        text: message.text.clone(),
        blocks: message.blocks.clone(),
        metadata: message.metadata.clone(),
        edits: message.edits,
        at: message.at,
        deleted: message.deleted,
    }
}
