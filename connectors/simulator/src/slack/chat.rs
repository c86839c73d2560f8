//! Methods that write: post, update, delete; and the permanent link.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::args::Args;
use super::blocks;
use super::model::{BOT_USER, Message, ts_read, ts_text};
use super::{Answer, Refusal, Workspace};

/// Characters after which a posted text is cut without a word.
const TEXT_CUT: usize = 40_000;

/// Characters of an updated text at most.
const UPDATE_TEXT: usize = 4_000;

/// What a message should say, checked.
pub(super) struct Content {
    text: Option<String>,
    blocks: Option<Value>,
    metadata: Option<Value>,
}

impl Content {
    /// True: there is nothing to show.
    pub(super) fn is_nothing(&self) -> bool {
        self.text.is_none() && self.blocks.as_ref().is_none_or(blocks::is_empty)
    }

    pub(super) fn read(args: &Args) -> Result<Content, Refusal> {
        let text = args.text("text").map(str::to_owned);
        let markdown = args.text("markdown_text");
        let blocks = match args.json("blocks") {
            None => None,
            Some(Err(())) => return Err(Refusal::Error("invalid_blocks_format")),
            Some(Ok(value)) => Some(blocks::checked(value)?),
        };
        if markdown.is_some() && (text.is_some() || blocks.is_some()) {
            return Err(Refusal::Error("markdown_text_conflict"));
        }
        let metadata = match args.json("metadata") {
            None => None,
            Some(Err(())) => return Err(Refusal::Error("invalid_metadata_format")),
            Some(Ok(value)) => Some(blocks::checked_metadata(value)?),
        };
        Ok(Content { text: text.or_else(|| markdown.map(str::to_owned)), blocks, metadata })
    }
}

impl Workspace {
    pub(super) fn post_message(&mut self, args: &Args, now: Timestamp) -> Answer {
        self.need(&["chat:write"])?;
        let channel = self.destination(args, now)?;
        let content = Content::read(args)?;
        if content.is_nothing() {
            return Err(Refusal::Error("no_text"));
        }
        let thread = match args.text("thread_ts") {
            None => None,
            Some(text) => Some(self.thread(channel, text)?),
        };
        self.pace(channel, now)?;
        let ts = self.put(channel, content, now);
        let message = self.messages.last_mut().ok_or(Refusal::Error("internal_error"))?;
        (message.thread, message.broadcast) = (thread, args.flag("reply_broadcast"));
        let shown = self.messages.last().map(|message| self.message_json(message, true));
        Ok(json!({ "channel": self.channels[channel].id, "ts": ts_text(ts), "message": shown }))
    }

    /// A new message of the app's.
    pub(super) fn put(&mut self, channel: usize, content: Content, now: Timestamp) -> i64 {
        let ts = self.next_ts(now);
        self.messages.push(Message {
            channel,
            ts,
            thread: None,
            broadcast: false,
            user: BOT_USER.to_owned(),
            text: content.text.unwrap_or_default().chars().take(TEXT_CUT).collect(),
            blocks: content.blocks.filter(|blocks| !blocks::is_empty(blocks)),
            metadata: content.metadata.filter(|metadata| !blocks::is_empty(metadata)),
            edits: 0,
            edited_at: None,
            at: now,
            deleted: false,
        });
        ts
    }

    /// Where to post: an id, the name of a public channel, or a member's id for the direct message.
    fn destination(&mut self, args: &Args, now: Timestamp) -> Result<usize, Refusal> {
        const NOT_FOUND: Refusal = Refusal::Error("channel_not_found");
        let name = args.text("channel").ok_or(NOT_FOUND)?;
        if self.members.contains_key(name) {
            self.reachable(name)?;
            let (at, _) = self.direct(name, now);
            return self.postable(at).map(|()| at);
        }
        let public = |name: &str| self.channels.iter().position(|one| !one.private && one.name == name);
        let found = self.channel_by_id(name).or_else(|| public(name.trim_start_matches('#')));
        let at = found.ok_or(NOT_FOUND)?;
        self.postable(at).map(|()| at)
    }

