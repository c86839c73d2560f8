//! What can go wrong on the wire, and for which of the next requests it is planned.
//!
//! A fault is chosen before a request is answered; whether the request still takes effect is the fault's own word.

mod bodies;
mod drift;

use bytes::Bytes;

use crate::reply::Reply;
use crate::world::Tool;

/// One way in which an answer fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// This status with this body, as JSON; the request takes no effect. With 200: a wrong body that looks right.
    Status(u16, String),
    /// 429 with `Retry-After` in seconds, in the tool's own words; no effect.
    RateLimited(u64),
    /// GitHub's secondary limit: 403 without `Retry-After`, to be told by its text alone; no effect.
    SecondaryLimit403,
    /// A login page with status 200; no effect.
    Html200,
    /// The true answer, cut in the middle of its declared length. The request takes effect, as it does in life.
    CutBody,
    /// The connection is reset without an answer; no effect.
    Reset,
    /// No answer for so many real seconds, then the connection is reset; no effect.
    Hang(u64),
    /// A redirect to this address with this code; no effect.
    Redirect(String, u16),
    /// The request takes effect, then its answer is lost in this way.
    AfterCommit(Box<Fault>),
    /// This status with these headers and this body, as JSON; no effect. For limits told in every form there is.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The true answer, one byte every so many real milliseconds. The request takes effect.
    Drip(u64),
    /// The true answer without a length, its last chunk missing. The request takes effect.
    CutChunk,
    /// 200 with a body of so many bytes, sent as long as somebody reads; no effect.
    Flood(u64),
    /// 200 with a small body that unpacks to so many bytes; no effect.
    GzipBomb(u64),
    /// The true answer with one of its fields missing, `null`, of another type or beyond what is usual; which and how is told
    /// by this number. The request takes effect.
    Drift(u64),
    /// The true answer with the first text replaced by the second wherever it stands, headers included. The request takes
    /// effect.
    Replace(String, String),
    /// The true answer, whose lists lack what is called by any of these texts: 200, and nothing says so. The request takes
    /// effect.
    Lacks(Vec<String>),
}

/// How the answer leaves.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Whole.
    Whole(Reply),
    /// Half of it, then the connection ends.
    Cut(Reply),
    /// Nothing, after so many real seconds.
    Silence(u64),
    /// One byte every so many real milliseconds.
    Dripped(Reply, u64),
    /// Without a length, and without its end.
    Endless(Reply),
    /// So many bytes that mean nothing.
    Flood(u64),
}

/// A planned fault: for requests that contain every word of `matcher`, so many times.
#[derive(Debug)]
struct Planned {
    tool: Tool,
    matcher: String,
    fault: Fault,
    left: u32,
}

/// All planned faults, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Plan(Vec<Planned>);

