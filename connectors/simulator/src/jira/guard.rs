//! Who is let in, by which address, and the headers every answer carries. Who is not let in is nobody, and nobody is
//! answered 200 with nothing wherever anonymous use is possible.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::model::{Credential, CredentialKind, Edition};
use super::site::Site;
use super::{Call, Door, unauthorized};
use crate::reply::Reply;
use crate::server::Asked;
use crate::text::digest;

/// Passwords that may be wrong before a person has to solve a riddle.
const BAD_LOGINS: u32 = 3;

/// Writes to one issue in two and in thirty seconds, above which Cloud refuses.
const WRITES_SHORT: usize = 20;
const WRITES_LONG: usize = 100;

const LOGIN_PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Log in - Jira</title></head><body id=\"jira\" \
    class=\"aui-layout aui-theme-default\"><form action=\"/login.jsp\" method=\"post\" id=\"login-form\"><input \
    name=\"os_username\"><input name=\"os_password\" type=\"password\"></form></body></html>";

/// As whom a request runs.
pub(super) struct Who {
    /// Lower-case login. `None`: nobody.
    pub(super) me: Option<String>,
    /// `X-Seraph-LoginReason`.
    reason: Option<&'static str>,
}

/// What stands in `Authorization`.
enum Shown {
    Nothing,
    Basic(String, String),
    Bearer(String),
}