    fn postable(&self, at: usize) -> Result<(), Refusal> {
        let channel = &self.channels[at];
        let refuses = |user: &String| self.members.get(user).is_some_and(|member| member.refuses_messages);
        let open_to_all = !channel.private && self.scopes.contains("chat:write.public");
        let error = match channel {
            channel if channel.private && !channel.joined => "channel_not_found",
            channel if channel.archived => "is_archived",
            channel if channel.user.as_ref().is_some_and(refuses) => "messages_tab_disabled",
            channel if channel.restricted => "restricted_action",
            channel if !channel.joined && !open_to_all => "not_in_channel",
            _ => return Ok(()),
        };
        Err(Refusal::Error(error))
    }

    /// The parent a thread hangs on; an answer's id leads to its parent.
    fn thread(&self, channel: usize, text: &str) -> Result<i64, Refusal> {
        let ts = ts_read(text).ok_or(Refusal::Error("invalid_thread_ts"))?;
        let known = self.messages.iter().find(|message| message.channel == channel && message.ts == ts);
        known.map(|message| message.thread.unwrap_or(ts)).ok_or(Refusal::Error("thread_not_found"))
    }

    /// One message a second and channel, where that is enforced.
    pub(super) fn pace(&self, channel: usize, now: Timestamp) -> Result<(), Refusal> {
        let last = self.messages.iter().rev().find(|message| message.channel == channel);
        let soon = last.is_some_and(|message| now.duration_since(message.at).as_millis() < 1000);
        if self.post_limit && soon { Err(Refusal::RateLimited(1)) } else { Ok(()) }
    }

    /// The app's own message that a call names.
    fn own(&self, args: &Args, not_mine: &'static str) -> Result<usize, Refusal> {
        let channel = args.text("channel").and_then(|id| self.channel_by_id(id));
        let channel = channel.ok_or(Refusal::Error("channel_not_found"))?;
        let ts = args.text("ts").and_then(ts_read);
        let at = ts.and_then(|ts| self.message(channel, ts)).ok_or(Refusal::Error("message_not_found"))?;
        if self.messages[at].user == BOT_USER { Ok(at) } else { Err(Refusal::Error(not_mine)) }
    }

    pub(super) fn update(&mut self, args: &Args, now: Timestamp) -> Answer {
        self.need(&["chat:write"])?;
        let at = self.own(args, "cant_update_message")?;
        let content = Content::read(args)?;
        if content.text.as_ref().is_some_and(|text| text.chars().count() > UPDATE_TEXT) {
            return Err(Refusal::Error("msg_too_long"));
        }
        if content.text.is_none() && content.blocks.is_none() {
            return Err(Refusal::Error("no_text"));
        }
        let age = now.duration_since(self.messages[at].at).as_secs();
        if self.edit_window.is_some_and(|window| age > window) {
            return Err(Refusal::Error("edit_window_closed"));
        }
        let message = &mut self.messages[at];
        if let (Some(old), Some(new)) = (&message.blocks, &content.blocks)
            && blocks::is_rich(old)
            && !blocks::is_rich(new)
        {
            return Err(Refusal::Error("block_mismatch"));
        }
        if let Some(text) = content.text {
            message.text = text;
        }
        if let Some(blocks) = content.blocks {
            message.blocks = Some(blocks).filter(|blocks| !blocks::is_empty(blocks));
        }
        // Kept when it is left out, taken away by an empty object.
        if let Some(metadata) = content.metadata {
            message.metadata = Some(metadata).filter(|metadata| !blocks::is_empty(metadata));
        }
        message.edits += 1;
        message.edited_at = Some(now);
        let message = &self.messages[at];
        let (channel, ts) = (&self.channels[message.channel].id, ts_text(message.ts));
        let shown = self.message_json(message, true);
        Ok(json!({ "channel": channel, "ts": ts, "text": message.text, "message": shown }))
    }

    pub(super) fn delete(&mut self, args: &Args) -> Answer {
        self.need(&["chat:write"])?;
        let at = self.own(args, "cant_delete_message")?;
        self.messages[at].deleted = true;
        let channel = self.messages[at].channel;
        Ok(json!({ "channel": self.channels[channel].id, "ts": ts_text(self.messages[at].ts) }))
    }

    pub(super) fn permalink(&self, args: &Args) -> Answer {
        let channel = self.seen(args)?;
        let ts = args.text("message_ts").and_then(ts_read);
        let at = ts.and_then(|ts| self.message(channel, ts)).ok_or(Refusal::Error("message_not_found"))?;
        let id = &self.channels[channel].id;
        let link = format!("https://acme.slack.example/archives/{id}/p{}", self.messages[at].ts);
        Ok(json!({ "channel": id, "permalink": link }))
    }
}
