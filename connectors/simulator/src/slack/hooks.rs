//! Incoming webhooks: words for answers, one channel each, and nothing that could be read back.

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;

use super::args::Args;
use super::chat::Content;
use super::{Refusal, Workspace};
use crate::reply::Reply;
use crate::server::Asked;

/// A webhook: where it posts, or why it does not any more.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) channel: usize,
    /// Status and word of every answer. `None`: it works.
    pub(crate) broken: Option<(u16, &'static str)>,
}

impl Workspace {
    /// Answers a post to a webhook.
    pub(super) fn hook(&mut self, name: &str, asked: &Asked, now: Timestamp) -> Reply {
        match self.post_by_hook(name, asked, now) {
            Ok(()) => word(200, "ok"),
            Err((status, text)) => word(status, text),
        }
    }

    fn post_by_hook(&mut self, name: &str, asked: &Asked, now: Timestamp) -> Result<(), (u16, &'static str)> {
        let hook = self.hooks.get(name).cloned().ok_or((404, "no_service"))?;
        if asked.method != Method::POST {
            return Err((400, "invalid_payload"));
        }
        if let Some(broken) = hook.broken {
            return Err(broken);
        }
        if self.channels[hook.channel].archived {
            return Err((410, "channel_is_archived"));
        }
        if self.channels[hook.channel].restricted {
            return Err((403, "action_prohibited"));
        }
        let content = Args::read(asked, true).and_then(|args| Content::read(&args));
        let content = content.map_err(|refusal| match refusal {
            Refusal::Error(error) | Refusal::Because(error, _) => (400, error),
            Refusal::MissingScope(_) | Refusal::RateLimited(_) => (400, "invalid_payload"),
        })?;
        if content.is_nothing() {
            return Err((400, "no_text"));
        }
        self.pace(hook.channel, now).map_err(|_| (429, "rate_limited"))?;
        self.put(hook.channel, content, now);
        Ok(())
    }
}

fn word(status: u16, text: &'static str) -> Reply {
    let reply = Reply::new(status, Bytes::from_static(text.as_bytes())).with("content-type", "text/html");
    if status == 429 { reply.with("retry-after", 1) } else { reply }
}