fn shown(asked: &Asked) -> Shown {
    let Some((scheme, value)) = asked.header("authorization").and_then(|value| value.split_once(' ')) else {
        return Shown::Nothing;
    };
    if scheme.eq_ignore_ascii_case("bearer") {
        return Shown::Bearer(value.trim().to_owned());
    }
    let pair = STANDARD.decode(value.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match pair.as_ref().and_then(|pair| pair.split_once(':')) {
        Some((name, secret)) if scheme.eq_ignore_ascii_case("basic") => {
            Shown::Basic(name.to_owned(), secret.to_owned())
        }
        _ => Shown::Bearer(String::new()),
    }
}

impl Site {
    /// As whom it runs; `Err` is the refusal.
    pub(super) fn admit(&mut self, asked: &Asked, door: Door, path: &str, now: Timestamp) -> Result<Who, Reply> {
        if door == Door::Server && self.settings.html_login {
            return Err(Reply::new(200, Bytes::from_static(LOGIN_PAGE.as_bytes()))
                .with("content-type", "text/html;charset=UTF-8"));
        }
        let shown = shown(asked);
        if let Shown::Basic(name, _) = &shown
            && door == Door::Server
            && self.settings.captcha.contains(&name.to_lowercase())
        {
            return Err(self.captcha_refusal());
        }
        let found = self.credential(&shown, door);
        let who = match found {
            Some(credential) if credential.kind == CredentialKind::Scoped && door == Door::Cloud => {
                return Err(unauthorized());
            }
            Some(credential) if !credential.expired => {
                if credential.lacks.iter().any(|part| path.contains(part.as_str())) {
                    let body = json!({ "code": 401, "message": "Unauthorized; scope does not match" });
                    return Err(Reply::json(401, &body));
                }
                let login = credential.login.clone();
                Who { me: Some(self.ensure_user(&login)), reason: None }
            }
            Some(_) => Who { me: None, reason: Some("AUTHENTICATED_FAILED") },
            None if matches!(shown, Shown::Nothing) => Who { me: None, reason: None },
            None if self.settings.credentials.is_empty() => {
                let login = self.settings.default_user.clone();
                Who { me: Some(self.ensure_user(&login)), reason: None }
            }
            None => Who { me: None, reason: Some("AUTHENTICATED_FAILED") },
        };
        let Some(me) = who.me.clone() else {
            if let (Shown::Basic(name, _), Door::Server) = (&shown, door) {
                self.bad_login(name);
            }
            // The gateway itself knows no anonymous use.
            if door == Door::Gateway {
                return Err(Reply::json(401, &json!({ "code": 401, "message": "Unauthorized" })));
            }
            return Ok(who);
        };
        if door == Door::Server && !self.draw(&me, now) {
            return Err(self.finish_server(super::error(429, "Rate limit exceeded."), &me));
        }
        Ok(who)
    }

    fn credential(&self, shown: &Shown, door: Door) -> Option<Credential> {
        let fits = |credential: &&Credential| match (shown, credential.kind) {
            (Shown::Basic(name, secret), CredentialKind::Unscoped | CredentialKind::Scoped) => {
                door != Door::Server && credential.name.eq_ignore_ascii_case(name) && credential.secret == *secret
            }
            (Shown::Basic(name, secret), CredentialKind::Password) => {
                door == Door::Server && credential.name.eq_ignore_ascii_case(name) && credential.secret == *secret
            }
            (Shown::Bearer(token), CredentialKind::Pat) => door == Door::Server && credential.secret == *token,
            // An account of a service shows its token alone.
            (Shown::Bearer(token), CredentialKind::Scoped) => door == Door::Gateway && credential.secret == *token,
            _ => false,
        };
        self.settings.credentials.iter().find(fits).cloned()
    }

    fn bad_login(&mut self, name: &str) {
        let login = name.to_lowercase();
        let is_known = |one: &Credential| one.kind == CredentialKind::Password && one.name.eq_ignore_ascii_case(name);
        if !self.settings.credentials.iter().any(is_known) {
            return;
        }
        let count = self.settings.bad_logins.entry(login.clone()).or_default();
        *count += 1;
        if *count >= BAD_LOGINS {
            self.settings.captcha.insert(login);
        }
    }

    fn captcha_refusal(&self) -> Reply {
        let body = "<html><head><title>Forbidden (403)</title></head><body>Basic Authentication Failure - Reason : \
                    AUTHENTICATION_DENIED</body></html>";
        let url = format!("{}{}/login.jsp", self.base, super::SERVER_PATH);
        Reply::new(403, Bytes::from_static(body.as_bytes()))
            .with("content-type", "text/html;charset=UTF-8")
            .with("x-seraph-loginreason", "AUTHENTICATION_DENIED")
            .with("x-authentication-denied-reason", format!("CAPTCHA_CHALLENGE; login-url={url}"))
    }

    /// Takes a token out of a person's bucket; false if there is none.
    fn draw(&mut self, me: &str, now: Timestamp) -> bool {
        let Some((rate, size)) = self.settings.bucket else { return true };
        let (left, counted) = self.buckets.get(me).copied().unwrap_or((size as f64, now));
        let left = (left + now.duration_since(counted).as_secs_f64() * rate as f64).min(size as f64);
        let enough = left >= 1.0;
        self.buckets.insert(me.to_owned(), (if enough { left - 1.0 } else { left }, now));
        enough
    }

    /// Adds what every answer carries.
    pub(super) fn finish(&self, reply: Reply, call: &Call<'_>, who: &Who) -> Reply {
        let number = format!("{:016x}{:016x}", digest((self.answered, 1)), digest((self.answered, 2)));
        let mut reply =
            reply.or_with("x-arequestid", number).or_with("cache-control", "no-cache, no-store, no-transform");
        if let Some(reason) = who.reason {
            reply = reply.with("x-seraph-loginreason", reason);
        }
        match (call.edition, &who.me) {
            (Edition::Cloud, Some(me)) => {
                let id = self.users.get(me).map_or("", |user| user.account_id.as_str());
                reply.with("x-aaccountid", id.replace(':', "%3A")).or_with("server", "AtlassianEdge")
            }
            (Edition::Cloud, None) => reply.or_with("server", "AtlassianEdge"),
            (Edition::Server, Some(me)) => self.finish_server(reply.with("x-seraph-loginreason", "OK"), me),
            (Edition::Server, None) => reply.with("x-ausername", "anonymous"),
        }
    }

    fn finish_server(&self, reply: Reply, me: &str) -> Reply {
        let reply = reply.with("x-ausername", me);
        let (Some((rate, size)), Some((left, _))) = (self.settings.bucket, self.buckets.get(me)) else { return reply };
        let wait = u8::from(*left < 1.0);
        reply
            .with("x-ratelimit-limit", size)
            .with("x-ratelimit-remaining", left.floor())
            .with("x-ratelimit-fillrate", rate)
            .with("x-ratelimit-interval-seconds", 1)
            .with("retry-after", wait)
    }

    /// Cloud's limit on writes to one issue, where it is enforced. `None`: go on.
    pub(super) fn refuse_write(&mut self, call: &Call<'_>, issue: u64) -> Option<Reply> {
        if !self.settings.write_limit || !call.is_cloud() {
            return None;
        }
        let made = self.written.entry(issue).or_default();
        let age = |at: &Timestamp| call.now.duration_since(*at);
        while made.front().is_some_and(|at| age(at) >= SignedDuration::from_secs(30)) {
            made.pop_front();
        }
        let lately = made.iter().filter(|at| age(at) < SignedDuration::from_secs(2)).count();
        if lately < WRITES_SHORT && made.len() < WRITES_LONG {
            made.push_back(call.now);
            return None;
        }
        let wait: u32 = if made.len() >= WRITES_LONG { 30 } else { 2 };
        let (limit, span) = if wait == 30 { (WRITES_LONG, 30) } else { (WRITES_SHORT, 2) };
        let resets_at = call.now.saturating_add(SignedDuration::from_secs(span)).unwrap_or(call.now);
        Some(
            super::error(429, "Rate limit exceeded.")
                .with("retry-after", wait)
                .with("x-ratelimit-limit", limit)
                .with("x-ratelimit-remaining", 0)
                .with("x-ratelimit-reset", resets_at.strftime("%Y-%m-%dT%H:%MZ"))
                .with("ratelimit-reason", "jira-per-issue-on-write"),
        )
    }
}