impl Plan {
    pub(crate) fn add(&mut self, tool: Tool, matcher: &str, fault: Fault, times: u32) {
        self.0.push(Planned { tool, matcher: matcher.to_owned(), fault, left: times });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault for a request written as `METHOD /path?query`, used up by this call.
    pub(crate) fn take(&mut self, tool: Tool, request: &str) -> Option<Fault> {
        let hit = |planned: &Planned| {
            planned.tool == tool && planned.matcher.split_whitespace().all(|word| request.contains(word))
        };
        let at = self.0.iter().position(hit)?;
        self.0[at].left = self.0[at].left.saturating_sub(1);
        let fault = self.0[at].fault.clone();
        if self.0[at].left == 0 {
            self.0.remove(at);
        }
        Some(fault)
    }
}

/// Answers under a fault. `serve` gives the true answer and lets the request take effect.
pub(crate) fn apply(fault: Fault, tool: Tool, serve: Box<dyn FnOnce() -> Reply + '_>) -> Outcome {
    match fault {
        Fault::AfterCommit(then) => {
            let reply = serve();
            apply(*then, tool, Box::new(|| reply))
        }
        Fault::CutBody => Outcome::Cut(serve()),
        Fault::Reset => Outcome::Silence(0),
        Fault::Hang(secs) => Outcome::Silence(secs),
        Fault::Status(status, body) => Outcome::Whole(Reply::json_text(status, body)),
        Fault::RateLimited(secs) => Outcome::Whole(rate_limited(tool, secs)),
        Fault::SecondaryLimit403 => Outcome::Whole(Reply::json_text(403, SECONDARY.to_owned())),
        Fault::Html200 => {
            let page = Reply::new(200, Bytes::from_static(LOGIN_PAGE.as_bytes()));
            Outcome::Whole(page.with("content-type", "text/html; charset=utf-8"))
        }
        Fault::Answer(status, headers, body) => {
            let reply = Reply::json_text(status, body);
            Outcome::Whole(headers.into_iter().fold(reply, |reply, (name, value)| reply.with(name, value)))
        }
        Fault::Drip(millis) => Outcome::Dripped(serve(), millis),
        Fault::CutChunk => Outcome::Endless(serve()),
        Fault::Flood(bytes) => Outcome::Flood(bytes),
        Fault::GzipBomb(bytes) => Outcome::Whole(bodies::gzip_bomb(bytes)),
        Fault::Drift(dice) => Outcome::Whole(drift::drifted(serve(), dice)),
        Fault::Replace(from, to) => Outcome::Whole(bodies::replaced(serve(), &from, &to)),
        Fault::Lacks(texts) => Outcome::Whole(bodies::lacking(serve(), &texts)),
        Fault::Redirect(url, status) => {
            Outcome::Whole(Reply::json_text(status, "{\"message\":\"Moved\"}".to_owned()).with("location", url))
        }
    }
}

fn rate_limited(tool: Tool, secs: u64) -> Reply {
    let body = match tool {
        Tool::Github => SECONDARY,
        Tool::Slack => "{\"ok\":false,\"error\":\"ratelimited\"}",
        Tool::Jira => "{\"errorMessages\":[\"Rate limit exceeded.\"],\"errors\":{}}",
        Tool::Asana => TOO_MANY,
        Tool::Trello => "{\"error\":\"API_TOKEN_LIMIT_EXCEEDED\",\"message\":\"Rate limit exceeded\"}",
    };
    let reply = Reply::json_text(429, body.to_owned()).with("retry-after", secs);
    if tool != Tool::Jira {
        return reply;
    }
    reply
        .with("x-ratelimit-limit", 100)
        .with("x-ratelimit-remaining", 0)
        .with("x-ratelimit-nearlimit", true)
        .with("ratelimit-reason", "jira-burst-based")
}

const SECONDARY: &str = "{\"message\":\"You have exceeded a secondary rate limit. Please wait a few minutes before you \
    try again.\",\"documentation_url\":\"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api\"}";

const TOO_MANY: &str = "{\"errors\":[{\"message\":\"You've made too many requests and hit a rate limit. Please retry after the \
    given amount of time.\"}]}";

const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1>\
    <form action=\"/login\"><input name=\"user\"></form></body></html>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planned_fault_hits_only_matching_requests_and_only_so_often() {
        let mut plan = Plan::default();
        plan.add(Tool::Github, "POST /comments", Fault::Reset, 2);
        assert_eq!(plan.take(Tool::Github, "GET /github/repos/a/b/issues/1/comments"), None);
        assert_eq!(plan.take(Tool::Slack, "POST /comments"), None);
        assert_eq!(plan.take(Tool::Github, "POST /github/repos/a/b/issues/1/comments"), Some(Fault::Reset));
        assert_eq!(plan.take(Tool::Github, "POST /github/repos/a/b/issues/1/comments"), Some(Fault::Reset));
        assert_eq!(plan.take(Tool::Github, "POST /github/repos/a/b/issues/1/comments"), None);
    }

    #[test]
    fn only_after_commit_and_a_cut_body_let_the_request_take_effect() {
        for (fault, effect) in [
            (Fault::Reset, false),
            (Fault::Status(500, String::new()), false),
            (Fault::RateLimited(3), false),
            (Fault::CutBody, true),
            (Fault::AfterCommit(Box::new(Fault::Reset)), true),
        ] {
            let mut served = false;
            let serve = || {
                served = true;
                Reply::json_text(200, "{}".to_owned())
            };
            apply(fault.clone(), Tool::Slack, Box::new(serve));
            assert_eq!(served, effect, "{fault:?}");
        }
    }
}
