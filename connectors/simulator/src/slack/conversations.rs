//! Methods about conversations: open, find, read back.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::args::Args;
use super::model::{APP, BOT, BOT_USER, Channel, Message, TEAM, ts_read, ts_text};
use super::users::page;
use super::{Answer, Refusal, Workspace};

const CHANNEL_NOT_FOUND: Refusal = Refusal::Error("channel_not_found");

impl Workspace {
    pub(super) fn conversations_open(&mut self, args: &Args, now: Timestamp) -> Answer {
        self.need(&["im:write"])?;
        let Some(users) = args.text("users") else { return Err(Refusal::Error("users_list_not_supplied")) };
        if users.contains(',') {
            return Err(Refusal::MissingScope("mpim:write"));
        }
        self.reachable(users)?;
        let user = users.to_owned();
        let (at, there) = self.direct(&user, now);
        let channel = if args.flag("return_im") {
            channel_json(&self.channels[at])
        } else {
            json!({ "id": self.channels[at].id })
        };
        let mut answer = json!({ "channel": channel });
        if there {
            answer["no_op"] = json!(true);
            answer["already_open"] = json!(true);
        }
        Ok(answer)
    }

    /// Refuses a member to whom the app cannot write.
    pub(super) fn reachable(&self, user: &str) -> Result<(), Refusal> {
        match self.members.get(user) {
            None => Err(Refusal::Error("user_not_found")),
            Some(member) if member.deleted => Err(Refusal::Error("user_disabled")),
            Some(member) if member.bot => Err(Refusal::Error("cannot_dm_bot")),
            Some(_) => Ok(()),
        }
    }

    /// A conversation by id that the app may see: private ones only from inside.
    pub(super) fn seen(&self, args: &Args) -> Result<usize, Refusal> {
        let at = args.text("channel").and_then(|id| self.channel_by_id(id)).ok_or(CHANNEL_NOT_FOUND)?;
        let channel = &self.channels[at];
        if channel.private && !channel.joined { Err(CHANNEL_NOT_FOUND) } else { Ok(at) }
    }

    pub(super) fn conversations_info(&self, args: &Args) -> Answer {
        let at = self.seen(args)?;
        let channel = &self.channels[at];
        match (&channel.user, channel.private) {
            (Some(_), _) => self.need(&["im:read", "im:write", "im:history"])?,
            (None, true) => self.need(&["groups:read"])?,
            (None, false) => self.need(&["channels:read"])?,
        }
        Ok(json!({ "channel": channel_json(channel) }))
    }

    pub(super) fn conversations_list(&self, args: &Args) -> Answer {
        let types = args.text("types").unwrap_or("public_channel");
        let wants = |kind: &str| types.split(',').any(|one| one.trim() == kind);
        if wants("public_channel") {
            self.need(&["channels:read"])?;
        }
        if wants("private_channel") {
            self.need(&["groups:read"])?;
        }
        let is_wanted = |channel: &&Channel| {
            let kind = match (&channel.user, channel.private) {
                (Some(_), _) => "im",
                (None, true) => "private_channel",
                (None, false) => "public_channel",
            };
            let hidden = channel.private && !channel.joined;
            wants(kind) && !hidden && !(channel.archived && args.flag("exclude_archived"))
        };
        let all: Vec<Value> = self.channels.iter().filter(is_wanted).map(channel_json).collect();
        let (page, next) = page(&all, args, 100)?;
        Ok(json!({ "channels": page, "response_metadata": { "next_cursor": next } }))
    }

    pub(super) fn conversations_join(&mut self, args: &Args) -> Answer {
        self.need(&["channels:join"])?;
        let at = self.seen(args)?;
        let channel = &mut self.channels[at];
        match (channel.private, channel.archived) {
            (true, _) => Err(Refusal::Error("method_not_supported_for_channel_type")),
            (_, true) => Err(Refusal::Error("is_archived")),
            _ => {
                channel.joined = true;
                Ok(json!({ "channel": channel_json(channel) }))
            }
        }
    }

    /// Newest first; answers inside threads are not here.
    pub(super) fn history(&self, args: &Args) -> Answer {
        let at = self.readable(args)?;
        let range = Range::of(args);
        let wanted = |message: &&Message| {
            let top = message.thread.is_none_or(|thread| thread == message.ts) || message.broadcast;
            message.channel == at && !message.deleted && top && range.holds(message.ts)
        };
        let mut found: Vec<&Message> = self.messages.iter().filter(wanted).collect();
        found.sort_by_key(|message| std::cmp::Reverse(message.ts));
        let all: Vec<Value> =
            found.iter().map(|one| self.message_json(one, args.flag("include_all_metadata"))).collect();
        let (page, next) = page(&all, args, 100)?;
        Ok(json!({
            "messages": page, "has_more": !next.is_empty(), "pin_count": 0, "channel_actions_ts": null,
            "channel_actions_count": 0, "response_metadata": { "next_cursor": next },
        }))
    }

    /// A thread, the parent first.
    pub(super) fn replies(&self, args: &Args) -> Answer {
        let at = self.readable(args)?;
        let ts = args.text("ts").and_then(ts_read).ok_or(Refusal::Error("thread_not_found"))?;
        let named = self.message(at, ts).map(|found| &self.messages[found]);
        let root = named.map(|message| message.thread.unwrap_or(ts)).ok_or(Refusal::Error("thread_not_found"))?;
        let range = Range::of(args);
        let in_thread = |message: &&Message| {
            let own = message.ts == root || (message.thread == Some(root) && range.holds(message.ts));
            message.channel == at && !message.deleted && own
        };
        let mut found: Vec<&Message> = self.messages.iter().filter(in_thread).collect();
        found.sort_by_key(|message| message.ts);
        let all: Vec<Value> =
            found.iter().map(|one| self.message_json(one, args.flag("include_all_metadata"))).collect();
        let (page, next) = page(&all, args, 1000)?;
        Ok(json!({ "messages": page, "has_more": !next.is_empty(), "response_metadata": { "next_cursor": next } }))
    }

    fn readable(&self, args: &Args) -> Result<usize, Refusal> {
        let at = self.seen(args)?;
        let channel = &self.channels[at];
        let scope = match (&channel.user, channel.private) {
            (Some(_), _) => "im:history",
            (None, true) => "groups:history",
            (None, false) => "channels:history",
        };
        self.need(&[scope])?;
        if channel.joined { Ok(at) } else { Err(Refusal::Error("not_in_channel")) }
    }

    pub(super) fn message_json(&self, message: &Message, with_metadata: bool) -> Value {
        let mut out = json!({
            "type": "message", "user": message.user, "text": message.text, "ts": ts_text(message.ts), "team": TEAM,
        });
        if message.user == BOT_USER {
            out["bot_id"] = json!(BOT);
            out["app_id"] = json!(APP);
            out["bot_profile"] = json!({
                "id": BOT, "app_id": APP, "user_id": BOT_USER, "name": "gapwatch", "deleted": false,
                "updated": 1_700_000_000, "team_id": TEAM, "icons": {},
            });
        }
        if let Some(blocks) = &message.blocks {
            out["blocks"] = blocks.clone();
        }
        if let Some(metadata) = message.metadata.as_ref().filter(|_| with_metadata) {
            out["metadata"] = metadata.clone();
        }
        if let Some(at) = message.edited_at {
            out["edited"] = json!({ "user": BOT, "ts": ts_text(at.as_microsecond()) });
        }
        self.add_thread(&mut out, message);
        out
    }

    fn add_thread(&self, out: &mut Value, message: &Message) {
        let is_answer =
            |one: &&Message| one.channel == message.channel && one.thread == Some(message.ts) && !one.deleted;
        match message.thread {
            Some(thread) => out["thread_ts"] = json!(ts_text(thread)),
            None => {
                let answers: Vec<&Message> = self.messages.iter().filter(is_answer).collect();
                if let Some(last) = answers.last() {
                    out["thread_ts"] = json!(ts_text(message.ts));
                    out["reply_count"] = json!(answers.len());
                    out["latest_reply"] = json!(ts_text(last.ts));
                }
            }
        }
    }
}

/// `oldest` and `latest`, both exclusive unless asked otherwise.
struct Range {
    oldest: i64,
    latest: i64,
    inclusive: bool,
}

impl Range {
    fn of(args: &Args) -> Range {
        Range {
            oldest: args.text("oldest").and_then(ts_read).unwrap_or(-1),
            latest: args.text("latest").and_then(ts_read).unwrap_or(i64::MAX),
            inclusive: args.flag("inclusive"),
        }
    }

    fn holds(&self, ts: i64) -> bool {
        let edge = self.inclusive && (ts == self.oldest || ts == self.latest);
        edge || (self.oldest < ts && ts < self.latest)
    }
}

pub(super) fn channel_json(channel: &Channel) -> Value {
    let created = channel.created_at.as_second();
    if let Some(user) = &channel.user {
        return json!({
            "id": channel.id, "created": created, "is_archived": false, "is_im": true, "is_org_shared": false,
            "user": user, "is_open": true, "priority": 0, "context_team_id": TEAM,
        });
    }
    json!({
        "id": channel.id, "name": channel.name, "is_channel": !channel.private, "is_group": channel.private,
        "is_im": false, "created": created, "is_archived": channel.archived, "is_general": false, "unlinked": 0,
        "name_normalized": channel.name, "is_shared": channel.shared, "is_ext_shared": channel.shared, "is_org_shared": false,
        "is_member": channel.joined, "is_private": channel.private, "is_mpim": false, "context_team_id": TEAM,
        "topic": { "value": "", "creator": "", "last_set": 0 }, "purpose": { "value": "", "creator": "", "last_set": 0 },
        "previous_names": [], "num_members": 1,
    })
}
